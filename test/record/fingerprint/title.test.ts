// What an issue is called in the list: the error's own words, and its reason where these do not hold it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ChainInput, fingerprint } from '../../../src/fingerprint.ts';

const stack = 'Error: x\n    at total (/app/src/cart.js:3:9)';
const refused: ChainInput = { type: 'Error', message: 'connect ECONNREFUSED 10.0.0.5:5432', code: 'ECONNREFUSED' };
const titles: [string, ChainInput, string][] = [
  ['words of its own', { type: 'Error', message: 'no price for 17' }, 'no price for <*>'],
  [
    'words of its own and a cause',
    { type: 'Error', message: 'no price', cause: { type: 'RangeError', message: 'too far' } },
    'no price: RangeError: too far',
  ],
  [
    'words that hold those of its cause',
    { type: 'Error', message: 'no price: too far', cause: { type: 'RangeError', message: 'too far' } },
    'no price: too far',
  ],
  ['no words', { type: 'SequelizeEmptyResultError', message: '' }, 'SequelizeEmptyResultError'],
  ['no words, but a code', { type: 'Error', message: '', code: 'E_NO_PRICE' }, 'E_NO_PRICE'],
  [
    'no words, but a cause',
    { type: 'Error', cause: { type: 'RangeError', message: 'too far' } },
    'RangeError: too far',
  ],
  [
    'an aggregate of one',
    { type: 'AggregateError', errors: [{ type: 'BulkError', message: 'row 17: no name' }] },
    'BulkError: row <*>: no name',
  ],
  [
    'an aggregate of several',
    {
      type: 'AggregateError',
      message: 'All promises were rejected',
      errors: [
        { type: 'Error', message: 'b is closed' },
        { type: 'Error', message: 'a is closed' },
        { type: 'Error', message: 'b is closed' },
      ],
    },
    'All promises were rejected: a is closed (and 1 more)',
  ],
  [
    'a failed fetch',
    { type: 'TypeError', message: 'fetch failed', cause: refused, stack },
    'fetch failed: connect ECONNREFUSED <*>:5432',
  ],
  [
    'a task group of Python',
    {
      type: 'ExceptionGroup',
      message: 'unhandled errors in a TaskGroup (1 sub-exception)',
      errors: [{ type: 'ValueError', message: 'no price' }],
    },
    'unhandled errors in a TaskGroup: ValueError: no price',
  ],
  [
    'Entity Framework’s wrapper',
    {
      type: 'DbUpdateException',
      message: 'An error occurred while saving the entity changes. See the inner exception for details.',
      cause: { type: 'PostgresException', message: '23505: duplicate key' },
    },
    'An error occurred while saving the entity changes: PostgresException: 23505: duplicate key',
  ],
];

describe('the title of an error with', () => {
  for (const [name, error, title] of titles) it(name, () => assert.equal(fingerprint(error).title, title));

  it('a logger’s own template is that template', () =>
    assert.equal(
      fingerprint({ message: 'no price for 17', template: 'no price for {id}' }).title,
      'no price for {id}',
    ));
});

it('the title is no part of the key', () => {
  const key = (message: string) => fingerprint({ type: 'Error', message, cause: refused }).fingerprint;
  assert.notEqual(key('fetch failed'), key('fetch failed: connect ECONNREFUSED <*>:5432'));
});
