// What hosts and CI systems say in the environment about the build that runs: commit, branch, release. Names from their
// documentation; a host sets only its own, so the order decides only where one runs inside another's variables.

import type { Environment } from './otel-env.ts';

export interface HostBuild {
  commit?: string;
  branch?: string;
  release?: string;
}

interface Host {
  /** Has to be set: for names that others might use for something else. */
  when?: string;
  commit?: string;
  branch?: string;
  release?: string;
}

/** Hosts before CI systems: a service may be started with the variables of the CI job that built it. */
const HOSTS: readonly Host[] = [
  { commit: 'VERCEL_GIT_COMMIT_SHA', branch: 'VERCEL_GIT_COMMIT_REF' },
  { commit: 'RENDER_GIT_COMMIT', branch: 'RENDER_GIT_BRANCH' },
  { commit: 'RAILWAY_GIT_COMMIT_SHA', branch: 'RAILWAY_GIT_BRANCH' },
  // HEROKU_SLUG_COMMIT is deprecated and stale where builds are promoted through a pipeline.
  { commit: 'HEROKU_BUILD_COMMIT', release: 'HEROKU_RELEASE_VERSION' },
  { commit: 'HEROKU_SLUG_COMMIT' },
  { commit: 'KOYEB_GIT_SHA', branch: 'KOYEB_GIT_BRANCH' },
  { commit: 'CF_PAGES_COMMIT_SHA', branch: 'CF_PAGES_BRANCH' },
  { commit: 'WORKERS_CI_COMMIT_SHA', branch: 'WORKERS_CI_BRANCH' },
  { when: 'NETLIFY', commit: 'COMMIT_REF', branch: 'BRANCH' },
  // "HEAD" when an Amplify build is repeated; no SHA, so it is passed over.
  { commit: 'AWS_COMMIT_ID', branch: 'AWS_BRANCH' },
  { release: 'K_REVISION' },
  { release: 'GAE_VERSION' },
  { release: 'CONTAINER_APP_REVISION' },
  { release: 'AWS_LAMBDA_FUNCTION_VERSION' },
  // "registry.fly.io/app:deployment-01H…": the tag is new with every deployment, and nothing there tells the commit.
  { release: 'FLY_IMAGE_REF' },
  { commit: 'GITHUB_SHA', branch: 'GITHUB_REF_NAME' },
  { commit: 'CI_COMMIT_SHA', branch: 'CI_COMMIT_REF_NAME' },
  { commit: 'CIRCLE_SHA1', branch: 'CIRCLE_BRANCH' },
  { commit: 'BITBUCKET_COMMIT', branch: 'BITBUCKET_BRANCH' },
  { commit: 'BUILD_SOURCEVERSION', branch: 'BUILD_SOURCEBRANCHNAME' },
  { commit: 'CODEBUILD_RESOLVED_SOURCE_VERSION' },
  // Heroku and Scalingo while they build.
  { commit: 'SOURCE_VERSION' },
];

/** Each of the three from the first host that tells it. */
export function hostBuild(env: Environment): HostBuild {
  const found: HostBuild = {};
  for (const host of HOSTS) {
    if (host.when !== undefined && !env[host.when]?.trim()) continue;
    const commit = sha(read(env, host.commit));
    if (commit !== undefined && found.commit === undefined) {
      found.commit = commit;
      found.branch = read(env, host.branch);
    }
    found.release ??= releaseOf(read(env, host.release));
  }
  return found;
}

/** Whole or abbreviated, SHA-1 or SHA-256; anything else names no commit. */
export function sha(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9a-f]{7,64}$/i.test(text) ? text.toLowerCase() : undefined;
}

function read(env: Environment, name: string | undefined): string | undefined {
  return name === undefined ? undefined : env[name]?.trim() || undefined;
}

/** "$LATEST" is no release; of an image its tag is (the part before it is the same for ever). */
function releaseOf(text: string | undefined): string | undefined {
  if (text === undefined || text.startsWith('$')) return undefined;
  return text.includes('/') ? /:([\w.-]+)$/.exec(text)?.[1] : text;
}

/** Its runtime for Node puts functions of its own in the place of the console's, after the preload. */
export function isLambda(env: Environment): boolean {
  return env.AWS_LAMBDA_RUNTIME_API !== undefined;
}
