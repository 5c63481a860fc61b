// GraphQL in whole programs, by OpenTelemetry's instrumentation up to graphql 16 and by channels from 17 on: what fails is
// answered with status 200, so that nothing but its rows tells of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawn, journaled } from '../../support/journaled.ts';

/** `asked`: GraphQL, one request each. */
function server(resolvers: string, asked: readonly string[], more = ''): string {
  return `
  import express from 'express';
  import { buildSchema, graphql, GraphQLError, parse, subscribe } from 'graphql';
  const schema = buildSchema(\`
    type Dog { name: String!, age: Int }
    type Query { dog(id: Int): Dog, dogs: [Dog], name: String }
    type Mutation { feed(id: Int!): Int }
    type Subscription { born: Int }\`);
  const rootValue = { ${resolvers} };
  const app = express();
  app.use(express.json());
  app.post('/graphql', async (request, response) => {
    const result = await graphql({ schema, rootValue, source: request.body.query, variableValues: request.body.variables });
    // As servers do with what is no fault of a client's.
    for (const { originalError } of result.errors ?? []) if (originalError && !originalError.extensions) console.error(originalError);
    response.json(result);
  });
  ${more}
  const listening = app.listen(0, async () => {
    const url = 'http://127.0.0.1:' + listening.address().port;
    const headers = { 'content-type': 'application/json' };
    for (const body of ${JSON.stringify(asked)})
      console.log(await fetch(url + '/graphql', { method: 'POST', headers, body }).then((answer) => answer.text()));
    if (app.ask) await app.ask(url);
    listening.close();
    listening.closeAllConnections();
  });`;
}

const query = (text: string, variables?: object): string => JSON.stringify({ query: text, variables });

function tagsOfGraphql(tags: Record<string, unknown> = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(tags).filter(([name]) => name.startsWith('graphql.')));
}

for (const [version, aliases] of [
  ['16', undefined],
  ['17', { graphql: 'graphql17' }],
] as const) {
  test(`graphql ${version}: what a resolver fails of is one row, also where the application logs the answer's errors`, async (t) => {
    const { rows, stdout } = await journaled(
      t,
      server(
        `dog: async ({ id }) => { if (id === 3) throw new RangeError('no dog 3'); return { name: () => { throw new TypeError('nameless'); } }; },
        feed() { throw new GraphQLError('not your dog', { extensions: { code: 'FORBIDDEN' } }); },
        name: () => 'Rex'`,
        [
          query('{ name }'),
          query('{ dog(id: 3) { name } }'),
          query('query Named($id: Int) { dog(id: $id) { name } }', { id: 4 }),
          query('mutation Feed { feed(id: 1) }'),
        ],
      ),
      { aliases },
    );
    assert.deepEqual(drawn(rows), [
      'ERROR no dog 3 | /graphql | 200',
      'ERROR nameless | /graphql | 200',
      'WARNING not your dog | /graphql | 200',
    ]);
    assert.deepEqual(
      rows.map(({ error }) => error?.type),
      ['RangeError', 'TypeError', 'GraphQLError'],
    );
    assert.deepEqual(
      rows.map(({ tags }) => Object.values(tagsOfGraphql(tags))),
      [
        ['query', 'dog'],
        ['query', 'Named', 'dog.name'],
        ['mutation', 'Feed', 'feed'],
      ],
    );
    assert.match(stdout, /^{"data":{"name":"Rex"}}$/m);
  });

  test(`graphql ${version}: what a client asks wrongly is a WARNING, in words`, async (t) => {
    const { rows } = await journaled(t, server('', [query('{ cat }'), query('{ cat horses }'), query('{ dog(')]), {
      aliases,
    });
    assert.deepEqual(drawn(rows), [
      'WARNING Cannot query field "cat" on type "Query". | /graphql | 200',
      'WARNING Cannot query field "cat" on type "Query".\nCannot query field "horses" on type "Query". | /graphql | 200',
      'WARNING Syntax Error: Expected Name, found <EOF>. | /graphql | 200',
    ]);
  });
}

const SEVENTEEN = { aliases: { graphql: 'graphql17' } };

test('graphql 17: variables that do not fit are a WARNING, a field that may not be null and is an ERROR', async (t) => {
  const { rows } = await journaled(
    t,
    server(
      `feed: ({ id }) => id, dog: () => ({ name: null, age: 3 }), dogs: () => [1, 2].map((at) => ({ name: () => Promise.reject(new Error('dog ' + at)) }))`,
      [
        query('mutation($id: Int!) { feed(id: $id) }', { id: 'seven' }),
        query('{ dog { name } }'),
        query('{ dogs { name } }'),
      ],
    ),
    SEVENTEEN,
  );
  assert.deepEqual(drawn(rows), [
    `WARNING Variable "$id" has invalid value: Int cannot represent non-integer value: "seven" | /graphql | 200`,
    'ERROR Cannot return null for non-nullable field Dog.name. | /graphql | 200',
    'ERROR dog 1 | /graphql | 200',
    'ERROR dog 2 | /graphql | 200',
  ]);
  assert.deepEqual(
    rows.map(({ tags }) => tagsOfGraphql(tags)['graphql.field.path']),
    [undefined, 'dog.name', 'dogs.*.name', 'dogs.*.name'],
  );
});

test('graphql 17: an event of a subscription that fails is a row, so is a subscription that never comes to be', async (t) => {
  const { rows, stdout } = await journaled(
    t,
    server(
      '',
      [],
      `
      const document = parse('subscription { born }');
      app.get('/born', async (request, response) => {
        const born = async function* () { yield { born: 1 }; yield { born: () => { throw new RangeError('still born'); } }; };
        const said = [];
        for await (const event of await subscribe({ schema, document, rootValue: { born } })) said.push(event);
        response.json(said);
      });
      app.get('/never', async (request, response) => {
        const born = async () => { throw new TypeError('no kennel'); };
        response.json(await subscribe({ schema, document, rootValue: { born } }));
      });
      app.ask = async (url) => {
        for (const path of ['/born', '/never']) console.log(await fetch(url + path).then((answer) => answer.text()));
      };`,
    ),
    SEVENTEEN,
  );
  assert.deepEqual(drawn(rows), ['ERROR still born | /born | 200', 'ERROR no kennel | /never | 200'], stdout);
});

test('graphql 17: switched off by its name, there are no rows', async (t) => {
  const { rows } = await journaled(t, server('', [query('{ cat }')]), {
    ...SEVENTEEN,
    env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'undici,graphql' },
  });
  assert.deepEqual(drawn(rows), []);
});
