// The end of the pipe of a process that ships to a receiver (ROWTRACE_ENDPOINT).

export { createHttpSink, type HttpSinkOptions } from './http-sink.ts';
