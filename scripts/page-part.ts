// A page that is written by hand but for the parts between two lines, which are made from a run.

const END = '<!-- end -->';

/**
 * @param begin the line that a part begins with
 * @param remake what stands in it → what shall stand in it
 * @throws where the page lacks the part
 */
export function withPart(page: string, begin: string, remake: (part: string) => string): string {
  const from = page.indexOf(begin) + begin.length;
  const to = page.indexOf(END, from);
  if (from < begin.length || to < 0) throw new Error(`The page lacks the lines ${begin} and ${END}.`);
  return `${page.slice(0, from)}\n\n${remake(page.slice(from, to))}\n\n${page.slice(to)}`;
}
