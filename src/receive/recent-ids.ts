// Ids of rows accepted lately: a record that is sent again because its answer was lost is known, and makes no second fact.
// Bounded: two generations, the older of which is forgotten when the younger is full. What is forgotten is still the same
// row in the database.

const GENERATION = 50_000;

export class RecentIds {
  #young = new Set<string>();
  #old = new Set<string>();

  has(id: string): boolean {
    return this.#young.has(id) || this.#old.has(id);
  }

  add(ids: ReadonlySet<string>): void {
    if (this.#young.size + ids.size > GENERATION) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    for (const id of ids) this.#young.add(id);
  }
}
