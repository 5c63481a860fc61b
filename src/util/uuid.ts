import { randomUUID } from 'node:crypto';

/**
 * A UUIDv7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, the rest random.
 * Built from `randomUUID`, which Node serves from a pool of random bytes (about 0.1 µs a call).
 */
export function uuidv7(unixMillis: number = Date.now()): string {
  const random = randomUUID();
  const time = Math.max(0, Math.min(unixMillis, 0xffffffffffff)).toString(16).split('.')[0]!.padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}
