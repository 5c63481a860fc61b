import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fingerprint, messageTemplate } from '../../../../src/fingerprint.ts';
import { describeLanguage, type StackCase } from './helper.ts';

const cases: StackCase[] = [
  {
    name: 'Firefox',
    type: 'TypeError',
    message: 'can\'t access property "price", item is undefined',
    stack: `total@https://shop.example/static/cart.js:31:9
sum/<@https://shop.example/static/cart.js:12:20
checkout@https://shop.example/static/main.js:5:3
`,
    chain: ['TypeError: can\'t access property "price", item is undefined'],
    own: ['cart:total', 'cart:?', 'main:checkout'],
    kinds: 'aaa',
    culprit: 'total (static/cart.js)',
  },
  {
    name: 'Firefox, asynchronous',
    type: 'Error',
    message: 'no rates',
    stack: `load@https://shop.example/static/rates.js:9:11
async*show@https://shop.example/static/page.js:20:5
promise callback*@https://shop.example/static/page.js:30:1
`,
    chain: ['Error: no rates'],
    own: ['rates:load', 'page:show', 'page:?'],
    kinds: 'aaa',
    culprit: 'load (static/rates.js)',
  },
  {
    name: 'Safari',
    type: 'TypeError',
    message: "undefined is not an object (evaluating 'item.price')",
    stack: `total@https://shop.example/static/cart.js:31:21
map@[native code]
checkout@https://shop.example/static/main.js:5:8
global code@https://shop.example/static/main.js:40:9`,
    chain: ["TypeError: undefined is not an object (evaluating 'item.price')"],
    own: ['cart:total', 'main:checkout', 'main:?'],
    kinds: 'anaa',
    culprit: 'total (static/cart.js)',
  },
  {
    name: 'Chrome',
    stack: `TypeError: Cannot read properties of undefined (reading 'price')
    at Cart.total (https://shop.example/static/cart.js:31:14)
    at checkout (https://shop.example/static/main.js:5:8)
    at HTMLButtonElement.<anonymous> (https://shop.example/static/main.js:40:3)`,
    chain: ["TypeError: Cannot read properties of undefined (reading 'price')"],
    own: ['cart:total', 'main:checkout', 'main:?'],
    kinds: 'aaa',
    culprit: 'Cart.total (static/cart.js)',
  },
  {
    name: 'Chrome with a cause',
    stack: `Error: cannot pay
    at pay (https://shop.example/static/pay.js:8:9)
Caused by: Error: declined
    at charge (https://shop.example/static/pay.js:3:9)`,
    chain: ['Error: cannot pay', 'Error: declined'],
    own: ['pay:pay'],
    kinds: 'a',
    culprit: 'pay (static/pay.js)',
  },
  {
    name: 'a bundle with package sources',
    type: 'Error',
    message: 'render failed',
    stack: `commit@webpack:///./node_modules/react-dom/cjs/react-dom.js:900:3
Cart.prototype.render@webpack:///./src/cart.js:12:1
`,
    chain: ['Error: render failed'],
    own: ['cart:render'],
    kinds: 'da',
    culprit: 'Cart.prototype.render (src/cart.js)',
  },
];

describeLanguage('webjs', cases, [
  { name: 'when lines shift', change: (stack) => stack.replace(/\.js:(\d+):/g, (_, n) => `.js:${Number(n) + 14}:`) },
  {
    name: 'from another host',
    change: (stack) =>
      `${stack.replaceAll('https://shop.example/', 'https://cdn.example.org/').replaceAll('webpack:///./', 'webpack:///')}\n`,
  },
  {
    name: 'with content hashes in file names',
    change: (stack) => stack.replace(/\/(\w+)\.js:/g, '/$1.8f3a2b1c.js:').replace('react-dom.8f3a2b1c', 'react-dom'),
  },
]);

describe('browsers', () => {
  it('word the same bug alike', () => {
    const said = [
      "Cannot read properties of undefined (reading 'price')",
      'can\'t access property "price", item is undefined',
      "undefined is not an object (evaluating 'item.price')",
    ];
    assert.deepEqual(new Set(said.map(messageTemplate)), new Set([said[0]]));
    assert.equal(messageTemplate("Can't find variable: price"), 'price is not defined');
    assert.equal(messageTemplate("a.b is not a function. (In 'a.b(1)', 'a.b' is undefined)"), 'a.b is not a function');
  });

  it('word failed loads and what is no JSON alike', () => {
    const alike = {
      'Failed to fetch': ['Failed to fetch', 'NetworkError when attempting to fetch resource.'],
      'Failed to fetch dynamically imported module: <*>': [
        'Failed to fetch dynamically imported module: https://shop.example/assets/cart-3f2a1c9e.js',
        'error loading dynamically imported module: https://shop.example/assets/cart-8b7d6e5f.js',
        'Importing a module script failed.',
      ],
      'Unexpected token in JSON': [
        'Unexpected token \'<\', "<html>oops" is not valid JSON',
        'JSON.parse: unexpected character at line 1 column 1 of the JSON data',
        "JSON Parse error: Unrecognized token '<'",
      ],
      'Unexpected end of JSON input': [
        'Unexpected end of JSON input',
        'JSON.parse: unexpected end of data at line 1 column 1 of the JSON data',
        "JSON.parse: end of data when ',' or ']' was expected at line 1 column 5 of the JSON data",
        'JSON Parse error: Unexpected EOF',
      ],
    };
    for (const [template, said] of Object.entries(alike))
      assert.deepEqual(new Set(said.map(messageTemplate)), new Set([template]));
    assert.equal(messageTemplate('Load failed'), 'Load failed');
  });

  it('give one key for one bug, whichever saw it', () => {
    const keys = cases
      .filter(({ name }) => ['Safari', 'Chrome'].includes(name))
      .map(({ stack, message }) =>
        fingerprint({
          type: 'TypeError',
          message: message ?? "Cannot read properties of undefined (reading 'price')",
          stack,
          language: 'webjs',
        }),
      );
    assert.equal(keys[0]!.fingerprint, keys[1]!.fingerprint);
  });
});
