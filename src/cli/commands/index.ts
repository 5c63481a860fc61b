// The commands, in the order of the help.

export * as deadLetters from './dead-letters.ts';
export * as demo from './demo.ts';
export * as dev from './dev.ts';
export * as doctor from './doctor.ts';
export * as explain from './explain.ts';
export * as ignore from './ignore.ts';
export * as issue from './issue.ts';
export * as issues from './issues.ts';
export * as keys from './keys.ts';
export * as latency from './latency.ts';
export * as merge from './merge.ts';
export * as migrate from './migrate.ts';
export * as owner from './owner.ts';
export * as promote from './promote.ts';
export * as raiseError from './raise-error.ts';
export * as regroup from './regroup.ts';
export * as reopen from './reopen.ts';
export * as resolve from './resolve.ts';
export * as serve from './serve.ts';
export * as slow from './slow.ts';
export * as split from './split.ts';
export * as status from './status.ts';
export * as tail from './tail.ts';
export * as undo from './undo.ts';
export * as worker from './worker.ts';
