// Who the process is, from the resource of a user's own SDK.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Attributes, type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { onceNamed } from '../../src/capture/on-resource.ts';
import { originOf } from '../../src/options/resource.ts';

test('the first resource that names a service is heard of, once; what is still being detected is not waited for', (t) => {
  const problems: unknown[] = [];
  const ignore = () => {};
  const error = (...words: unknown[]) => void problems.push(words);
  const logger: DiagLogger = { error, warn: ignore, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(logger, DiagLogLevel.ERROR);
  t.after(() => diag.disable());
  const heard: Attributes[] = [];
  const onResource = onceNamed((attributes) => heard.push(attributes));
  onResource(undefined);
  onResource(defaultResource());
  const detected = resourceFromAttributes({ 'host.id': new Promise<string>(() => {}), 'service.name': 'detected' });
  onResource(
    defaultResource()
      .merge(detected)
      .merge(resourceFromAttributes({ 'service.name': 'shop' })),
  );
  onResource(resourceFromAttributes({ 'service.name': 'later' }));
  assert.deepEqual(
    heard.map((attributes) => [
      attributes['service.name'],
      attributes['host.id'],
      attributes['telemetry.sdk.language'],
    ]),
    [['shop', undefined, 'nodejs']],
  );
  assert.deepEqual(problems, []);
});

test('options that are given win over the resource; what neither tells stays as it is', () => {
  const none = { service: undefined, environment: undefined, release: undefined };
  const attributes = { 'service.name': 'shop', 'deployment.environment': 'old', 'service.version': '1.2.0' };
  assert.deepEqual(originOf(none, attributes), { service: 'shop', environment: 'old', release: '1.2.0' });
  assert.deepEqual(originOf({ ...none, service: 'given' }, attributes), { environment: 'old', release: '1.2.0' });
  assert.deepEqual(originOf(none, { 'service.name': 'shop' }), { service: 'shop' });
});
