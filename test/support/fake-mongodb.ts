// The few commands of MongoDB's wire protocol that a driver sends to connect, find and insert; an insert is refused.
// There is no MongoDB in the package sources a test can use; what is shown with this is shown without a server.

import { createRequire } from 'node:module';
import { createServer, type Server } from 'node:net';

// The driver's own, so that the versions fit.
const { deserialize, Long, serialize } = createRequire(createRequire(import.meta.url).resolve('mongodb'))('bson');

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const HEADER_BYTES = 16;

const HELLO = { ismaster: true, isWritablePrimary: true, helloOk: true, maxWireVersion: 25, minWireVersion: 0, ok: 1 };

export function fakeMongodb(): Promise<Server> {
  const server = createServer((socket) => {
    let buffered = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (data: Buffer) => {
      buffered = Buffer.concat([buffered, data]);
      while (buffered.length >= HEADER_BYTES && buffered.length >= buffered.readInt32LE(0)) {
        const size = buffered.readInt32LE(0);
        socket.write(answer(buffered.subarray(0, size)));
        buffered = buffered.subarray(size);
      }
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function answer(message: Buffer): Buffer {
  const requestId = message.readInt32LE(4);
  const opcode = message.readInt32LE(12);
  if (opcode === OP_QUERY) {
    // flags, cursor, from, number returned
    const fields = Buffer.alloc(20);
    fields.writeInt32LE(8, 0);
    fields.writeInt32LE(1, 16);
    return frame(OP_REPLY, requestId, Buffer.concat([fields, serialize(HELLO)]));
  }
  // flag bits, then one section of kind 0: the command.
  const command = deserialize(message.subarray(HEADER_BYTES + 5));
  return frame(OP_MSG, requestId, Buffer.concat([Buffer.alloc(5), serialize(replyTo(command))]));
}

function replyTo(command: Record<string, unknown>): object {
  if ('find' in command) return { cursor: { id: Long.ZERO, ns: 'kennel.dogs', firstBatch: [{ id: '7' }] }, ok: 1 };
  if ('insert' in command)
    return { ok: 0, code: 121, codeName: 'DocumentValidationFailure', errmsg: 'a dog needs a name' };
  return 'hello' in command || 'ismaster' in command ? HELLO : { ok: 1 };
}

function frame(opcode: number, responseTo: number, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeInt32LE(HEADER_BYTES + body.length, 0);
  header.writeInt32LE(responseTo, 8);
  header.writeInt32LE(opcode, 12);
  return Buffer.concat([header, body]);
}
