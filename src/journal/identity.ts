// Who a process is, and whether it is provably dead. In: pid, start time, boot id and host name, as a journal's owner wrote
// them. Out: proof of death or "not proven". Never judged by age: a process that sleeps for a week is alive.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

export interface Identity {
  pid: number;
  /** Field 22 of /proc/<pid>/stat: clock ticks after boot. Tells a process from a later one with the same pid. */
  startTime?: string;
  /** /proc/sys/kernel/random/boot_id: new at every boot. */
  bootId?: string;
  hostname: string;
}

let self: Identity | undefined;

/** Identity of this process (all its threads share it). Read once. */
export function selfIdentity(): Identity {
  self ??= {
    pid: process.pid,
    startTime: readStat(process.pid)?.startTime,
    bootId: readText('/proc/sys/kernel/random/boot_id')?.trim(),
    hostname: hostname(),
  };
  return self;
}

/**
 * True only with proof: another boot of the same host, or on the same boot no such pid, a zombie, or a pid that was
 * started at another time. Another host, or a platform that tells too little, is "unknown", which is not dead.
 */
export function isDead(who: Identity | string, here: Identity = selfIdentity()): boolean {
  const them = parseTag(typeof who === 'string' ? who : tagOf(who));
  const us = parseTag(tagOf(here));
  if (!them || !us || them.host !== us.host) return false;
  if (them.boot && us.boot && them.boot !== us.boot) return true;
  if (!pidExists(them.pid)) return true;
  if (!them.start) return false;
  const stat = readStat(them.pid);
  // Unreadable (hidepid, other platform): nothing is proven.
  return stat !== undefined && (stat.startTime !== them.start || stat.state === 'Z' || stat.state === 'X');
}

/**
 * An identity as part of a file name, so that a directory can be taken over and signed in one rename: with a file inside
 * there would be a moment in which nobody could tell who holds it.
 */
export function tagOf(who: Identity): string {
  return [who.pid, who.startTime ?? '', shortHash(who.hostname), who.bootId ? shortHash(who.bootId) : ''].join('.');
}

function parseTag(tag: string): { pid: number; start: string; host: string; boot: string } | undefined {
  const [pid, start, host, boot] = tag.split('.');
  if (!pid || !/^\d+$/.test(pid) || !host) return undefined;
  return { pid: Number(pid), start: start ?? '', host, boot: boot ?? '' };
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
