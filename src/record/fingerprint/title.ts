// What an issue is called in the list: the template of the error's own words or, where these say nothing of what is wrong, its
// reason. It adds nothing to the key: both are in there.

/** Of those that only pass on what others threw: fetch, Promise.any, task groups of Python, wrappers of .NET. */
const SAYS_NOTHING =
  /^(?:fetch failed|All promises were rejected|unhandled errors in a TaskGroup|(?:Multiple e|E)xceptions from Trio nursery|.{0,256}[Ss]ee the inner exception for details\.)$/;

export function titleOf(type: string, template: string, reasons: readonly string[]): string {
  const first = reasons[0]?.replace(/^Error: /, '');
  if (template !== '' && (first === undefined || !SAYS_NOTHING.test(template))) return template;
  const reason = first === undefined ? type : first + (reasons.length === 1 ? '' : ` (and ${reasons.length - 1} more)`);
  const own = template.replace(/\.? [Ss]ee the inner exception for details\.$/, '');
  return own === '' ? reason : `${own}: ${reason}`;
}
