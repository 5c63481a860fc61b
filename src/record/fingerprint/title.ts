// What an issue is called in the list: the template of the error's own words, and what is at the bottom of its chain, since
// issues differ by that, too ("fetch failed", "could not save"). It adds nothing to the key: both are in there.

export function titleOf(type: string, template: string, reasons: readonly string[]): string {
  const [first] = reasons;
  if (first === undefined) return template || type;
  // A wrapper's words mostly hold those of what it wraps.
  const words = first.slice(first.indexOf(': ') + 1).trim();
  if (template !== '' && (words === '' || template.includes(words))) return template;
  const reason = first.replace(/^Error: /, '') + (reasons.length === 1 ? '' : ` (and ${reasons.length - 1} more)`);
  const own = template.replace(/(?:\.? [Ss]ee the inner exception for details)?[.:]?$/, '');
  return own === '' ? reason : `${own}: ${reason}`;
}
