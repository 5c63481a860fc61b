// Cases side by side: rounds interleaved, since the machine's speed drifts, and a process for each where it must be one.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** @returns by case, what was measured in each round */
export async function interleaved<Name extends string, Figures>(
  rounds: number,
  cases: readonly Name[],
  measure: (name: Name) => Figures | Promise<Figures>,
): Promise<Map<string, Figures[]>> {
  const results = new Map<string, Figures[]>(cases.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) for (const name of cases) results.get(name)!.push(await measure(name));
  return results;
}

/**
 * @param file below bench/
 * @returns what its last line says, which is JSON
 * @throws where it ends with anything but 0
 */
export function caseOf<Figures>(file: string, given: readonly string[], env: NodeJS.ProcessEnv = {}): Figures {
  const child = spawnSync(process.execPath, [join(import.meta.dirname, file), ...given], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  if (child.status !== 0) throw new Error(`${file} ${given.join(' ')} failed: ${child.stderr}`);
  return JSON.parse(child.stdout.trim().split('\n').at(-1)!) as Figures;
}
