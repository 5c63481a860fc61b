// What kafkajs refuses it refuses in its own words. Messages on a connection: test/preload/workers.test.ts.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { createKafkajsHook } from '../../../src/capture/frameworks/kafkajs.ts';

type Send = (record: unknown) => Promise<unknown>;
interface Kafkajs {
  Kafka: new (options: object) => { producer(): { send: Send; sendBatch: Send } };
  logLevel: { NOTHING: number };
}

const RECORDS = [
  undefined,
  null,
  { topic: 'kennel' },
  { topic: 'kennel', messages: 'walk' },
  { topic: 'kennel', messages: {} },
  { topic: 'kennel', messages: [null] },
];
const BATCHES = [
  undefined,
  {},
  { topicMessages: 'walk' },
  { topicMessages: [null] },
  { topicMessages: RECORDS.slice(2) },
];

test('records that kafkajs refuses give its own errors', async (t) => {
  const load = () => createRequire(import.meta.url)('kafkajs') as Kafkajs;
  const refused = async ({ Kafka, logLevel }: Kafkajs) => {
    const producer = new Kafka({ brokers: ['localhost:1'], logLevel: logLevel.NOTHING }).producer();
    const sent = [
      ...RECORDS.map((record) => producer.send(record)),
      ...BATCHES.map((batch) => producer.sendBatch(batch)),
    ];
    return Promise.all(sent.map((one) => one.then(() => assert.fail('taken'), String)));
  };
  const expected = await refused(load());
  t.after(registerInstrumentations({ instrumentations: [createKafkajsHook()] }));
  assert.deepEqual(await refused(load()), expected);
});
