// Collects the conditions of a query with their values: nothing that a person gave ever stands in the text.

/**
 * A text of SQL without its case, by ASCII and by the rules of the database: where those are Turkish, lower('I') is 'ı' alone.
 */
export function caseless(text: string): string {
  return `lower(lower((${text}) collate "C") collate "default")`;
}

export class Conditions {
  readonly values: unknown[] = [];
  readonly #conditions: string[] = [];

  /** `$?` in the condition stands for the value; without one it is of places that there are. */
  add(condition: string, ...value: [unknown?]): void {
    this.#conditions.push(value.length > 0 ? condition.replaceAll('$?', this.value(value[0])) : condition);
  }

  /** The place of a value outside the conditions. */
  value(value: unknown): string {
    return `$${this.values.push(value)}`;
  }

  get clause(): string {
    return this.#conditions.length > 0 ? `where ${this.#conditions.join(' and ')}` : '';
  }
}
