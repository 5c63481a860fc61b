// The requests of Kafka's wire protocol that a producer and a consumer of one group send, in old versions: one broker, one
// partition a topic. Batches are kept as they came and handed on. The topic `forbidden` refuses what is written to it. There
// is no Kafka in the package sources a test can use; what is shown with this is shown without a server.

import { createServer, type Server, type Socket } from 'node:net';

/** Of each request the one version that is understood, by its key. */
const VERSIONS: Readonly<Record<number, [version: number, handler: Handler]>> = {
  0: [3, produce],
  1: [4, fetchBatches],
  2: [0, listOffsets],
  3: [0, metadata],
  8: [2, commitOffsets],
  9: [1, fetchOffsets],
  10: [0, coordinator],
  11: [0, joinGroup],
  12: [0, noError],
  13: [0, noError],
  14: [0, syncGroup],
  18: [0, apiVersions],
};

const UNSUPPORTED_VERSION = 35;
const TOPIC_AUTHORIZATION_FAILED = 29;
const FORBIDDEN = 'forbidden';

interface Log {
  batches: { from: number; next: number; bytes: Buffer }[];
  next: number;
}

interface Broker {
  port: number;
  logs: Map<string, Log>;
  /** Called when something was written. */
  waiting: Set<() => void>;
}

type Handler = (request: Reader, broker: Broker) => Writer | Promise<Writer>;

export function fakeKafka(): Promise<Server> {
  const broker: Broker = { port: 0, logs: new Map(), waiting: new Set() };
  const server = createServer((socket) => {
    let buffered = Buffer.alloc(0);
    let answered = Promise.resolve();
    socket.on('error', () => {});
    socket.on('data', (data: Buffer) => {
      buffered = Buffer.concat([buffered, data]);
      while (buffered.length >= 4 && buffered.length >= 4 + buffered.readInt32BE(0)) {
        const size = 4 + buffered.readInt32BE(0);
        const request = new Reader(buffered.subarray(4, size));
        // In order: Kafka answers each connection that way.
        answered = answered.then(() => answer(request, broker, socket));
        buffered = buffered.subarray(size);
      }
    });
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      broker.port = (server.address() as { port: number }).port;
      resolve(server);
    }),
  );
}

async function answer(request: Reader, broker: Broker, socket: Socket): Promise<void> {
  const [key, version] = [request.int16(), request.int16()];
  const correlation = request.int32();
  request.string();
  const [known, handler] = VERSIONS[key] ?? [];
  // Clients ask for the versions in the newest version they know, and then in older ones.
  const isKnown = handler !== undefined && known === version;
  const body = (isKnown ? await handler(request, broker) : new Writer().int16(UNSUPPORTED_VERSION)).bytes;
  const header = new Writer().int32(4 + body.length).int32(correlation).bytes;
  socket.write(Buffer.concat([header, body]));
}

function apiVersions(): Writer {
  return new Writer()
    .int16(0)
    .array(Object.entries(VERSIONS), (writer, [key, [version]]) =>
      writer.int16(Number(key)).int16(version).int16(version),
    );
}

function metadata(request: Reader, { port }: Broker): Writer {
  const topics = request.array(() => request.string());
  return new Writer()
    .array([port], (writer) => writer.int32(0).string('127.0.0.1').int32(port))
    .array(topics, (writer, topic) =>
      writer
        .int16(0)
        .string(topic)
        .array([0], (one) => one.int16(0).int32(0).int32(0).array([0], node).array([0], node)),
    );
}

function node(writer: Writer, id: number): Writer {
  return writer.int32(id);
}

function produce(request: Reader, broker: Broker): Writer {
  request.string();
  request.int16();
  request.int32();
  const written = topicsOf(request, () => {
    const partition = request.int32();
    return { partition, batch: request.data() };
  });
  const answer = new Writer().array(written, (writer, { topic, partitions }) =>
    writer.string(topic).array(partitions, (one, { partition, batch }) => {
      const refused = topic === FORBIDDEN;
      const offset = refused ? -1 : append(logOf(broker, topic), batch);
      return one
        .int32(partition)
        .int16(refused ? TOPIC_AUTHORIZATION_FAILED : 0)
        .int64(offset)
        .int64(-1);
    }),
  );
  for (const wake of broker.waiting) wake();
  return answer.int32(0);
}

/** A batch says where it begins (its first eight bytes) and by how much its last record is further (byte 23). */
function append(log: Log, batch: Buffer): number {
  const from = log.next;
  const bytes = Buffer.from(batch);
  bytes.writeBigInt64BE(BigInt(from), 0);
  log.next = from + bytes.readInt32BE(23) + 1;
  log.batches.push({ from, next: log.next, bytes });
  return from;
}

