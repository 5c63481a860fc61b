// Who is inside whom, of the traces received lately: parents by span id, which spans are requests, inside which something
// failed. Spans in, as they come; answers about ancestors out. Bounded, in memory, by service and trace: what is forgotten
// is an ancestry that is not known, and nothing is decided by one that is not.

import type { SpanSignal } from '../signals.ts';

/** 11 to 18 MB when full. */
const MAX_SPANS = 100_000;
const MAX_SPANS_OF_TRACE = 8_192;
/** What a trace costs beside its spans, in spans. */
const TRACE_COST = 4;
/** Room is made for many at once: a Map that lost its first entries takes longer to find its first, 14 µs in this one. */
const KEPT_SHARE = 0.9;
/** Of more requests in one trace nobody asks which one it was by its time. */
const MAX_REQUESTS = 32;
/** As in span-tree.ts. */
const MAX_CHAIN = 64;

/** When something was, and on which span ('' where none is known). */
export interface Interval {
  span: string;
  from: number;
  to: number;
}

/** How far up a span's ancestors were followed: goes on from there when more of them came. */
export interface Climb {
  /** '' where the root has been passed. */
  at: string;
  steps: number;
}

interface Link {
  /** '' above a root; undefined as long as the span itself did not come, but one inside it did. */
  parent: string | undefined;
  isRequest: boolean;
  /** An exception or a failure was on it or inside it. So it is with all above it, as far as they are known. */
  failed: boolean;
  /** A query right inside it: was there one, was one slow. A span of a query itself is a layer around that one. */
  query: 'none' | 'some' | 'slow';
}

interface Request extends Interval {
  /** Through its ancestors up to where knowledge ends. */
  top: Climb;
}

interface TraceLinks {
  spans: Map<string, Link>;
  requests: Request[];
}

export class SpanLinks {
  /** The one that got a span last is the last. */
  readonly #traces = new Map<string, TraceLinks>();
  readonly #maxSpans: number;
  #size = 0;

  constructor(maxSpans = MAX_SPANS) {
    this.#maxSpans = maxSpans;
  }

  /** @param onTrace called with each trace that has some of the spans, and whether nothing was known of it */
  note(service: string, spans: Iterable<SpanSignal>, onTrace: (key: string, isNew: boolean) => void): void {
    let traceId: string | undefined;
    let trace: TraceLinks | undefined;
    for (const span of spans) {
      if (trace === undefined || span.traceId !== traceId) {
        traceId = span.traceId;
        const key = keyOf(service, traceId);
        const known = this.#traces.get(key);
        if (known !== undefined) this.#traces.delete(key);
        trace = this.#add(key, known);
        onTrace(key, known === undefined);
      }
      this.#note(trace, span);
    }
  }

  /** A span of which only this is known, where the span itself did not come. */
  noteRequest(key: string, { span, from, to }: Interval): void {
    const trace = this.#traces.get(key) ?? this.#add(key);
    const link = this.#link(trace, span);
    if (link !== undefined && !link.isRequest) addRequest(trace, link, { span, from, to });
  }

  /** Something failed on the span, and so inside all that is around it. @returns how to take it back */
  fail(key: string, span: string): () => void {
    const marked = span === '' ? [] : this.#fail(this.#traces.get(key) ?? this.#add(key), span);
    return () => {
      for (const link of marked) link.failed = false;
    };
  }

  /** What is known of queries right inside `span`. */
  queryIn(key: string, span: string): Link['query'] {
    return this.#traces.get(key)?.spans.get(span)?.query ?? 'none';
  }

  noteQuery(key: string, parent: string, isSlow: boolean): void {
    const trace = this.#traces.get(key);
    const link = trace && this.#link(trace, parent);
    if (link !== undefined && link.query !== 'slow') link.query = isSlow ? 'slow' : 'some';
  }

  hasFailed(key: string, span: string): boolean {
    return this.#traces.get(key)?.spans.get(span)?.failed ?? false;
  }

