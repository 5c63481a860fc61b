// Paths in a message: the base name stays, folders go, since they are where a deploy happens to live. Text in, text out.

import { hide } from './keep.ts';

const QUOTED_PATH = /(["'`])((?:file:\/\/\/?|\/|~\/|[A-Za-z]:[\\/]|\\\\)[^"'`\n]{1,1024})\1/g;
const BARE_PATH =
  /(?<![\w.<>/\\-])(?:file:\/\/\/?|~\/|\/(?=[\w.@-]{1,255}\/)|[A-Za-z]:[\\/](?=[\w.@-])|\\\\(?=\w))[^\s"'`<>|,;)\]}]{1,1024}/g;
/** Request paths say which route failed: their fixed segments stay, and so does a status behind them. */
const REQUEST =
  /\b(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|[Rr]oute|path:|url:)([ :]|\] ")(\/[^\s"'`<>|,;)\]}]{0,1024})( [1-5]\d\d\b)?/g;

export function maskPaths(text: string): string {
  if (!text.includes('/') && !text.includes('\\')) return text;
  return text
    .replace(
      REQUEST,
      (_, method: string, gap: string, path: string, status?: string) =>
        `${method}${gap}${requestPath(path)}${hide(status ?? '')}`,
    )
    .replace(QUOTED_PATH, (_, quote: string, path: string) => `${quote}${baseName(path)}${quote}`)
    .replace(BARE_PATH, (path) => baseName(path));
}

function baseName(path: string): string {
  const end = path.length - (/[\\/.:]{1,8}$/.exec(path.slice(-8))?.[0].length ?? 0);
  const bare = path.slice(0, end);
  return (
    bare.slice(Math.max(bare.lastIndexOf('/'), bare.lastIndexOf('\\')) + 1) + (path.slice(end).includes(':') ? ':' : '')
  );
}

/** `/orders/17?x=1` → `/orders/<*>`, its slashes hidden, so that the other path rules leave it alone. */
function requestPath(path: string): string {
  const query = path.search(/[?#]/);
  const segments = (query < 0 ? path : path.slice(0, query)).split('/');
  return segments.map((segment) => (/\d/.test(segment) ? '<*>' : segment)).join(hide('/'));
}
