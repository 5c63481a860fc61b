// All regular expressions of the rooms that read foreign text, collected from the sources: a test that lists patterns by
// hand forgets the newest.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export interface Pattern {
  /** "record/fingerprint/frame.ts". */
  place: string;
  source: string;
  flags: string;
}

export function patternsOf(...rooms: readonly string[]): Pattern[] {
  const root = join(import.meta.dirname, '../../../src');
  const found = new Map<string, Pattern>();
  for (const room of rooms)
    for (const name of readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue;
      const file = ts.createSourceFile(
        name,
        readFileSync(join(root, room, name), 'utf8'),
        ts.ScriptTarget.Latest,
        true,
      );
      const visit = (node: ts.Node): void => {
        if (ts.isRegularExpressionLiteral(node)) {
          const end = node.text.lastIndexOf('/');
          const pattern = { source: node.text.slice(1, end), flags: node.text.slice(end + 1) };
          found.set(node.text, { place: `${room}/${name.replaceAll('\\', '/')}`, ...pattern });
        }
        ts.forEachChild(node, visit);
      };
      visit(file);
    }
  return [...found.values()];
}

/**
 * The same pattern with all bounds lowered to three. A bounded repeat costs its bound at most, which is a factor and no
 * power; whether the rest is linear, a checker can then decide in milliseconds instead of guessing for minutes.
 */
export function withSmallBounds(source: string): string {
  return source.replace(/\{(\d{1,5})(,?)(\d{0,5})\}/g, (_, least: string, comma: string, most: string) => {
    const small = (text: string) => (text === '' ? '' : String(Math.min(Number(text), 3)));
    return `{${small(least)}${comma}${small(most)}}`;
  });
}
