// Says in words why an event got its key: the parts of the key in, sentences out.

import type { Selection } from './select-frames.ts';
import type { ErrorNode } from './types.ts';

export interface KeyParts {
  service: string;
  root: ErrorNode;
  template: string;
  reasons: string[];
  selection: Selection;
  /** The frames are those of a cause, since the outer error has none that are usable. */
  borrowed: boolean;
}

/** `override`: 'client', or the number of the operator's rule. */
export function explainKey(
  parts: KeyParts,
  override: 'client' | number | undefined,
  key: string | undefined,
): string[] {
  const scope = `Service: ${parts.service === '' ? '(none)' : parts.service}.`;
  if (override !== undefined) {
    const who = override === 'client' ? 'The client set' : `Rule ${override + 1} set`;
    return [scope, `${who} the key ${JSON.stringify(key)}; type, frames and message do not count.`];
  }
  const said = [scope, parts.root.type === '' ? 'A log record without an exception.' : `Type: ${parts.root.type}.`];
  said.push(framesSentence(parts));
  if (parts.reasons.length > 0) said.push(`Reasons at the bottom of the chain: ${parts.reasons.join(' · ')}.`);
  said.push(parts.template === '' ? 'No message.' : `Message template: ${parts.template}`);
  return said;
}

function framesSentence({ selection, borrowed }: KeyParts): string {
  const whose = borrowed ? ', taken from a cause, since the outer error has none' : '';
  if (selection.kind === 'none') return 'No usable frames: type and message alone decide.';
  const which = selection.kind === 'app' ? 'in-app frames' : 'dependency frames (no in-app frame)';
  return `First ${which}${whose}: ${selection.keys.join(' ← ')}.`;
}
