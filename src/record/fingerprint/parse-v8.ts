// Stack text as V8 and util.inspect write it → a tree of errors: header, frames, `[cause]`, `[errors]`. Line by line, the
// indentation says to which error a line belongs. Bounded (types.ts), one pass, no look-back over more than one line.

import { TextMemo } from '../../util/text-memo.ts';
import { readFrame } from './frame.ts';
import { withoutSourceExcerpt } from './header.ts';
import { errorNode } from './languages/shared.ts';
import { type ErrorNode, type Frame, MAX_DEPTH, MAX_FRAMES, MAX_MEMBERS, MAX_STACK } from './types.ts';

interface Open {
  node: ErrorNode;
  /** Column of the header; frames stand further right. */
  indent: number;
  headerLines: string[];
  /** The header is complete: what follows and is no frame is a property of the error. */
  closed: boolean;
  /** Column of the `[errors]: [` line of this error, while its members are read. */
  members: number | undefined;
  /** `... 4 lines matching cause stack trace ...`: after which frame, and how many. */
  elided: { after: number; count: number; line: string } | undefined;
  lines: string[];
}

const LABEL = /^(?:\[cause\]|cause|caused by): +(?=\S)/i;
const ELIDED = /^\.\.\. (\d{1,4}) lines matching cause stack trace \.\.\.$/;
const MEMBER = /^\[?[A-Za-z_$][\w$.]{0,127}(?: \[[^\]]{1,64}\])?(?:: |:?$|\])/;
const ERROR_LIKE = /^[[{]? ?[A-Za-z_$][\w$.]{0,127}(?: \[[^\]]{1,64}\])?(?::|\]|$)/;

/**
 * Where nothing but frames follows the header, the same frames come with other values in the message again and again. Read
 * once, by their text: with this and the templates kept, a row of an error with 22 frames takes 41 µs of CPU instead of 106
 * (on a busy machine). Frozen, since all that are the same share one list, which tells others that theirs may be kept, too.
 */
const knownFrames = new TextMemo<KnownFrames>({ maxTexts: 1_024, maxLength: 4_096 });
let numbersGiven = 0;

interface KnownFrames {
  frames: readonly Frame[];
  /** Of no other text. */
  number: number;
}

/** The line above frames that were read before, and the number of those; undefined of any other stack. */
export function knownPlace(stack: string): { header: string; number: number } | undefined {
  if (stack.length > MAX_STACK) return undefined;
  const { header, frameText } = split(stack);
  const known = PLAIN_HEADER.test(header) ? knownFrames.get(frameText) : undefined;
  return known && { header, number: known.number };
}

function split(text: string): { header: string; frameText: string } {
  const below = text.indexOf('\n    at ');
  return { header: below < 0 ? '' : text.slice(0, below).trimEnd(), frameText: text.slice(below + 1) };
}

/** One line that is nothing but type and message. */
const PLAIN_HEADER = /^(?!Emitted 'error' event)[A-Za-z_$][^\n]*$/;

/** `message`: the error's message where it is known; its lines are never taken for frames. */
export function parseV8(stack: string, message: string): ErrorNode {
  const text = stack.length > MAX_STACK ? stack.slice(0, MAX_STACK) : stack;
  const { header, frameText } = split(text);
  if (!PLAIN_HEADER.test(header) || endOfMessage(text, message) > 0) return readLines(text, message);
  const known = knownFrames.get(frameText);
  if (known !== undefined) return errorNode('', '', header, known.frames as Frame[]);
  const root = readLines(text, message);
  const plain = root.header === header && root.cause === undefined && root.errors.length === 0;
  if (plain && root.frames.length === frameText.split('\n').length) {
    for (const frame of root.frames) Object.freeze(frame);
    knownFrames.set(frameText, { frames: Object.freeze(root.frames), number: ++numbersGiven });
  }
  return root;
}

