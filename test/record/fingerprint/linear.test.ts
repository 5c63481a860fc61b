import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { patternsOf, withSmallBounds } from './patterns.ts';

// The package would start a native program otherwise; its JavaScript is the same checker.
process.env.RECHECK_SYNC_BACKEND = 'pure';
const { checkSync } = await import('recheck');

const patterns = patternsOf('record', 'capture');

/** Super-linear by themselves, and why that is bounded where they are used. */
const BOUNDED: Readonly<Record<string, string>> = {
  '\\d|[A-Z].*[a-z].*[A-Z]|=$': 'scrub/shapes.ts asks it of the first 64 characters of a credential only.',
};

describe('every regular expression over foreign text', () => {
  it('is found in the sources', () => assert.ok(patterns.length > 200, `only ${patterns.length}`));

  it('is linear, says a ReDoS checker, or is listed with its bound', () => {
    const wrong: string[] = [];
    let decided = 0;
    for (const { place, source, flags } of patterns) {
      if (source in BOUNDED) continue;
      const verdict = checkSync(withSmallBounds(source), flags, { checker: 'automaton', timeout: 10_000 });
      // Look-around is beyond the checker: the growth measured below is what is known of those.
      if (verdict.status === 'vulnerable')
        wrong.push(`${place} /${source}/${flags}: ${verdict.attack.pattern.slice(0, 120)}`);
      if (verdict.status === 'safe') decided++;
    }
    assert.deepEqual(wrong, []);
    assert.ok(decided >= patterns.length * 0.9, `${decided} of ${patterns.length} decided`);
  });

  it('has no bound so high that it is none', () => {
    const high = patterns.filter(({ source }) =>
      [...source.matchAll(/,(\d+)\}/g)].some((bound) => Number(bound[1]) > 4_096),
    );
    assert.deepEqual(high, []);
  });

  it('takes time in proportion to repeats of what it matches', () => {
    const slow: string[] = [];
    for (const { place, source, flags } of patterns) {
      if (source in BOUNDED) continue;
      for (const unit of unitsOf(source)) {
        const time = (size: number) => {
          const text = `${unit.repeat(Math.ceil(size / unit.length)).slice(0, size)}\n\0`;
          const pattern = new RegExp(source, flags.replace('y', 'g'));
          const start = performance.now();
          text.replace(pattern, '');
          return performance.now() - start;
        };
        time(256);
        const half = time(32_768);
        // Most are done in a millisecond; what takes longer must not take four times as long for twice the text.
        if (half < 20) continue;
        // A busy machine is slow once, a quadratic pattern each time and for seconds.
        const attempts = [1, 2, 3].map(() => [
          Math.min(time(32_768), time(32_768)),
          Math.min(time(65_536), time(65_536)),
        ]) as [number, number][];
        if (attempts.every(([a, b]) => b > Math.max(a * 3.2, 150)))
          slow.push(
            `${place} /${source}/ over ${JSON.stringify(unit)}: ${attempts.map(([a, b]) => `${a.toFixed(0)} → ${b.toFixed(0)} ms`)}`,
          );
      }
    }
    assert.deepEqual(slow, []);
  });
});

/** Texts that the pattern matches, and their beginnings: repeated, they make it begin over and over. */
function unitsOf(source: string): string[] {
  let matching: fc.Arbitrary<string>;
  try {
    const plain = source.replace(/\(\?(?:<?[=!])(?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\)/g, '').replace(/\\b/g, '');
    matching = fc.stringMatching(new RegExp(`^(?:${withSmallBounds(plain).replace(/(?<!\\)\$$/, '')})$`));
    const whole = fc.sample(matching, { numRuns: 3, seed: 7 });
    return [
      ...new Set(whole.flatMap((text) => [text, text.slice(0, Math.ceil(text.length / 2)), text.slice(0, -1)])),
    ].filter((text) => text !== '');
  } catch {
    return ['a', '0', ' ', '.a', '-0', '/a', 'a@', ':', '"', '{', '['];
  }
}
