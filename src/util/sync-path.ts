// A file, or a folder with what came and went in it, onto the disk. By descriptor: a FileHandle has no sync() under Yarn's
// Plug'n'Play.

import { close, fsync, open } from 'node:fs';
import { promisify } from 'node:util';

const openFile = promisify(open);
const closeFile = promisify(close);
const sync = promisify(fsync);

/** @throws what open and fsync throw */
export async function syncPath(path: string): Promise<void> {
  const fd = await openFile(path, 'r');
  await sync(fd).finally(() => closeFile(fd));
}