function readLines(text: string, message: string): ErrorNode {
  const root = open('', 0);
  const all: Open[] = [root];
  const path: Open[] = [root];
  let budget = MAX_FRAMES;
  let skipping = false;
  const begin = endOfMessage(text, message);
  if (begin > 0) root.headerLines.push(text.slice(0, begin));

  for (const raw of text.slice(begin).split('\n')) {
    const line = raw.trimStart();
    const indent = raw.length - line.length;
    const body = line.trimEnd();
    if (indent > 0 && body.startsWith('at ')) {
      const frame = skipping || budget <= 0 ? undefined : readFrame(body);
      if (frame !== undefined || skipping) {
        const owner = ownerOf(path, indent);
        owner.closed = true;
        if (frame === undefined) continue;
        budget--;
        owner.node.frames.push(frame);
        owner.lines.push(body.replace(/(?: \{|,)$/, ''));
        continue;
      }
    }
    skipping = body.startsWith("Emitted 'error' event");
    readOther(body, indent, path, all);
  }
  addSyntaxPlace(root);
  for (const each of all) each.node.header = withoutSourceExcerpt(each.headerLines.join('\n')).trim();
  // Innermost first, since an elided stack may be elided against one that is elided itself.
  for (const each of all.reverse()) expand(each, all);
  return root.node;
}

function open(first: string, indent: number): Open {
  const node = errorNode();
  const closed = /^\[.*\](?: \{)?$/.test(first);
  return {
    node,
    indent,
    headerLines: first === '' ? [] : [first],
    closed,
    members: undefined,
    elided: undefined,
    lines: [],
  };
}

function readOther(body: string, indent: number, path: Open[], all: Open[]): void {
  const current = path.at(-1)!;
  const label = LABEL.exec(body);
  if (label !== null && (current.closed || body.startsWith('[')) && path.length < MAX_DEPTH) {
    const rest = body.slice(label[0].length);
    if (!ERROR_LIKE.test(rest) || rest === 'undefined' || rest === 'null') return;
    // "Caused by:" stands at the column of its outer error; the labels of util.inspect stand further right.
    if (indent > path[0]!.indent) ownerOf(path, indent);
    const child = open(rest, indent);
    path.at(-1)!.node.cause ??= child.node;
    path.push(child);
    all.push(child);
    return;
  }
  if (body === '[errors]: [') {
    ownerOf(path, indent).members = indent;
    return;
  }
  const list = path.findLast((each) => each.members !== undefined);
  if (list !== undefined && indent === list.members! + 2 && MEMBER.test(body) && (current === list || current.closed)) {
    while (path.at(-1) !== list) path.pop();
    if (list.node.errors.length >= MAX_MEMBERS || path.length >= MAX_DEPTH) return;
    const member = open(body, indent);
    list.node.errors.push(member.node);
    path.push(member);
    all.push(member);
    return;
  }
  const elided = ELIDED.exec(body);
  if (elided !== null) {
    const owner = ownerOf(path, indent);
    owner.elided = { after: owner.node.frames.length, count: Number(elided[1]), line: owner.lines.at(-1) ?? '' };
    return;
  }
  if (!current.closed) current.headerLines.push(body);
  else readProperty(body, indent, path);
}

/** The innermost error whose header stands left of the column; those further right are over. */
function ownerOf(path: Open[], indent: number): Open {
  while (path.length > 1 && path.at(-1)!.indent >= indent) path.pop();
  return path.at(-1)!;
}

/** Of the printed properties only the code is worth reading. */
function readProperty(body: string, indent: number, path: Open[]): void {
  if (!body.startsWith('code: ')) return;
  const code = /^code: '?([\w./-]{1,64})'?,?(?: \})?$/.exec(body)?.[1];
  const owner = path.findLast((each) => each.indent < indent) ?? path[0]!;
  if (code !== undefined) owner.node.code ??= code;
}

/** The message may hold lines that look like frames: reading begins behind it. */
function endOfMessage(text: string, message: string): number {
  if (!message.includes('\n')) return 0;
  const at = text.slice(0, message.length + 1_024).indexOf(message);
  return at < 0 ? 0 : at + message.length;
}

/** A SyntaxError has no frame in the file that does not parse; Node prints its place above the header. */
function addSyntaxPlace(root: Open): void {
  const [first, ...rest] = root.headerLines.join('\n').split('\n', 16);
  if (rest.length < 2 || !rest.some((line) => line.startsWith('SyntaxError'))) return;
  const frame = /:\d{1,7}$/.test(first!) ? readFrame(`at ${first}`) : undefined;
  if (frame !== undefined) root.node.frames.unshift(frame);
}

/** util.inspect leaves out frames that the cause has too; they are taken back from there. */
function expand(each: Open, all: readonly Open[]): void {
  const { elided } = each;
  if (elided === undefined || each.node.cause === undefined) return;
  const cause = all.find((other) => other.node === each.node.cause);
  const from = cause === undefined ? -1 : cause.lines.indexOf(elided.line);
  if (cause === undefined || from < 0) return;
  const frames: Frame[] = cause.node.frames.slice(from + 1, from + 1 + elided.count);
  each.node.frames.splice(elided.after, 0, ...frames);
  each.lines.splice(elided.after, 0, ...cause.lines.slice(from + 1, from + 1 + elided.count));
}
