// A logger whose records all go by a method of one of its objects: each call is told once it has done what it does without us.

import type { LineLogger } from '../../otel/lines.ts';
import { leaveWords } from '../breadcrumbs.ts';
import { patchMethod } from '../frameworks/module-hook.ts';
import { unheard } from './console.ts';
import { emit, type LogCall, type Tap } from './emit.ts';

/** What a call is about. */
export interface Told {
  severity: number;
  /** What a breadcrumb says, where it makes no row. */
  words: unknown;
  /** Asked where it makes one. */
  describe: () => Omit<LogCall, 'severity'>;
}

export class MethodTap {
  #tap: Tap | undefined;

  /** @returns how to undo it */
  readonly hook = (logger: LineLogger, lowest: number): (() => void) => {
    this.#tap = { logger, lowest };
    return () => {
      this.#tap = undefined;
    };
  };

  /**
   * @param tell nothing where the logger writes nothing
   * @param give what the method gets in place of its arguments
   */
  watch<Self, Values extends unknown[]>(
    owner: object,
    name: string,
    tell: (self: Self, values: Values) => Told | undefined,
    give: (values: Values) => Values = (values) => values,
  ): void {
    const current = () => this.#tap;
    patchMethod(
      owner,
      name,
      (original) =>
        function (this: Self, ...given: Values) {
          const to = current();
          if (to === undefined) return original.apply(this, given as never);
          const values = give(given);
          // Some print by console, which is told already.
          const result = unheard(() => original.apply(this, values as never));
          note(to, () => tell(this, values));
          return result;
        } as (...values: never[]) => unknown,
    );
  }
}

/** Never throws: the logger's caller must not see our mistakes. */
function note({ logger, lowest }: Tap, tell: () => Told | undefined): void {
  try {
    const told = tell();
    if (told === undefined) return;
    const { severity, words, describe } = told;
    if (severity < lowest) leaveWords(severity, words);
    else emit(logger, { severity, ...describe() });
  } catch {
    // As above.
  }
}
