// Log records of one resource → facts. Only records at or above the level are looked at.

import { type Attributes, codeFunction, type Identity, readIdentity, recordTags } from '../../record/attributes.ts';
import { errorOfAttributes, hasError } from '../../record/error-of-attributes.ts';
import type { LogFact, ResourceFact } from '../../record/fact.ts';
import { isAtLeast, type Level, levelOfRecord } from '../../record/level.ts';
import { LIMITS } from '../../record/limits.ts';
import { toldOf } from '../../record/retold.ts';
import { clean } from '../../record/scrub/clean.ts';
import { nameInFull } from '../../record/unwound.ts';
import { keptUserId } from '../../record/user-id.ts';
import type { LogSignal, ResourceGroup } from '../signals.ts';
import { bodyOf } from './body.ts';
import { digestOf, occurrenceKey, rowRef } from './ids.ts';
import type { Mapped } from './mapped.ts';
import type { Telling } from './retellings.ts';
import type { MapRules } from './rules.ts';

export function logFacts(group: ResourceGroup<LogSignal>, resource: ResourceFact, rules: MapRules): Mapped {
  const mapped: Mapped = { facts: [], rejected: 0 };
  const sender = digestOf(JSON.stringify(group.resource));
  /** Records that are the same byte for byte are told apart by their number. */
  const times = new Map<string, number>();
  for (const { scope, items } of group.scopes) {
    for (const record of items) {
      const level = levelOfRecord(record.severityNumber, record.severityText, hasError(record.attributes));
      if (!isAtLeast(level, rules.level)) continue;
      const raw = record.raw instanceof Uint8Array ? record.raw : JSON.stringify(record.raw);
      const digest = digestOf(sender, scope, raw);
      const nth = times.get(digest) ?? 0;
      times.set(digest, nth + 1);
      const identity = nth === 0 ? digest : digestOf(digest, String(nth));
      mapped.facts.push(logFact(record, scope, level, identity, resource, rules));
    }
  }
  return mapped;
}

function logFact(
  record: LogSignal,
  scope: string,
  level: Level,
  digest: string,
  resource: ResourceFact,
  rules: MapRules,
): LogFact {
  const { scrubber, memory, untold } = rules;
  const { attributes } = record;
  const { id, t, tRaw } = rowRef(record.time || untold.of(digest, rules.now()), digest);
  const tags: Record<string, unknown> = {};
  recordTags(attributes, tags);
  const error = errorOfAttributes(attributes, scrubber);
  const unwound = error === undefined ? undefined : nameInFull(error, resource.language);
  // Until events had a name of their own, it was an attribute.
  const eventName = record.eventName || text(attributes, 'event.name');
  const body = bodyOf(record.body, tags) ?? (error === undefined ? eventName : undefined);
  const identity: Identity = {};
  readIdentity(attributes, identity);
  const stack = text(attributes, 'code.stacktrace');
  const at = record.time || t;
  const when = { span: record.spanId, from: at, to: at };
  const traced = isTraceId(record.traceId);
  const outcome = traced ? memory.outcomeOf(resource.service, record.traceId, when) : undefined;
  const name = (value: string | undefined, limit: number) =>
    value === undefined ? undefined : clean(value, scrubber, limit);
  const fact: LogFact = {
    k: 'log',
    id,
    t,
    tRaw,
    level,
    message: body === undefined || isSaid(body, attributes) ? (error?.message ?? '') : clean(body, scrubber),
    template: name(
      text(attributes, 'log.template', 'message.template', 'message_template.text', '{OriginalFormat}'),
      LIMITS.template,
    ),
    error,
    stack: stack === undefined ? undefined : clean(stack, scrubber, LIMITS.stack),
    fingerprint: name(text(attributes, 'rowtrace.fingerprint'), LIMITS.tagValue),
    ...outcome?.facts,
    userId: keptUserId(identity.userId, rules, scrubber),
    sessionId: name(identity.sessionId, LIMITS.id),
    traceId: traced ? record.traceId : undefined,
    spanId: name(record.spanId || undefined, LIMITS.id),
    fn: name(codeFunction(attributes), LIMITS.name),
    module: name(text(attributes, 'logger.name') ?? (scope || undefined), LIMITS.name),
    threadId: typeof attributes['thread.id'] === 'number' ? attributes['thread.id'] : undefined,
    tags: scrubber.tags(tags),
  };
  const isError = isAtLeast(level, 'ERROR');
  const isOpen = isError && outcome === undefined;
  let telling: Telling | undefined;
  if (traced && error !== undefined) {
    const known = occurrenceKey(record.traceId, error, unwound, resource.language);
    const request = memory.requestOf(resource.service, record.traceId, record.spanId);
    fact.occurrence = { ...known, ...(isError ? {} : { attempt: true }), ...(request ? { request } : {}), ...when };
    const told = toldOf(error, { language: resource.language, isCall: false });
    telling = { ...told, at, key: known.key, by: 'log' };
    const absorbs = [
      ...(isError ? memory.takeFailuresAround(resource.service, record.traceId, record.spanId) : []),
      ...memory.takeParts(resource.service, record.traceId, { span: record.spanId, telling }),
    ];
    if (absorbs.length > 0) fact.absorbs = absorbs;
  }
  if (!traced || (!isError && outcome === undefined && telling === undefined)) return fact;
  if (isOpen) fact.hold = true;
  memory.remember(resource.service, record.traceId, {
    row: { id, t },
    about: isError && error !== undefined ? 'exception' : 'warning',
    isOpen,
    telling,
    ...when,
  });
  return fact;
}

/** Most loggers write an error's message as their own, which is scrubbed by then. */
function isSaid(body: string, attributes: Attributes): boolean {
  return body === attributes['exception.message'];
}

function isTraceId(id: string): boolean {
  return /^(?!0+$)[0-9a-f]{32}$/.test(id);
}

/** The first of the attributes that is a text. */
function text(attributes: Attributes, ...names: string[]): string | undefined {
  for (const name of names) {
    const value = attributes[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}
