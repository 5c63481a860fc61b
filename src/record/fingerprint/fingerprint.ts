// Algorithm v1: which events are the same bug. An exception (or log record) in, its key and the reasons for it out. Pure,
// synchronous, bounded and linear. In the key: service, canonical type, frames, the reasons at the bottom of the chain,
// message template. Never in it: release, host, environment, line, column, path root, build hash, package manager.

import { hash } from 'node:crypto';
import { readChain, reasonsOf, walkChain } from './chain.ts';
import { culpritOf } from './culprit.ts';
import { explainKey, type KeyParts } from './explain.ts';
import { matchRule } from './rules.ts';
import { type Selection, selectFrames } from './select-frames.ts';
import { messageTemplate } from './template/message-template.ts';
import type { ErrorNode, Fingerprint, FingerprintInput, FingerprintOptions } from './types.ts';

export const FINGERPRINT_VERSION = 1;

export function fingerprint(input: FingerprintInput, options: FingerprintOptions = {}): Fingerprint {
  const service = input.service ?? '';
  const root = readChain(input, input.language);
  const culprit = firstCulprit(root);
  const rule = options.rules === undefined ? -1 : matchRule(options.rules, { ...root, service, culprit });
  const parts: KeyParts = {
    service,
    root,
    template: '',
    reasons: [],
    selection: { keys: [], kind: 'none' },
    borrowed: false,
  };
  Object.assign(parts, chooseFrames(root));
  parts.reasons = reasonKeys(root, parts.selection.kind === 'app' && !parts.borrowed);
  parts.template =
    input.template || messageTemplate(root.message) || (parts.reasons.length === 0 ? (root.code ?? '') : '');

  const override = input.override || (rule >= 0 ? options.rules![rule]!.fingerprint : undefined);
  const key = override === undefined ? keyOf(parts) : ['override', service, override].join('\n');
  return {
    fingerprint: hash('sha256', `v${FINGERPRINT_VERSION}\n${key}`, 'hex').slice(0, 40),
    version: FINGERPRINT_VERSION,
    type: root.type,
    code: root.code,
    template: parts.template,
    culprit,
    frames: root.frames,
    explain: explainKey(parts, input.override ? 'client' : rule >= 0 ? rule : undefined, override),
  };
}

function firstCulprit(root: ErrorNode): string | undefined {
  for (const node of walkChain(root)) {
    const culprit = culpritOf(node.frames);
    if (culprit !== undefined) return culprit;
  }
  return undefined;
}

function keyOf(parts: KeyParts): string {
  return [parts.service, parts.root.type, parts.selection.keys.join('|'), parts.reasons.join('|'), parts.template].join(
    '\n',
  );
}

/**
 * Sorted and distinct, since the members of an AggregateError come in any order. Empty where the error has no chain.
 * `placed`: the service's own frames say whose connection it is. Then the code of a failed connection is reason enough;
 * Node words the rest differently with the number of addresses tried (one error, or an aggregate).
 */
function reasonKeys(root: ErrorNode, placed: boolean): string[] {
  if (root.cause === undefined && root.errors.length === 0) return [];
  const keys = reasonsOf(root).map((node) => {
    const network = placed ? networkCode(node) : undefined;
    return network ?? `${node.type}: ${messageTemplate(node.message) || (node.code ?? '')}`;
  });
  return [...new Set(keys)].sort();
}

function networkCode(node: ErrorNode): string | undefined {
  if (node.message === '') return /^E[A-Z]{3,15}$/.test(node.code ?? '') ? node.code : undefined;
  return /^[a-z]\w{2,15} (E[A-Z_]{3,15})\b/.exec(node.message)?.[1];
}

/** An outer error without usable frames (made by Promise.any, or by native code) borrows those of the first below it. */
function chooseFrames(root: ErrorNode): { selection: Selection; borrowed: boolean } {
  for (const node of walkChain(root)) {
    const overflow = node.message.startsWith('Maximum call stack size exceeded');
    const selection = byObject(node, selectFrames(node.frames, overflow));
    if (selection.kind !== 'none') return { selection, borrowed: node !== root };
  }
  return { selection: { keys: [], kind: 'none' }, borrowed: false };
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
