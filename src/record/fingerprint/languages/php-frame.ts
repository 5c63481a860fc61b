// One call of a PHP trace and the place it was in → a classified frame. Names in, a Frame out.

import type { Frame, FrameKind } from '../types.ts';
import { makeFrame, moduleKey, segmentBehind, slashed } from './shared.ts';

const VAGUE = new Set('index bootstrap helpers functions routes web api config Controller Kernel Handler'.split(' '));
const FRAMEWORKS = [
  'laravel/framework',
  'symfony/http-kernel',
  'symfony/http-foundation',
  'symfony/runtime',
  'symfony/console',
  'slim/slim',
  'laminas/',
  'cakephp/cakephp',
  'yiisoft/yii2',
  'nette/',
  'phpunit/phpunit',
  'laravel/octane',
  'codeigniter4/',
];
const NAMESPACES = [
  'Symfony',
  'Illuminate',
  'Laravel',
  'Doctrine',
  'GuzzleHttp',
  'Monolog',
  'Psr',
  'Slim',
  'Laminas',
  'Cake',
  'yii',
  'Predis',
  'League',
  'Carbon',
  'Twig',
  'Composer',
  'Nette',
  'PHPUnit',
  'Aws',
  'Google',
  'Stripe',
  'PhpAmqpLib',
  'Ramsey',
  'React',
  'Amp',
];
const RUNTIME = ['open-telemetry/', 'sentry/', 'datadog/'];

/** `written`: "App\\Cart->total(Array, 5)", "App\\Cart::total()", "array_map(Object(Closure), Array)", "{main}". */
export function phpFrame(written: string, file: string | undefined, line: number | undefined): Frame {
  // PHP 8.4 says in which function a closure was made, or in which file: "{closure:App\\Shop::run():4}".
  const made = written.replace(/\{closure:(.{1,200}?)(?:\(\))?:\d{1,9}\}/, (_, place: string) =>
    place.includes('.php') ? '{closure}' : place,
  );
  const open = made.indexOf('(');
  const called = made.slice(0, open < 0 ? undefined : open);
  const arrow = called.search(/->|::/);
  const owner = arrow < 0 ? '' : called.slice(0, arrow).split('@anonymous', 1)[0]!;
  const closure = called.includes('{closure');
  const method = closure
    ? '?'
    : (arrow < 0 ? called.slice(called.lastIndexOf('\\') + 1) : called.slice(arrow + 2)).replace(/\(\)$/, '');
  const path = file === undefined ? '' : slashed(file);
  const name =
    closure || called === '{main}'
      ? undefined
      : `${owner === '' ? '' : `${owner.slice(owner.lastIndexOf('\\') + 1)}.`}${method}`;
  const package_ = segmentBehind(path, '/vendor/', 2);
  const kind = kindOf(package_, owner, path);
  const where = owner !== '' ? owner.replaceAll('\\', '.') : moduleKey(path, VAGUE);
  const main = called === '{main}' ? '{main}' : method;
  const key =
    kind === 'app' ? `${where}:${main}` : `${package_ ?? owner.split('\\', 1)[0]}/${where.split('.').at(-1)}:${main}`;
  return makeFrame(
    name,
    path === '' ? owner : path,
    line,
    kind,
    kind === 'node' || kind === 'runtime' ? undefined : key,
  );
}

function kindOf(package_: string | undefined, owner: string, path: string): FrameKind {
  if (package_ !== undefined) {
    if (RUNTIME.some((prefix) => package_.startsWith(prefix))) return 'runtime';
    return FRAMEWORKS.some((prefix) => package_.startsWith(prefix)) ? 'framework' : 'dependency';
  }
  if (NAMESPACES.includes(owner.split('\\', 1)[0]!)) return 'dependency';
  if (owner.startsWith('OpenTelemetry\\')) return 'runtime';
  // PHP's own functions and classes have no file.
  return path === '' && !owner.includes('\\') ? 'node' : 'app';
}
