import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCopyIn } from '../../../src/cli/owner/copy-in.ts';
import { processorMillis } from '../../support/processor-time.ts';

const query = (text: string) => Buffer.concat([Buffer.from([0x51, 0, 0, 0, 0]), Buffer.from(`${text}\0`)]);
const parse = (text: string, name = '') =>
  Buffer.concat([Buffer.from([0x50, 0, 0, 0, 0]), Buffer.from(`${name}\0${text}\0\0\0`)]);

test('a statement that copies from its client is found, wherever and however it stands', () => {
  for (const text of [
    'copy t from stdin',
    'COPY\n t (a, "b;")\tFROM\nSTDIN with (format csv)',
    'copy t from stdout',
    'copy binary t from stdin',
    'select 1; -- first\n /* and /* nested */ ; */ copy t from stdin;',
    'copy t from /* where? */ stdin',
    'copy t from--\nstdin',
    `select 'it''s; copy'; copy t from stdin`,
    `select E'\\''; copy t from stdin`,
    `select $1; select $a$ ' $a$; copy t from stdin`,
    `select $$ " $$; copy "it's" from stdin`,
    `select 'a\\'; copy t from stdin`,
    // With standard_conforming_strings off this is one literal and a statement.
    `select 'a\\' ; select ' ; copy t from stdin`,
    `select a$b$ from t; copy t from stdin; select a$b$ from t`,
    'select 1); copy t from stdin',
  ]) {
    assert.equal(isCopyIn(query(text)), true, text);
    assert.equal(isCopyIn(parse(text, 'copy')), true, text);
  }
});

test('a text about copying is a text', () => {
  for (const text of [
    `select 'we copy a file from stdin' as note`,
    `select message from (values ('x')) m (message) where message like '%; copy % from stdin%'`,
    `select $q$; copy t from stdin$q$, $$; copy t from stdin$$, E'\\'; copy t from stdin'`,
    `insert into notes values ('it''s; copy t from stdin')`,
    'select 1 -- ; copy t from stdin',
    'select 1 /* ; copy t from stdin */',
    'select "; copy t from stdin" from t',
    'copy (select copy from stdin) to stdout',
    `copy t to stdout`,
    `copy t from '/tmp/stdin'`,
    'select copy from stdin',
    `select 'never; copy t from stdin`,
  ])
    for (const message of [query(text), parse(text), parse('select 1', 'copy t from stdin')])
      assert.equal(isCopyIn(message), false, text);
});

test('time grows with the length of the text, whatever is in it', () => {
  for (const part of [
    `'`,
    `''`,
    '$$',
    '$a',
    '/*',
    '*/',
    '--\n',
    '--',
    '(',
    ')',
    '"',
    '\\',
    `e'\\'`,
    ';',
    'copy ',
    'from ',
  ]) {
    const millis = [100_000, 400_000].map((length) => {
      const text = query(`copy stdin${part.repeat(length / part.length)}`);
      return processorMillis(() => isCopyIn(text), 3);
    });
    // Four times the text: sixteen times the time would be a quadratic rule.
    assert.ok(millis[1]! < 8 * Math.max(10, millis[0]!), `${part}: ${millis}`);
  }
});
