// One hop of a canary, and what a message of delivery says about which one it was.

import { ERRORS, type ErrorCode } from '../../../errors.ts';

const HOPS = ['preload', 'hook', 'sdk', 'journal', 'delivery', 'receiver', 'queue', 'worker', 'database'] as const;
export type HopName = (typeof HOPS)[number];

export interface Hop {
  name: HopName;
  state: 'ok' | 'warning' | 'problem';
  text: string;
  fix?: string;
}

const HOP_OF_CODE: readonly (readonly [code: RegExp, hop: HopName])[] = [
  [/^RT_(DATABASE|SCHEMA|SERVER|COLUMN|EMBEDDED)_/, 'database'],
  [/^RT_ENDPOINT_/, 'receiver'],
  [/^RT_QUEUE_/, 'queue'],
];

/** What is wrong behind it, a receiver tells nobody but its own log. */
const AT_THE_RECEIVER =
  'Read what the receiver says on its stderr, or run `rowtrace doctor` there: its database or its queue is away or refuses.';

/** Where delivery stopped by what it said last: a code of the registry, or a receiver's answer. */
export function hopOfMessage(message: string): { name: HopName; text: string; fix: string | undefined } {
  if (/^the receiver at /.test(message)) return { name: 'receiver', text: message, fix: AT_THE_RECEIVER };
  const code = (Object.keys(ERRORS) as ErrorCode[])
    .filter((known) => HOP_OF_CODE.some(([codes]) => codes.test(known)))
    .find((known) => patternOf(ERRORS[known].message).test(message));
  const name = code && HOP_OF_CODE.find(([codes]) => codes.test(code))![1];
  const fix = code && ERRORS[code].fix;
  const text = fix === undefined ? message : message.replace(fix, '').trim();
  return { name: name ?? 'delivery', text, fix };
}

function patternOf(message: string): RegExp {
  const parts = message.split('%s').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(parts.join('.*'), 's');
}