  /** Ids of the span's ancestors, nearest first; the last of them may not have come. */
  above(key: string, span: string): string[] {
    const spans = this.#traces.get(key)?.spans;
    const ids: string[] = [];
    for (let at = spans?.get(span)?.parent; at && ids.length < MAX_CHAIN; at = spans!.get(at)?.parent) ids.push(at);
    return ids;
  }

  /** Moves `climb` up to the nearest request: its id; '' where there is none; undefined where that is not known. */
  requestOf(key: string, climb: Climb): string | undefined {
    const spans = this.#traces.get(key)?.spans;
    if (spans === undefined) return undefined;
    goUp(spans, climb, false);
    return climb.at === '' || spans.get(climb.at)?.isRequest ? climb.at : undefined;
  }

  /**
   * The request in whose time something was, when there is exactly one. Not one that is inside `at`, where the knowledge
   * of its ancestors ends: what both are inside of makes neither an ancestor of the other.
   */
  onlyRequestAround(key: string, at: string, isAround: (request: Interval) => boolean): string | undefined {
    const trace = this.#traces.get(key);
    if (trace === undefined || trace.requests.length >= MAX_REQUESTS) return undefined;
    let only: string | undefined;
    for (const request of trace.requests) {
      if (!isAround(request)) continue;
      goUp(trace.spans, request.top, true);
      if (at !== '' && request.top.at === at) continue;
      if (only !== undefined) return undefined;
      only = request.span;
    }
    return only;
  }

  #note(trace: TraceLinks, span: SpanSignal): void {
    const link = this.#link(trace, span.spanId);
    if (link === undefined) return;
    if (link.parent === undefined) {
      link.parent = span.parentSpanId === span.spanId || /^0*$/.test(span.parentSpanId) ? '' : span.parentSpanId;
      if (link.failed && link.parent !== '') this.#fail(trace, link.parent);
    }
    if (span.kind === 'server' && !link.isRequest)
      addRequest(trace, link, { span: span.spanId, from: span.start, to: span.end });
  }

  #fail(trace: TraceLinks, span: string): Link[] {
    const marked: Link[] = [];
    for (let at: string | undefined = span; at; at = marked.at(-1)!.parent) {
      const link = this.#link(trace, at);
      if (link === undefined || link.failed) break;
      link.failed = true;
      marked.push(link);
    }
    return marked;
  }

  #link({ spans }: TraceLinks, id: string): Link | undefined {
    const known = spans.get(id);
    if (known !== undefined || spans.size >= MAX_SPANS_OF_TRACE) return known;
    const link: Link = { parent: undefined, isRequest: false, failed: false, query: 'none' };
    spans.set(id, link);
    this.#size++;
    return link;
  }

  /** Makes room first, so that nobody holds one that is gone. */
  #add(key: string, known?: TraceLinks): TraceLinks {
    const trace = known ?? { spans: new Map(), requests: [] };
    if (known === undefined) this.#size += TRACE_COST;
    if (this.#size > this.#maxSpans) this.#forget();
    this.#traces.set(key, trace);
    return trace;
  }

  #forget(): void {
    for (const [oldest, { spans }] of this.#traces) {
      if (this.#size <= this.#maxSpans * KEPT_SHARE) return;
      this.#traces.delete(oldest);
      this.#size -= spans.size + TRACE_COST;
    }
  }
}

export function keyOf(service: string, traceId: string): string {
  return `${traceId} ${service}`;
}

function addRequest({ requests }: TraceLinks, link: Link, request: Interval): void {
  link.isRequest = true;
  if (requests.length < MAX_REQUESTS) requests.push({ ...request, top: { at: request.span, steps: 0 } });
}

/** @param through past requests, too */
function goUp(spans: ReadonlyMap<string, Link>, climb: Climb, through: boolean): void {
  while (climb.at !== '' && climb.steps < MAX_CHAIN) {
    const link = spans.get(climb.at);
    if (link?.parent === undefined || (link.isRequest && !through)) return;
    climb.at = link.parent;
    climb.steps++;
  }
}
