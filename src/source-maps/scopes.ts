// Which function of a generated file holds a place, and where its name is written: the map's name at that very spot is the
// original one. (The name at a call is that of the callee in the caller's view, and says nothing for callbacks.)
// Text in, ranges out. What it reads wrongly costs a name at most: mapping compares with the name V8 gave.

import { type Scope, ScopeBuilder } from './scope-builder.ts';
import { tokenize } from './tokens.ts';

export type { Scope } from './scope-builder.ts';

export class Scopes {
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #parents: Int32Array;
  readonly #scopes: readonly Scope[];

  constructor(text: string) {
    const builder = new ScopeBuilder(text);
    const whole = tokenize(text, builder);
    const found = whole && builder.sound ? builder : new ScopeBuilder('');
    this.#starts = Int32Array.from(found.starts);
    this.#ends = Int32Array.from(found.ends);
    this.#parents = Int32Array.from(found.parents);
    this.#scopes = found.scopes;
  }

  get sizeBytes(): number {
    return this.#scopes.length * 100;
  }

  /** From the innermost function or class outwards. */
  *around(offset: number): Generator<Scope> {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    for (let at = low - 1; at >= 0; at = this.#parents[at]!) if (offset < this.#ends[at]!) yield this.#scopes[at]!;
  }
}
