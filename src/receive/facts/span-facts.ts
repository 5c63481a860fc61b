// Spans of one resource → facts, by the rules that capture follows in process: exceptions, failures without one, slow
// spans, calls, latencies, and the outcome of requests for rows that came before. Nothing here decides about delivery.

import { calledTags, copyCustom, reasonTags, recordTags, rowTags } from '../../record/attributes.ts';
import { callWeight, drawOf } from '../../record/calls.ts';
import type { ErrorFact, LogFact, Occurrence, PartRef, ResourceFact } from '../../record/fact.ts';
import type { Level } from '../../record/level.ts';
import { LIMITS } from '../../record/limits.ts';
import { failureWords, isOutgoing } from '../../record/operation.ts';
import { clean } from '../../record/scrub/clean.ts';
import { slowLimit, slowWords } from '../../record/slow.ts';
import { nameInFull } from '../../record/unwound.ts';
import type { ResourceGroup, SpanEvent, SpanSignal } from '../signals.ts';
import { digestOf, occurrenceKey, rowRef } from './ids.ts';
import type { Mapped, RowFact } from './mapped.ts';
import { Repeats } from './repeats.ts';
import { outcomeFacts, requestFacts, requestOf } from './request-of.ts';
import type { Telling } from './retellings.ts';
import type { MapRules } from './rules.ts';
import { errorOfEvent, tellingOf } from './span-error.ts';
import { spanLatencies } from './span-latencies.ts';
import type { Interval } from './span-links.ts';
import { functionName, MAX_CHAIN, markFailed, pathOf, type SpanNode, spanTree } from './span-tree.ts';

export function spanFacts(
  group: ResourceGroup<SpanSignal>,
  resource: ResourceFact,
  process: string,
  rules: MapRules,
): Mapped {
  const nodes = spanTree(group);
  const mapping = new SpanMapping(resource, rules);
  mapping.learn(nodes);
  for (const node of nodes) mapping.map(node);
  const rejected = group.scopes.reduce((sum, { items }) => sum + items.length, 0) - nodes.length;
  const measured = nodes.filter(
    ({ span, operation }) => operation.kind !== 'db' || rules.memory.queryIn(resource.service, span) === 'none',
  );
  const latencies = spanLatencies(measured, resource.service, process, rules);
  return { facts: [...mapping.facts, ...latencies], rejected, ...(rejected > 0 ? { reason: NO_IDS } : {}) };
}

const NO_IDS = 'spans need a trace_id of 16 bytes and a span_id of 8 (in JSON as hex), neither of them zero';

/** What a row says beside what its span and its request tell. */
interface Told {
  digest: string;
  time: number;
  level: Level;
  message: string;
  template?: string | undefined;
  error?: ErrorFact;
  tags?: Record<string, unknown>;
  occurrence?: Occurrence;
  /** Rows that this one makes redundant. */
  absorbs?: PartRef[];
  telling?: Telling | undefined;
}

class SpanMapping {
  readonly facts: RowFact[] = [];
  readonly #service: string;
  readonly #language: string | undefined;
  readonly #acceptance: number | undefined;
  readonly #rules: MapRules;

  constructor({ service, language, acceptance }: ResourceFact, rules: MapRules) {
    this.#service = service;
    this.#language = language;
    this.#acceptance = acceptance;
    this.#rules = rules;
  }

