// Collects the conditions of a query with their values: nothing that a person gave ever stands in the text.

export class Conditions {
  readonly values: unknown[] = [];
  readonly #conditions: string[] = [];

  /** `$?` in the condition stands for the value. */
  add(condition: string, value: unknown): void {
    const place = this.value(value);
    this.#conditions.push(condition.replaceAll('$?', place));
  }

  /** The place of a value outside the conditions. */
  value(value: unknown): string {
    return `$${this.values.push(value)}`;
  }

  get clause(): string {
    return this.#conditions.length > 0 ? `where ${this.#conditions.join(' and ')}` : '';
  }
}
