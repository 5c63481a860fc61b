import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fingerprint } from '../../../../src/fingerprint.ts';
import { describeLanguage, type StackCase } from './helper.ts';

const SITE = '/usr/local/lib/python3.11/site-packages';
const cases: StackCase[] = [
  {
    name: 'a function of a script',
    stack: `Traceback (most recent call last):
  File "/app/main.py", line 12, in <module>
    main()
  File "/app/shop/cart.py", line 7, in total
    return sum(item.price for item in items)
  File "/app/shop/cart.py", line 7, in <genexpr>
    return sum(item.price for item in items)
               ^^^^^^^^^^
AttributeError: 'NoneType' object has no attribute 'price'`,
    chain: ["AttributeError: 'NoneType' object has no attribute 'price'"],
    own: ['cart:?', 'cart:total', 'main:?'],
    kinds: 'aaa',
    culprit: '<anonymous> (shop/cart.py)',
  },
  {
    name: 'a Django view',
    type: 'shop.errors.OutOfStock',
    message: 'sku 4711 is sold out',
    stack: `Traceback (most recent call last):
  File "${SITE}/django/core/handlers/exception.py", line 55, in inner
    response = get_response(request)
  File "${SITE}/django/core/handlers/base.py", line 197, in _get_response
    response = wrapped_callback(request, *callback_args, **callback_kwargs)
  File "/app/orders/views.py", line 31, in create
    reserve(item)
  File "/app/stock/views.py", line 12, in reserve
    raise OutOfStock(f"sku {item.sku} is sold out")
shop.errors.OutOfStock: sku 4711 is sold out`,
    chain: ['shop.errors.OutOfStock: sku 4711 is sold out'],
    own: ['stock/views:reserve', 'orders/views:create'],
    kinds: 'aaff',
    culprit: 'reserve (stock/views.py)',
  },
  {
    name: 'raise … from …',
    stack: `Traceback (most recent call last):
  File "/app/shop/rates.py", line 5, in load
    return json.loads(text)
  File "/usr/local/lib/python3.11/json/__init__.py", line 346, in loads
    return _default_decoder.decode(s)
json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/shop/api.py", line 22, in price
    load()
  File "/app/shop/rates.py", line 9, in load
    raise RatesError("no rates") from error
RatesError: no rates`,
    chain: ['RatesError: no rates', 'json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)'],
    own: ['rates:load', 'shop/api:price'],
    kinds: 'aa',
    culprit: 'load (shop/rates.py)',
  },
  {
    name: 'an exception while another was handled',
    stack: `Traceback (most recent call last):
  File "/app/shop/cache.py", line 8, in get
    return store[key]
KeyError: 'rates'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/shop/cache.py", line 10, in get
    return fetch(key)
  File "${SITE}/requests/api.py", line 73, in get
    return request("get", url, params=params, **kwargs)
requests.exceptions.ConnectionError: HTTPSConnectionPool(host='rates.example.com', port=443)`,
    chain: [
      "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='rates.example.com', port=443)",
      "KeyError: 'rates'",
    ],
    own: ['cache:get'],
    kinds: 'da',
    culprit: 'get (shop/cache.py)',
  },
  {
    name: 'an exception group',
    stack: `  + Exception Group Traceback (most recent call last):
  |   File "/app/shop/jobs.py", line 14, in run
  |     async with asyncio.TaskGroup() as group:
  |   File "/usr/local/lib/python3.11/asyncio/taskgroups.py", line 145, in __aexit__
  |     raise me from None
  | ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/app/shop/jobs.py", line 20, in mail
    |     raise ValueError("no address")
    | ValueError: no address
    +---------------- 2 ----------------
    | Traceback (most recent call last):
    |   File "/app/shop/jobs.py", line 26, in bill
    |     raise TypeError("no amount")
    | TypeError: no amount
    +------------------------------------`,
    chain: ['ExceptionGroup: unhandled errors in a TaskGroup', 'ValueError: no address', 'TypeError: no amount'],
    own: ['jobs:run'],
    kinds: 'na',
    culprit: 'run (shop/jobs.py)',
  },
  {
    name: 'a message of several lines, and an error without one',
    stack: `Traceback (most recent call last):
  File "/app/shop/db.py", line 40, in save
    cursor.execute(sql)
  File "${SITE}/psycopg2/extras.py", line 236, in execute
    return super().execute(query, vars)
psycopg2.errors.UniqueViolation: duplicate key value violates unique constraint "users_email_key"
DETAIL:  Key (email)=(ann@example.com) already exists.`,
    chain: [
      'psycopg2.errors.UniqueViolation: duplicate key value violates unique constraint "users_email_key"\nDETAIL:  Key (email)=(ann@example.com) already exists.',
    ],
    own: ['db:save'],
    kinds: 'da',
    culprit: 'save (shop/db.py)',
  },
  {
    name: 'endless recursion',
    stack: `Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    walk(tree)
  File "/app/shop/tree.py", line 9, in walk
    return walk(node.left)
  [Previous line repeated 996 more times]
RecursionError: maximum recursion depth exceeded`,
    chain: ['RecursionError: maximum recursion depth exceeded'],
    own: ['tree:walk', 'main:?'],
    kinds: 'aa',
    culprit: 'walk (shop/tree.py)',
  },
  {
    name: 'a trace without its first line',
    stack: `  File "/app/shop/views.py", line 12, in show
    return cart.total()
  File "/app/shop/cart.py", line 31, in total
    raise KeyError('price')
KeyError: 'price'`,
    chain: ["KeyError: 'price'"],
    own: ['cart:total', 'shop/views:show'],
    kinds: 'aa',
    culprit: 'total (shop/cart.py)',
  },
  {
    name: 'a file that does not parse',
    stack: `  File "/app/main.py", line 1, in <module>
    import shop.cart
  File "/app/shop/cart.py", line 12
    def total(self
             ^
SyntaxError: '(' was never closed`,
    chain: ["SyntaxError: '(' was never closed"],
    own: ['cart:?', 'main:?'],
    kinds: 'aa',
    culprit: '<anonymous> (shop/cart.py)',
  },
  {
    name: 'a log line above the trace',
    stack: `Exception in thread Thread-7 (work):
Traceback (most recent call last):
  File "/app/shop/cart.py", line 31, in total
    raise OSError('disk full')
OSError: disk full`,
    chain: ['OSError: disk full'],
    own: ['cart:total'],
    kinds: 'a',
    culprit: 'total (shop/cart.py)',
  },
  {
    name: 'what a process of a pool raised, quoted',
    stack: `multiprocessing.pool.RemoteTraceback:
"""
Traceback (most recent call last):
  File "/usr/lib/python3.10/multiprocessing/pool.py", line 125, in worker
    result = (True, func(*args, **kwds))
  File "/app/shop/imports.py", line 17, in row
    raise ValueError('bad row 5')
ValueError: bad row 5
"""

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/shop/jobs.py", line 30, in run
    pool.map(row, rows)
  File "/usr/lib/python3.10/multiprocessing/pool.py", line 774, in get
    raise self._value
ValueError: bad row 5`,
    chain: ['ValueError: bad row 5', 'ValueError: bad row 5'],
    own: ['jobs:run'],
    kinds: 'na',
    culprit: 'run (shop/jobs.py)',
  },
];

