// Traces to look at for a latency. In: every measured span as it ends. Out: a few an operation and collection, spread over
// the latencies. The SDK samples none. Bounded: six latencies an operation, two thousand operations.

import type { Exemplar, Operation } from '../record/fact.ts';
import { operationKey } from '../record/operation-bound.ts';

const MAX_OPERATIONS = 2000;
const MAX_CELLS = 6;

interface Cell {
  row: number;
  seen: number;
  exemplar: Exemplar;
}

export class Exemplars {
  readonly #operations = new Map<string, Cell[]>();
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** @param key operationKey() of the span */
  note(key: string, seconds: number, endedAt: number, span: { traceId: string; spanId: string }): void {
    if (!(seconds > 0)) return;
    let cells = this.#operations.get(key);
    if (cells === undefined) {
      if (this.#operations.size >= MAX_OPERATIONS) return;
      cells = [];
      this.#operations.set(key, cells);
    }
    // As wide as a cell of the heat map: two to a doubling.
    const row = Math.ceil(Math.log2(seconds) * 2);
    for (const cell of cells) {
      if (cell.row !== row) continue;
      // Each of the n spans of a cell is kept with the same chance, 1/n.
      if (this.#random() * ++cell.seen < 1) cell.exemplar = [seconds, endedAt, span.traceId, span.spanId];
      return;
    }
    const made: Cell = { row, seen: 1, exemplar: [seconds, endedAt, span.traceId, span.spanId] };
    if (cells.length < MAX_CELLS) cells.push(made);
    else replaceFastest(cells, made);
  }

  take(operation: Operation): Exemplar[] | undefined {
    return this.#operations.get(operationKey(operation))?.map(({ exemplar }) => exemplar);
  }

  clear(): void {
    this.#operations.clear();
  }
}

/** The slow ones are those that somebody will want to see. */
function replaceFastest(cells: Cell[], made: Cell): void {
  let fastest = 0;
  for (let at = 1; at < cells.length; at++) if (cells[at]!.row < cells[fastest]!.row) fastest = at;
  if (cells[fastest]!.row < made.row) cells[fastest] = made;
}
