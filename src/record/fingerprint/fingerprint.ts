// Algorithm v1: which events are the same bug. An exception (or log record) in, its key and the reasons for it out. Pure,
// synchronous, bounded and linear. In the key: service, canonical type, frames, the reasons at the bottom of the chain,
// message template. Never in it: release, host, environment, line, column, path root, build hash, package manager.

import { hash } from 'node:crypto';
import { TextMemo } from '../../util/text-memo.ts';
import { readChain, reasonsOf, walkChain } from './chain.ts';
import { culpritOf } from './culprit.ts';
import { explainKey, type KeyParts } from './explain.ts';
import { matchRule } from './rules.ts';
import { type Selection, selectFrames } from './select-frames.ts';
import { messageTemplate } from './template/message-template.ts';
import { titleOf } from './title.ts';
import type { ErrorNode, Fingerprint, FingerprintInput, FingerprintOptions } from './types.ts';

export const FINGERPRINT_VERSION = 1;

export function fingerprint(input: FingerprintInput, options: FingerprintOptions = {}): Fingerprint {
  const { parts, override, by, ...found } = findKey(input, options);
  return {
    ...found,
    // When asked: few are.
    get explain() {
      return explainKey(parts, by, override);
    },
  };
}

export interface FoundKey extends Omit<Fingerprint, 'explain'> {
  parts: KeyParts;
  override: string | undefined;
  /** Who set it: the client, or the rule of that number. */
  by: 'client' | number | undefined;
}

/** The key and what it was made of, without words for it: what each row needs. */
export function findKey(input: FingerprintInput, options: FingerprintOptions): FoundKey {
  const service = input.service ?? '';
  const root = readChain(input, input.language);
  const culprit = firstCulprit(root);
  const rules = options.rules ?? [];
  const rule = rules.length === 0 ? -1 : matchRule(rules, { ...root, service, culprit });
  const { selection, borrowed } = chooseFrames(root);
  const { reasons, words } = readReasons(root, selection.kind === 'app' && !borrowed);
  const template = input.template || messageTemplate(root.message) || (reasons.length === 0 ? (root.code ?? '') : '');
  const parts: KeyParts = { service, root, template, reasons, selection, borrowed };

  const override = input.override || rules[rule]?.fingerprint;
  const key = override === undefined ? keyOf(parts) : ['override', service, override].join('\n');
  return {
    fingerprint: digestOf(key),
    version: FINGERPRINT_VERSION,
    type: root.type,
    code: root.code,
    template,
    title: titleOf(root.type, template, words),
    culprit,
    frames: root.frames,
    parts,
    override,
    by: input.override ? 'client' : rule >= 0 ? rule : undefined,
  };
}

/** Of the keys that come again and again. */
const knownKeys = new TextMemo<string>({ maxTexts: 2_048, maxLength: 2_048 });

function digestOf(key: string): string {
  const known = knownKeys.get(key);
  if (known !== undefined) return known;
  const digest = hash('sha256', `v${FINGERPRINT_VERSION}\n${key}`, 'hex').slice(0, 40);
  knownKeys.set(key, digest);
  return digest;
}

function firstCulprit(root: ErrorNode): string | undefined {
  if (isAlone(root)) return culpritOf(root.frames);
  const frames = [...walkChain(root)].map((node) => node.frames);
  const own = frames.find((each) => each.some(({ kind, key }) => kind === 'app' && key !== undefined));
  if (own !== undefined) return culpritOf(own);
  for (const each of frames) {
    const culprit = culpritOf(each);
    if (culprit !== undefined) return culprit;
  }
  return undefined;
}

function isAlone({ cause, errors }: ErrorNode): boolean {
  return cause === undefined && errors.length === 0;
}

function keyOf({ service, root, selection, reasons, template }: KeyParts): string {
  return `${service}\n${root.type}\n${selection.keys.join('|')}\n${reasons.join('|')}\n${template}`;
}

const NO_REASONS = { reasons: [], words: [] };

/**
 * Sorted and distinct, since the members of an AggregateError come in any order. Empty where the error has no chain.
 * `placed`: the service's own frames say whose connection it is. Then the code of a failed connection is reason enough;
 * Node words the rest differently with the number of addresses tried (one error, or an aggregate). `words` are for people.
 */
function readReasons(root: ErrorNode, placed: boolean): { reasons: string[]; words: string[] } {
  if (isAlone(root)) return NO_REASONS;
  const words = new Set<string>();
  const reasons = withoutUnreachable(reasonsOf(root)).map((node) => {
    const said = `${node.type}: ${messageTemplate(node.message) || node.code || topOwn(node)}`;
    words.add(said);
    return (placed ? networkCode(node) : undefined) ?? said;
  });
  return { reasons: [...new Set(reasons)].sort(), words: [...words].sort() };
}

/** Of the addresses that were tried: whether there is IPv6 where the process runs is no part of the bug. */
function withoutUnreachable(reasons: readonly ErrorNode[]): readonly ErrorNode[] {
  const reached = reasons.filter(
    ({ message }) => !/^connect (?:ENETUNREACH|EADDRNOTAVAIL|EAFNOSUPPORT) /.test(message),
  );
  return reached.length > 0 ? reached : reasons;
}

/** A reason without words (a NullPointerException) is told from others by its place. */
function topOwn(node: ErrorNode): string {
  return node.frames.find(({ kind, key }) => kind === 'app' && key !== undefined)?.key ?? '';
}

function networkCode(node: ErrorNode): string | undefined {
  if (node.message === '') return /^E[A-Z]{3,15}$/.test(node.code ?? '') ? node.code : undefined;
  return /^[a-z]\w{2,15} (E[A-Z_]{3,15})\b/.exec(node.message)?.[1];
}

/**
 * The first error of the chain with frames of the service's own says where; an outer error has none when it was made by
 * Promise.any, native code, a library or a framework. Where no error has any, the first with frames of libraries.
 */
function chooseFrames(root: ErrorNode): { selection: Selection; borrowed: boolean } {
  let fallback: { selection: Selection; borrowed: boolean } | undefined;
  for (const node of isAlone(root) ? [root] : walkChain(root)) {
    const selection = byObject(node, selectFrames(node.frames, overflowed(node)));
    const found = { selection, borrowed: node !== root };
    if (selection.kind === 'app') return found;
    if (selection.kind !== 'none') fallback ??= found;
  }
  return fallback ?? { selection: { keys: [], kind: 'none' }, borrowed: false };
}

/** Of an endless recursion each language makes an error of its own. */
function overflowed({ type, message }: ErrorNode): boolean {
  return (
    /^Maximum call stack size exceeded|^(?:too much recursion|stack level too deep|maximum recursion depth exceeded)/.test(
      message,
    ) || /\bStackOverflow(?:Error|Exception)$/.test(type)
  );
}

/**
 * A system error that names its object ("connect ECONNREFUSED …:5432", "ENOENT: …, open 'x'") needs no frames of libraries
 * beside it: where in its code a library meets the failure changes from version to version. Of a connection the
 * library's name stays, since ports are shared.
 */
function byObject(node: ErrorNode, selection: Selection): Selection {
  if (selection.kind !== 'dependency') return selection;
  if (/^E[A-Z]{3,15}: [^,\n]{1,80}, \w{1,16} ['"]/.test(node.message)) return { keys: [], kind: 'none' };
  if (!/^[a-z]\w{2,15} E[A-Z_]{3,15} \S/.test(node.message)) return selection;
  return { keys: [selection.keys[0]!.split(/\/(?=[^/]*$)/)[0]!], kind: 'dependency' };
}
