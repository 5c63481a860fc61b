// Apollo Server: how it asks for the context of a request (5.5), without the package.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hookApollo } from '../../../src/capture/frameworks/apollo.ts';
import { Seam } from '../../../src/capture/frameworks/seam.ts';
import { benchRequest } from '../../support/bench-request.ts';
import { captureBench } from '../../support/capture.ts';

class ApolloServer {
  async executeHTTPGraphQLRequest({
    context,
    httpGraphQLRequest,
  }: {
    context?: () => unknown;
    httpGraphQLRequest: string;
  }) {
    try {
      return [httpGraphQLRequest, await context?.()];
    } catch (error) {
      return (error as Error).message;
    }
  }
}

test('what the context function throws is a row, unless it says to answer with 4xx', async () => {
  const bench = captureBench();
  hookApollo({ ApolloServer }, new Seam('apollo'));
  const server = new ApolloServer();
  const status = (code: number) => ({ extensions: { http: { status: code } } });
  const asked = benchRequest(bench);
  const answers = [];
  for (const error of [
    undefined,
    new TypeError('no context'),
    Object.assign(new Error('who are you'), status(401)),
    Object.assign(new Error('down'), status(503)),
  ])
    answers.push(
      await asked.run(() =>
        server.executeHTTPGraphQLRequest({
          httpGraphQLRequest: 'asked',
          context: async () => {
            if (error) throw error;
            return { user: 1 };
          },
        }),
      ),
    );
  answers.push(await server.executeHTTPGraphQLRequest({ httpGraphQLRequest: 'without' }));
  asked.end();
  assert.deepEqual(answers, [['asked', { user: 1 }], 'no context', 'who are you', 'down', ['without', undefined]]);
  assert.deepEqual(
    bench.logs().map(({ message }) => message),
    ['no context', 'down'],
  );
});
