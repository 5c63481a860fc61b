// Latencies of one request, gathered by operation and minute: one histogram fact each. Its number is made of what went into
// it, so that a request that is sent again changes nothing.

import type { ExponentialHistogram, HistogramFact, Operation } from '../../record/fact.ts';
import { mergeHistograms } from '../../record/histogram.ts';
import { clampTime } from '../../record/limits.ts';
import { OperationBound, operationKey, overflowOf } from '../../record/operation-bound.ts';
import type { Scrubber } from '../../record/scrub/scrubber.ts';
import { digestOf } from './ids.ts';

const MINUTE = 60_000;
/** As capture does: no hour of a route is less exact. */
const MAX_BUCKETS = 80;
const MAX_SERVICES = 1_000;

/** Operations that each service has named so far. */
export class OperationBounds {
  readonly #byService = new Map<string, OperationBound>();
  readonly #scrubber: Scrubber;

  constructor(scrubber: Scrubber) {
    this.#scrubber = scrubber;
  }

  bound(service: string, operation: Operation): Operation {
    let known = this.#byService.get(service);
    if (known === undefined) {
      if (this.#byService.size >= MAX_SERVICES) return overflowOf(operation);
      known = new OperationBound(this.#scrubber);
      this.#byService.set(service, known);
    }
    return known.bound(operation);
  }
}

interface Gathered {
  t: number;
  op: Operation;
  parts: ExponentialHistogram[];
  ids: string[];
}

export class Latencies {
  readonly #byKey = new Map<string, Gathered>();
  readonly #process: string;

  /** @param process the sender's, whose numbers they are */
  constructor(process: string) {
    this.#process = process;
  }

  /** @param id the same for the same measurement, other for any other */
  add(time: number, op: Operation, part: ExponentialHistogram, id: string): void {
    if (part.count === 0) return;
    const t = Math.floor(clampTime(time).t / MINUTE) * MINUTE;
    const key = `${t} ${operationKey(op)}`;
    const known = this.#byKey.get(key);
    if (known === undefined) this.#byKey.set(key, { t, op, parts: [part], ids: [id] });
    else {
      known.parts.push(part);
      known.ids.push(id);
    }
  }

  facts(): HistogramFact[] {
    const facts: HistogramFact[] = [];
    for (const [key, { t, op, parts, ids }] of this.#byKey) {
      const h = mergeHistograms(parts, MAX_BUCKETS);
      // 52 bits, a number that JSON and JavaScript hold.
      const seq = Number.parseInt(digestOf(key, ...ids.sort()).slice(0, 13), 16);
      if (h !== undefined) facts.push({ k: 'hist', t, seq, op, h, process: this.#process });
    }
    return facts;
  }
}
