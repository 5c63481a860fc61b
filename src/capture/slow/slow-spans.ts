// Slow spans by three judges: a fixed limit, the operation's own past, and "still running", for spans that have not ended.
// In: spans as they start and end. Out: WARNING rows that say by how much, against what, and where the time went; a row of
// a span that hangs is completed when it ends.

import type { Span } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { OpenSpan, OpenSpans } from '../../otel/open-spans.ts';
import type { SpanState } from '../../otel/request-state.ts';
import { calledTags } from '../../record/attributes.ts';
import type { BaselineJudge } from '../../record/baseline.ts';
import type { Operation, RowRef } from '../../record/fact.ts';
import { isOutgoing, operationOfSpan } from '../../record/operation.ts';
import { runningWords, type SlowLimits, slowLimit, slowWords, whereWords } from '../../record/slow.ts';
import { childName, timeSpent } from '../../record/time-spent.ts';
import type { Carrier } from '../carrier.ts';
import { unixMillis } from '../hr-time.ts';
import { shapeOf } from '../span-shape.ts';
import type { OccurrenceTracker } from '../tracker.ts';
import { LoopDelay, now } from './loop-delay.ts';

export interface SlowSpanOptions extends SlowLimits {
  tracker: OccurrenceTracker;
  /** Absent: spans are not compared with their past. */
  baselines?: BaselineJudge | undefined;
  /** A span is reported while it runs after so many times its limit; 0: never. */
  stillRunningFactor: number;
}

type SdkSpan = Span & ReadableSpan;
/** The longest-running first. */
type Below = ReadonlyMap<SpanState, OpenSpan<SpanState>[]>;
type CarrierOf = (span: SdkSpan, state: SpanState) => Carrier;

const LOOK_MILLIS = 500;
/** After a block everything looks as if it hung: what was only waiting for the loop gets until the next look to end. */
const GRACE_MILLIS = 250;
const MAX_SHOWN = 5;
/** A span is told of what runs below it so many levels down: asking further would cost levels times spans. */
const MAX_LEVELS = 16;
/** In one look, some 20 µs each; what else hangs is reported by the next ones. */
const MAX_REPORTS = 250;

export class SlowSpans {
  readonly #options: SlowSpanOptions;
  readonly #carrierOf: CarrierOf;
  readonly #open = new OpenSpans<SpanState>();
  readonly #loop = new LoopDelay();
  #timer: NodeJS.Timeout | undefined;
  #lookDueAt = 0;
  #skipped = false;

  constructor(options: SlowSpanOptions, carrierOf: CarrierOf) {
    this.#options = options;
    this.#carrierOf = carrierOf;
  }

