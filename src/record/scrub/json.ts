// Masks secrets in a text that is one JSON document by its structure, in place: all else stays as it was written (numbers of
// 64 bits, spaces, keys that come twice). Text in; the text with masks, or undefined where it is no JSON, out.

import { maskSpans } from './mask.ts';
import { isNamedBy, isNameLabel, isValueLabel, namesUnder } from './named.ts';
import type { Span } from './spans.ts';

export interface JsonRules {
  /** Whether a value under this key is a secret. */
  isSecret(key: string, value: unknown): boolean;
  /** Whether a text of a list is the secret that the one before it names ("X-Api-Key", "…"). */
  isSecretItem(before: string, item: string): boolean;
  /** A text of the document, masked. */
  text(value: string): string;
  mask: string;
}

interface Level {
  isList: boolean;
  /** The key, or the text before in a list. */
  key: string | undefined;
  /** Of a list: its last text. */
  last: string | undefined;
  /** Of `{ "path": "password", "value": "…" }`, in whatever order. */
  names: [label: string, name: string][] | undefined;
  values: Named[] | undefined;
  start: number;
}

interface Named {
  label: string;
  value: unknown;
  start: number;
  end: number;
}

const MOST_NAMES = 16;
const SMALL = 512;
/** The shortest number of a card. */
const CARD_LENGTH = 12;

export function maskJson(json: string, rules: JsonRules): string | undefined {
  try {
    JSON.parse(json);
  } catch {
    return undefined;
  }
  return new JsonWalk(json, rules).masked();
}

/** Over valid JSON only. */
class JsonWalk {
  readonly #json: string;
  readonly #rules: JsonRules;
  readonly #levels: Level[] = [];
  readonly #edits: (Span & { by: string })[] = [];

  constructor(json: string, rules: JsonRules) {
    this.#json = json;
    this.#rules = rules;
  }

  masked(): string {
    const json = this.#json;
    for (let at = 0; at < json.length; ) {
      const code = json.charCodeAt(at);
      const level = this.#levels.at(-1);
      if (code === 125 || code === 93) this.#close(at + 1);
      else if (code === 34 || code === 123 || code === 91 || (code > 44 && code !== 58)) {
        at = this.#value(at, code, level);
        continue;
      } else if (code === 44 && level?.isList === false) level.key = undefined;
      at++;
    }
    return maskSpans(json, this.#edits);
  }

  #close(end: number): void {
    const level = this.#levels.pop()!;
    const outer = this.#levels.at(-1);
    const { isSecret } = this.#rules;
    const names = level.values && level.names?.flatMap(([label, name]) => namesUnder(label, name, isSecret));
    for (const { label, value, start, end: behind } of names === undefined ? [] : (level.values ?? []))
      if (names?.some(([by, name]) => isSecret(name, value) && isNamedBy(by, name, label, value)))
        this.#replace(start, behind, this.#rules.mask);
    if (outer?.isList === false)
      this.#note(outer, level.isList ? level.last : {}, level.isList ? [] : {}, level.start, end);
  }

  /** `name`: the text that a name may be. */
  #note(level: Level, name: unknown, value: unknown, start: number, end: number): void {
    const { key } = level;
    if (key === undefined) return;
    if (typeof name === 'string' && isNameLabel(key)) {
      level.names ??= [];
      // The same key may come over and over.
      if (level.names.length < MOST_NAMES) level.names.push([key, name]);
    }
    if (value !== null && value !== '' && isValueLabel(key)) {
      level.values ??= [];
      level.values.push({ label: key, value, start, end });
    }
  }

  /** Behind the value, the key or the opening bracket at `at`. */
  #value(at: number, code: number, level: Level | undefined): number {
    const isText = code === 34;
    if (isText && level?.isList === false && level.key === undefined) {
      const end = endOfText(this.#json, at);
      level.key = scalarOf(this.#json.slice(at, end)) as string;
      return end;
    }
    const isNested = code === 123 || code === 91;
    if (isNested && !(this.#isSecret(level, {}) && this.#isSecret(level, this.#small(at)))) {
      if (level?.isList) level.key = undefined;
      this.#levels.push({
        isList: code === 91,
        key: undefined,
        last: undefined,
        names: undefined,
        values: undefined,
        start: at,
      });
      return at + 1;
    }
    const end = isText
      ? endOfText(this.#json, at)
      : isNested
        ? endOfNested(this.#json, at)
        : endOfScalar(this.#json, at);
    const value: unknown = isNested ? {} : scalarOf(this.#json.slice(at, end));
    if (isNested || (value !== null && value !== '' && this.#isSecret(level, value)))
      this.#replace(at, end, this.#rules.mask);
    else if (typeof value === 'string') {
      const masked = this.#rules.text(value);
      if (masked !== value) this.#replace(at, end, masked);
    }
    // The number of a card is masked as a text: in the midst of a number it would leave no JSON.
    else if (end - at >= CARD_LENGTH && this.#rules.text(this.#json.slice(at, end)) !== this.#json.slice(at, end))
      this.#replace(at, end, this.#rules.mask);
    if (level?.isList) {
      level.key = typeof value === 'string' ? value : undefined;
      level.last = level.key ?? level.last;
    } else if (level !== undefined) this.#note(level, value, value, at, end);
    return end;
  }

  /** The object or list itself where it is small: one that holds nothing but counts is no secret. */
  #small(at: number): unknown {
    const end = endOfNested(this.#json, at);
    return end - at <= SMALL ? JSON.parse(this.#json.slice(at, end)) : {};
  }

  #isSecret(level: Level | undefined, value: unknown): boolean {
    if (level?.key === undefined) return false;
    if (level.isList) return typeof value === 'string' && this.#rules.isSecretItem(level.key, value);
    return this.#rules.isSecret(level.key, value);
  }

  #replace(start: number, end: number, text: string): void {
    this.#edits.push({ start, end, by: JSON.stringify(text) });
  }
}

function scalarOf(raw: string): unknown {
  return raw.charCodeAt(0) === 34 && !raw.includes('\\') ? raw.slice(1, -1) : JSON.parse(raw);
}

function endOfText(json: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const code = json.charCodeAt(at);
    if (code === 92) at++;
    else if (code === 34) return at + 1;
  }
}

function endOfNested(json: string, start: number): number {
  let depth = 0;
  for (let at = start; ; at++) {
    const code = json.charCodeAt(at);
    if (code === 34) at = endOfText(json, at) - 1;
    else if (code === 123 || code === 91) depth++;
    else if ((code === 125 || code === 93) && --depth === 0) return at + 1;
  }
}

function endOfScalar(json: string, start: number): number {
  let at = start;
  while (at < json.length && !/[\s,\]}]/.test(json[at]!)) at++;
  return at;
}
