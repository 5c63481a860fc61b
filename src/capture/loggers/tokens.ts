// The format strings of util.format: a text in, how many arguments it takes out.

const TOKEN = /%[sdifjoOc]/g;

export function tokensOf(text: string): number {
  return text.includes('%') ? (text.replaceAll('%%', '').match(TOKEN)?.length ?? 0) : 0;
}
