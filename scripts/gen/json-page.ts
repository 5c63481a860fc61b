// docs/json.md: what each command prints with --json, as the compiler sees the values that the commands hand to safeJson(): a
// table of commands, and the types named there.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { createProgram } from '../../src/cli/program.ts';
import { nameOf, withSubcommands } from './commands-page.ts';

const ROOT = join(import.meta.dirname, '../..');
const CLI = join(ROOT, 'src/cli');

/** File → its commands, in the order of the calls of safeJson(). */
const PRINTED: Record<string, readonly string[]> = {
  'commands/dead-letters.ts': ['dead-letters list', 'dead-letters show', 'dead-letters replay', 'dead-letters discard'],
  'commands/demo.ts': ['demo'],
  'commands/doctor.ts': ['doctor'],
  'commands/explain.ts': ['explain'],
  'act.ts': ['ignore, merge, reopen, resolve, split, undo'],
  'commands/issue.ts': ['issue'],
  'commands/issues.ts': ['issues'],
  'commands/keys.ts': ['keys create', 'keys list', 'keys revoke'],
  'commands/latency.ts': ['latency', 'latency <operation>'],
  'commands/migrate.ts': ['migrate'],
  'commands/promote.ts': ['promote'],
  'commands/raise-error.ts': ['raise-error'],
  'commands/regroup.ts': ['regroup'],
  'commands/slow.ts': ['slow'],
  'commands/status.ts': ['status'],
  'commands/tail.ts': ['tail'],
  'commands/trace.ts': ['trace'],
};

const INTRODUCTION = `# What \`--json\` prints

Generated from \`src/cli\`, as types of TypeScript. Times are strings of ISO 8601 in UTC, durations milliseconds; a field with \`?\` may be
missing. \`tail\` prints an object a line, without an end; what finds nothing prints \`[]\`. Notes and errors go to stderr, and the exit
code says how it went. The commands themselves: [commands.md](commands.md).
`;

export async function jsonPage(): Promise<string> {
  const printing = withSubcommands(await createProgram()).filter(({ options }) =>
    options.some(({ long }) => long === '--json'),
  );
  const shapes = jsonShapes(printing.map((command) => nameOf(command).replace(/^rowtrace /, '')));
  return `${INTRODUCTION}\n${shapes}\n`;
}

/** @param commands all that have the option: none may be missing here */
function jsonShapes(commands: readonly string[]): string {
  const listed = Object.values(PRINTED).flatMap((names) => names.flatMap((name) => name.split(', ')));
  const missing = commands.filter((name) => !listed.includes(name));
  if (missing.length > 0) throw new Error(`scripts/gen/json-page.ts does not have ${missing.join(', ')}`);
  const files = Object.keys(PRINTED).map((name) => join(CLI, name));
  const { config } = ts.parseConfigFileTextToJson('tsconfig.json', readFileSync(join(ROOT, 'tsconfig.json'), 'utf8'));
  const { options } = ts.parseJsonConfigFileContent({ ...config, files }, ts.sys, ROOT);
  const program = ts.createProgram(files, options);
  const shapes = createShapes(program.getTypeChecker());
  const rows = Object.entries(PRINTED).flatMap(([file, names]) => {
    const values = valuesPrinted(program.getSourceFile(join(CLI, file))!);
    if (values.length !== names.length)
      throw new Error(`${file} prints ${values.length} values as JSON, not ${names.length}`);
    return names.map((name, at) => `| \`${name}\` | \`${shapes.of(values[at]!, name).replaceAll('|', '\\|')}\` |`);
  });
  return [
    '| command | prints |',
    '|---|---|',
    ...rows.sort(),
    '',
    '```ts',
    shapes.declarations().join('\n\n'),
    '```',
  ].join('\n');
}

function valuesPrinted(file: ts.SourceFile): ts.Expression[] {
  const values: ts.Expression[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === 'safeJson') values.push(node.arguments[0]!);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return values;
}

