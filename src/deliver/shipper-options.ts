// What a shipper is given, and what it says about itself.

import type { ArchiveOptions } from '../journal/archive.ts';
import type { DeliveryState } from './batch-writer.ts';
import type { RowRules } from './rules.ts';
import type { Sink } from './sink.ts';

export interface ShipperOptions {
  dir: string;
  sink: Sink;
  rules: RowRules;
  /** `self`: ships `own`. `owner`: ships what applications leave to the embedded owner. Both adopt what dead ones left. */
  mode: 'self' | 'owner';
  /** Journal directory of this process; it need not exist yet. */
  own?: string;
  /** In an application's own thread: pauses do not keep the process alive. */
  background?: boolean;
  /** Keep what was shipped; absent: it is removed. */
  archive?: ArchiveOptions | undefined;
  onProblem?: (message: string) => void;
  onState?: (state: DeliveryState) => void;
  /** How long a row waits for its amendment. Default 5,000. */
  holdMillis?: number;
  /** Held rows and bytes, all journals together. Default 2,000 rows, 8 MiB. */
  holdRows?: number;
  holdBytes?: number;
  /** Largest batch; half of it to begin with, less while the sink is slow. Default 1,000 rows, 2 MiB. */
  batchRows?: number;
  batchBytes?: number;
  /** How often a journal is looked at for more. Default 100. */
  pollMillis?: number;
  /** How often the folder is looked at for other journals. Default 5,000 in mode self, 2,000 in mode owner. */
  scanMillis?: number;
  configMillis?: number;
  /** How often a sink settles that has to (sink.ts). Default 2,000. */
  settleMillis?: number;
  random?: () => number;
}

export interface ShipperStats {
  stored: number;
  duplicates: number;
  /** Occurrences that are counted only. */
  aggregated: number;
  /** Rows that turned out to be part of another one before they were stored. */
  merged: number;
  deadLettered: number;
  /** Records that the sink took neither as row nor as dead letter. */
  refused: number;
  /** Unfinished last lines of dead journals. */
  torn: number;
  /** Frames that are missing in journals, and the occurrences in them. */
  lostFrames: number;
  lostOccurrences: number;
  /** The same of segments in an unknown version, which were put aside. */
  quarantinedFrames: number;
  quarantinedOccurrences: number;
  held: number;
  /** Bytes of journals that are not read yet. */
  pendingBytes: number;
  journals: number;
  state: DeliveryState;
  lastError?: string;
}
