// graphql 17: it tells of each operation on tracing channels, where versions before it have OpenTelemetry's instrumentation.
// What resolvers fail of is read off the answers; what a client asks wrongly is a WARNING in words.

import { channel } from 'node:diagnostics_channel';
import { context } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { withCarried } from '../../otel/context-keys.ts';
import { logsApi } from '../../otel/lines.ts';
import { graphqlTags } from '../../record/attributes.ts';
import { peek } from '../../record/thrown.ts';
import { emit, WARN } from '../loggers/emit.ts';
import { createModuleHook } from './module-hook.ts';
import { type Seam, seamOf } from './seam.ts';

type Read = (message: unknown, seam: Seam) => void;

/** Never that of resolvers: a context a field would slow answers of many. */
const CHANNELS: Readonly<Record<string, Read>> = {
  'parse:error': (message) => askedWrongly(message, [peek(message, 'error')]),
  'validate:end': (message) => askedWrongly(message, peek(message, 'result')),
  'execute:variableCoercion:end': (message) => askedWrongly(message, peek(peek(message, 'result'), 'errors')),
  // Operations, and each event of a subscription.
  'execute:rootSelectionSet:end': answered,
  'execute:rootSelectionSet:asyncEnd': answered,
  // A subscription that never comes to be.
  'subscribe:end': answered,
  'subscribe:asyncEnd': answered,
};

export function createGraphqlHook(): Instrumentation {
  const seam = seamOf('graphql');
  const heard = Object.entries(CHANNELS).map(([name, read]) => ({
    from: channel(`tracing:graphql:${name}`),
    listen: (message: unknown) => {
      try {
        read(message, seam);
      } catch {
        // Node would throw it as an uncaught exception.
      }
    },
  }));
  for (const { from, listen } of heard) from.subscribe(listen);
  // Nothing to change in it: so that `doctor` knows which versions are seen.
  const patch = { module: 'graphql', versions: ['>=17.0.0 <18'], apply: () => undefined };
  return createModuleHook(seam, [patch], () => {
    for (const { from, listen } of heard) from.unsubscribe(listen);
  });
}

/** The errors of a document or its variables. One is told as it is, so that it is known again where it is logged. */
function askedWrongly(message: unknown, errors: unknown): void {
  if (!Array.isArray(errors) || errors.length === 0) return;
  const words = errors.map((error) => String(peek(error, 'message'))).join('\n');
  const told =
    errors.length === 1
      ? { thrown: errors[0], attributes: tagsOf(message) }
      : {
          body: words,
          attributes: { ...tagsOf(message), 'exception.type': 'GraphQLError', 'exception.message': words },
        };
  emit(logsApi().getLogger('graphql'), { severity: WARN, ...told });
}

/** Errors with a path are those of fields; the others are about what was asked, and told already. */
function answered(message: unknown, seam: Seam): void {
  const result = peek(message, 'result');
  const errors = peek(peek(result, 'initialResult') ?? result, 'errors');
  if (!Array.isArray(errors)) return;
  for (const error of errors) {
    const path = peek(error, 'path');
    if (!Array.isArray(path)) continue;
    const field = path.map((part) => (typeof part === 'number' ? '*' : part)).join('.');
    const inside = withCarried(context.active(), { tags: tagsOf(message, field) });
    context.with(inside, () => seam.thrown(error, inside));
  }
}

function tagsOf(message: unknown, field?: string): Record<string, unknown> {
  return graphqlTags(peek(message, 'operationType'), peek(message, 'operationName'), field);
}
