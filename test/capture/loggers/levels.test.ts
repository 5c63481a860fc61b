// Levels that the application named itself: the rows have them by name, or by their place among the others.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { hookPino, patchPino } from '../../../src/capture/loggers/pino.ts';
import { hookWinston, patchWinston } from '../../../src/capture/loggers/winston.ts';
import { loggerBench } from './records.ts';

const load = createRequire(import.meta.url);
type Logger = Record<string, (words: string) => void>;

//  title, levels from the worst on, rows
const WORST_FIRST: [string, string[], string[]][] = [
  [
    'usual names and one more',
    ['fatal', 'critical', 'error', 'warn', 'info'],
    ['CRITICAL fatal', 'CRITICAL critical', 'ERROR error', 'WARNING warn'],
  ],
  [
    'an error in front of what is worse',
    ['error', 'critical', 'warning', 'audit', 'notice'],
    ['ERROR error', 'CRITICAL critical', 'WARNING warning'],
  ],
  [
    'other spellings, something above and something between',
    ['disaster', 'ERROR', 'incident', 'Warn', 'audit', 'Information'],
    ['ERROR disaster', 'ERROR ERROR', 'WARNING incident', 'WARNING Warn'],
  ],
  ['names that say nothing', ['high', 'middle', 'low'], ['ERROR high']],
  ['the worst without a name, above a warning', ['disaster', 'warn'], ['ERROR disaster', 'WARNING warn']],
  ['one below all that have a name', ['error', 'remark'], ['ERROR error']],
  ['a name that every object has', ['error', 'constructor', 'info'], ['ERROR error']],
];
for (const [title, names, expected] of WORST_FIRST) {
  const numbers = Object.fromEntries(names.map((name, at) => [name, at]));

  test(`winston, ${title}`, () => {
    const winston = load('winston');
    patchWinston(winston);
    const bench = loggerBench();
    const unhook = hookWinston(bench.getLogger('winston'), 13);
    const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
    const transports = [new winston.transports.Stream({ stream })];
    const log = winston.createLogger({ levels: numbers, level: names.at(-1), transports });
    for (const name of names) log.log(name, name);
    unhook();
    assert.deepEqual(
      bench.rows().map(([level, words]) => `${level} ${words}`),
      expected,
    );
  });

  for (const version of ['pino', 'pino9', 'pino8'])
    for (const levelComparison of ['DESC', (one: number, other: number) => one <= other])
      test(`${version} with levels counted down (${typeof levelComparison}), ${title}`, () => {
        const options = { customLevels: numbers, useOnlyCustomLevels: true, levelComparison, level: names.at(-1) };
        assert.deepEqual(told(version, options, names), expected);
      });
}

function told(version: string, options: object, names: string[]): string[] {
  const pino = load(version);
  patchPino(pino);
  const bench = loggerBench();
  const unhook = hookPino(bench.getLogger('pino'), 13);
  const log: Logger = pino(options, { write() {} });
  for (const name of names) log[name]!(name);
  unhook();
  return bench.rows().map(([level, words]) => `${level} ${words}`);
}

test("pino, levels of the application's beside pino's own", () => {
  const customLevels = { critical: 45, audit: 35, emerg: 70, disaster: 80, errorToo: 50 };
  assert.deepEqual(
    told('pino', { customLevels }, ['critical', 'audit', 'emerg', 'disaster', 'fatal', 'error', 'warn']),
    ['CRITICAL critical', 'CRITICAL emerg', 'CRITICAL disaster', 'CRITICAL fatal', 'ERROR error', 'WARNING warn'],
  );
});

test('pino, numbers in the usual places mean what they mean to pino', () => {
  const customLevels = { info: 30, warn: 40, incident: 55, disaster: 99 };
  assert.deepEqual(told('pino', { customLevels, useOnlyCustomLevels: true }, Object.keys(customLevels)), [
    'WARNING warn',
    'ERROR incident',
    'CRITICAL disaster',
  ]);
});
