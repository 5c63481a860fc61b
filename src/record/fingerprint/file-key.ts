// What of a file's path stays the same across machines, deploys and package managers: the package, or the file's stem.

const BUILD_ROOTS = new Set(
  'src dist build lib out output esm cjs app server apps packages public .next .output .nuxt bin node es target compiled release www chunks'.split(
    ' ',
  ),
);
/** Folders below which a project's own structure begins; only there is a parent folder known to be no path root. */
const STRUCTURE = new Set(
  'src dist build lib out app server pages routes api functions lambda lambdas handlers controllers services modules packages apps features components models jobs workers commands middleware middlewares plugins'.split(
    ' ',
  ),
);
/** Stems that say nothing without their folder. */
const VAGUE = new Set(
  'index route page handler layout main mod init utils util helpers helper types service controller model resolver module loading template middleware config constants schema +page +server +layout'.split(
    ' ',
  ),
);
/** Where containers put an application: what is below is the project, whatever these folders are called. */
const CONTAINER_ROOT = /^(?:\/usr\/src\/app|\/app|\/var\/task|\/workspace|\/code|\/usr\/app)\//;

export interface FilePlace {
  /** Forward slashes, no scheme, no query. */
  path: string;
  /** Behind the last node_modules/, which also reads .pnpm folders and Plug'n'Play zips. */
  package: string | undefined;
}

export function placeOf(file: string): FilePlace {
  let path = file.includes('\\') ? file.replaceAll('\\', '/') : file;
  const scheme = path.indexOf('://');
  if (scheme > 0 && scheme < 24) path = path.slice(scheme + (path.startsWith('file:') ? 3 : 2));
  const query = path.indexOf('?');
  if (query > 0) path = path.slice(0, query);
  const at = path.lastIndexOf('node_modules/');
  if (at < 0) return { path, package: undefined };
  const rest = path.slice(at + 13);
  const first = rest.indexOf('/');
  if (first < 0) return { path, package: rest };
  const second = rest.startsWith('@') ? rest.indexOf('/', first + 1) : first;
  return { path, package: second < 0 ? rest : rest.slice(0, second) };
}

export interface Stem {
  /** Without extension, content hash and `.min`; with its folder where the name is vague. May be empty. */
  name: string;
  /** The name holds a content hash or is a chunk number: a bundler wrote the file. */
  hashed: boolean;
}

export function stemOf(path: string, withFolder: boolean): Stem {
  const slash = path.lastIndexOf('/');
  const bare = withoutExtension(path.slice(slash + 1));
  const name = withoutHash(bare);
  const hashed = name !== bare || /\/chunks?\//.test(path);
  if (!withFolder || !VAGUE.has(name) || slash <= 0) return { name, hashed };
  const folder = folderOf(path, slash);
  return { name: folder === undefined ? name : `${folder}/${name}`, hashed };
}

/** order.service.ts → order.service; page.test.tsx keeps `.test`. */
function withoutExtension(base: string): string {
  const stem = base.replace(/\.(?:[cm]?[jt]sx?|json|vue|svelte|map|html?|ejs|pug|hbs|node|wasm)$/i, '');
  return stem.endsWith('.min') ? stem.slice(0, -4) : stem;
}

/** main.8f3a2b1c → main, chunk-7RQZB4OG → chunk, index-DkX9f2a1 → index, 377 → "". */
function withoutHash(stem: string): string {
  if (!/[\d]|[A-Z]{2}/.test(stem)) return stem;
  if (/^\d+$/.test(stem)) return '';
  const kept = stem.split(/([.-])/);
  while (kept.length > 1 && isHash(kept.at(-1)!)) kept.splice(-2);
  return kept.length === 1 && isHash(kept[0]!) ? '' : kept.join('');
}

function isHash(part: string): boolean {
  if (/^[0-9a-f]{6,64}$/i.test(part)) return /\d/.test(part);
  if (/^[A-Z0-9]{8}$/.test(part)) return true;
  return (
    part.length >= 8 &&
    part.length <= 24 &&
    /^[\w]+$/.test(part) &&
    /\d/.test(part) &&
    /[a-z]/.test(part) &&
    /[A-Z]/.test(part)
  );
}

function folderOf(path: string, slash: number): string | undefined {
  const inside = path.slice(0, slash).replace(CONTAINER_ROOT, '');
  const folders = inside.split('/');
  const parent = folders.at(-1)!;
  if (BUILD_ROOTS.has(parent) || parent === '.' || parent === '') return undefined;
  const root = folders[0] === '' ? 1 : 0;
  const known = folders.slice(root, -1).some((folder) => STRUCTURE.has(folder) || folder === '.');
  return known ? parent : undefined;
}
