// Table of one language's stacks: what is read from each, and that its key stays when lines shift and roots move.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fingerprint } from '../../../../src/fingerprint.ts';
import { readChain, walkChain } from '../../../../src/record/fingerprint/chain.ts';

export interface StackCase {
  name: string;
  stack: string;
  /** As the SDK sends them beside the stack; the parser's own where they are not given. */
  type?: string;
  message?: string;
  /** "Type: message" of each error, outermost first, members behind causes. */
  chain: string[];
  /** Keys of the service's own frames of the outermost error, innermost first. */
  own: string[];
  /** Kinds of all its frames, one letter each: a(pp) d(ependency) f(ramework) r(untime) n(ode, the platform). */
  kinds: string;
  culprit: string | undefined;
  /** The look of the text does not tell the language. */
  unsniffable?: true;
}

export interface Move {
  name: string;
  change(stack: string): string;
}

export function describeLanguage(language: string, cases: readonly StackCase[], moves: readonly Move[]): void {
  describe(`${language} stacks`, () => {
    for (const { name, stack, type, message, chain, own, kinds, culprit, unsniffable } of cases) {
      const given = { type, message, service: 's' };
      const key = (text: string, spoken?: string) =>
        fingerprint({ ...given, stack: text, language: spoken }).fingerprint;

      it(`${name}: chain, frames, culprit`, () => {
        const nodes = [...walkChain(readChain({ ...given, stack }, language))];
        assert.deepEqual(
          nodes.map((node) => (node.type === '' ? node.message : `${node.type}: ${node.message}`)),
          chain,
        );
        const { frames } = nodes[0]!;
        assert.deepEqual(
          frames.flatMap((frame) => (frame.kind === 'app' ? [frame.key] : [])),
          own,
        );
        assert.equal(frames.map((frame) => frame.kind[0]).join(''), kinds);
        assert.equal(fingerprint({ ...given, stack, language }).culprit, culprit);
      });

      for (const { name: moved, change } of moves)
        it(`${name}: same key ${moved}`, () => {
          assert.notEqual(change(stack), stack, 'the change changes something');
          assert.equal(key(change(stack), language), key(stack, language));
        });

      if (unsniffable !== true) it(`${name}: known by its look`, () => assert.equal(key(stack), key(stack, language)));
      it(`${name}: same key with Windows line ends`, () =>
        assert.equal(key(stack.replaceAll('\n', '\r\n'), language), key(stack, language)));
    }
  });
}
