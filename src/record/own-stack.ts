// The stack of one error of V8, without those of its causes, which some serializers append (pino). Carriers of one error have it
// in common, whatever else they say: SDKs send an error's code as its type, loggers its class, and messages with those of the
// causes behind them.

const FRAME = '\n    at ';
export const CAUSE = '\ncaused by: ';

/** Up to its last frame; all of a text that is none of V8's. */
export function ownStack(stack: string): string {
  const cause = stack.indexOf(CAUSE);
  let end = stack.indexOf(FRAME);
  if (cause >= 0 && (end < 0 || cause < end)) return stack.slice(0, cause);
  if (end < 0) return stack;
  for (;;) {
    const next = stack.indexOf('\n', end + 1);
    if (next < 0) return stack;
    if (!stack.startsWith(FRAME, next)) return stack.slice(0, next);
    end = next;
  }
}

/** What tells errors of V8 apart; undefined for those of other languages. */
export function identityOfV8(stack: string, message: string, language: string | undefined): string[] | undefined {
  if (language !== 'nodejs' && !stack.includes(FRAME)) return undefined;
  const own = ownStack(stack);
  const frames = own.indexOf(FRAME);
  const header = frames < 0 ? own : own.slice(0, frames);
  const words = header.indexOf(': ');
  const said = words < 0 ? '' : header.slice(words + 2);
  const isSaid = message === said || message === header || (said !== '' && message.startsWith(`${said}: `));
  // Knex's instrumentation leaves the statement out, which the application's message begins with.
  return isSaid ? [own] : [own, message];
}
