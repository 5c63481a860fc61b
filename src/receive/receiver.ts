// One request's signals: mapped, written, confirmed. In: decoded groups. Out: what the reply says. Nothing is accepted
// before the store has it.

import { randomInt } from 'node:crypto';
import type { Attributes } from '../record/attributes.ts';
import type { PackFact, ResourceFact } from '../record/fact.ts';
import type { Counters, Door } from './counters.ts';
import { type FactStore, StoreFullError } from './fact-store.ts';
import { digestOf } from './facts/ids.ts';
import { logFacts } from './facts/log-facts.ts';
import type { Mapped } from './facts/mapped.ts';
import { metricFacts } from './facts/metric-facts.ts';
import { resourceFactOf } from './facts/resource.ts';
import type { MapRules } from './facts/rules.ts';
import { spanFacts } from './facts/span-facts.ts';
import { RecentIds } from './recent-ids.ts';
import type { LogSignal, MetricSignal, ResourceGroup, Signal, SignalItems, SpanSignal } from './signals.ts';

export interface Accepted {
  /** Rows among what was accepted. */
  taken: number;
  rejected: number;
  /** Why something was rejected, or what else the sender should know. */
  message?: string | undefined;
}

export interface ReceiverOptions {
  /** Process id of the receiver; its ledger accounts for all rows. */
  process: string;
  rules: MapRules;
  store: FactStore;
  counters: Counters;
}

/** A request. */
interface Bringer {
  /** Until its rows are on the disk: a sender that lost patience sends them again. */
  underWay: Promise<void> | undefined;
}

type Groups<S extends Signal> = ResourceGroup<SignalItems[S]>[];

/** About how many characters of facts a line of the journal holds; its bound is 1 Mi. */
const PACK_CHARS = 128 * 1024;
/** Of an `int` in Postgres. Two requests that brought the same row and drew the same number are taken for one. */
const MAX_ACCEPTANCE = 2 ** 31 - 1;

export class Receiver {
  readonly #options: ReceiverOptions;
  /** By whom each row came. */
  readonly #recent = new RecentIds<Bringer>();

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /** @throws what the store throws */
  async accept<S extends Signal>(signal: S, groups: Groups<S>, door: Door = signal): Promise<Accepted> {
    const { process, rules } = this.#options;
    const acceptance = randomInt(1, MAX_ACCEPTANCE);
    const mapped = groups.map((group) => {
      const resource = { ...resourceFactOf(group.resource, process, rules.scrubber), acceptance };
      return { resource, ...this.#map(signal, group, resource) };
    });
    const undo = [rules.memory.undo.take(), rules.streams.undo.take()];
    const noteKept = rules.untold.take();
    const noteMeasured = rules.spans?.end();
    const accepted = await this.#write(door, countItems(groups), mapped, (kept, isWhole) => {
      noteKept(kept);
      // What is written whole becomes rows, though nobody was told: what comes again has to find that.
      if (!isWhole) for (const one of undo) one();
    });
    noteMeasured?.();
    return accepted;
  }

  async #write(
    door: Door,
    received: number,
    mapped: (Mapped & { resource: ResourceFact })[],
    onRefused: (kept: ReadonlySet<string>, isWhole: boolean) => void,
  ): Promise<Accepted> {
    const { counters, store } = this.#options;
    const packs: PackFact[] = [];
    const ids = new Set<string>();
    const others = new Set<Promise<void>>();
    let rows = 0;
    let rejected = 0;
    for (const { resource, facts, rejected: left } of mapped) {
      rejected += left;
      const fresh = facts.filter((fact) => {
        if (fact.k !== 'log') return true;
        rows++;
        if (ids.has(fact.id)) return false;
        const other = this.#recent.get(fact.id);
        if (other === undefined) {
          ids.add(fact.id);
          return true;
        }
        if (other.underWay) others.add(other.underWay);
        return false;
      });
      packs.push(...packsOf(resource, fresh));
    }
    counters.received[door] += received;
    counters.rejected[door] += rejected;
    if (rows > 0 || packs.length > 0) {
      // Of what is not known here any more, or was written of a request that was refused, delivery finds that it repeats.
      const repeated = rows - ids.size;
      const kept: PackFact[] = [];
      counters.accepted += rows;
      counters.repeated += repeated;
      try {
        const written = store.write(packs, counters.ledger(), (pack) => kept.push(pack));
        const bringer: Bringer = { underWay: written };
        this.#recent.add(ids, bringer);
        await written;
        bringer.underWay = undefined;
      } catch (error) {
        this.#recent.forget(ids);
        const keptIds = new Set(
          kept.flatMap(({ facts }) => facts.flatMap((fact) => (fact.k === 'log' ? [fact.id] : []))),
        );
        counters.accepted += keptIds.size - rows;
        counters.repeated -= repeated;
        // Whatever else went wrong, a failed sync for instance: nobody knows that it is on the disk.
        onRefused(keptIds, countFacts(kept) === countFacts(packs) && error instanceof StoreFullError);
        throw error;
      }
      // What is its own is stored, whatever becomes of the requests that it repeats a part of.
      await Promise.all(others);
    }
    return { taken: rows, rejected, message: mapped.find(({ reason }) => reason !== undefined)?.reason };
  }

  #map(signal: Signal, group: ResourceGroup<unknown>, resource: ResourceFact): Mapped {
    const { rules } = this.#options;
    if (signal === 'logs') return logFacts(group as ResourceGroup<LogSignal>, resource, rules);
    const sender = senderOf(group.resource);
    if (signal === 'traces') return spanFacts(group as ResourceGroup<SpanSignal>, resource, sender, rules);
    return metricFacts(group as ResourceGroup<MetricSignal>, resource, sender, rules);
  }
}

function countFacts(packs: readonly PackFact[]): number {
  return packs.reduce((sum, { facts }) => sum + facts.length, 0);
}

export function countItems(groups: ResourceGroup<unknown>[]): number {
  return groups.reduce((sum, { scopes }) => sum + scopes.reduce((count, { items }) => count + items.length, 0), 0);
}

/**
 * Whose numbers histograms are: one run of one process, as far as the resource tells. An instance id is unique within its
 * service.namespace and service.name only (semantic conventions, service attributes).
 */
function senderOf(resource: Attributes): string {
  const { 'service.namespace': namespace, 'service.name': name, 'service.instance.id': instance } = resource;
  const told = instance === undefined ? resource : [namespace, name, instance];
  return `otlp-${digestOf(JSON.stringify(told)).slice(0, 24)}`;
}

function packsOf(resource: ResourceFact, facts: PackFact['facts']): PackFact[] {
  const packs: PackFact[] = [];
  let chars = Number.POSITIVE_INFINITY;
  for (const fact of facts) {
    if (chars > PACK_CHARS) {
      packs.push({ k: 'pack', resource, facts: [] });
      chars = 0;
    }
    packs.at(-1)!.facts.push(fact);
    chars += roughChars(fact);
  }
  return packs;
}

/** Texts are what makes a fact long; tags are bounded by a fraction of a pack. */
function roughChars(fact: PackFact['facts'][number]): number {
  if (fact.k !== 'log') return 1_024;
  return 1_024 + fact.message.length + (fact.error?.message.length ?? 0) + (fact.error?.stack?.length ?? 0);
}
