// What rows inside a piece of work, or of the current request, should carry.

import { context, trace } from '@opentelemetry/api';
import { type CarriedContext, noteLeft, withCarried } from '../otel/context-keys.ts';
import { stateOfContext } from '../otel/request-state.ts';
import { copied } from './emit.ts';
import { finish } from './finish.ts';

export interface GivenContext {
  sessionId?: string | undefined;
  userId?: string | undefined;
  /** Promoted columns are filled from tags of their name. */
  tags?: Record<string, unknown> | undefined;
  /** Whatever else is given is a tag as well: `withContext({ clinic_id: 7 }, …)`. */
  [tag: string]: unknown;
}

/**
 * Every row made inside `work` (awaited code, timers and emitters included), and that of what it throws, carries what is
 * given; inner calls win.
 *
 * ```ts
 * await withContext({ userId: user.id, clinic_id: 7 }, () => handle(job));
 * ```
 */
export function withContext<T>(given: GivenContext, work: () => T): T {
  const { userId, sessionId, tags, ...columns } = copied(given);
  const carried: CarriedContext = { tags: { ...columns, ...copied(tags) } };
  if (userId !== undefined) carried.userId = userId;
  if (sessionId !== undefined) carried.sessionId = sessionId;
  const inside = withCarried(context.active(), carried);
  return finish(
    () => context.with(inside, work),
    (failure) => failure && noteLeft(failure.thrown, inside),
  );
}

/** The user of the current request: on every row of it, those made already included. Without a request: nothing. */
export function setUser(userId: string): void {
  setOnRequest('user.id', userId);
}

/** A tag of the current request. */
export function setTag(name: string, value: string | number | boolean): void {
  setOnRequest(name, value);
}

function setOnRequest(name: string, value: string | number | boolean): void {
  const active = context.active();
  const span = stateOfContext(active)?.request.span ?? trace.getSpan(active);
  try {
    span?.setAttribute(name, value);
  } catch {
    // A value that cannot be read is no tag.
  }
}
