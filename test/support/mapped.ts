// What becomes of OTLP requests without a database: a receiver over a store in memory, and the rows that a sink would have
// after it. Amendments are applied and absorbed rows are gone, as in exporters/postgres.

import { Counters } from '../../src/receive/counters.ts';
import { decode } from '../../src/receive/decode/decode.ts';
import { Receiver } from '../../src/receive/receiver.ts';
import type { PackFact } from '../../src/record/fact.ts';
import { type Carrier, findCarrier } from '../../src/record/occurrence.ts';
import { mapRules } from './map-rules.ts';

export interface MappedRow {
  message: string;
  route: string | undefined;
  status: number | undefined;
}

export class Mapped {
  readonly #rows = new Map<string, MappedRow>();
  readonly #carriers = new Map<string, Carrier[]>();
  readonly #receiver = new Receiver({
    process: 'p',
    rules: { ...mapRules(), callSampleRate: 0 },
    counters: new Counters(),
    store: {
      fill: () => 0,
      isStuck: () => false,
      write: async (packs, _ledger, onWritten) => {
        for (const pack of packs) {
          this.#store(pack);
          onWritten(pack);
        }
      },
    },
  });

  async send(signal: 'traces' | 'logs', body: object): Promise<void> {
    const { groups } = decode(signal, 'json', Buffer.from(JSON.stringify(body)));
    await this.#receiver.accept(signal, groups as never);
  }

  rows(): MappedRow[] {
    return [...this.#rows.values()];
  }

  #store({ facts }: PackFact): void {
    for (const fact of facts) {
      if (fact.k === 'amend') {
        const { route, status } = fact;
        for (const { id } of fact.rows) {
          const row = this.#rows.get(id);
          if (row) Object.assign(row, { route: route ?? row.route, status: status ?? row.status });
        }
      }
      if (fact.k !== 'log') continue;
      for (const { id } of fact.absorbs ?? []) this.#rows.delete(id);
      const { id, t, message, route, status } = fact;
      if (fact.occurrence !== undefined) {
        const { key, ...placed } = fact.occurrence;
        const known = this.#carriers.get(key) ?? [];
        const same = findCarrier(known, { id, ...placed });
        this.#carriers.set(key, [...known, { id, into: same?.into ?? id, t, ...placed }]);
        if (same !== undefined) continue;
      }
      this.#rows.set(id, { message, route, status });
    }
  }
}