/** Types as JSON has them: times are strings, what is undefined is left out. Named ones are declared once, in the end. */
function createShapes(checker: ts.TypeChecker) {
  const named = new Map<ts.Symbol, ts.Type>();
  const declared = new Map<string, string>();

  function shape(type: ts.Type): string {
    const symbol = type.aliasSymbol ?? type.symbol;
    if (symbol?.name === 'Date') return 'string';
    if (symbol && isOurs(symbol) && !symbol.name.startsWith('__')) {
      named.set(symbol, type);
      return symbol.name;
    }
    if (checker.isArrayType(type)) {
      const one = shape(checker.getTypeArguments(type as ts.TypeReference)[0]!);
      return one.includes(' | ') ? `(${one})[]` : `${one}[]`;
    }
    if (type.isUnion()) return union(type);
    if (symbol?.name === '__object' || symbol?.name === '__type')
      return type.getStringIndexType()
        ? text(type)
        : `{ ${fields(type)
            .map(({ line }) => line)
            .join(' ')} }`;
    return text(type);
  }

  function union(type: ts.UnionType): string {
    const parts = type.types.filter(({ flags }) => !(flags & ts.TypeFlags.Undefined)).map(shape);
    // Not in the order of the compiler, which any other file may change.
    const joined = [...new Set(parts)]
      .sort((a, b) => Number(a === 'null') - Number(b === 'null') || (a < b ? -1 : 1))
      .join(' | ');
    return joined.replace(/\bfalse \| true\b/, 'boolean');
  }

  function fields(type: ts.Type): { line: string; doc: string }[] {
    // What it adds to another stands behind that, as one reads it.
    const adds = ({ escapedName }: ts.Symbol) => Number(type.symbol?.members?.has(escapedName) ?? false);
    const properties = [...type.getProperties()].sort((a, b) => adds(a) - adds(b));
    return properties.map((property) => {
      const of = checker.getTypeOfSymbol(property);
      const mayLack = property.flags & ts.SymbolFlags.Optional || text(of).split(' | ').includes('undefined');
      const doc = ts.displayPartsToString(property.getDocumentationComment(checker));
      return { line: `${property.name}${mayLack ? '?' : ''}: ${shape(of)};`, doc };
    });
  }

  function declaration(symbol: ts.Symbol, type: ts.Type): string {
    const doc = comment(ts.displayPartsToString(symbol.getDocumentationComment(checker)), '');
    if (type.isUnion()) return `${doc}type ${symbol.name} = ${union(type)};`;
    return body(`${doc}interface ${symbol.name}`, type);
  }

  function body(head: string, type: ts.Type): string {
    const lines = fields(type).map(({ line, doc }) => `${comment(doc, '  ')}  ${line}`);
    return `${head} {\n${lines.join('\n')}\n}`;
  }

  function text(type: ts.Type): string {
    return checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation).replaceAll('"', "'");
  }

  return {
    /** What would fill a line gets a name after the command. */
    of: (value: ts.Expression, command: string) => {
      const type = checker.getTypeAtLocation(value);
      const found = shape(checker.getBaseConstraintOfType(type) ?? type);
      if (!found.startsWith('{') || found.length < 100) return found;
      const name = `${command.replace(/(?:^|\W+)(\w)/g, (_, first) => first.toUpperCase()).replace(/\W/g, '')}Output`;
      declared.set(name, body(`interface ${name}`, type));
      return name;
    },
    declarations: () => {
      // Each may name further ones.
      for (const [symbol, type] of named) {
        if (declared.has(symbol.name)) throw new Error(`there are two types ${symbol.name}`);
        declared.set(symbol.name, declaration(symbol, type));
      }
      return [...declared].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
    },
  };
}

function isOurs(symbol: ts.Symbol): boolean {
  return symbol.declarations?.some((one) => !one.getSourceFile().fileName.includes('node_modules')) ?? false;
}

function comment(doc: string, indent: string): string {
  return doc === '' ? '' : `${indent}/** ${doc.replaceAll('\n', ' ')} */\n`;
}
