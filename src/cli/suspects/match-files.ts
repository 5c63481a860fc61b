// Which files of a repository are those of a stack? The stack has paths of another machine (/app/dist/billing/charge.js),
// so the longest common end decides; where several files share it, none is taken.

const FAMILIES = [['js', 'mjs', 'cjs', 'jsx', 'ts', 'mts', 'cts', 'tsx', 'vue', 'svelte']];

/** Of `tracked` (paths with `/`), those that `paths` stand for; at most one each, in the order of `paths`. */
export function matchFiles(paths: readonly string[], tracked: readonly string[]): string[] {
  const byStem = new Map<string, string[]>();
  for (const file of tracked) {
    const stem = stemOf(lastOf(file));
    const known = byStem.get(stem);
    if (known) known.push(file);
    else byStem.set(stem, [file]);
  }
  const found = paths.flatMap((path) => {
    const clean = cleanPath(path);
    return match(clean, byStem.get(stemOf(lastOf(clean))) ?? []) ?? [];
  });
  return [...new Set(found)];
}

function match(path: string, candidates: readonly string[]): string | undefined {
  const scored = candidates
    .filter((file) => sameFamily(extensionOf(path), extensionOf(file)))
    .map((file) => ({ file, score: commonEnd(path, file) * 2 + (extensionOf(path) === extensionOf(file) ? 1 : 0) }));
  const best = Math.max(...scored.map(({ score }) => score));
  const winners = scored.filter(({ score }) => score === best);
  return winners.length === 1 ? winners[0]!.file : undefined;
}

/** How many segments, from the end, are the same; the last without its extension. */
function commonEnd(a: string, b: string): number {
  const left = a.split('/').reverse();
  const right = b.split('/').reverse();
  let same = 1;
  while (same < left.length && same < right.length && left[same] === right[same]) same++;
  return same;
}

/** URLs, webpack's `webpack://app/./src/a.ts?1a2b`, and Windows paths. */
function cleanPath(path: string): string {
  return path
    .replace(/^[a-z][a-z0-9+.-]+:\/\//i, '')
    .replace(/[?#].*$/, '')
    .replaceAll('\\', '/')
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.')
    .join('/');
}

function sameFamily(a: string, b: string): boolean {
  return a === b || FAMILIES.some((family) => family.includes(a) && family.includes(b));
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function stemOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}

function extensionOf(path: string): string {
  const name = lastOf(path);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : '';
}
