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
/** What file-system routers name after their kind and, Nuxt's, after the method: +page.server, _server, index.get. */
const ROUTE_FILE =
  /^(?:[+_](?:page|layout|server)(?:\.server)?(?:\.[jt]s)?|index\.(?:get|post|put|patch|delete|head|options))$/;
/**
 * Parameters of a route, which are the same below each resource: [id] of Next, Nuxt, SvelteKit and Astro (_id_ where
 * these are built), $id of Remix and TanStack; as a folder also _id of @fastify/autoload.
 */
const PARAMETER_FILE = /^(?:\[.+\]|\$\w+|_\w+_)(?:\.(?:get|post|put|patch|delete|head|options))?$/;
const PARAMETER_FOLDER = /^(?:\[.+\]|[$_]\w+)$/;
/** Where containers put an application: what is below is the project, whatever these folders are called. */
const CONTAINER_ROOT = /^(?:\/usr\/src\/app|\/app|\/var\/task|\/workspace|\/code|\/usr\/app)\//;

/** Deno keeps packages in a cache of its own where an application has no node_modules: npm/<host of the registry>/<name>/<version>. */
const DENO_CACHE =
  /\/npm\/(?:[\w-]{1,63}\.){1,8}[\w-]{1,63}(?:_\d{1,5})?\/((?:@[^/]{1,128}\/)?[^/]{1,128})\/\d[^/]{0,64}\//;

/** What Deno loads by its address: <name>@<version>, on jsr.io <scope>/<name>/<version>. */
const DENO_REGISTRY =
  /^\/(?:deno\.land\/(?:x\/)?|jsr\.io\/|esm\.sh\/(?:v\d{1,4}\/)?)((?:@[^/@]{1,128}\/)?[^/@]{1,128})[@/]/;

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
  if (at < 0) return { path, package: (DENO_CACHE.exec(path) ?? DENO_REGISTRY.exec(path))?.[1] };
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
  const name = withoutBuild(bare, BUNDLER_FOLDER.test(path) && !path.includes('/src/'));
  const hashed = name !== bare || /\/chunks?\//.test(path);
  if (!withFolder || slash <= 0 || !isVague(name)) return { name, hashed };
  const folder = folderOf(path, slash);
  return { name: folder === undefined ? name : `${folder}/${name}`, hashed };
}

function isVague(name: string): boolean {
  return VAGUE.has(name) || ROUTE_FILE.test(name) || PARAMETER_FILE.test(name);
}

/** order.service.ts → order.service; page.test.tsx keeps `.test`. */
function withoutExtension(base: string): string {
  const stem = base.replace(/\.(?:[cm]?[jt]sx?|json|vue|svelte|map|html?|ejs|pug|hbs|node|wasm)$/i, '');
  return stem.endsWith('.min') ? stem.slice(0, -4) : stem;
}

/** Where Vite, Nuxt, SvelteKit, webpack and Turbopack write: there a hash need not look like one. */
const BUNDLER_FOLDER = /(?:^|\/)(?:assets|_nuxt|chunks|immutable)\//;
/** Behind the hash: main.5ecd60fb.chunk. Without a hash it is the name's own: order.module. */
const KIND_OF_BUILD = /(?:\.(?:chunk|bundle|esm|module|prod|iife|legacy)){1,4}$/;
/** Turbopack's: [root-of-the-server]__a1b2c3._ and _8a3f2b1c._ */
const TURBOPACK = /_{1,2}[0-9a-f]{4,16}\._$/;

function withoutBuild(stem: string, bundled: boolean): string {
  const turbopack = stem.replace(TURBOPACK, '');
  if (turbopack !== stem) return turbopack;
  const before = stem.replace(KIND_OF_BUILD, '');
  const name = withoutHash(before, bundled);
  return name === before ? stem : name;
}

/** main.8f3a2b1c → main, chunk-7RQZB4OG → chunk, index-DkX9f2a1 → index, 377 → "". */
function withoutHash(stem: string, bundled: boolean): string {
  const short = bundled ? withoutShortHash(stem) : stem;
  if (short !== stem) return short;
  if (!/[\d]|[A-Z]{2}/.test(stem)) return stem;
  if (/^\d+$/.test(stem)) return '';
  const kept = stem.split(/([.-])/);
  while (kept.length > 1 && isHash(kept.at(-1)!)) kept.splice(-2);
  return kept.length === 1 && isHexHash(kept[0]!) ? '' : kept.join('');
}

/**
 * Rollup's hashes are eight characters of base64url, which may hold separators; one in three has no digit. One in 500
 * looks like a word (index-settings) and is taken for one.
 */
function withoutShortHash(stem: string): string {
  const [, name, hash] = /^(?:(.*)[-._])?([\w-]{8})$/.exec(stem) ?? [];
  if (hash === undefined || /^[A-Z]?[a-z]+(?:[-_][a-z]+)?$/.test(hash)) return stem;
  // A whole name of two words is more likely a file's own.
  return name === undefined && /^[A-Za-z]?[a-z]+[A-Z][a-z]+$/.test(hash) ? stem : (name ?? '');
}

/** Hexadecimal ones may be a whole name. Others stand behind something: ORDERS01, oauth2Client and Step1Form are names. */
function isHexHash(part: string): boolean {
  return /^[0-9a-f]{6,64}$/i.test(part) && /\d/.test(part);
}

function isHash(part: string): boolean {
  if (/^[0-9a-f]{6,64}$/i.test(part)) return /\d/.test(part);
  if (/^[A-Z0-9]{8}$/.test(part)) return true;
  return /^\w{8,24}$/.test(part) && /\d/.test(part) && /[a-z]/.test(part) && /[A-Z]/.test(part);
}

/** The last folder; those that are parameters with the one that they are of: users/[id]. */
function folderOf(path: string, slash: number): string | undefined {
  const outside = path.slice(0, slash);
  const inside = outside.replace(CONTAINER_ROOT, '');
  const folders = inside.split('/');
  let last = folders.length - 1;
  while (last > 0 && PARAMETER_FOLDER.test(folders[last]!)) last--;
  const root = folders[0] === '' ? 1 : 0;
  const isProjects = (at: number) =>
    inside !== outside || folders.slice(root, at).some((folder) => STRUCTURE.has(folder) || folder === '.');
  const named = isProjects(last) && !BUILD_ROOTS.has(folders[last]!) && folders[last] !== '.' && folders[last] !== '';
  const first = named ? last : last + 1;
  return (isProjects(first) && folders.slice(first).join('/')) || undefined;
}
