// A map that holds entries up to a total weight; the least recently used go first. An entry heavier than all of it is kept
// alone until the next comes.

export class Lru<Key, Value> {
  readonly #entries = new Map<Key, { value: Value; weight: number }>();
  readonly #limit: number;
  readonly #onEvicted: (key: Key) => void;
  #weight = 0;

  constructor(limit: number, onEvicted: (key: Key) => void = () => {}) {
    this.#limit = limit;
    this.#onEvicted = onEvicted;
  }

  /** Weight of all entries. */
  get size(): number {
    return this.#weight;
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key)?.value;
  }

  /** Also marks it as used. */
  set(key: Key, value: Value, weight: number): void {
    this.#remove(key);
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#limit || oldest === key) break;
      this.#remove(oldest);
      this.#onEvicted(oldest);
    }
  }

  #remove(key: Key): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#weight -= entry.weight;
    this.#entries.delete(key);
  }
}
