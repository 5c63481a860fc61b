import { ERRORS } from '../../src/errors.ts';

export function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { message, fix }]) => `## ${code}\n\n${message.replaceAll('%s', '…')}\n\n**Fix:** ${fix}\n`,
  );
  return `# Errors\n\nGenerated from \`src/errors.ts\`. Every error of Rowtrace has a code, names the value given, and says what to do next.\n\n${rows.join('\n')}`;
}
