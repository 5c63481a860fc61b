// A message with its plainest values masked, for a twentieth of what its template costs: messages that are alike here have
// the same template, so one template serves all of them. The reverse does not hold, and need not.

/** Numbers that a template keeps stand behind such words, in brackets, in front, or before the name of a status. */
const TELLING =
  /(?:status|code|http(?:\/\d(?:\.\d)?)?|response|returned|responded|error|exit(?:ed)?|with|errno|signal|sqlstate)[ :="'([]{1,4}-?\d|[[(]\w{0,7}-?\d|^\W{0,2}[A-Z]{0,6}-?\d|\b[45]\d\d:? ?\(?(?:bad|un|pay|forb|not|meth|req|conf|gone|len|prec|i'm|lock|too|int|serv|gate)/i;
const NUMBER = /(?<![\w.:$#/<+-])\d+(?![\w.:,/-])/g;
const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;

export function roughTemplate(text: string): string {
  const said = text.includes('-') ? text.replace(UUID, '#') : text;
  return TELLING.test(said) ? said : said.replace(NUMBER, '#');
}
