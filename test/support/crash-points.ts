// Ends the process with SIGKILL at a named point of the journal's life, for tests of what is left behind. In: a point, and
// how many times it is passed before. Works by replacing members of `nodeFiles`, so it has to be imported by the child
// (by the entry file of its delivery thread, too) before anything of src/journal does its work:
//   ROWTRACE_TEST_CRASH=frame-half:3 node --import ./test/support/crash-points.ts app.ts
// or, from a script: `crashAt('adopt-rename')`.

import { constants } from 'node:fs';
import { basename } from 'node:path';
import { nodeFiles } from '../../src/journal/files.ts';

export const CRASH_POINTS = [
  /** A segment file exists and is empty. */
  'seg-created',
  /** Half of what was to be written is in the file. */
  'frame-half',
  /** All of it is, the call has not returned. */
  'frame-written',
  'before-fsync',
  /** A segment is finished, the next one does not exist. */
  'sealed',
  /** Rows are stored, shipped.json does not know. */
  'committed-before-ack',
  /** Half of what shipped.json is to say is written over what it said. */
  'ack-half',
  'ack-written',
  /** shipped.json knows, the segment is still there. */
  'before-unlink',
  'after-unlink',
  /** A dead journal has our name, nothing more has happened. */
  'adopt-rename',
] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number];

const isSegment = (path: unknown) => /^\d{8,}\.ndjson$/.test(basename(String(path)));
const isAdoption = (to: unknown) => basename(String(to)).includes('~');
const isState = (path: unknown) => basename(String(path)) === 'shipped.json';
const isForWriting = (flags: unknown) => typeof flags === 'number' && (flags & constants.O_WRONLY) !== 0;

export function crashAt(point: CrashPoint, passes = 0): void {
  let left = passes;
  const segments = new Set<number>();
  const states = new Set<number>();
  const die = () => {
    if (left-- > 0) return;
    process.kill(process.pid, 'SIGKILL');
    // The signal is delivered before the call returns on Linux; elsewhere nothing more may happen until it is.
    for (;;);
  };
  const real = { ...nodeFiles };
  const mine: Partial<typeof nodeFiles> = {
    openSync: ((path, flags, mode) => {
      const isAck = isState(path) && isForWriting(flags);
      if (isAck && point === 'committed-before-ack') die();
      const fd = real.openSync(path, flags, mode);
      if (flags === 'ax' && isSegment(path)) {
        segments.add(fd);
        if (point === 'seg-created') die();
      }
      if (isAck) states.add(fd);
      return fd;
    }) as typeof real.openSync,
    writeSync: ((fd: number, data: string | Buffer, ...rest: never[]) => {
      const isHalf = (point === 'frame-half' && segments.has(fd)) || (point === 'ack-half' && states.has(fd));
      if (isHalf && left-- <= 0) {
        const bytes = Buffer.from(data as string);
        real.writeSync(fd, bytes, 0, bytes.length >> 1);
        left = 0;
        die();
      }
      const written = real.writeSync(fd, data as string, ...rest);
      if (point === 'frame-written' && segments.has(fd)) die();
      return written;
    }) as typeof real.writeSync,
    closeSync: (fd) => {
      real.closeSync(fd);
      if (segments.delete(fd) && point === 'sealed') die();
      if (states.delete(fd) && point === 'ack-written') die();
    },
    fdatasync: ((fd: number, done: never) => {
      if (point === 'before-fsync') die();
      real.fdatasync(fd, done);
    }) as typeof real.fdatasync,
    fdatasyncSync: (fd) => {
      if (point === 'before-fsync') die();
      real.fdatasyncSync(fd);
    },
    renameSync: (from, to) => {
      real.renameSync(from, to);
      if (point === 'adopt-rename' && isAdoption(to)) die();
    },
    unlinkSync: (path) => {
      if (point === 'before-unlink' && isSegment(path)) die();
      real.unlinkSync(path);
      if (point === 'after-unlink' && isSegment(path)) die();
    },
  };
  Object.assign(nodeFiles, mine);
}

const [asked, passes = '0'] = (process.env.ROWTRACE_TEST_CRASH ?? '').split(':');
if (asked) {
  if (!CRASH_POINTS.includes(asked as CrashPoint)) throw new Error(`no such crash point: ${asked}`);
  crashAt(asked as CrashPoint, Number(passes));
}
