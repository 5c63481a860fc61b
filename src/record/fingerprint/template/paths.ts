// Paths in a message: the base name stays, folders go, since they are where a deploy happens to live. Text in, text out.

const QUOTED_PATH = /(["'`])((?:file:\/\/\/?|\/|~\/|[A-Za-z]:[\\/]|\\\\)[^"'`\n]{1,1024})\1/g;
const BARE_PATH =
  /(?<![\w.<>/\\-])(?:file:\/\/\/?|~\/|\/(?=[\w.@-]{1,255}\/)|[A-Za-z]:[\\/](?=[\w.@-])|\\\\(?=\w))[^\s"'`<>|,;)\]}]{1,1024}/g;
/** Request paths say which route failed: their fixed segments stay. */
const REQUEST = /\b(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|route|Route|path:) (\/[^\s"'`<>|,;)\]}]{0,1024})/g;

export function maskPaths(text: string): string {
  if (!text.includes('/') && !text.includes('\\')) return text;
  return text
    .replace(REQUEST, (_, method: string, path: string) => `${method} ${requestPath(path)}`)
    .replace(QUOTED_PATH, (_, quote: string, path: string) => `${quote}${baseName(path)}${quote}`)
    .replace(BARE_PATH, (path) => baseName(path));
}

function baseName(path: string): string {
  const end = path.length - (/[\\/.:]+$/.exec(path.slice(-8))?.[0].length ?? 0);
  const bare = path.slice(0, end);
  return (
    bare.slice(Math.max(bare.lastIndexOf('/'), bare.lastIndexOf('\\')) + 1) + (path.slice(end).includes(':') ? ':' : '')
  );
}

/** `/orders/17?x=1` → `orders ․ <*>`: slashes are replaced, so that the path rules leave it alone. */
function requestPath(path: string): string {
  const query = path.search(/[?#]/);
  const bare = query < 0 ? path : path.slice(0, query);
  return bare
    .split('/')
    .map((part) => (/\d/.test(part) ? '<*>' : part))
    .join('∕');
}
