// kafkajs 2: a PRODUCER span a call of send, with the trace in the headers of its messages; a CONSUMER span a message, or
// a batch where the application takes batches. Errors come as objects: the instrumentation there is makes a span of each
// message sent, so that one refused call is many errors, and keeps of a handler's error the message alone.

import { type Attributes, context, propagation, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { isObject } from '../../record/thrown.ts';
import { createModuleHook, patchMethod } from './module-hook.ts';
import { type Seam, seamOf } from './seam.ts';
import { inSpan } from './work-span.ts';

type Headers = Record<string, unknown>;

interface Message {
  headers?: Headers;
  offset?: string;
}

interface Outgoing {
  topic: string;
  messages: Message[];
}

interface Producer {
  send(record: Outgoing): Promise<unknown>;
  sendBatch(batch: { topicMessages?: Outgoing[] }): Promise<unknown>;
  transaction?(...values: unknown[]): Promise<Producer>;
}

interface EachMessage {
  topic: string;
  partition: number;
  message: Message;
}

interface EachBatch {
  batch: { topic: string; partition: number; messages: Message[] };
}

interface Handlers {
  eachMessage?: (payload: EachMessage) => Promise<unknown>;
  eachBatch?: (payload: EachBatch) => Promise<unknown>;
}

interface Consumer {
  run(handlers?: Handlers): Promise<void>;
}

const SCOPE = 'rowtrace/kafkajs';

export function createKafkajsHook(): Instrumentation {
  const seam = seamOf('kafkajs');
  return createModuleHook(seam, [{ module: 'kafkajs', versions: ['>=2 <3'], apply: (exports) => hook(exports, seam) }]);
}

function hook(exports: Record<string, unknown>, seam: Seam): void {
  const { prototype } = exports.Kafka as { prototype: object };
  patchMethod(
    prototype,
    'producer',
    (original) =>
      function (this: unknown, ...values: never[]) {
        return watchProducer(original.apply(this, values) as Producer, seam);
      },
  );
  patchMethod(
    prototype,
    'consumer',
    (original) =>
      function (this: unknown, ...values: never[]) {
        const [options] = values as { groupId?: string }[];
        return watchConsumer(original.apply(this, values) as Consumer, seam, options?.groupId);
      },
  );
}

function watchProducer(producer: Producer, seam: Seam): Producer {
  const { send, sendBatch, transaction } = producer;
  producer.send = (record) =>
    seam.active && isSendable(record)
      ? sending([record], ([traced]) => send.call(producer, traced!))
      : send.call(producer, record);
  producer.sendBatch = (batch) =>
    seam.active && Array.isArray(batch?.topicMessages) && batch.topicMessages.every(isSendable)
      ? sending(batch.topicMessages, (topicMessages) => sendBatch.call(producer, { ...batch, topicMessages }))
      : sendBatch.call(producer, batch);
  if (transaction !== undefined)
    producer.transaction = async (...values) => watchProducer(await transaction.apply(producer, values), seam);
  return producer;
}

/** Whatever else is given is for kafkajs to refuse, in its own words. */
function isSendable(record: Outgoing | undefined): boolean {
  return Array.isArray(record?.messages) && record.messages.every(isObject);
}

function sending(records: readonly Outgoing[], send: (records: Outgoing[]) => Promise<unknown>): Promise<unknown> {
  const topics = [...new Set(records.map(({ topic }) => topic))];
  const attributes = attributesOf('send', topics.length === 1 ? topics[0] : undefined);
  const count = records.reduce((sum, { messages }) => sum + messages.length, 0);
  if (count > 1) attributes['messaging.batch.message_count'] = count;
  const name = `send ${topics.join(', ')}`;
  return inSpan({ scope: SCOPE, name, kind: SpanKind.PRODUCER, attributes }, () => send(records.map(withTrace)));
}

/** The messages are the application's; headers are added to copies. */
function withTrace(record: Outgoing): Outgoing {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  const messages = record.messages.map((message) => ({ ...message, headers: { ...message.headers, ...carrier } }));
  return { ...record, messages };
}

function watchConsumer(consumer: Consumer, seam: Seam, group: string | undefined): Consumer {
  const { run } = consumer;
  consumer.run = (handlers = {}) => run.call(consumer, seam.active ? watchHandlers(handlers, group) : handlers);
  return consumer;
}

function watchHandlers({ eachMessage, eachBatch, ...rest }: Handlers, group: string | undefined): Handlers {
  const watched: Handlers = { ...rest };
  if (eachMessage !== undefined)
    watched.eachMessage = (payload) => {
      const { topic, partition, message } = payload;
      const attributes = attributesOf('process', topic, partition, group);
      if (message.offset !== undefined) attributes['messaging.kafka.offset'] = Number(message.offset);
      const parent = propagation.extract(ROOT_CONTEXT, headersAsText(message.headers));
      return processing(topic, attributes, async () => eachMessage(payload), parent);
    };
  if (eachBatch !== undefined)
    watched.eachBatch = (payload) => {
      const { topic, partition, messages } = payload.batch;
      const attributes = attributesOf('process', topic, partition, group);
      attributes['messaging.batch.message_count'] = messages.length;
      return processing(topic, attributes, async () => eachBatch(payload));
    };
  return watched;
}

function processing(topic: string, attributes: Attributes, work: () => Promise<unknown>, parent = ROOT_CONTEXT) {
  return inSpan({ scope: SCOPE, name: `process ${topic}`, kind: SpanKind.CONSUMER, attributes, parent }, work);
}

function attributesOf(operation: string, topic: string | undefined, partition?: number, group?: string): Attributes {
  const attributes: Attributes = {
    'messaging.system': 'kafka',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
  };
  if (topic !== undefined) attributes['messaging.destination.name'] = topic;
  if (partition !== undefined) attributes['messaging.destination.partition.id'] = String(partition);
  if (group !== undefined) attributes['messaging.consumer.group.name'] = group;
  return attributes;
}

/** Values are buffers, or lists of them. */
function headersAsText(headers: Headers = {}): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) texts[name] = String(Array.isArray(value) ? value[0] : value);
  return texts;
}
