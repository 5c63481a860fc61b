// Latencies, in seconds, as they come: five distributions, drawn from a seeded generator so that a failing run can be had again.

export type Uniform = () => number;

/** mulberry32, seeded by a text. */
export function uniform(seed: string): Uniform {
  let state = 0;
  for (const char of seed) state = (Math.imul(state, 31) + char.charCodeAt(0)) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function gauss(random: Uniform): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export const DISTRIBUTIONS: Readonly<Record<string, (random: Uniform) => number>> = {
  uniform: (random) => 0.001 + random(),
  'log-normal': (random) => 0.02 * Math.exp(0.8 * gauss(random)),
  bimodal: (random) => (random() < 0.9 ? 0.005 * (1 + random() / 10) : 1.5 + random()),
  'heavy tail': (random) => 0.01 * (1 - random()) ** (-1 / 1.2),
  constant: () => 0.125,
};

export function shuffled<T>(all: readonly T[], random: Uniform): T[] {
  return all
    .map((one) => ({ one, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
