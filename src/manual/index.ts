// The manual door: helpers that emit OpenTelemetry and nothing else.

export { type CaptureErrorOptions, captureError } from './capture-error.ts';
export { createLogger, type LogDetails, type Logger } from './create-logger.ts';
export { type CaptureErrorsOptions, captureErrors, type HandleErrorsOptions, handleErrors } from './handle-errors.ts';
export { type LogCallsOptions, logCalls } from './log-calls.ts';
export { type Tracked, type TrackLatencyOptions, trackLatency } from './track-latency.ts';
export { type GivenContext, setTag, setUser, withContext } from './with-context.ts';
