// The room's face: a LogFact in; the same with the stacks of its errors mapped to original source, the source around the
// culprit, and what could not be mapped out. Never throws: what goes wrong leaves the stack as it was caught.

import type { ErrorFact, LogFact, ResourceFact } from '../record/fact.ts';
import type { SourceContext, UnmappedFile } from '../record/row.ts';
import { createScrubber } from '../record/scrub/scrubber.ts';
import { Builds } from './builds.ts';
import { LIMITS } from './limits.ts';
import { Lru } from './lru.ts';
import { mapError, type StackFindings } from './map-error.ts';
import { Run } from './run.ts';
import { isSameMachine } from './same-machine.ts';

export interface MappedLog {
  /** The given one where nothing was mapped. */
  fact: LogFact;
  context?: SourceContext;
  unmapped?: UnmappedFile[];
}

export interface SourceMapper {
  map(fact: LogFact, resource: ResourceFact): MappedLog;
}

export interface SourceMapperOptions {
  /** Unix milliseconds. */
  now?: () => number;
  isHere?: (resource: ResourceFact) => boolean;
  builds?: Builds;
}

export function createSourceMapper(options: SourceMapperOptions = {}): SourceMapper {
  const { now = Date.now, isHere = isSameMachine, builds = new Builds(now) } = options;
  const scrubber = createScrubber();
  const runs = new Lru<string, { run: Run | undefined }>(LIMITS.runs);
  let last: ResourceFact | undefined;
  let lastRun: Run | undefined;

  /** undefined where its paths mean nothing here. */
  function runOf(resource: ResourceFact): Run | undefined {
    // Of one journal they come one behind the other.
    if (resource === last) return lastRun;
    const key = `${resource.process} ${resource.startedAt} ${resource.host}`;
    let known = runs.get(key);
    known ??= { run: isHere(resource) ? new Run(resource.startedAt!, builds, scrubber) : undefined };
    runs.set(key, known, 1);
    last = resource;
    lastRun = known.run;
    return lastRun;
  }

  function map(fact: LogFact, resource: ResourceFact): MappedLog {
    const run = runOf(resource);
    if (run === undefined) return { fact };
    const found: StackFindings = { lines: 0, culprit: undefined, keyed: false };
    const error = mapError(fact.error as ErrorFact, run, now(), found);
    const context = found.culprit === undefined ? undefined : run.context(found.culprit);
    return {
      fact: error === fact.error ? fact : { ...fact, error },
      ...(context === undefined ? {} : { context }),
      ...(found.unmapped === undefined ? {} : { unmapped: [...found.unmapped.values()] }),
    };
  }

  return {
    map: (fact, resource) => {
      try {
        if (typeof fact.error !== 'object' || fact.error === null) return { fact };
        return map(fact, resource);
      } catch {
        return { fact };
      }
    },
  };
}
