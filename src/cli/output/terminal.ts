// What the command writes to: a terminal with a width and colours, or a pipe with neither.

import { escapeLine } from './escape.ts';

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  magenta: [35, 39],
} as const;
export type Style = keyof typeof CODES;

export interface Terminal {
  /** Columns; undefined when piped. */
  width: number | undefined;
  style(style: Style, text: string): string;
}

export const PLAIN: Terminal = { width: undefined, style: (_, text) => text };

/** COLUMNS wins over what the terminal says, also in a pipe; NO_COLOR (no-color.org) turns colours off. */
export function terminalOf(stream: NodeJS.WriteStream = process.stdout, env = process.env): Terminal {
  const columns = Number(env.COLUMNS) || (stream.isTTY ? stream.columns : undefined);
  const colours = stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  return {
    width: columns === undefined ? undefined : Math.max(20, columns),
    style: (style, text) => (colours ? `\x1b[${CODES[style][0]}m${text}\x1b[${CODES[style][1]}m` : text),
  };
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Word to the person, beside the result. */
export function note(text: string): void {
  process.stderr.write(`rowtrace: ${escapeLine(text)}\n`);
}

/** Says `text` once the work has taken a second. */
export async function withProgress<T>(text: string, work: Promise<T>, afterMillis = 1000): Promise<T> {
  const timer = setTimeout(() => note(text), afterMillis);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
