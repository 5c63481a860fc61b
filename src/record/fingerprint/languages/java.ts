// Java and Kotlin stack traces (and the layout that OpenTelemetry's PHP writes in the same way) → an error tree: "Caused by"
// at the column of its outer error, "Suppressed" blocks left out, "... 12 more" ignored. Text in, ErrorNode out.

import { type ErrorNode, type Frame, MAX_FRAMES } from '../types.ts';
import { javaFrame } from './java-frame.ts';
import { addMessage, chained, errorNode, linesOf, splitHeader } from './shared.ts';

const NAME = /^[A-Za-z_$][\w$.\\]*$/;
const MORE = /^\.{3} \d{1,6} (?:more|common frames omitted)$/;
const THREAD = /^Exception in thread "[^"]{0,128}" /;

export function parseJava(stack: string): ErrorNode {
  return parseAtLayout(stack, javaFrame);
}

export function parseAtLayout(stack: string, frameOf: (text: string) => Frame | undefined): ErrorNode {
  const errors = [errorNode()];
  let budget = MAX_FRAMES;
  /** Column of a "Suppressed:" line whose block is being left out. */
  let suppressed: number | undefined;
  for (const raw of linesOf(stack)) {
    const body = raw.trim();
    const indent = raw.length - raw.trimStart().length;
    const current = errors.at(-1)!;
    if (suppressed !== undefined && indent > suppressed) continue;
    if (body.startsWith('Suppressed: ')) {
      suppressed = indent;
      continue;
    }
    if (suppressed !== undefined && indent === suppressed && body.startsWith('Caused by: ') && indent > 0) continue;
    suppressed = undefined;
    const frame = body.startsWith('at ') ? frameOf(body.slice(3)) : undefined;
    if (frame !== undefined) {
      if (budget-- > 0) current.frames.push(frame);
    } else if (body.startsWith('Caused by: ')) {
      errors.push(headed(body.slice(11)));
    } else if (current.type === '' && current.message === '' && current.frames.length === 0) {
      if (body !== '') Object.assign(current, splitHeader(body.replace(THREAD, ''), NAME));
    } else if (current.frames.length === 0 && !MORE.test(body)) addMessage(current, body);
  }
  return chained(errors);
}

function headed(text: string): ErrorNode {
  const { type, message } = splitHeader(text, NAME);
  // Of a class that could not be initialized: in which thread that was tried first is a matter of luck.
  return errorNode(type, message.replace(/ \[in thread "[^"\n]{0,128}"\]$/, ''));
}
