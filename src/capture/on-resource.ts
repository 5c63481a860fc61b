// The resource of a user's own SDK, by the spans, log records and collections that carry it: who the process is. In: each of
// them. Out: its attributes, once, from the first that names a service.

import type { Attributes } from '@opentelemetry/api';

/** What the SDK lines 2.12 and 3 have in common. */
interface SdkResource {
  getRawAttributes?(): [name: string, value: unknown][];
}

/** Never throws. */
export type OnResource = (resource: SdkResource | undefined) => void;

export function onceNamed(onNamed: (attributes: Attributes) => void): OnResource {
  let last: SdkResource | undefined;
  let isNamed = false;
  return (resource) => {
    if (isNamed || resource === undefined || resource === last) return;
    last = resource;
    const attributes = settled(resource);
    // An SDK that was told no name makes one of its own.
    if (/^(unknown_service|$)/.test(String(attributes['service.name'] ?? ''))) return;
    isNamed = true;
    onNamed(attributes);
  };
}

/** Without those that are still being detected; to ask for `attributes` meanwhile would be reported as an error. */
function settled(resource: SdkResource): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of resource.getRawAttributes?.() ?? []) {
    // Of several, the first is in force.
    if (typeof value === 'string') attributes[name] ??= value;
  }
  return attributes;
}
