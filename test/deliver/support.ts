// A shipper for tests: real journals and rules, short pauses, closed with the test.

import type { TestContext } from 'node:test';
import { recordRules } from '../../src/deliver/rules.ts';
import { Shipper } from '../../src/deliver/shipper.ts';
import type { ShipperOptions } from '../../src/deliver/shipper-options.ts';
import type { Sink } from '../../src/deliver/sink.ts';

export function startShipper(t: TestContext, dir: string, sink: Sink, more: Partial<ShipperOptions> = {}): Shipper {
  const options: ShipperOptions = {
    dir,
    sink,
    rules: recordRules({}),
    mode: 'self',
    pollMillis: 5,
    scanMillis: 20,
    ...more,
  };
  const shipper = new Shipper(options);
  t.after(() => shipper.close());
  shipper.start();
  return shipper;
}
