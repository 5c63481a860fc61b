// Public names of `rowtrace`.

export { ERRORS, type ErrorCode, RowtraceError } from './errors.ts';
export { loadOptions, type Options, type OptionsInput } from './options/options.ts';
export { type Running, running, type Status, start } from './start.ts';
