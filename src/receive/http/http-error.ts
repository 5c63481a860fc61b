/** An answer other than 200. */
export class HttpError extends Error {
  readonly status: number;
  /** Seconds after which the sender may come again. */
  readonly retryAfter: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    options: { retryAfter?: number; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.name = 'HttpError';
    this.status = status;
    this.retryAfter = options.retryAfter;
    this.headers = options.headers ?? {};
  }
}
