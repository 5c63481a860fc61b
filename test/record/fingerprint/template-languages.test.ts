import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageTemplate } from '../../../src/fingerprint.ts';

/** What versions of a language, or one of them with other values, say of one bug; the template is that of all. */
const said: Record<string, string[]> = {
  "undefined method 'price' for nil": [
    "undefined method `price' for nil:NilClass",
    "undefined method `price' for nil",
    "undefined method 'price' for nil",
    "undefined method `price' for nil:NilClass\n\n  def total(x) = x.price\n                  ^^^^^^\nDid you mean?  print",
    "undefined method `price' for nil:NilClass\ndef total(x) = x.price\n^^^^^^",
  ],
  "undefined method 'price' for an instance of Shop::Cart": [
    "undefined method `price' for #<Shop::Cart:0x00007f767ea83580>",
    'undefined method `price\' for #<Shop::Cart id: 5, owner: "ann">',
    "undefined method 'price' for an instance of Shop::Cart",
  ],
  "undefined method 'price' for an instance of String": [
    'undefined method `price\' for "ann":String',
    'undefined method `price\' for "bob: of: Kent":String',
    "undefined method 'price' for an instance of String",
  ],
  "private method 'price' called for an instance of Integer": [
    "private method `price' called for 5:Integer",
    "private method 'price' called for an instance of Integer",
  ],
  "undefined method 'price' for class Shop::Cart": [
    "undefined method `price' for Shop::Cart:Class",
    "undefined method 'price' for class Shop::Cart",
  ],
  "undefined local variable or method 'dog' for main": [
    "undefined local variable or method `dog' for main:Object",
    "undefined local variable or method 'dog' for main",
  ],
  'uninitialized constant Shop::Dog': [
    'uninitialized constant Shop::Dog',
    'uninitialized constant Shop::Dog\n\n    Dog.new\n    ^^^',
  ],
  "can't modify frozen String": ['can\'t modify frozen String: "ann"', 'can\'t modify frozen String: "bob"'],
  'no match of right hand side value: <*>': [
    'no match of right hand side value: {:error, "ann"}',
    'no match of right hand side value: %Shop.Dog{name: "bob"}',
    'no match of right hand side value:\n\n    {:error, :enoent}\n',
  ],
  'no case clause matching: <*>': ['no case clause matching: {:b, "ann"}', 'no case clause matching:\n\n    nil\n'],
  'key :price not found in: <*>': [
    'key :price not found in: %{name: "ann"}',
    'key :price not found in:\n\n    %{name: "bob"}\n\nDid you mean:\n\n  * :prize\n',
  ],
  'key :price not found in: nil': [
    'key :price not found in: nil. If you are using the dot syntax, such as map.field, make sure …',
    'key :price not found in: nil\n\nIf you are using the dot syntax, …',
  ],
  'protocol Enumerable not implemented for Shop.Dog': [
    'protocol Enumerable not implemented for %Shop.Dog{name: "ann"} of type Shop.Dog (a struct). This protocol is …',
    'protocol Enumerable not implemented for Shop.Dog (a struct)\n\nGot value:\n\n    %Shop.Dog{name: "bob"}\n',
  ],
  'One or more errors occurred. (A task was canceled.) (no dog <*>)': [
    'One or more errors occurred. (no dog 5) (A task was canceled.)',
    'One or more errors occurred. (A task was canceled.) (no dog 5) (no dog 6)',
  ],
};

/** Of one bug whatever the other side sent. */
const parsed: Record<string, string[]> = {
  'strconv.Atoi: parsing <*>: invalid syntax': [
    'strconv.Atoi: parsing "ann": invalid syntax',
    'strconv.Atoi: parsing "12x": invalid syntax',
  ],
  'parsing time <*> as "<*>": cannot parse "" as "-"': [
    'parsing time "ann" as "2006-01-02": cannot parse "" as "-"',
    'parsing time "2024" as "2006-01-02": cannot parse "" as "-"',
  ],
  'invalid character <*> looking for beginning of value': [
    "invalid character '<' looking for beginning of value",
    "invalid character 'N' looking for beginning of value",
    "invalid character '\\'' looking for beginning of value",
  ],
};

const kept = [
  'load: rpc error: code = NotFound desc = dog not found',
  'load: rpc error: code = NotFound desc = cat not found',
  'undefined is not a function',
  "undefined method 'price' of null",
  'no such table: dogs',
  'key not found: :b',
  'protocol error',
  'One or more errors occurred. See the log',
];

describe('messages of Ruby, Elixir, .NET and Go', () => {
  for (const [template, messages] of Object.entries(said))
    it(`have one template: ${template}`, () => {
      assert.deepEqual(new Set(messages.map(messageTemplate)), new Set([template]));
    });

  for (const [template, messages] of Object.entries(parsed))
    it(`of Go have one template: ${template}`, () => {
      assert.deepEqual(new Set(messages.map(messageTemplate)), new Set([template]));
    });

  it('are told from others that begin alike', () => {
    for (const message of kept) assert.equal(messageTemplate(message), message);
    assert.notEqual(
      messageTemplate("undefined method `price' for nil:NilClass"),
      messageTemplate("undefined method `name' for nil:NilClass"),
    );
  });
});
