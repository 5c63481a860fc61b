// Why an occurrence has its key, in sentences: its fingerprint computed again, with the rules that are configured here.

import type { LogEntry } from '../../query/recent-logs.ts';
import { FINGERPRINT_VERSION, type Fingerprint, type FingerprintRule } from '../../record/fingerprint/index.ts';
import { fingerprintStored } from '../../record/stored-event.ts';

export interface Why {
  key: Fingerprint;
  /** The key that is computed now is the key that is stored. */
  same: boolean;
  sentences: string[];
}

export function whyGrouped(row: LogEntry, rules: readonly FingerprintRule[]): Why {
  const { key, same } = fingerprintStored(row, { rules });
  if (same) return { key, same, sentences: [...key.explain] };
  const plain = fingerprintStored(row);
  if (plain.same)
    return {
      ...plain,
      sentences: [...plain.key.explain, 'The rules configured here would give new events like it another key.'],
    };
  const reason =
    row.fingerprint_version === FINGERPRINT_VERSION
      ? 'The stored key is another: a rule that is not configured here set it, or what it was made of was cut.'
      : `The stored key is of version ${row.fingerprint_version}; this is what version ${FINGERPRINT_VERSION} says.`;
  return { key, same, sentences: [...key.explain, reason] };
}
