// The fingerprint of a row that is stored: for explaining a key, and for saying what new rules or another version of the
// algorithm would change. A row's columns in, the key that it would get today out. Columns hold the error as it was cut and
// scrubbed, and its chain as text, so `same` says whether the key the row has is still found.

import { type Fingerprint, type FingerprintInput, type FingerprintOptions, fingerprint } from './fingerprint/index.ts';

/** Columns of error_logs. */
export interface StoredEvent {
  fingerprint: string;
  fingerprint_version: number;
  message: string;
  message_template: string;
  stack_trace: string | null;
  error_type: string | null;
  error_code: string | null;
  error_message: string | null;
  service: string;
  tags: Readonly<Record<string, unknown>>;
}

/** Tag that keeps the client's own key. */
export const OVERRIDE_TAG = 'rowtrace.fingerprint';
/** Tag that keeps telemetry.sdk.language, where it is not that of Node. */
export const LANGUAGE_TAG = 'telemetry.sdk.language';

export interface Recomputed {
  key: Fingerprint;
  /** The row has this key. */
  same: boolean;
}

export function fingerprintStored(row: StoredEvent, options: FingerprintOptions = {}): Recomputed {
  const input = inputOf(row);
  const key = fingerprint(input, options);
  if (isOf(row, key) || row.error_type !== null) return { key, same: isOf(row, key) };
  // Whether the template of a log record was made here or given by the logger is not stored: whichever explains the key.
  const given = fingerprint({ ...input, template: row.message_template }, options);
  return isOf(row, given) ? { key: given, same: true } : { key, same: false };
}

function isOf(row: StoredEvent, key: Fingerprint): boolean {
  return row.fingerprint === key.fingerprint && row.fingerprint_version === key.version;
}

/** telemetry.sdk.language of whoever sent it. */
export function languageOf({ tags }: Pick<StoredEvent, 'tags'>): string | undefined {
  const language = tags[LANGUAGE_TAG];
  return typeof language === 'string' ? language : undefined;
}

function inputOf(row: StoredEvent): FingerprintInput {
  const override = row.tags[OVERRIDE_TAG];
  return {
    type: row.error_type ?? '',
    code: row.error_code ?? undefined,
    message: row.error_type === null ? row.message : (row.error_message ?? ''),
    stack: row.stack_trace ?? undefined,
    service: row.service,
    override: typeof override === 'string' ? override : undefined,
    language: languageOf(row),
  };
}