describeLanguage('python', cases, [
  {
    name: 'when lines shift',
    change: (stack) => stack.replace(/line (\d+), in/g, (_, n) => `line ${Number(n) + 37}, in`),
  },
  { name: 'below another root', change: (stack) => stack.replaceAll('"/app/', '"/home/ann/work/shop-api/') },
  {
    name: 'in a virtual environment on Windows',
    change: (stack) =>
      stack
        .replaceAll(SITE, 'C:/Users/ann/shop/.venv/Lib/site-packages')
        .replaceAll('/usr/local/lib/python3.11/', 'C:/Python311/Lib/')
        .replaceAll('"/app/', '"C:/Users/ann/shop/')
        .replace(/"[^"\n]+\.py"/g, (path) => path.replaceAll('/', '\\')),
  },
  {
    name: 'with another Python',
    change: (stack) =>
      stack
        .replaceAll('3.11', '3.13')
        .replaceAll('File "/app', 'File "/code')
        .replace(/\n +\^+/g, ''),
  },
]);

it('Cython, and packages beside the service in a Lambda, are not the service’s own', () => {
  const { frames, culprit } = fingerprint({
    language: 'python',
    stack: `Traceback (most recent call last):
  File "/var/task/shop/cart.py", line 31, in total
    requests.get(url)
  File "/var/task/requests/api.py", line 73, in get
    return request('get', url)
  File "/opt/python/urllib3/connectionpool.py", line 90, in urlopen
    conn.request()
  File "asyncpg/protocol/protocol.pyx", line 165, in prepare
  File "index.pyx", line 167, in pandas._libs.index.IndexEngine.get_loc
ConnectionError: no answer`,
  });
  assert.deepEqual(
    frames.map(({ kind, key }) => `${kind} ${key}`),
    [
      'dependency pandas/index:get_loc',
      'dependency asyncpg/protocol:prepare',
      'dependency urllib3/connectionpool:urlopen',
      'dependency requests/requests/api:get',
      'app cart:total',
    ],
  );
  assert.equal(culprit, 'total (shop/cart.py)');
  const own = fingerprint({ language: 'python', stack: '  File "/opt/python/current/app/shop.py", line 3, in run' });
  assert.equal(own.frames[0]?.kind, 'app');
});
