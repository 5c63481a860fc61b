// Types of the decorators under TypeScript's experimentalDecorators; the rest is in ../types.test-d.ts.

import { handleErrors, logCalls } from '../../../src/index.ts';

class Clinic {
  name = 'here';
  @handleErrors({ module: 'clinic', fallback: 0 })
  open(at: number): number {
    return at + this.name.length;
  }
  @logCalls()
  async close(): Promise<string> {
    return this.name;
  }
  @handleErrors()
  @logCalls({ redact: true })
  *patients(): Generator<string> {
    yield this.name;
  }
  @handleErrors()
  static async *all(): AsyncGenerator<Clinic> {
    yield new Clinic();
  }
  // @ts-expect-error methods only
  @logCalls()
  field = 1;
}

export const opened: number = new Clinic().open(5);
export const closed: Promise<string> = new Clinic().close();
export const patients: Generator<string> = new Clinic().patients();
// @ts-expect-error the parameters stay
new Clinic().open('five');
