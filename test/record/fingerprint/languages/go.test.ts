import { describeLanguage, type StackCase } from './helper.ts';

const cases: StackCase[] = [
  {
    name: 'a panic',
    stack: `panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
github.com/acme/shop/cart.(*Cart).Total(0xc000012345, 0x5)
	/app/cart/cart.go:31 +0x1d
main.main()
	/app/cmd/shop/main.go:12 +0x45
exit status 2`,
    chain: ['Error: runtime error: index out of range [5] with length 3'],
    own: ['github.com/acme/shop/cart:Cart.Total', 'main:main'],
    kinds: 'aa',
    culprit: 'cart.Cart.Total (cart/cart.go)',
  },
  {
    name: 'a signal, and other goroutines',
    stack: `panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48f2c1]

goroutine 34 [running]:
github.com/acme/shop/stock.Reserve(...)
	/app/stock/stock.go:9
github.com/acme/shop/api.(*Server).Order.func1({0x7f3c, 0xc0001})
	/app/api/order.go:40 +0x2c1
created by github.com/acme/shop/api.(*Server).Order in goroutine 18
	/app/api/order.go:38 +0x19d

goroutine 1 [chan receive]:
main.main()
	/app/cmd/shop/main.go:20 +0x45`,
    chain: ['Error: runtime error: invalid memory address or nil pointer dereference'],
    own: ['github.com/acme/shop/stock:Reserve', 'github.com/acme/shop/api:Server.Order'],
    kinds: 'aa',
    culprit: 'stock.Reserve (stock/stock.go)',
  },
  {
    name: 'what OpenTelemetry records when an HTTP handler panicked',
    type: 'runtime.boundsError',
    message: 'runtime error: index out of range [3] with length 3',
    stack: `goroutine 51 [running]:
go.opentelemetry.io/otel/sdk/trace.recordStackTrace()
	/root/go/pkg/mod/go.opentelemetry.io/otel/sdk@v1.21.0/trace/span.go:476 +0x2e
panic({0x6a1b20?, 0xc00001c0a8?})
	/usr/local/go/src/runtime/panic.go:914 +0x21f
github.com/acme/shop/cart.Sum[...](0xc0000b2000)
	/app/cart/sum.go:22 +0x9d
github.com/gin-gonic/gin.(*Context).Next(0xc000142000)
	/root/go/pkg/mod/github.com/gin-gonic/gin@v1.9.1/context.go:174 +0x2b
net/http.(*conn).serve(0xc000130000, {0x7})
	/usr/local/go/src/net/http/server.go:2009 +0x5f4`,
    chain: ['runtime.boundsError: runtime error: index out of range [3] with length 3'],
    own: ['github.com/acme/shop/cart:Sum'],
    kinds: 'afn',
    culprit: 'cart.Sum (cart/sum.go)',
  },
  {
    name: 'pkg/errors with a cause',
    type: '*errors.withStack',
    message: 'save order: dial tcp 10.0.0.7:5432: connect: connection refused',
    stack: `dial tcp 10.0.0.7:5432: connect: connection refused
github.com/acme/shop/db.connect
	/app/db/db.go:14
github.com/acme/shop/db.Save
	/app/db/db.go:30
runtime.goexit
	/usr/local/go/src/runtime/asm_amd64.s:1650
save order
github.com/acme/shop/orders.Place
	/app/orders/orders.go:51
main.main
	/app/cmd/shop/main.go:18`,
    chain: [
      '*errors.withStack: save order: dial tcp 10.0.0.7:5432: connect: connection refused',
      'Error: dial tcp 10.0.0.7:5432: connect: connection refused',
    ],
    own: ['github.com/acme/shop/orders:Place', 'main:main'],
    kinds: 'aa',
    culprit: 'orders.Place (orders/orders.go)',
  },
  {
    name: 'a vendored package',
    stack: `goroutine 7 [running]:
github.com/acme/shop/vendor/github.com/lib/pq.(*conn).query(0xc0)
	/app/vendor/github.com/lib/pq/conn.go:866 +0x1
github.com/acme/shop/db.Find(0x1)
	/app/db/find.go:8 +0x5`,
    chain: [''],
    own: ['github.com/acme/shop/db:Find'],
    kinds: 'da',
    culprit: 'db.Find (db/find.go)',
  },
  {
    name: 'built with -trimpath',
    stack: `panic: no stock

goroutine 6 [running]:
encoding/json.(*decodeState).object(0xc0)
	encoding/json/decode.go:755 +0xd08
github.com/acme/shop/stock.Load.func2.1()
	github.com/acme/shop/stock/load.go:17 +0x65
github.com/redis/go-redis/v9.(*Client).Get(0x0)
	github.com/redis/go-redis/v9@v9.3.0/redis.go:400 +0x5
created by net/http.(*Server).Serve
	net/http/server.go:3086 +0x5cb`,
    chain: ['Error: no stock'],
    own: ['github.com/acme/shop/stock:Load'],
    kinds: 'nad',
    culprit: 'stock.Load (stock/load.go)',
  },
  {
    name: 'a panic that was raised again as it was',
    stack: `panic: no price for rex [recovered]
	panic: no price for rex [recovered]
	panic: no price for rex

goroutine 1 [running]:
testing.tRunner.func1.2({0x51f3a0, 0xc000014250})
	/usr/local/go/src/testing/testing.go:1631 +0x24a
panic({0x51f3a0?, 0xc000014250?})
	/usr/local/go/src/runtime/panic.go:770 +0x132
github.com/acme/shop/cart.Total(0xc000228000)
	/app/cart/cart.go:76 +0x19c`,
    chain: ['Error: no price for rex'],
    own: ['github.com/acme/shop/cart:Total'],
    kinds: 'a',
    culprit: 'cart.Total (cart/cart.go)',
  },
];

describeLanguage('go', cases, [
  {
    name: 'when lines and addresses change',
    change: (stack) =>
      stack.replace(/\.(go|s):(\d+)/g, (_, ext, n) => `.${ext}:${Number(n) + 9}`).replace(/0x[0-9a-f]+/g, '0xbeef'),
  },
  {
    name: 'built elsewhere',
    change: (stack) =>
      `${stack.replaceAll('\t/app/', '\tC:/Users/ann/shop/').replaceAll('/usr/local/go/src', 'C:/Program Files/Go/src').replaceAll('/root/go/pkg/mod', 'C:/Users/ann/go/pkg/mod')}\n`,
  },
]);
