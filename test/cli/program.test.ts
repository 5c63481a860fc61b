// Which commands a command line knows: all, or the one that it names.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMANDS } from '../../src/cli/commands/index.ts';
import { createProgram } from '../../src/cli/program.ts';

const namesIn = async (asked?: string) => (await createProgram(asked)).commands.map((command) => command.name());

test('a command line that names a command has that one, by the name of its file', async () => {
  for (const name of Object.keys(COMMANDS)) assert.deepEqual(await namesIn(name), [name]);
});

test('any other has all of them', async () => {
  for (const asked of [undefined, '--help', 'help', 'isues', 'constructor'])
    assert.deepEqual(await namesIn(asked), Object.keys(COMMANDS));
});
