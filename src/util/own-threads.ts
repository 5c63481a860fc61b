// Threads of ours, as the application's side sees them: what ends one is said elsewhere, and is no error of the application.

// An ESM and a CommonJS copy of this file must agree.
const OWN = Symbol.for('rowtrace.own-thread');

export function markOwn(worker: object): void {
  Object.defineProperty(worker, OWN, { value: true });
}

export function isOwn(worker: object): boolean {
  return OWN in worker;
}
