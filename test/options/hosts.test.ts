// What each host puts into the environment, and what is made of it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resolveBuild } from '../../src/options/build.ts';
import { hostBuild } from '../../src/options/hosts.ts';

const SHA = '2c3a0b24069af49b3de35b8e8c26765c1dba9ff0';

describe('the build as the host tells it', () => {
  const cases: [host: string, env: Record<string, string>, expected: ReturnType<typeof hostBuild>][] = [
    ['none', { PATH: '/bin' }, {}],
    ['Vercel', { VERCEL_GIT_COMMIT_SHA: SHA, VERCEL_GIT_COMMIT_REF: 'main' }, { commit: SHA, branch: 'main' }],
    ['Render', { RENDER_GIT_COMMIT: SHA, RENDER_GIT_BRANCH: 'main' }, { commit: SHA, branch: 'main' }],
    ['Railway', { RAILWAY_GIT_COMMIT_SHA: SHA, RAILWAY_GIT_BRANCH: 'main' }, { commit: SHA, branch: 'main' }],
    ['Heroku', { HEROKU_BUILD_COMMIT: SHA, HEROKU_RELEASE_VERSION: 'v42' }, { commit: SHA, release: 'v42' }],
    ['Heroku, older', { HEROKU_SLUG_COMMIT: SHA, HEROKU_RELEASE_VERSION: 'v42' }, { commit: SHA, release: 'v42' }],
    ['Heroku, promoted', { HEROKU_SLUG_COMMIT: SHA.replace('2', '3'), HEROKU_BUILD_COMMIT: SHA }, { commit: SHA }],
    ['Heroku, building', { SOURCE_VERSION: SHA }, { commit: SHA }],
    ['Koyeb', { KOYEB_GIT_SHA: SHA, KOYEB_GIT_BRANCH: 'main' }, { commit: SHA, branch: 'main' }],
    ['Cloudflare Pages', { CF_PAGES_COMMIT_SHA: SHA, CF_PAGES_BRANCH: 'main' }, { commit: SHA, branch: 'main' }],
    ['Cloudflare Workers', { WORKERS_CI_COMMIT_SHA: SHA }, { commit: SHA }],
    ['Netlify', { NETLIFY: 'true', COMMIT_REF: SHA, BRANCH: 'main' }, { commit: SHA, branch: 'main' }],
    ['COMMIT_REF of somebody else', { COMMIT_REF: SHA, BRANCH: 'main' }, {}],
    ['Amplify', { AWS_COMMIT_ID: SHA, AWS_BRANCH: 'main' }, { commit: SHA, branch: 'main' }],
    ['Amplify, built again', { AWS_COMMIT_ID: 'HEAD', AWS_BRANCH: 'main' }, {}],
    ['Cloud Run', { K_SERVICE: 'shop', K_REVISION: 'shop-00012-abc' }, { release: 'shop-00012-abc' }],
    ['App Engine', { GAE_VERSION: '20260131t120000' }, { release: '20260131t120000' }],
    ['Container Apps', { CONTAINER_APP_REVISION: 'shop--0000007' }, { release: 'shop--0000007' }],
    ['Lambda', { AWS_LAMBDA_FUNCTION_VERSION: '12' }, { release: '12' }],
    ['Lambda, not published', { AWS_LAMBDA_FUNCTION_VERSION: '$LATEST' }, {}],
    ['Fly.io', { FLY_IMAGE_REF: 'registry.fly.io/shop:deployment-01H9RK9EYO' }, { release: 'deployment-01H9RK9EYO' }],
    ['Fly.io, by digest', { FLY_IMAGE_REF: 'registry.fly.io/shop' }, {}],
    ['GitHub Actions', { GITHUB_SHA: SHA, GITHUB_REF_NAME: 'main' }, { commit: SHA, branch: 'main' }],
    ['GitLab CI', { CI_COMMIT_SHA: SHA, CI_COMMIT_REF_NAME: 'main' }, { commit: SHA, branch: 'main' }],
    ['CircleCI', { CIRCLE_SHA1: SHA, CIRCLE_BRANCH: 'main' }, { commit: SHA, branch: 'main' }],
    ['Bitbucket', { BITBUCKET_COMMIT: SHA, BITBUCKET_BRANCH: 'main' }, { commit: SHA, branch: 'main' }],
    ['Azure Pipelines', { BUILD_SOURCEVERSION: SHA, BUILD_SOURCEBRANCHNAME: 'main' }, { commit: SHA, branch: 'main' }],
    ['CodeBuild', { CODEBUILD_RESOLVED_SOURCE_VERSION: SHA }, { commit: SHA }],
    ['a host started by a CI job', { GITHUB_SHA: SHA.replace('2', '3'), RENDER_GIT_COMMIT: SHA }, { commit: SHA }],
    ['capitals, blanks', { RENDER_GIT_COMMIT: ` ${SHA.toUpperCase()}\n`, RENDER_GIT_BRANCH: '' }, { commit: SHA }],
    ['no commit at all', { GITHUB_SHA: 'main; rm -rf /', CI_COMMIT_SHA: 'abc', RENDER_GIT_COMMIT: '' }, {}],
  ];
  for (const [host, env, expected] of cases)
    test(host, () => {
      const { commit, branch, release } = hostBuild(env);
      assert.deepEqual(
        { commit, branch, release },
        { commit: undefined, branch: undefined, release: undefined, ...expected },
      );
    });
});

describe('what wins', () => {
  const env = { RENDER_GIT_COMMIT: SHA, RENDER_GIT_BRANCH: 'main', K_REVISION: 'shop-7' };
  const none = { release: undefined, buildSha: undefined };

  test('options over resource attributes over the host', () => {
    const attributes = { 'service.version': '2.0.0', 'vcs.ref.head.revision': 'abcdef1', 'vcs.ref.head.name': 'topic' };
    assert.deepEqual(resolveBuild({ release: '3', buildSha: 'own' }, attributes, env, undefined), {
      release: '3',
      sha: 'own',
      tags: { 'vcs.ref.head.name': 'topic' },
    });
    assert.deepEqual(resolveBuild(none, attributes, env, undefined), {
      release: '2.0.0',
      sha: 'abcdef1',
      tags: { 'vcs.ref.head.name': 'topic' },
    });
    assert.deepEqual(resolveBuild(none, {}, env, undefined), {
      release: 'shop-7',
      sha: SHA,
      tags: { 'vcs.ref.head.name': 'main' },
    });
  });

  test('the branch belongs to the commit: a given commit takes none from the host', () => {
    assert.deepEqual(resolveBuild({ ...none, buildSha: 'own' }, {}, env, undefined).tags, {});
  });

  test('the address of the repository becomes no tag, since it may hold a password', () => {
    const attributes = { 'vcs.repository.url.full': 'https://u:secret@h/r.git', 'vcs.repository.name': 'r' };
    assert.deepEqual(resolveBuild(none, attributes, env, undefined).tags, {
      'vcs.ref.head.name': 'main',
      'vcs.repository.name': 'r',
    });
  });
});
