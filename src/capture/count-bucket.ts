// Occurrences of one kind that are counted instead of stored. In: one after the other. Out: a count fact at each flush.

import type { Tally } from '../otel/request-state.ts';
import type { Counted, CountFact } from '../record/fact.ts';
import { isAtLeast, type Level } from '../record/level.ts';
import { uuidv7 } from '../util/uuid.ts';

const MAX_ROUTES = 20;
const OTHER_ROUTES = '(other)';

export class CountBucket implements Tally {
  /** How many of them came in this minute, stored ones included. */
  seen = 0;
  /** One of them, enough to know their issue. To be set before the first is counted. */
  like: Counted | undefined;
  round = 0;
  #count = 0;
  #first = 0;
  #last = 0;
  #raised = false;
  #routes: Map<string, number> | undefined;

  /** There is something to write down. */
  get isDirty(): boolean {
    return this.#count > 0 || this.#raised;
  }

  add(time: number, route: string | undefined): void {
    if (this.#count === 0) this.#first = time;
    this.#count++;
    this.#last = time;
    if (route === undefined) return;
    this.#routes ??= new Map();
    const name = this.#routes.has(route) || this.#routes.size < MAX_ROUTES ? route : OTHER_ROUTES;
    this.#routes.set(name, (this.#routes.get(name) ?? 0) + 1);
  }

  takeBack(round: number, route: string | undefined): boolean {
    if (round !== this.round || this.#count === 0) return false;
    this.#count--;
    const name = route === undefined || this.#routes?.has(route) ? route : OTHER_ROUTES;
    if (name !== undefined) this.#routes!.set(name, this.#routes!.get(name)! - 1);
    return true;
  }

  raise(level: Level): void {
    if (this.like === undefined || isAtLeast(this.like.level, level)) return;
    this.like = { ...this.like, level };
    this.#raised = true;
  }

  /** What was counted since the last time; nothing where nothing was. */
  flush(): CountFact | undefined {
    if (!this.isDirty) return undefined;
    const fact: CountFact = {
      k: 'count',
      id: uuidv7(this.#first),
      t: this.#first,
      to: this.#last,
      count: this.#count,
      like: this.like!,
    };
    const routes = this.#routes && [...this.#routes].filter(([, count]) => count > 0);
    if (routes && routes.length > 0) fact.routes = Object.fromEntries(routes);
    this.round++;
    this.#count = 0;
    this.#raised = false;
    this.#routes = undefined;
    return fact;
  }
}
