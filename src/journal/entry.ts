// What a reader returns, in the order of the journal. Each entry has a place, and counts as dealt with by itself: a position
// may be acknowledged when everything in front of it is.

import type { Fact, ResourceFact } from '../record/fact.ts';
import type { Loss } from './sequence.ts';
import type { Position } from './shipped.ts';

export type Entry = FactEntry | GarbageEntry | LossEntry;

interface Place {
  /** Position behind the line: acknowledge this when it is stored. */
  end: Position;
  sizeBytes: number;
}

/** A class for the sake of V8: deliver/line-item.ts. */
export class FactEntry implements Place {
  readonly fact: Exclude<Fact, ResourceFact>;
  readonly resource: ResourceFact;
  readonly end: Position;
  readonly sizeBytes: number;

  constructor(fact: FactEntry['fact'], resource: ResourceFact, end: Position, sizeBytes: number) {
    this.fact = fact;
    this.resource = resource;
    this.end = end;
    this.sizeBytes = sizeBytes;
  }
}

/** A damaged line: what a person can still read of it. How much was lost with it a `LossEntry` says, once for all. */
export interface GarbageEntry extends Place {
  fact?: undefined;
  raw: string;
  reason: string;
  /** The process that wrote the journal. */
  process: string;
}

/** - `damaged`: gone. - `quarantined`: in a file that this version cannot read, put aside. */
export type LossReason = 'damaged' | 'quarantined';

/** Frames that will not come: exact, in the place where they are missing. */
export interface LossEntry extends Place {
  fact?: undefined;
  raw?: undefined;
  loss: Loss;
  reason: LossReason;
  process: string;
  /** Where a quarantined segment is now. */
  path?: string;
}
