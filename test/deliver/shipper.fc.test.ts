import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { BatchWriter } from '../../src/deliver/batch-writer.ts';
import { Follower } from '../../src/deliver/follower.ts';
import { HoldBudget } from '../../src/deliver/hold.ts';
import { takeBatch } from '../../src/deliver/item.ts';
import { recordRules } from '../../src/deliver/rules.ts';
import { logFact, testJournal } from '../support/journals.ts';
import { ScriptedSink } from '../support/scripted-sink.ts';

const step = fc.constantFrom('ok', 'ok', 'after', 'outage', 'slow', 'config') as fc.Arbitrary<
  ScriptedSink['script'][number]
>;
const action = fc.record({
  kind: fc.constantFrom('plain', 'held', 'poison', 'amend', 'merge', 'crash', 'pump', 'garbage'),
  pick: fc.nat(),
});

/** Without the shipper's clock: followers and writer are driven by hand, so that a thousand runs take seconds. */
test('whatever fails and whenever delivery crashes, every record ends in exactly one place', async () => {
  const property = fc.asyncProperty(
    fc.array(action, { minLength: 5, maxLength: 60 }),
    fc.array(step, { maxLength: 40 }),
    fc.integer({ min: 1, max: 12 }),
    async (actions, script, batchRows) => {
      const dir = mkdtempSync(join(tmpdir(), 'rowtrace-fc-'));
      const sink = new ScriptedSink();
      sink.script = [...script];
      sink.poison = /poison/;
      let merged = 0;
      const options = {
        rules: recordRules({}),
        budget: new HoldBudget(5, 1e6),
        holdMillis: 1e9,
        onAbsorbed: () => {
          merged++;
        },
        isLastOf: () => true,
      };
      const newWriter = () =>
        new BatchWriter({
          sink,
          batchRows,
          batchBytes: 1e6,
          configMillis: 0,
          random: Math.random,
          sleep: async () => {},
          onProblem: () => {},
          onState: () => {},
        });
      const journal = testJournal(dir, { segmentBytes: 1500 });
      const accepted: string[] = [];
      const mayMerge = new Set<string>();
      try {
        journal.appendNow(logFact('first'));
        const own = journal.dir!;
        let follower = new Follower(own, false, options);
        let writer = newWriter();
        const pump = async () => {
          const queue = follower.pump(performance.now());
          while (queue.length > 0) await writer.deliver(takeBatch(queue, writer.limits));
          follower.acknowledge(follower.reached);
        };
        for (const { kind, pick } of actions) {
          const ref = { id: accepted[pick % (accepted.length || 1)] ?? '', t: Date.now() };
          if (kind === 'amend' && ref.id) journal.appendNow({ k: 'amend', rows: [ref], status: 500, final: true });
          if (kind === 'merge' && ref.id) {
            mayMerge.add(ref.id);
            const into = logFact('into', { absorbs: [ref] });
            accepted.push(into.id);
            journal.appendNow(into);
          }
          if (kind === 'garbage') journal.appendNow({ garbage: true } as never);
          if (kind === 'plain' || kind === 'held' || kind === 'poison') {
            const fact = logFact(kind, kind === 'held' ? { hold: true } : {});
            accepted.push(fact.id);
            journal.appendNow(fact);
          }
          if (kind === 'pump') await pump();
          if (kind === 'crash') {
            // What was read and not acknowledged is forgotten.
            follower.pump(performance.now());
            follower.close();
            writer = newWriter();
            follower = new Follower(own, false, options);
          }
        }
        journal.close();
        follower.writerDied();
        for (let n = 0; n < 1000 && !follower.isFinished; n++) await pump();
        assert.ok(follower.isFinished);
        follower.remove();
        const letters = new Set(sink.deadLetters.map(({ event_id }) => event_id));
        const nowhere = accepted.filter((id) => !sink.logs.has(id) && !letters.has(id) && !mayMerge.has(id));
        assert.deepEqual(nowhere, []);
        assert.equal(sink.logs.size, new Set([...sink.logs.keys()]).size);
        assert.ok(merged <= actions.length * 2);
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    },
  );
  await fc.assert(property, { numRuns: 150 });
});
