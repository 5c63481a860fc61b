// Resource attributes, of old and new conventions, as the resource of facts.

import type { Attributes } from '../../record/attributes.ts';
import { FACT_VERSION, type ResourceFact } from '../../record/fact.ts';
import { cut, LIMITS } from '../../record/limits.ts';
import type { Scrubber } from '../../record/scrub/scrubber.ts';

/** Worth a tag: where it ran and which code. Not process.command_args, which may hold secrets. */
const TAGS =
  /^(service\.(namespace|instance\.id)|vcs\.(ref\.head\.name|ref\.type|repository\.name|change\.id)|k8s\.(cluster|namespace|pod|deployment|node)\.name|container\.(id|name)|cloud\.(provider|region|platform)|faas\.name|process\.runtime\.(name|version)|browser\.(brands|platform)|device\.|telemetry\.sdk\.version)/;

/** @param receiver process that accounts for the rows: that of the receiver */
export function resourceFactOf(attributes: Attributes, receiver: string, scrubber: Scrubber): ResourceFact {
  const text = (...names: string[]): string | undefined => {
    for (const name of names) {
      const value = attributes[name];
      if (value !== undefined && value !== null && value !== '') return scrubber.text(cut(String(value), LIMITS.name));
    }
    return undefined;
  };
  const tags: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(attributes)) if (TAGS.test(key)) tags[key] = value;
  const pid = Number(attributes['process.pid'] ?? 0);
  const fact: ResourceFact = {
    k: 'resource',
    v: FACT_VERSION,
    process: receiver,
    service: text('service.name') ?? 'unknown_service',
    environment: text('deployment.environment.name', 'deployment.environment') ?? 'unknown',
    host: text('host.name', 'k8s.pod.name', 'container.id') ?? '',
    pid: Number.isSafeInteger(pid) && pid > 0 ? pid : 0,
  };
  const release = text('service.version');
  const buildSha = text('vcs.ref.head.revision', 'vcs.repository.ref.revision');
  const language = text('telemetry.sdk.language');
  if (release !== undefined) fact.release = release;
  if (buildSha !== undefined) fact.buildSha = buildSha;
  if (language !== undefined) fact.language = language;
  if (Object.keys(tags).length > 0) fact.attributes = scrubber.tags(tags);
  return fact;
}