async function fetchBatches(request: Reader, broker: Broker): Promise<Writer> {
  request.int32();
  const waitMillis = request.int32();
  request.int32();
  request.int32();
  request.int8();
  const asked = topicsOf(request, () => {
    const [partition, offset] = [request.int32(), request.int64()];
    request.int32();
    return { partition, offset };
  });
  const hasNews = asked.some(({ topic, partitions }) =>
    partitions.some(({ offset }) => offset < logOf(broker, topic).next),
  );
  if (!hasNews) await written(broker, waitMillis);
  return new Writer().int32(0).array(asked, (writer, { topic, partitions }) =>
    writer.string(topic).array(partitions, (one, { partition, offset }) => {
      const { batches, next } = logOf(broker, topic);
      const found = batches.filter((batch) => batch.next > offset).map(({ bytes }) => bytes);
      return one.int32(partition).int16(0).int64(next).int64(next).int32(0).data(Buffer.concat(found));
    }),
  );
}

function written({ waiting }: Broker, millis: number): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      waiting.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, millis);
    waiting.add(wake);
  });
}

function listOffsets(request: Reader, broker: Broker): Writer {
  request.int32();
  const asked = topicsOf(request, () => {
    const [partition, time] = [request.int32(), request.int64()];
    request.int32();
    return { partition, isFirst: time === -2 };
  });
  return new Writer().array(asked, (writer, { topic, partitions }) =>
    writer.string(topic).array(partitions, (one, { partition, isFirst }) =>
      one
        .int32(partition)
        .int16(0)
        .array([isFirst ? 0 : logOf(broker, topic).next], (offset, at) => offset.int64(at)),
    ),
  );
}

function fetchOffsets(request: Reader): Writer {
  request.string();
  const asked = topicsOf(request, () => request.int32());
  return new Writer().array(asked, (writer, { topic, partitions }) =>
    writer.string(topic).array(partitions, (one, partition) => one.int32(partition).int64(-1).string('').int16(0)),
  );
}

function commitOffsets(request: Reader): Writer {
  request.string();
  request.int32();
  request.string();
  request.int64();
  const committed = topicsOf(request, () => {
    const partition = request.int32();
    request.int64();
    request.string();
    return partition;
  });
  return new Writer().array(committed, (writer, { topic, partitions }) =>
    writer.string(topic).array(partitions, (one, partition) => one.int32(partition).int16(0)),
  );
}

function coordinator(_request: Reader, { port }: Broker): Writer {
  return new Writer().int16(0).int32(0).string('127.0.0.1').int32(port);
}

/** The one member leads the group. */
function joinGroup(request: Reader): Writer {
  request.string();
  request.int32();
  request.string();
  request.string();
  const [protocol] = request.array(() => ({ name: request.string(), metadata: request.data() }));
  return new Writer()
    .int16(0)
    .int32(1)
    .string(protocol!.name)
    .string('member-1')
    .string('member-1')
    .array([protocol!.metadata], (writer, metadata) => writer.string('member-1').data(metadata));
}

function syncGroup(request: Reader): Writer {
  request.string();
  request.int32();
  request.string();
  const [assignment] = request.array(() => {
    request.string();
    return request.data();
  });
  return new Writer().int16(0).data(assignment!);
}

function noError(): Writer {
  return new Writer().int16(0);
}

function topicsOf<T>(request: Reader, partition: () => T): { topic: string; partitions: T[] }[] {
  return request.array(() => ({ topic: request.string(), partitions: request.array(partition) }));
}

function logOf({ logs }: Broker, topic: string): Log {
  let log = logs.get(topic);
  if (log === undefined) {
    log = { batches: [], next: 0 };
    logs.set(topic, log);
  }
  return log;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#step(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#step(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#step(4));
  }

  int64(): number {
    return Number(this.#bytes.readBigInt64BE(this.#step(8)));
  }

  /** Null reads as ''. */
  string(): string {
    const size = Math.max(0, this.int16());
    const from = this.#step(size);
    return this.#bytes.toString('utf8', from, from + size);
  }

  data(): Buffer {
    const size = Math.max(0, this.int32());
    const from = this.#step(size);
    return this.#bytes.subarray(from, from + size);
  }

  array<T>(element: () => T): T[] {
    return Array.from({ length: Math.max(0, this.int32()) }, element);
  }

  #step(size: number): number {
    this.#at += size;
    return this.#at - size;
  }
}

class Writer {
  bytes: Buffer = Buffer.alloc(0);

  int16(value: number): this {
    return this.#add(2, (bytes) => bytes.writeInt16BE(value));
  }

  int32(value: number): this {
    return this.#add(4, (bytes) => bytes.writeInt32BE(value));
  }

  int64(value: number): this {
    return this.#add(8, (bytes) => bytes.writeBigInt64BE(BigInt(value)));
  }

  string(value: string): this {
    return this.int16(Buffer.byteLength(value)).#append(Buffer.from(value));
  }

  data(value: Buffer): this {
    return this.int32(value.length).#append(value);
  }

  array<T>(values: readonly T[], element: (writer: this, value: T) => unknown): this {
    this.int32(values.length);
    for (const value of values) element(this, value);
    return this;
  }

  #add(size: number, write: (bytes: Buffer) => void): this {
    const bytes = Buffer.alloc(size);
    write(bytes);
    return this.#append(bytes);
  }

  #append(bytes: Buffer): this {
    this.bytes = Buffer.concat([this.bytes, bytes]);
    return this;
  }
}
