// Rowtrace, Node and OpenTelemetry: which versions, and how modules are hooked.

import { ownRequire } from '../../util/own-files.ts';
import { VERSION } from '../../version.ts';
import { packageRoot } from '../layout.ts';
import type { Finding } from './finding.ts';
import { installedVersion, isAtLeastVersion, isInRange, wantedNode } from './packages.ts';

const OLDEST_NODE = '20.19';

export function checkRuntime(): Finding[] {
  const rowtrace: Finding = { state: 'ok', name: 'rowtrace', text: VERSION };
  const switchedOff = disabled();
  return [rowtrace, node(), openTelemetry(), hooks(), embedded(), ...(switchedOff ? [switchedOff] : [])];
}

function node(): Finding {
  const version = process.versions.node;
  if (isAtLeastVersion(version, OLDEST_NODE)) return { state: 'ok', name: 'node', text: version };
  return { state: 'problem', name: 'node', text: `${version} is too old`, fix: `Use Node ${OLDEST_NODE} or newer.` };
}

function openTelemetry(): Finding {
  const sdk = installedVersion(packageRoot(), '@opentelemetry/sdk-trace');
  if (sdk === undefined)
    return {
      state: 'problem',
      name: 'opentelemetry',
      text: '@opentelemetry/sdk-trace is not installed',
      fix: 'Install rowtrace again; its dependencies are missing.',
    };
  const text = `SDK ${sdk} (line ${sdk.split('.')[0]})`;
  const wanted = wantedNode(packageRoot(), '@opentelemetry/sdk-trace');
  if (wanted === undefined || isInRange(process.versions.node, wanted))
    return { state: 'ok', name: 'opentelemetry', text };
  return {
    state: 'warning',
    name: 'opentelemetry',
    text: `${text} is for Node ${wanted}; this is ${process.versions.node}`,
    fix: 'Install again with the npm of this Node, which picks the line that fits, or use a newer Node.',
  };
}

/** As the preload chooses it. */
function hooks(): Finding {
  try {
    const { supportsSyncHooks } = ownRequire('import-in-the-middle/register-hooks.mjs');
    return { state: 'ok', name: 'module hooks', text: supportsSyncHooks() ? 'synchronous' : 'loader thread' };
  } catch (error) {
    return {
      state: 'warning',
      name: 'module hooks',
      text: `CommonJS only (${(error as Error).message.split('\n')[0]})`,
      fix: 'Install rowtrace again; ES modules are not recorded without import-in-the-middle.',
    };
  }
}

function embedded(): Finding {
  const version = installedVersion(packageRoot(), '@electric-sql/pglite');
  return version
    ? { state: 'ok', name: 'embedded', text: `PGlite ${version}` }
    : { state: 'info', name: 'embedded', text: 'PGlite is not installed; ROWTRACE_DATABASE_URL is needed' };
}

function disabled(): Finding | undefined {
  if (process.env.OTEL_SDK_DISABLED?.trim().toLowerCase() !== 'true') return undefined;
  return {
    state: 'warning',
    name: 'switched off',
    text: 'OTEL_SDK_DISABLED=true: applications started from here record nothing',
    fix: 'Unset OTEL_SDK_DISABLED.',
  };
}
