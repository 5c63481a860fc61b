// createProcessors().alwaysRecord(): the sampler it is given, or the one that the environment names.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { AlwaysOnSampler, SamplingDecision } from '@opentelemetry/sdk-trace';
import { createProcessors } from '../../src/processors.ts';
import { folderFor } from '../support/folder.ts';

/** @returns the decision of the sampler in an environment */
async function decision(t: TestContext, named: string, given?: AlwaysOnSampler): Promise<SamplingDecision> {
  process.env.OTEL_TRACES_SAMPLER = named;
  const rowtrace = createProcessors({ dir: folderFor(t) });
  delete process.env.OTEL_TRACES_SAMPLER;
  const sampler = rowtrace.alwaysRecord(given);
  const { decision } = sampler.shouldSample(
    ROOT_CONTEXT,
    '4bf92f3577b34da6a3ce929d0e0e4736',
    'a',
    SpanKind.SERVER,
    {},
    [],
  );
  await rowtrace.shutdown();
  return decision;
}

test('without a sampler of its own it is that of OTEL_TRACES_SAMPLER; what that leaves out is recorded, not sampled', async (t) => {
  assert.equal(await decision(t, 'always_off'), SamplingDecision.RECORD);
  assert.equal(await decision(t, 'always_on'), SamplingDecision.RECORD_AND_SAMPLED);
  assert.equal(await decision(t, 'always_off', new AlwaysOnSampler()), SamplingDecision.RECORD_AND_SAMPLED);
});
