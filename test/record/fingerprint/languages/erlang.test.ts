import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fingerprint } from '../../../../src/fingerprint.ts';
import { describeLanguage, type StackCase } from './helper.ts';

const cases: StackCase[] = [
  {
    name: 'Elixir before 1.11, which says no versions',
    type: 'KeyError',
    message: 'key :price not found in: %{a: 17}',
    stack: `    (shop) lib/shop/cart.ex:31: Shop.Cart.total({:dog, 17}, %{a: 17})
    (shop) lib/shop/jobs.ex:9: anonymous fn/1 in Shop.Jobs.run/1
    (stdlib) gen_server.erl:673: :gen_server.try_terminate/3
`,
    chain: ['KeyError: key :price not found in: %{a: 17}'],
    own: ['Shop.Cart:total', 'Shop.Jobs:run'],
    kinds: 'aan',
    culprit: 'Shop.Cart.total (shop/cart.ex)',
  },
  {
    name: 'Elixir, as OpenTelemetry sends it',
    type: 'Elixir.ArithmeticError',
    message: 'bad argument in arithmetic expression',
    stack: `    (shop 0.1.0) lib/shop/cart.ex:31: anonymous fn/2 in Shop.Cart.total/1
    (elixir 1.14.0) lib/enum.ex:1658: Enum."-map/2-lists^map/1-0-"/2
    (shop 0.1.0) lib/shop_web/controllers/order_controller.ex:12: ShopWeb.OrderController.create/2
    (phoenix 1.7.2) lib/phoenix/router.ex:430: Phoenix.Router.__call__/5
    (shop 0.1.0) lib/shop_web/endpoint.ex:1: ShopWeb.Endpoint."call (overridable 1)"/2
`,
    chain: ['ArithmeticError: bad argument in arithmetic expression'],
    own: ['Shop.Cart:total', 'ShopWeb.OrderController:create', 'ShopWeb.Endpoint:call'],
    kinds: 'anafa',
    culprit: 'Shop.Cart.total (shop/cart.ex)',
    // A module's whole name is told from others where the language is said.
    unsniffable: true,
  },
  {
    name: 'arguments in place of an arity, and a library',
    type: 'KeyError',
    message: 'key :b not found in: %{a: 17}',
    stack: `    :erlang.map_get(:b, %{a: 17, name: "(x.ex:3: y/1)"})
    (shop 0.1.0) lib/shop/rates.ex:20: Shop.Rates.fetch!(%{a: 17})
    (ecto_sql 3.10.1) lib/ecto/adapters/sql.ex:913: Ecto.Adapters.SQL.raise_sql_call_error/1
    test/rates_test.exs:9: (file)`,
    chain: ['KeyError: key :b not found in: %{a: 17}'],
    own: ['Shop.Rates:fetch!', 'test/rates_test.exs:?'],
    kinds: 'nada',
    culprit: 'Shop.Rates.fetch! (shop/rates.ex)',
  },
  {
    name: 'a report of a process that ended',
    stack: `GenServer #PID<0.142.0> terminating
** (Shop.OutOfStock) no stock for 17
    (shop 0.1.0) lib/shop/stock.ex:31: Shop.Stock.reserve/2
    (stdlib 4.2) gen_server.erl:1123: :gen_server.try_dispatch/4
Last message: {:reserve, 17}`,
    chain: ['Shop.OutOfStock: no stock for 17'],
    own: ['Shop.Stock:reserve'],
    kinds: 'an',
    culprit: 'Shop.Stock.reserve (shop/stock.ex)',
  },
  {
    name: 'an exit of another process',
    stack: `** (exit) an exception was raised:
    ** (RuntimeError) no rates
        (shop 0.1.0) lib/shop/rates.ex:9: Shop.Rates.load/0`,
    chain: ['exit: an exception was raised:', 'RuntimeError: no rates'],
    own: [],
    kinds: '',
    culprit: 'Shop.Rates.load (shop/rates.ex)',
  },
  {
    name: 'Erlang',
    type: 'error:badarg',
    message: 'bad argument',
    stack: `  in function  ets:lookup/2 (ets.erl, line 12)
  in call from shop_cart:'-total/1-fun-0-'/2 (src/shop_cart.erl, line 31)
  in call from shop_cart:total/1 (src/shop_cart.erl, line 30)`,
    chain: ['error:badarg: bad argument'],
    own: ['shop_cart:total', 'shop_cart:total'],
    kinds: 'naa',
    culprit: 'shop_cart.total (src/shop_cart.erl)',
    unsniffable: true,
  },
];

describeLanguage('erlang', cases, [
  {
    name: 'when lines and versions change',
    change: (stack) =>
      stack
        .replace(/\.(exs?|erl)(:|, line )(\d+)/g, (_, ext, gap, n) => `.${ext}${gap}${Number(n) + 9}`)
        .replace(/\((\w+) \d[\d.]*\)/g, '($1 9.9.9-rc.1+3f2a1c)'),
  },
]);

describe('what OpenTelemetry for Erlang records', () => {
  const key = (type: string, stack: string) =>
    fingerprint({ type, message: 'm', stack, service: 's', language: 'erlang' });

  it('is one key whatever values and processes stand in the type', () => {
    const stack = "[{'Elixir.Shop.Cart',bad,...},{'Elixir.Gen',...}|...]";
    const first = key('error:{badmatch,{error,17}}', stack);
    assert.equal(first.type, 'error:badmatch');
    assert.equal(first.culprit, 'Shop.Cart.bad (Shop.Cart)');
    assert.equal(key('error:{badmatch,{error,<<"ann">>}}', stack).fingerprint, first.fingerprint);
    const alone = (type: string) => fingerprint({ type, message: type, stack, service: 's', language: 'erlang' });
    assert.equal(alone('error:{case_clause,<<"ann">>}').template, 'error:case_clause');
    assert.equal(alone('error:{case_clause,<<"ann">>}').fingerprint, alone('error:{case_clause,17}').fingerprint);
    assert.equal(key("exit:{timeout,{'Elixir.GenServer',call,[<0.145.0>|...]}}", stack).type, 'exit:timeout');
    assert.equal(key('exit:{{nocatch,17},[]}', stack).type, 'exit:nocatch');
    assert.equal(key('throw:17', stack).type, 'throw');
    assert.equal(
      key("error:#{'__exception__' => true,'__struct__' => 'Elixir.Shop.NotFound',...}", stack).type,
      'Shop.NotFound',
    );
  });

  it('is as many keys as there are places', () => {
    const one = key('error:badarg', '[{ets,lookup,...},{shop_cart,...},{...}|...]');
    const other = key('error:badarg', '[{ets,lookup,...},{shop_rates,...},{...}|...]');
    assert.equal(one.culprit, 'shop_cart (shop_cart)');
    assert.notEqual(one.fingerprint, other.fingerprint);
    const short = key('error:badarg', '[{a,b,1,[{file,"a.erl"},{line,3}]}]');
    assert.deepEqual(
      short.frames.map(({ key: told }) => told),
      ['a:b'],
    );
  });
});
