import { describeLanguage, type StackCase } from './helper.ts';

const RUSTC = '/rustc/82e1608dfa6e0b5569232559e3d385fea5a93112';
const CARGO = '/root/.cargo/registry/src/index.crates.io-6f17d22bba15001f';
const cases: StackCase[] = [
  {
    name: 'a panic',
    stack: `thread 'main' panicked at src/cart.rs:12:5:
index out of bounds: the len is 3 but the index is 5
stack backtrace:
   0: rust_begin_unwind
             at ${RUSTC}/library/std/src/panicking.rs:645:5
   1: core::panicking::panic_bounds_check
             at ${RUSTC}/library/core/src/panicking.rs:208:5
   2: shop::cart::Cart::total
             at ./src/cart.rs:12:5
   3: shop::main
             at ./src/main.rs:4:13
   4: core::ops::function::FnOnce::call_once
             at ${RUSTC}/library/core/src/ops/function.rs:250:5
note: Some details are omitted, run with \`RUST_BACKTRACE=full\` for a verbose backtrace.`,
    chain: ['panic: index out of bounds: the len is 3 but the index is 5'],
    own: ['shop::cart::Cart::total', 'shop::main'],
    kinds: 'nnaan',
    culprit: 'Cart::total (src/cart.rs)',
  },
  {
    name: 'a panic of an older compiler, without places',
    stack: `thread 'tokio-runtime-worker' panicked at 'called \`Option::unwrap()\` on a \`None\` value', src/stock.rs:9:32
stack backtrace:
   0: std::panicking::begin_panic_handler
   1: core::option::Option<T>::unwrap
   2: shop::stock::reserve::{{closure}}::h0123456789abcdef
   3: tokio::runtime::task::core::Core<T,S>::poll
   4: <shop::api::Order as axum::handler::Handler>::call::{{closure}}`,
    chain: ['panic: called `Option::unwrap()` on a `None` value'],
    own: ['shop::stock::reserve', 'shop::api::Order::call'],
    kinds: 'nnafa',
    culprit: 'stock::reserve (shop/stock)',
  },
  {
    name: 'an anyhow chain',
    stack: `Error: cannot place order

Caused by:
    0: cannot reserve stock
    1: Connection refused (os error 111)

Stack backtrace:
   0: anyhow::error::<impl anyhow::Error>::msg
             at ${CARGO}/anyhow-1.0.75/src/error.rs:83:36
   1: shop::stock::reserve
             at ./src/stock.rs:20:9
   2: sqlx_core::pool::Pool<DB>::acquire
             at ${CARGO}/sqlx-core-0.7.3/src/pool/mod.rs:340:9`,
    chain: ['Error: cannot place order', 'Error: cannot reserve stock', 'Error: Connection refused (os error 111)'],
    own: ['shop::stock::reserve'],
    kinds: 'rad',
    culprit: 'stock::reserve (src/stock.rs)',
  },
  {
    name: 'an anyhow error with one cause',
    stack: `cannot read settings

Caused by:
    missing field \`port\` at line 4 column 1

Stack backtrace:
   0: shop::settings::load
             at /app/src/settings.rs:7:5
   1: std::rt::lang_start
             at ${RUSTC}/library/std/src/rt.rs:165:17`,
    chain: ['Error: cannot read settings', 'Error: missing field `port` at line 4 column 1'],
    own: ['shop::settings::load'],
    kinds: 'an',
    culprit: 'settings::load (src/settings.rs)',
  },
  {
    name: 'a backtrace alone, beside type and message',
    type: 'shop::OrderError',
    message: 'no stock for 4711',
    stack: `   0: shop::orders::place
             at ./src/orders.rs:31:17
   1: <core::pin::Pin<P> as core::future::future::Future>::poll
             at ${RUSTC}/library/core/src/future/future.rs:125:9
   2: hyper::proto::h1::dispatch::Dispatcher<D,Bs,I,T>::poll_read
             at ${CARGO}/hyper-0.14.27/src/proto/h1/dispatch.rs:208:44
stack backtrace:`,
    chain: ['shop::OrderError: no stock for 4711'],
    own: ['shop::orders::place'],
    kinds: 'anf',
    culprit: 'orders::place (src/orders.rs)',
  },
  {
    name: 'generics and trait implementations',
    stack: `thread 'worker-3' panicked at /app/src/sum.rs:4:9:
attempt to divide by zero
stack backtrace:
   0: core::panicking::panic
   1: shop::sum::average::<alloc::vec::Vec<f64>>
             at ./src/sum.rs:4:9
   2: <shop::report::Report as core::fmt::Display>::fmt
             at ./src/report.rs:11:20`,
    chain: ['panic: attempt to divide by zero'],
    own: ['shop::sum::average', 'shop::report::Report::fmt'],
    kinds: 'naa',
    culprit: 'sum::average (src/sum.rs)',
  },
  {
    name: 'a panic without a backtrace, which is what there is by default',
    stack: `thread 'main' panicked at src/stock.rs:72:41:
called \`Option::unwrap()\` on a \`None\` value
note: run with \`RUST_BACKTRACE=1\` environment variable to display a backtrace`,
    chain: ['panic: called `Option::unwrap()` on a `None` value'],
    own: ['stock:?'],
    kinds: 'a',
    culprit: '<anonymous> (src/stock.rs)',
  },
  {
    name: 'a panic in a program that was stripped of its symbols',
    stack: `thread 'main' panicked at src/stock.rs:72:41:
no stock
stack backtrace:
   0: <unknown>
   1: __libc_start_main
   2: <unknown>`,
    chain: ['panic: no stock'],
    own: ['stock:?'],
    kinds: 'annn',
    culprit: '<anonymous> (src/stock.rs)',
  },
  {
    name: 'the same of an older compiler',
    stack: `thread 'worker' panicked at 'no price', src/prices/mod.rs:9:12
note: run with \`RUST_BACKTRACE=1\` environment variable to display a backtrace`,
    chain: ['panic: no price'],
    own: ['prices/mod:?'],
    kinds: 'a',
    culprit: '<anonymous> (prices/mod.rs)',
  },
  {
    name: 'a panic in a crate, without a backtrace',
    stack: `thread 'main' (12345) panicked at ${CARGO}/graph-0.74.3/src/packages.rs:217:8:
called \`Option::unwrap()\` on a \`None\` value`,
    chain: ['panic: called `Option::unwrap()` on a `None` value'],
    own: [],
    kinds: 'd',
    culprit: '<anonymous> (src/packages.rs)',
  },
  {
    name: 'a report of color-eyre',
    stack: `Error:
   0: cannot place order 17
   1: no price

Location:
   src/orders.rs:31

  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ SPANTRACE ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━

   0: shop::orders::place with dog="rex"
      at src/orders.rs:12

  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ BACKTRACE ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
                                ⋮ 3 frames hidden ⋮
   4: shop::orders::price::h0123456789abcdef
      at ./src/orders.rs:31
   5: shop::main::h0123456789abcdef
      at ./src/main.rs:5
                                ⋮ 11 frames hidden ⋮`,
    chain: ['Error: cannot place order 17', 'Error: no price'],
    own: ['shop::orders::price', 'shop::main'],
    kinds: 'aa',
    culprit: 'orders::price (src/orders.rs)',
  },
  {
    name: 'a report of eyre',
    stack: `cannot place order 17

Caused by:
    0: no rate
    1: no price

Location:
    src/orders.rs:31:9`,
    chain: ['Error: cannot place order 17', 'Error: no rate', 'Error: no price'],
    own: ['orders:?'],
    kinds: 'a',
    culprit: '<anonymous> (src/orders.rs)',
  },
];

describeLanguage('rust', cases, [
  {
    name: 'when lines shift',
    change: (stack) => `${stack.replace(/\.rs:(\d+)/g, (_, n) => `.rs:${Number(n) + 5}`)}\n`,
  },
  {
    name: 'built elsewhere with another compiler',
    change: (stack) =>
      `${stack.replaceAll(RUSTC, '/rustc/07dca489ac2d933c78d3c5158e3f43beefeb02ce').replaceAll(CARGO, 'C:\\Users\\ann\\.cargo\\registry\\src\\github.com-1ecc6299db9ec823').replaceAll('at ./src', 'at C:\\shop\\src').replaceAll('h0123456789abcdef', 'hfedcba9876543210')}\n`,
  },
]);
