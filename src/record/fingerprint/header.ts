// The line above the frames: "TypeError [ERR_X]: message" → name, bracket and message. One header text in, parts out.

export interface Header {
  name: string;
  /** `[X]` behind the name: a code ("TypeError [ERR_X]") or the real class ("DOMException [AbortError]"). */
  bracket: string | undefined;
  message: string;
}

const HEADER =
  /^(?:Uncaught )?(?:\(in promise\) )?[[{]? ?([A-Za-z_$][\w$.]{0,127})(?: \[([^\]\n]{1,64})\])?(?::(?:[ \n]|$)|$)/;

/** undefined where the text does not begin with a name that can be a class. */
export function parseHeader(text: string): Header | undefined {
  const start = text.startsWith(' ') || text.startsWith('\n') ? text.trimStart() : text;
  const end = start.indexOf('\n');
  const found = HEADER.exec(end < 0 ? start.slice(0, 512) : start.slice(0, Math.min(end, 512)));
  if (found === null) return undefined;
  const name = found[1]!;
  if (!/^[A-Z]|error|exception/i.test(name) || !/^[A-Z]|Error|Exception|^error$/.test(name)) return undefined;
  let message = start.slice(found[0].length).replace(/^ /, '');
  // `[Error: message]` and `[Error: message] {`: an error without frames, as util.inspect prints it.
  if (start.startsWith('[')) message = message.replace(/\](?: \{)?\s*$/, '');
  return { name, bracket: found[2], message: message.trim() };
}

/** Node prints the place, the source line and a caret above an uncaught error: only what follows is the header. */
export function withoutSourceExcerpt(header: string): string {
  const caret = /\n[ \t]*\^+\n/.exec(header.slice(0, 4_096));
  return caret === null ? header : header.slice(caret.index + caret[0].length).trimStart();
}
