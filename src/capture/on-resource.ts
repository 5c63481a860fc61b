// The resource of a user's own SDK, by the spans, log records and collections that carry it: who the process is. In: each of
// them. Out: its attributes, once, from the first that names a service.

import type { Attributes } from '@opentelemetry/api';

interface SdkResource {
  /** Since 2.0. */
  getRawAttributes?(): [name: string, value: unknown][];
  attributes?: Attributes;
  asyncAttributesPending?: boolean | undefined;
}

/** Never throws. */
export type OnResource = (resource: SdkResource | undefined) => void;

export function onceNamed(onNamed: (attributes: Attributes) => void): OnResource {
  let last: SdkResource | undefined;
  let isNamed = false;
  return (resource) => {
    if (isNamed || resource === undefined || resource === last) return;
    const attributes = settled(resource);
    if (attributes === undefined) return;
    last = resource;
    // An SDK that was told no name makes one of its own.
    if (/^(unknown_service|$)/.test(String(attributes['service.name'] ?? ''))) return;
    isNamed = true;
    onNamed(attributes);
  };
}

/** Without those that are still being detected; to ask for `attributes` meanwhile would be reported as an error. 1.x has all or none. */
function settled(resource: SdkResource): Attributes | undefined {
  if (resource.getRawAttributes === undefined) return resource.asyncAttributesPending ? undefined : resource.attributes;
  const attributes: Attributes = {};
  for (const [name, value] of resource.getRawAttributes()) {
    // Of several, the first is in force.
    if (typeof value === 'string') attributes[name] ??= value;
  }
  return attributes;
}
