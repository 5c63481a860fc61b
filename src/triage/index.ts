export type { Acted, Actor, IssueRef } from './action.ts';
export { type IgnoreConditions, ignoreIssue, MAX_IGNORE_COUNT } from './ignore-issue.ts';
export { type Merge, mergeIssues } from './merge-issues.ts';
export { reopenIssue } from './reopen-issue.ts';
export { type Resolution, resolveIssue } from './resolve-issue.ts';
export { type Split, splitIssue } from './split-issue.ts';
export { type Undo, undoAction } from './undo-action.ts';
