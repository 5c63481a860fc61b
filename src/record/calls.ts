// Which calls become rows of http_calls: failed and slow ones always, of the others the first of each operation and minute,
// so that rare routes stay visible, and a share of the rest. Each row says by its weight how many calls it stands for: that
// of a call is 1 / the chance it had, so sums over the rows estimate the truth without bias (Horvitz and Thompson).

export interface CallSampling {
  /** Share of ordinary calls that are kept, 0 to 1. */
  rate: number;
  random: () => number;
}

const MINUTE = 60_000;
/** Operations beyond it have no first call in that minute. */
const MAX_OPERATIONS = 2000;

export class CallSampler {
  readonly #sampling: CallSampling;
  readonly #seen = new Set<string>();
  #minute = Number.NaN;

  constructor(sampling: CallSampling) {
    this.#sampling = sampling;
  }

  /**
   * @param key of the operation
   * @param time of the call, Unix milliseconds
   * @returns the weight of the call's row, or 0 when it is not kept
   */
  weight(key: string, kept: boolean, time: number): number {
    if (kept || this.#isFirst(key, time)) return 1;
    return callWeight(false, this.#sampling.rate, this.#sampling.random());
  }

  #isFirst(key: string, time: number): boolean {
    const minute = Math.floor(time / MINUTE);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#seen.clear();
    }
    if (this.#sampling.rate <= 0 || this.#seen.has(key) || this.#seen.size >= MAX_OPERATIONS) return false;
    this.#seen.add(key);
    return true;
  }
}

/**
 * The weight of a call that is not the first of its minute, or 0 when it is not kept.
 *
 * @param draw 0 to 1, evenly spread over calls
 */
export function callWeight(kept: boolean, rate: number, draw: number): number {
  if (kept) return 1;
  return draw < rate ? 1 / rate : 0;
}

/**
 * 0 to 1, evenly spread over texts, those too that differ in one digit: FNV-1a, and the last steps of MurmurHash3. A SHA-256 of
 * the ids for each span took mapping from 55 to 47 % of the bare decoder's speed (bench/receive.ts).
 */
export function drawOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** Bytes of a body as the conventions, old and new, name them. */
export function bodyBytes(attributes: Readonly<Record<string, unknown>>, side: 'request' | 'response') {
  for (const name of [
    `http.${side}.body.size`,
    `http.${side}.size`,
    `http.${side}_content_length`,
    `http.${side}_content_length_uncompressed`,
    `http.${side}.header.content-length`,
  ]) {
    const given = attributes[name];
    const bytes = Number(Array.isArray(given) ? given[0] : (given ?? Number.NaN));
    if (Number.isSafeInteger(bytes) && bytes >= 0) return bytes;
  }
  return undefined;
}
