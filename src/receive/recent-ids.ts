// What is known of ids that came lately: a record that is sent again because its answer was lost, or is late, makes no second
// fact. Bounded: two generations, the older of which is forgotten when the younger is full. What is forgotten is still the
// same row in the database.

const GENERATION = 50_000;

export class RecentIds<Known> {
  #young = new Map<string, Known>();
  #old = new Map<string, Known>();

  get(id: string): Known | undefined {
    return this.#young.get(id) ?? this.#old.get(id);
  }

  add(ids: ReadonlySet<string>, known: Known): void {
    if (this.#young.size + ids.size > GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    for (const id of ids) this.#young.set(id, known);
  }

  forget(ids: ReadonlySet<string>): void {
    for (const id of ids) if (!this.#young.delete(id)) this.#old.delete(id);
  }
}
