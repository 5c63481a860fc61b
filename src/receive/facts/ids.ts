// Identities that survive a retry: the same record gives the same id, whoever receives it. OTLP has none of its own.

import { createHash, hash } from 'node:crypto';
import type { ErrorFact, Occurrence, RowRef } from '../../record/fact.ts';
import { clampTime } from '../../record/limits.ts';
import { identityOfV8 } from '../../record/own-stack.ts';
import type { Unwound } from '../../record/unwound.ts';
import { uuidv7Of } from '../../util/uuid.ts';

/** Parts lie here one after the other: one call of OpenSSL takes 2.7 µs a record of 400 bytes, a hash that is fed 8.4 µs. */
const scratch = Buffer.allocUnsafe(64 * 1024);

/** SHA-256 of the parts, each ended by a zero byte. */
export function digestOf(...parts: (string | Uint8Array)[]): string {
  let size = 0;
  for (const part of parts) {
    // A character is three bytes at most.
    if (size + part.length * 3 >= scratch.length) return digestOfLong(parts);
    if (typeof part === 'string') size += scratch.write(part, size);
    else {
      scratch.set(part, size);
      size += part.length;
    }
    scratch[size++] = 0;
  }
  return hash('sha256', scratch.subarray(0, size));
}

function digestOfLong(parts: readonly (string | Uint8Array)[]): string {
  const whole = createHash('sha256');
  for (const part of parts) whole.update(part).update('\0');
  return whole.digest('hex');
}

/** @param time Unix milliseconds */
export function rowRef(time: number, digest: string): RowRef & { tRaw?: string } {
  const { t, tRaw } = clampTime(Math.trunc(time));
  return { id: uuidv7Of(t, digest), t, ...(tRaw === undefined ? {} : { tRaw }) };
}

/** What two carriers of one exception have in common. */
export function occurrenceKey(
  traceId: string,
  { type, message, stack }: ErrorFact,
  unwound: Unwound | undefined,
  language: string | undefined,
): Pick<Occurrence, 'key' | 'frames'> {
  if (unwound !== undefined) return { key: digestOf(traceId, ...unwound.core).slice(0, 32), frames: unwound.frames };
  const v8 = stack === undefined ? undefined : identityOfV8(stack, message, language);
  return { key: digestOf(traceId, ...(v8 ?? [type, message, stack ?? ''])).slice(0, 32) };
}
