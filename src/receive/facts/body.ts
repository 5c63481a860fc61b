// The words of a log record. A body of any AnyValue shape in, text out; of a structured one that names its message, the
// rest becomes a tag.

const MESSAGE_KEYS = ['message', 'msg', 'event'];

export function bodyOf(body: unknown, tags: Record<string, unknown>): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body !== 'object') return String(body);
  if (!Array.isArray(body)) {
    const fields = body as Record<string, unknown>;
    const key = MESSAGE_KEYS.find((name) => Object.hasOwn(fields, name) && typeof fields[name] === 'string');
    if (key !== undefined) {
      const { [key]: message, ...rest } = fields;
      if (Object.keys(rest).length > 0) tags['log.body'] = rest;
      return message as string;
    }
  }
  return JSON.stringify(body);
}
