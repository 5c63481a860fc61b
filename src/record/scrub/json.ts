// Masks secrets in a text that is one JSON document by its structure, in place: all else stays as it was written (numbers of
// 64 bits, spaces, keys that come twice). Text in; the text with masks, or undefined where it is no JSON, out.

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
  /** Of `{ "name": "X-Api-Key", "value": "…" }`. */
  name: string | undefined;
}

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
  #result = '';
  #done = 0;

  constructor(json: string, rules: JsonRules) {
    this.#json = json;
    this.#rules = rules;
  }

  masked(): string {
    const json = this.#json;
    for (let at = 0; at < json.length; ) {
      const code = json.charCodeAt(at);
      const level = this.#levels.at(-1);
      if (code === 125 || code === 93) this.#levels.pop();
      else if (code === 34 || code === 123 || code === 91 || (code > 44 && code !== 58)) {
        at = this.#value(at, code, level);
        continue;
      } else if (code === 44 && level?.isList === false) level.key = undefined;
      at++;
    }
    return this.#done === 0 ? json : this.#result + json.slice(this.#done);
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
    if (isNested && !this.#isSecret(level, {})) {
      if (level?.isList) level.key = undefined;
      this.#levels.push({ isList: code === 91, key: undefined, name: undefined });
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
    if (level?.isList) level.key = typeof value === 'string' ? value : undefined;
    else if (typeof value === 'string' && (level?.key === 'name' || level?.key === 'key')) level.name = value;
    return end;
  }

  #isSecret(level: Level | undefined, value: unknown): boolean {
    if (level?.key === undefined) return false;
    if (level.isList) return typeof value === 'string' && this.#rules.isSecretItem(level.key, value);
    if (level.key === 'value' && level.name !== undefined && this.#rules.isSecret(level.name, value)) return true;
    return this.#rules.isSecret(level.key, value);
  }

  #replace(start: number, end: number, text: string): void {
    this.#result += this.#json.slice(this.#done, start) + JSON.stringify(text);
    this.#done = end;
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
