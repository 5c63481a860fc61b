/** Quotes as texts have them: escaped in JSON (`\\"`, `\\u0022` of .NET and PHP), percent-encoded, as entities of HTML. */
export const QUOTE = /(?:(\\{0,4})(["'`])|\\{1,4}u002[27]|%(?:25)?2[27]|&(?:quot|#0?3[49]|#x2[27]|apos);)/.source;
