// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are programs, templates among them.
// Which function holds a place: a table of shapes that bundlers and minifiers write. `@` is the place.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { transform } from 'esbuild';
import ts from 'typescript';
import { originalName } from '../../src/source-maps/function-name.ts';
import { Scopes } from '../../src/source-maps/scopes.ts';

const SHAPES: readonly (readonly [text: string, from: string])[] = [
  ['function n(e){@}', 'n'],
  ['async function*n(){@}', 'n'],
  ['var n=function(){@}', 'n'],
  ['var n=async function*(){@}', 'n'],
  ['var n=e=>{@},t=1', 'n'],
  ['var n=async e=>@', 'n'],
  ['var n=async(e,{a:t}={a:{}})=>e?t:@', 'n'],
  ['var n=e=>e,t=@', ''],
  ['var n=c?e=>1:@', ''],
  ['var n=e=>t=>@;', '? n'],
  ['let n=(e=()=>1)=>{if(e){for(;;){@}}}', 'n'],
  ['exports.send=function(){@}', 'send'],
  ['x={charge(){@}}', 'charge'],
  ['x={async*charge(){@}}', 'charge'],
  ['x={get charge(){@}}', 'charge'],
  ['x={charge:async()=>{@}}', 'charge'],
  ['x={class:1,charge(){@}}', 'charge'],
  ['class t extends m({}){#p=1;static async charge(e){while(1){@}}}', 'charge class t'],
  ['var t=class{constructor(){@}}', 'constructor class t'],
  ['class t{#run=()=>{@}}', '#run class t'],
  ['function n(){if(/[/}]\\/{/.test(e))return`a${`}${"}"}`}`;@}', 'n'],
  ['function n(){return a/2/b;/}/.test("");@}', 'n'],
  ['function n(){a++/2;let b=(c)/2;if(d)/}/.exec(e);@}', 'n'],
  ["function n(){/* } */// }\n\"}\";'\\'}';@}", 'n'],
  ['function n(){return{if:1,function:2}.if@}', 'n'],
  ['`${e=>@}`', '?'],
  ['function n(){}@', ''],
  ['function n(){)@', ''],
];

test('the functions and classes around a place', () => {
  for (const [shape, expected] of SHAPES) {
    const at = shape.indexOf('@');
    const found = [...new Scopes(shape.replace('@', '0')).around(at)];
    assert.equal(
      found.map(({ isClass, name }) => `${isClass ? 'class ' : ''}${name ?? '?'}`).join(' '),
      expected,
      shape,
    );
  }
});

test('in real code every function body is found, minified or not, as the TypeScript parser finds them', async () => {
  for (const file of ['express/lib/application.js', 'webpack/lib/Compilation.js', 'pg/lib/client.js']) {
    const raw = readFileSync(new URL(`../../node_modules/${file}`, import.meta.url), 'utf8');
    for (const text of [raw, (await transform(raw, { minify: true })).code]) {
      const scopes = new Scopes(text);
      const visit = (node: ts.Node): void => {
        if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
          const body = (node.body as ts.Node).getStart();
          const found = [...scopes.around(body)].find(({ isClass }) => !isClass);
          const own = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined);
          if (own !== undefined && ts.isIdentifier(own))
            assert.equal(found?.name, own.text, `${file}: ${node.getText().slice(0, 60)}`);
          else assert.ok(found, node.getText().slice(0, 60));
        }
        ts.forEachChild(node, visit);
      };
      visit(ts.createSourceFile('x.js', text, ts.ScriptTarget.Latest, true));
    }
  }
});

test('names of V8 become original ones only where they are those of the function itself', () => {
  const scope = (name: string | undefined, isClass = false, isProperty = false) => ({
    ...{ name, isClass, isProperty, start: 0, nameStart: name === undefined ? -1 : name.charCodeAt(0) },
  });
  const names: Record<number, string> = { 110: 'charge', 116: 'Order' };
  const lookup = { name: (at: number) => names[at], unnamed: () => 'tick' };
  const cases: readonly (readonly [string | undefined, ReturnType<typeof scope>[], string | undefined])[] = [
    ['n', [scope('n')], 'charge'],
    ['n', [scope('x')], undefined],
    ['Object.n', [scope('n')], 'Object.charge'],
    ['t.pay', [scope('pay', false, true), scope('t', true)], 'Order.pay'],
    ['q.pay', [scope('pay', false, true), scope('t', true)], 'pay'],
    ['t', [scope('constructor', false, true), scope('t', true)], 'Order'],
    ['get up', [scope('up', false, true)], 'get up'],
    ['handler', [], 'handler'],
    ['./src/dogs.js', [scope(undefined)], 'Object.<anonymous>'],
    ['Object.377', [scope('377', false, true)], 'Object.<anonymous>'],
    [undefined, [scope(undefined)], 'tick'],
    [undefined, [scope('n')], undefined],
    [undefined, [], undefined],
  ];
  for (const [called, around, expected] of cases)
    assert.equal(originalName(called, around, true, lookup), expected, called);
});
