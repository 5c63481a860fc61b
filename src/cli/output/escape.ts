// Makes text from outside harmless in a terminal: control characters, escape sequences, bidirectional overrides and other
// invisible characters become visible escapes. What is shown is never more than text (CWE-150, "Trojan Source").

/** Control (C0, DEL, C1), format (bidi, zero width, tags), line separators, lone surrogates, and blank letters. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u115f\u1160\u3164\uffa0]|[\u{e0100}-\u{e01ef}]/gu;
const NAMED: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\x1b': '\\x1b' };

/** One line, whatever comes in. */
export function escapeLine(text: string): string {
  return text.replace(INVISIBLE, visible);
}

/** Line breaks stay, tabs become blanks: for stack traces. */
export function escapeLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => escapeLine(line.replaceAll('\t', '  ')))
    .join('\n');
}

/** JSON that is safe to print: inside its strings \uXXXX means the same to a program. */
export function safeJson(value: unknown, indent?: number): string {
  return (JSON.stringify(value, null, indent) ?? 'null').replace(INVISIBLE, (char) =>
    char === '\n' ? char : [...Array(char.length).keys()].map((at) => `\\u${hex(char.charCodeAt(at), 4)}`).join(''),
  );
}

function visible(char: string): string {
  const named = NAMED[char];
  if (named !== undefined) return named;
  const code = char.codePointAt(0)!;
  if (code < 0x100) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\u{${code.toString(16)}}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
