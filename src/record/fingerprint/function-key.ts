// What of a function's name stays the same across Node versions, compilers and minifiers. Names in, names out.

/** V8 names a timer's callback after its slot or the call that made it; which one changed between Node 10 and 12. */
const TIMER_SLOT =
  /^(?:Timeout|Timer|Immediate)\.(?:_onTimeout|_onImmediate|setTimeout|setInterval|setImmediate|ontimeout)$/;
const ANONYMOUS = new Set(['<anonymous>', 'anonymous', '<unknown>', 'eval', '<computed>', 'default', '?']);

/** "async new Foo.get bar [as baz]" → "Foo.bar"; undefined where anonymous. */
export function stripFunction(called: string): string | undefined {
  let name = called;
  const alias = name.indexOf(' [as ');
  if (alias >= 0) {
    name = name.slice(0, alias);
    if (name.endsWith('.<computed>')) name = `${name.slice(0, -10)}${called.slice(alias + 5, -1)}`;
  }
  if (name.startsWith('async ')) name = name.slice(6);
  if (name.startsWith('new ')) name = name.slice(4);
  if (name.startsWith('get ') || name.startsWith('set ')) name = name.slice(4);
  return name === '' || ANONYMOUS.has(name) ? undefined : name;
}

/** The last segment: receivers differ between engines and bundles (`Function.create`, `Deferred.create`). */
export function functionKey(name: string | undefined): string {
  if (name === undefined || TIMER_SLOT.test(name)) return '?';
  const bracket = name.indexOf('.[');
  let last = bracket >= 0 ? name.slice(bracket + 1) : name.slice(name.lastIndexOf('.') + 1);
  if (last.startsWith('get ') || last.startsWith('set ')) last = last.slice(4);
  if (last.startsWith('#')) last = last.slice(1);
  // TypeScript calls `#charge` of class Order `_Order_charge` when it compiles it for old targets.
  const receiver = name.slice(0, name.indexOf('.'));
  if (receiver !== '' && last.startsWith(`_${receiver}_`)) last = last.slice(receiver.length + 2);
  if (ANONYMOUS.has(last) || /^_?callee\d*\$?$/.test(last)) return '?';
  // `name$1` is what rollup and `name$` what regenerator make of `name`.
  return last.replace(/(?<=\w)\$\d*$/, '') || '?';
}

/** A short name far right in a line, or in a file that a bundler named: it changes with every build. */
export function isMinified(
  key: string,
  hashed: boolean,
  line: number | undefined,
  column: number | undefined,
): boolean {
  if (key.length > 3 || (key.length === 3 && !/\d/.test(key))) return false;
  const wide = (column ?? 0) > 400 || ((line ?? 99) <= 2 && (column ?? 0) > 160);
  return wide || (hashed && (column ?? 0) > 120);
}
