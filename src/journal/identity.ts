// Who a process is, and whether it is provably dead by what this process can see of it. In: pid, its namespace, start time,
// boot id and host name, as a journal's owner wrote them. Out: proof of death or "not proven". Never judged by age: a
// process that sleeps for a week is alive. What other containers hold is judged by `presence.ts`.

import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface Identity {
  pid: number;
  /** Field 22 of /proc/<pid>/stat: clock ticks after boot. Tells a process from a later one with the same pid. */
  startTime?: string;
  /** /proc/sys/kernel/random/boot_id: new at every boot. */
  bootId?: string;
  hostname: string;
  /** /proc/self/ns/pid: a pid means something within one namespace (container) only. */
  pidNamespace?: string;
  /** Socket it listens on while it lives, see presence.ts. */
  presence?: string;
}

let self: Identity | undefined;

/** Identity of this process (all its threads share it). Read once. */
export function selfIdentity(): Identity {
  self ??= {
    pid: process.pid,
    startTime: readStat(process.pid)?.startTime,
    bootId: readText('/proc/sys/kernel/random/boot_id')?.trim(),
    hostname: hostname(),
    pidNamespace: readNamespace(),
  };
  return self;
}

/**
 * True only with proof: another boot of the same host, or in the same pid namespace (where there are none: on the same host)
 * no such pid, a zombie, or a pid that was started at another time. Anything else is "unknown", which is not dead.
 */
export function isDead(who: Identity | string, here: Identity = selfIdentity()): boolean {
  const them = parseTag(typeof who === 'string' ? who : tagOf(who));
  const us = parseTag(tagOf(here));
  if (!them || !us) return false;
  if (them.boot && us.boot && them.boot !== us.boot) return them.host === us.host;
  if (them.namespace !== us.namespace || (them.host !== us.host && !them.namespace)) return false;
  if (!pidExists(them.pid)) return true;
  if (!them.start) return false;
  const stat = readStat(them.pid);
  // Unreadable (hidepid, other platform): nothing is proven.
  return stat !== undefined && (stat.startTime !== them.start || stat.state === 'Z' || stat.state === 'X');
}

/**
 * The sign of life to be asked where `isDead` cannot tell: of a process in another container on the same kernel. On any
 * other machine the socket would be silent, whoever lives.
 */
export function presenceToAsk(who: Identity | string, here: Identity = selfIdentity()): string | undefined {
  const them = parseTag(typeof who === 'string' ? who : tagOf(who));
  const us = parseTag(tagOf(here));
  if (!them?.boot || them.boot !== us?.boot || !us.namespace || them.namespace === us.namespace) return undefined;
  return them.presence || undefined;
}

/** Whether its process id means that process here, too: anywhere else a signal would hit a stranger. */
export function isWithinReach(who: Identity, here: Identity = selfIdentity()): boolean {
  const isSameBoot = who.bootId === here.bootId && who.pidNamespace === here.pidNamespace;
  return isSameBoot && (who.pidNamespace !== undefined || who.hostname === here.hostname);
}

/** Whether a tag is of this process (or of a thread of it that is gone). */
export function isSelf(tag: string): boolean {
  // Ends with the dot in front of the presence, which is another one in each thread.
  return tag.startsWith(tagOf({ ...selfIdentity(), presence: undefined }));
}

/**
 * An identity as part of a file name, so that a directory can be taken over and signed in one rename: with a file inside
 * there would be a moment in which nobody could tell who holds it.
 */
export function tagOf(who: Identity): string {
  return [
    who.pid,
    who.startTime ?? '',
    shortHash(who.hostname),
    who.bootId ? shortHash(who.bootId) : '',
    who.pidNamespace ?? '',
    who.presence ?? '',
  ].join('.');
}

interface Tag {
  pid: number;
  start: string;
  host: string;
  boot: string;
  namespace: string;
  presence: string;
}

function parseTag(tag: string): Tag | undefined {
  const [pid, start = '', host, boot = '', namespace = '', presence = ''] = tag.split('.');
  if (!pid || !/^\d+$/.test(pid) || !host) return undefined;
  return { pid: Number(pid), start, host, boot, namespace, presence };
}

function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function readStat(pid: number): { startTime: string; state: string } | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  // The second field is the command in brackets and may itself contain blanks and brackets.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields?.[19] ? { startTime: fields[19], state: fields[0]! } : undefined;
}

function readNamespace(): string | undefined {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0];
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
