// Masks passwords among the arguments of commands that name them by a letter, as "Command failed: …" of child_process has
// them, and as a list (`spawnargs: [ 'mysql', '-psecret' ]`). Text in, text out; called where sniff.ts saw one of their names.

import { replaceValues, wordEnd } from './replace-values.ts';

/** What stands between the arguments: a blank, or the quotes of a list and its comma. */
const GAP = /(?:[ \t]|["'`],\s{0,64}["'`])/.source;
const BEHIND_NAME = /(?=[ \t]|["'`],)/.source;
const MORE = /(?:[^\n]|\n {2,16}(?=["'`])){0,256}?/.source;
const BEFORE_VALUE = /(?:[ \t=]{1,4}|["'`],\s{0,64})?["'`]?/.source;
const VALUE = /(?=[^\s"'`-])/.source;

const CURL_USER = new RegExp(
  `\\bcurl${BEHIND_NAME}${MORE}${GAP}(?:-u|--user|--proxy-user)${BEFORE_VALUE}[^\\s:"'\`]{1,128}:(?=[^\\s"'\`])`,
  'g',
);
/** Without a blank: `mysql -p db` asks for it. */
const MYSQL = new RegExp(`\\bmysql(?:dump|admin|import|show|check)?${BEHIND_NAME}${MORE}${GAP}-p(?=[^\\s"'\`])`, 'g');
const BY_LETTER = new RegExp(
  `\\b(?:(?:sshpass|docker login|az login|mongo(?:sh|dump|restore|import|export)?|7za?)${BEHIND_NAME}${MORE}${GAP}-p|redis-cli${BEHIND_NAME}${MORE}${GAP}(?:-a|--pass)|(?:(?:un)?zip|sqlcmd)${BEHIND_NAME}${MORE}${GAP}-P|ldap(?:search|modify|add|delete|whoami)${BEHIND_NAME}${MORE}${GAP}-w|keytool${BEHIND_NAME}${MORE}${GAP}-(?:store|key)pass)${BEFORE_VALUE}${VALUE}`,
  'g',
);
const BY_PLACE = new RegExp(
  `\\b(?:rabbitmqctl${GAP}(?:add_user|change_password)|htpasswd${GAP}-\\w{0,4}b\\w{0,4}${GAP}[^\\s"'\`]{1,256})${GAP}[^\\s"'\`]{1,128}${GAP}${VALUE}`,
  'g',
);

export function maskCommands(text: string): string {
  let result = text;
  const always = () => true;
  if (result.includes('curl')) result = replaceValues(result, CURL_USER, always, wordEnd);
  if (result.includes('mysql')) result = replaceValues(result, MYSQL, always, wordEnd);
  if (/sshpass|login|mongo|7z|redis-cli|zip|sqlcmd|ldap|keytool/.test(result))
    result = replaceValues(result, BY_LETTER, always, wordEnd);
  return /rabbitmqctl|htpasswd/.test(result) ? replaceValues(result, BY_PLACE, always, wordEnd) : result;
}
