// Names of people in a message: "for user alice", "invalid user bob". No digit gives them away, only the words before and
// what follows. The rule is narrow, since "user" is mostly followed by what is wrong with it ("user not found").

const STAR = '<*>';
const NAMED =
  /\b((?:for|of|by|from|as|to|(?:in)?valid|unknown|no such|illegal|unauthori[sz]ed) (?:user|username)) ([A-Za-z][\w.-]{0,63})(?=[,;:)\]]|\.?$| (?:from|by|on|at|in|to|was|is|has|does|failed|not|port|via|with|and|\[|\())/gi;
/** What "the user …" is followed by where it is no name. */
const NO_NAME =
  /^(?:account|accounts|session|sessions|profile|profiles|input|data|id|ids|name|names|settings?|tokens?|agent|groups?|roles?|info|information|details?|record|records|object|entity|table|preferences?|type|creation|registration|login|logout|signup|lookup|query|request|update|permissions?|context|service|model|email|avatar|image|notifications?|messages?|orders?|list|credentials?|passwords?|pool|scopes?|claims?|payload|body|attributes?|identifiers?|cookies?|headers?|keys?|secrets?|state|actions?|responses?|interface|roles|fields?|metadata|activity|history|address|search|errors?|access|management|subscription|import|export|deletion|not|is|was|has|does|did|with|without|who|that|in|on|at|and|or|to|from|by|which|already|cannot|could|must|should|failed)$/i;

export function maskNamed(text: string): string {
  if (!/user/i.test(text)) return text;
  return text.replace(NAMED, (all, before: string, name: string, at: number) => {
    // Who comes from an address is somebody, whatever the name.
    const somebody = text.startsWith(` from ${STAR}`, at + all.length);
    return NO_NAME.test(name) && !somebody ? all : `${before} ${STAR}`;
  });
}