  started(span: SdkSpan, state: SpanState): void {
    if (this.#timer === undefined) this.#start();
    const open = new OpenSpan(span, state, unixMillis(span.startTime));
    if (this.#open.add(open)) state.open = open;
  }

  /** A span that is nobody's business ended. */
  forget({ open }: SpanState): void {
    if (open !== undefined) this.#open.remove(open);
  }

  /** @returns whether the span was slow */
  ended(span: ReadableSpan, state: SpanState, operation: Operation, millis: number): boolean {
    const { open } = state;
    const to = unixMillis(span.endTime);
    if (open !== undefined) {
      this.#open.remove(open);
      state.open = undefined;
      state.parent?.open?.childEnded({ operation, from: open.startedAt, to });
    }
    if (isStream(span, state) && open?.row === undefined) return false;
    const own = Number(span.attributes['rowtrace.slow_millis'] ?? Number.NaN);
    const limit = own > 0 ? own : slowLimit(operation, this.#options);
    const verdict = this.#options.baselines?.judge(operation, millis, to);
    const over = limit !== undefined && millis >= limit;
    const slow = over || verdict !== undefined || open?.row !== undefined;
    const isDatabase = operation.kind === 'db';
    if (slow && isDatabase && state.parent !== undefined) state.parent.slowBelow = true;
    if (open?.row !== undefined) this.#complete(open.row, open, millis, to);
    // A layer around a query that is a row: that one says it all.
    else if (isDatabase && state.slowBelow) return slow;
    else if (over) this.#report(span, state, open, operation, millis, { judge: 'limit', limit, against: limit });
    else if (verdict !== undefined)
      this.#report(span, state, open, operation, millis, {
        judge: 'baseline',
        limit: verdict.limitMillis,
        against: verdict.against,
        usual: verdict.usualMillis,
      });
    return slow;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#loop.stop();
  }

  #start(): void {
    this.#loop.start();
    this.#lookDueAt = now() + LOOK_MILLIS;
    this.#timer = setInterval(() => {
      try {
        this.#look();
      } catch {
        this.#options.tracker.failed('internal_error');
      }
    }, LOOK_MILLIS);
    this.#timer.unref();
  }

  #report(
    span: ReadableSpan,
    state: SpanState,
    open: OpenSpan<SpanState> | undefined,
    operation: Operation,
    millis: number,
    judged: { judge: 'limit' | 'baseline'; limit: number; against: number | string; usual?: number },
  ): void {
    const rounded = Math.round(millis);
    const [body, template] = slowWords(operation, rounded, judged.against);
    const to = unixMillis(span.endTime);
    const where = this.#where(open, to - millis, to);
    this.#options.tracker.plain({
      ...this.#carrierOf(span as SdkSpan, state),
      provisional: false,
      body: `${body}${where.words}`,
      template,
      time: to,
      latency: state.request.span === span ? rounded : undefined,
      tags: {
        ...(isOutgoing(shapeOf(span)) ? calledTags(span.attributes) : undefined),
        'rowtrace.slow.judge': judged.judge,
        'rowtrace.slow.duration_ms': rounded,
        'rowtrace.slow.limit_ms': judged.limit,
        'rowtrace.slow.excess_ms': rounded - Math.round(judged.limit),
        ...(judged.usual === undefined ? {} : { 'rowtrace.slow.usual_ms': judged.usual }),
        ...where.tags,
      },
    });
  }

  /** Oldest first; a span younger than the shortest limit ends the look. */
  #look(): void {
    const { stillRunningFactor: factor } = this.#options;
    const at = now();
    const late = at - this.#lookDueAt > GRACE_MILLIS;
    this.#lookDueAt = at + LOOK_MILLIS;
    // Once: on a machine that is always late something has to be said, too.
    this.#skipped = late && !this.#skipped;
    if (factor <= 0 || this.#skipped) return;
    let below: Below | undefined;
    let reports = 0;
    for (let open = this.#open.oldest; open !== undefined; open = open.newer) {
      const millis = at - open.startedAt;
      if (millis < LOOK_MILLIS) break;
      if (open.reported || isStream(open.span, open.state)) continue;
      const own = Number(open.span.attributes['rowtrace.slow_millis'] ?? Number.NaN);
      const operation = operationOfSpan(shapeOf(open.span));
      const limit = own > 0 ? own : slowLimit(operation, this.#options);
      if (limit === undefined || millis < limit * factor) continue;
      below ??= this.#below();
      if (operation.kind === 'db' && isLayer(open, below)) continue;
      if (++reports > MAX_REPORTS) break;
      open.reported = true;
      open.row = this.#running(open, operation, millis, limit, at, below);
    }
  }

  #running(
    open: OpenSpan<SpanState>,
    operation: Operation,
    millis: number,
    limit: number,
    at: number,
    below: Below,
  ): RowRef | undefined {
    const { span, state } = open;
    const route = state.request.span === span ? state.request.rpc?.route : undefined;
    const named = route === undefined ? operation : { ...operation, name: route };
    const rounded = Math.round(millis);
    const [body, template] = runningWords(named, rounded, limit);
    // "client GET payments.example for 5990 ms"
    const doing = (below.get(state) ?? []).map(
      (other) => `${childName(operationOfSpan(shapeOf(other.span)))} for ${Math.round(at - other.startedAt)} ms`,
    );
    const where = this.#where(open, open.startedAt, at);
    const words = doing.length > 0 ? `; it waits for ${doing[0]}` : where.words;
    return this.#options.tracker.plain({
      ...this.#carrierOf(span, state),
      provisional: false,
      body: `${body}${words}`,
      template,
      time: at,
      tags: {
        ...(isOutgoing(shapeOf(span)) ? calledTags(span.attributes) : undefined),
        'rowtrace.slow.judge': 'running',
        'rowtrace.slow.running_ms': rounded,
        'rowtrace.slow.limit_ms': limit,
        'rowtrace.slow.loop_delay_ms': Math.round(this.#loop.late),
        ...(doing.length > 0 ? { 'rowtrace.slow.waits_for': doing } : {}),
        ...where.tags,
      },
    });
  }

  /** What is open below each open span, in one pass. */
  #below(): Below {
    const below = new Map<SpanState, OpenSpan<SpanState>[]>();
    for (let open = this.#open.oldest; open !== undefined; open = open.newer) {
      let above = open.state.parent;
      for (let level = 0; above !== undefined && level < MAX_LEVELS; level++, above = above.parent) {
        const found = below.get(above);
        if (found === undefined) below.set(above, [open]);
        else if (found.length < MAX_SHOWN) found.push(open);
      }
    }
    return below;
  }

  /** Its duration is known now; status and latency of a request come with the request's own amendment. */
  #complete(row: RowRef, open: OpenSpan<SpanState>, millis: number, to: number): void {
    const { tags } = this.#where(open, open.startedAt, to);
    this.#options.tracker.amend(row, {
      'rowtrace.slow.duration_ms': Math.round(millis),
      'rowtrace.slow.at_end': tags,
    });
  }

  #where(
    open: OpenSpan<SpanState> | undefined,
    from: number,
    to: number,
  ): { words: string; tags: Record<string, unknown> } {
    const spent = timeSpent(open?.children ?? [], from, to);
    const blocked = this.#loop.blockedBetween(from, to);
    const tags: Record<string, unknown> = {
      'rowtrace.slow.self_ms': Math.round(spent.selfMillis),
      'rowtrace.slow.loop_blocked_ms': blocked,
    };
    if (spent.slowest.length > 0)
      tags['rowtrace.slow.children'] = spent.slowest.map(
        ({ name, millis, count }) => `${name}: ${Math.round(millis)} ms${count > 1 ? ` in ${count} calls` : ''}`,
      );
    return { words: whereWords(to - from, spent, blocked), tags };
  }
}

/** Whether it is one query with a span below it: the innermost is reported. */
function isLayer(open: OpenSpan<SpanState>, below: Below): boolean {
  const inner = below.get(open.state) ?? [];
  return inner.some(
    ({ span, startedAt }) => startedAt - open.startedAt < LOOK_MILLIS && operationOfSpan(shapeOf(span)).kind === 'db',
  );
}

/** The request of a stream of events: what runs below it is judged as ever. */
function isStream(span: object, { request }: SpanState): boolean {
  return request.streams && request.span === span;
}
