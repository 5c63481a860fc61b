// What is kept of user.id, by option: as given, a keyed hash, or nothing.

import { createHmac } from 'node:crypto';
import { cleanId } from './scrub/clean.ts';
import type { Scrubber } from './scrub/scrubber.ts';

export interface UserIdOptions {
  userId: 'plain' | 'hash' | 'off';
  userIdKey?: string | undefined;
}

export function keptUserId(userId: string | undefined, options: UserIdOptions, scrubber: Scrubber): string | undefined {
  if (userId === undefined || options.userId === 'off') return undefined;
  if (options.userId === 'plain') return cleanId(userId, scrubber);
  return createHmac('sha256', options.userIdKey!).update(userId).digest('hex').slice(0, 32);
}
