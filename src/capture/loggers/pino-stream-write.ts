// From pino 9 on an application may rewrite each line before it is written (`hooks.streamWrite`), and mask by that. In: a
// logger that does, and a line of it. Out: what is written instead, once the application's function has made it.

import { peek } from '../../record/thrown.ts';
import type { PinoInstance, Symbols } from './pino-line.ts';

type Rewrite = (line: string) => unknown;
type Tell = (written: unknown) => void;

/** Functions of ours around the application's. */
const telling = new WeakSet<object>();
/** The record whose line goes to such a function next: pino calls it as soon as the line is made. */
let awaiting: Tell | undefined;

function rewriteOf(instance: PinoInstance, { hooks }: Symbols): Rewrite | undefined {
  const rewrite = hooks && peek(instance[hooks], 'streamWrite');
  return typeof rewrite === 'function' ? (rewrite as Rewrite) : undefined;
}

/** Puts our function around that of a logger. Its options are left as they are: the application may share them. */
function watchStreamWrite(instance: PinoInstance, symbols: Symbols): void {
  const rewrite = rewriteOf(instance, symbols);
  if (rewrite === undefined || telling.has(rewrite)) return;
  const streamWrite: Rewrite = (line) => {
    const tell = awaiting;
    awaiting = undefined;
    const written = rewrite(line);
    tell?.(written);
    return written;
  };
  telling.add(streamWrite);
  const hooks = symbols.hooks!;
  let owner: PinoInstance = instance;
  while (!Object.hasOwn(owner, hooks)) owner = Object.getPrototypeOf(owner);
  owner[hooks] = Object.create(owner[hooks] as object, { streamWrite: { value: streamWrite, configurable: true } });
}

/** A logger's making ends with setting its level. */
export function watchNewLoggers(prototype: PinoInstance, symbols: Symbols): void {
  const { setLevel } = symbols;
  const original = setLevel && prototype[setLevel];
  if (typeof original !== 'function') return;
  prototype[setLevel!] = function (this: PinoInstance, ...values: unknown[]): unknown {
    try {
      watchStreamWrite(this, symbols);
    } catch {
      // A logger that lets nothing be set: its function runs twice.
    }
    return original.apply(this, values);
  };
}

export function awaitNothing(): void {
  awaiting = undefined;
}

/** @param tell hears what is written for `line`, at once where nothing rewrites it; never, where the application fails */
export function onWritten(instance: PinoInstance, symbols: Symbols, line: string, tell: Tell): void {
  const rewrite = rewriteOf(instance, symbols);
  if (rewrite === undefined) tell(line);
  else if (telling.has(rewrite)) awaiting = tell;
  else {
    // Made before us: for this record pino has the function already, which therefore runs twice for it.
    tell(rewrite(line));
    watchStreamWrite(instance, symbols);
  }
}
