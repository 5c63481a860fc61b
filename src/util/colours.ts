// Colours of a terminal are no words: text in, text without escape sequences out.

const ANSI = /\x1b\[[0-9;]{0,16}[A-Za-z]/g;

export function withoutColours(text: string): string {
  return text.includes('\x1b') ? text.replace(ANSI, '') : text;
}