  /** Rows that came before, whose request is known by what comes now. */
  learn(nodes: readonly SpanNode[]): void {
    const spans = nodes.map(({ span }) => span);
    for (const { facts, rows } of this.#rules.memory.learn(this.#service, spans))
      this.facts.push({ k: 'amend', rows, ...facts, final: true });
    for (const { span, operation } of nodes)
      if (operation.kind === 'db') this.#rules.memory.noteQuery(this.#service, span, false);
  }

  map(node: SpanNode): void {
    const { events } = node.span;
    const repeats = events.length > 1 ? new Repeats() : undefined;
    events.forEach((event, index) => {
      if (event.name === 'exception') this.#exception(node, event, index, repeats);
    });
    this.#failure(node);
    const slow = this.#slow(node);
    this.#call(node, slow);
    if (node.span.kind === 'server') this.#ended(node);
  }

  #exception(node: SpanNode, event: SpanEvent, index: number, repeats: Repeats | undefined): void {
    const { span } = node;
    const { memory, scrubber } = this.#rules;
    const error = errorOfEvent(event, node, scrubber);
    if (error === undefined) return;
    markFailed(node);
    const unwound = nameInFull(error, this.#language);
    const known = occurrenceKey(span.traceId, error, unwound, this.#language);
    const nth = repeats?.nth(known.key, event.time || span.end) ?? 0;
    const telling = tellingOf(node, error, this.#language, event.time || span.end, known.key);
    const teller = { span: span.spanId, telling };
    if (memory.isPart(this.#service, span.traceId, teller)) return;
    const request = memory.requestOf(this.#service, span.traceId, span.spanId);
    const tags: Record<string, unknown> = {};
    recordTags(event.attributes, tags);
    this.#row(node, {
      digest: `event ${index}`,
      time: event.time,
      level: 'ERROR',
      message: error.message,
      error,
      tags,
      absorbs: [
        ...memory.takeFailuresAround(this.#service, span.traceId, span.spanId),
        ...memory.takeParts(this.#service, span.traceId, teller),
      ],
      telling,
      occurrence: {
        ...known,
        path: this.#path(node),
        ...(request ? { request } : {}),
        ...(nth > 0 ? { nth } : {}),
        ...whenOf(span),
      },
    });
  }

  /** A span that ended with ERROR status and told no exception, on itself or below. */
  #failure(node: SpanNode): void {
    const { span, status, operation } = node;
    const failed = status === undefined ? span.failed : status >= this.#rules.statusRows;
    if (!failed || node.failed) return;
    markFailed(node);
    const { memory, scrubber } = this.#rules;
    if (memory.hasFailureIn(this.#service, span.traceId, span.spanId)) return;
    const words = clean(failureWords(operation, status), scrubber);
    const message = span.statusMessage === undefined ? words : clean(span.statusMessage, scrubber);
    // Some instrumentations (mysql2, net) tell a failure by the status of a span only: the text of what the application gets thrown.
    const isText = status === undefined && span.statusMessage !== undefined;
    const telling = isText ? tellingOf(node, { type: 'Error', message }, this.#language, span.end) : undefined;
    if (memory.isPart(this.#service, span.traceId, { span: span.spanId, telling })) return;
    // What another service answered is for the caller to handle (semantic conventions give it WARN, too).
    const answered = isOutgoing(span) && status !== undefined;
    this.#row(node, {
      digest: 'failure',
      time: span.end,
      level: answered ? 'WARNING' : 'ERROR',
      message,
      template: span.statusMessage === undefined ? words : undefined,
      tags: reasonTags(span.attributes, status),
      telling,
    });
  }

  /** Ids of the ancestors: those that came along, and above them those that came before. */
  #path(node: SpanNode): string[] {
    const path = pathOf(node);
    const above = path.length === 0 ? [] : this.#rules.memory.pathAbove(this.#service, node.span.traceId, path.at(-1)!);
    return [...path, ...above].slice(0, MAX_CHAIN);
  }

  #slow(node: SpanNode): boolean {
    const { span, operation, millis } = node;
    const own = Number(span.attributes['rowtrace.slow_millis'] ?? Number.NaN);
    const limit = own > 0 ? own : slowLimit(operation, this.#rules);
    if (limit === undefined || millis < limit) return false;
    if (operation.kind === 'db') {
      const { memory } = this.#rules;
      memory.noteQuery(this.#service, span, true);
      // A layer around a query that is a row: that one says it all.
      if (memory.queryIn(this.#service, span) === 'slow') return true;
    }
    const rounded = Math.round(millis);
    const [words, template] = slowWords(operation, rounded, limit);
    const tags = { 'rowtrace.slow.duration_ms': rounded, 'rowtrace.slow.limit_ms': limit };
    this.#row(node, {
      digest: 'slow',
      time: span.end,
      level: 'WARNING',
      message: clean(words, this.#rules.scrubber),
      template: clean(template, this.#rules.scrubber, LIMITS.template),
      tags,
    });
    return true;
  }

  #call(node: SpanNode, slow: boolean): void {
    const { span, operation, status } = node;
    const http = operation.method !== undefined && (operation.kind === 'server' || operation.kind === 'client');
    if (!http && span.attributes['rowtrace.call'] !== true) return;
    // Of its own identity: what a sender repeats is kept, or not, as it was the first time.
    const weight = callWeight(slow || span.failed, this.#rules.callSampleRate, drawOf(span.traceId + span.spanId));
    if (weight === 0) return;
    const { id, t } = this.#ref(node, 'call', span.start);
    const tags: Record<string, unknown> = {};
    const path = span.attributes['url.path'] ?? span.attributes['http.target'];
    const url = span.attributes['url.full'] ?? span.attributes['http.url'];
    if (path !== undefined) tags['url.path'] = path;
    else if (url !== undefined) tags['url.full'] = url;
    // Of a call that is no HTTP request nothing else says what it was.
    if (span.attributes['rowtrace.call'] === true) tags['span.name'] = span.name;
    copyCustom(span.attributes, tags);
    const errorType = span.attributes['error.type'];
    const request = requestFacts(node, requestOf(node), this.#rules);
    this.facts.push({
      k: 'call',
      id,
      t,
      direction: span.kind === 'server' ? 'inbound' : 'outbound',
      peer: this.#name(operation.peer),
      ...request,
      route: this.#name(span.attributes['http.route']),
      method: operation.method,
      status,
      latency: Math.round(node.millis),
      errorType: this.#name(errorType),
      traceId: span.traceId,
      spanId: span.spanId,
      weight,
      tags: this.#rules.scrubber.tags(tags),
    });
  }

  /** Rows that came before their request's end get its outcome; one that failed waits for rows to come. */
  #ended(node: SpanNode): void {
    const { span, status } = node;
    const facts = outcomeFacts(node, this.#rules.scrubber);
    const outcome = { ...whenOf(span), facts };
    const isKept = node.failed || span.failed || (status !== undefined && status >= 400);
    const rows = this.#rules.memory.ended(this.#service, span.traceId, outcome, isKept);
    if (rows.length > 0) this.facts.push({ k: 'amend', rows, ...facts, final: true });
  }

  #name(value: unknown): string | undefined {
    return value === undefined ? undefined : clean(String(value), this.#rules.scrubber, LIMITS.name);
  }

  #ref({ span }: SpanNode, what: string, time: number) {
    // Client and server share one span id where B3 propagation is set to it, so the kind is part of the identity.
    const digest = digestOf(span.traceId, span.spanId, span.kind, what);
    const { untold, now } = this.#rules;
    return rowRef(time || span.end || untold.of(digest, now()), digest);
  }

  #row(node: SpanNode, told: Told): void {
    const { span, scope } = node;
    const { scrubber, memory } = this.#rules;
    const { id, t, tRaw } = this.#ref(node, told.digest, told.time);
    const request = requestOf(node);
    const earlier = request ? undefined : memory.outcomeOf(this.#service, span.traceId, whenOf(span));
    const tags = {
      ...rowTags(span.attributes, request?.span.attributes),
      ...(isOutgoing(span) ? calledTags(span.attributes) : undefined),
      ...told.tags,
    };
    const fact: LogFact = {
      k: 'log',
      id,
      t,
      tRaw,
      level: told.level,
      message: told.message,
      template: told.template,
      error: told.error,
      ...requestFacts(node, request, this.#rules),
      ...earlier?.facts,
      traceId: span.traceId,
      spanId: span.spanId,
      fn: this.#name(functionName(node)),
      module: this.#name(scope || undefined),
      tags: scrubber.tags(tags),
      occurrence: told.occurrence,
    };
    // Its request is still going on, or comes with another batch.
    const isOpen = request === undefined && earlier === undefined;
    if (isOpen) fact.hold = true;
    if (told.absorbs !== undefined && told.absorbs.length > 0) fact.absorbs = told.absorbs;
    const about = told.error ? 'exception' : told.digest === 'failure' ? 'failure' : 'warning';
    const when = whenOf(span);
    const row = about === 'warning' ? { id, t } : { id, t, acceptance: this.#acceptance };
    memory.remember(this.#service, span.traceId, { row, about, isOpen, telling: told.telling, ...when });
    this.facts.push(fact);
  }
}

function whenOf({ spanId, start, end }: SpanSignal): Interval {
  return { span: spanId, from: start, to: end };
}
