// Shapes of the fingerprint: what a caller gives, what comes back, and the error tree between the parser and the key.

/** An exception (or a log record without one) as any carrier describes it. Nothing but these fields enters the key. */
export interface FingerprintInput {
  /** Class name or, as OpenTelemetry SDKs for Node send it, the error's code; empty for a log record. */
  type?: string | undefined;
  message?: string | undefined;
  /** Stack text; it may hold the cause chain as util.inspect prints it. 64 KiB are read. */
  stack?: string | undefined;
  /** Issues are per service. */
  service?: string | undefined;
  /** telemetry.sdk.language of the carrier; V8 stacks are read where nothing is said. */
  language?: string | undefined;
  code?: string | undefined;
  cause?: ChainInput | undefined;
  /** Members of an AggregateError. */
  errors?: readonly ChainInput[] | undefined;
  /** The client's own grouping key (`rowtrace.fingerprint`): wins over everything, within the service. */
  override?: string | undefined;
  /** The logger's own message template, where it has one: used instead of one made from the message. */
  template?: string | undefined;
}

export interface ChainInput {
  type?: string | undefined;
  message?: string | undefined;
  stack?: string | undefined;
  code?: string | undefined;
  cause?: ChainInput | undefined;
  errors?: readonly ChainInput[] | undefined;
}

/** An operator's rule: all given fields must match (`*` stands for any text); the first rule that matches wins. */
export interface FingerprintRule {
  type?: string | undefined;
  message?: string | undefined;
  service?: string | undefined;
  culprit?: string | undefined;
  /** The grouping key that matching events get, within their service. */
  fingerprint: string;
}

export interface FingerprintOptions {
  rules?: readonly FingerprintRule[] | undefined;
}

export interface Fingerprint {
  /** The first 40 hex digits of a SHA-256. */
  fingerprint: string;
  version: 1;
  /** Canonical class name; empty for a log record. */
  type: string;
  code: string | undefined;
  template: string;
  /** What an issue of this key is called. */
  title: string;
  /** "function (file)" of the top in-app frame, else of the top dependency frame. */
  culprit: string | undefined;
  frames: readonly Readonly<Frame>[];
  /** Why the event got its key, one sentence each. */
  explain: readonly string[];
}

/**
 * app: the service's own code. dependency: a package. framework: a package that only passes calls on (express, koa).
 * runtime: helpers, instrumentation, evaluated code. node: the platform itself.
 */
export type FrameKind = 'app' | 'dependency' | 'framework' | 'runtime' | 'node';

export interface Frame {
  /** As written, without `async`, `new` and `[as x]`; undefined where anonymous. */
  function: string | undefined;
  /** Path or URL as written. */
  file: string;
  line: number | undefined;
  column: number | undefined;
  kind: FrameKind;
  /** What the frame adds to the fingerprint; undefined where it adds nothing. */
  key: string | undefined;
  /** Of the service's own frame whose function a minifier named: its file, where a build does not rename that. */
  unit?: string;
}

/** One error of a chain, parsed. */
export interface ErrorNode {
  /** Lines above the frames. */
  header: string;
  type: string;
  code: string | undefined;
  message: string;
  frames: Frame[];
  cause: ErrorNode | undefined;
  errors: ErrorNode[];
}

export const MAX_STACK = 65_536;
export const MAX_FRAMES = 200;
export const MAX_DEPTH = 8;
export const MAX_MEMBERS = 32;
