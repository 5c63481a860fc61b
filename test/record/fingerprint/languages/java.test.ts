import { describeLanguage, type StackCase } from './helper.ts';

const cases: StackCase[] = [
  {
    name: 'an uncaught exception',
    stack: `Exception in thread "main" java.lang.NullPointerException: Cannot invoke "com.acme.shop.Item.price()" because "item" is null
	at com.acme.shop.Cart.total(Cart.java:31)
	at com.acme.shop.Main.main(Main.java:12)`,
    chain: ['java.lang.NullPointerException: Cannot invoke "com.acme.shop.Item.price()" because "item" is null'],
    own: ['com.acme.shop.Cart:total', 'com.acme.shop.Main:main'],
    kinds: 'aa',
    culprit: 'Cart.total (shop/Cart.java)',
  },
  {
    name: 'a chain with frames left out',
    stack: `com.acme.shop.OrderException: order failed
	at com.acme.shop.OrderService.place(OrderService.java:44)
	at com.acme.shop.OrderController.post(OrderController.java:21)
	at java.base/java.lang.Thread.run(Thread.java:840)
Caused by: java.io.UncheckedIOException: java.net.ConnectException: Connection refused
	at com.acme.shop.Stock.reserve(Stock.java:19)
	at com.acme.shop.OrderService.place(OrderService.java:42)
	... 2 more
Caused by: java.net.ConnectException: Connection refused
	at java.base/sun.nio.ch.Net.pollConnect(Native Method)
	at java.base/java.net.Socket.connect(Socket.java:633)
	... 4 more`,
    chain: [
      'com.acme.shop.OrderException: order failed',
      'java.io.UncheckedIOException: java.net.ConnectException: Connection refused',
      'java.net.ConnectException: Connection refused',
    ],
    own: ['com.acme.shop.OrderService:place', 'com.acme.shop.OrderController:post'],
    kinds: 'aan',
    culprit: 'OrderService.place (shop/OrderService.java)',
  },
  {
    name: 'Spring: proxies, reflection, a wrapper without own frames',
    stack: `jakarta.servlet.ServletException: Request processing failed: java.lang.IllegalStateException: no stock
	at org.springframework.web.servlet.FrameworkServlet.processRequest(FrameworkServlet.java:1019)
	at java.base/java.lang.Thread.run(Thread.java:840)
Caused by: java.lang.IllegalStateException: no stock
	at com.acme.shop.StockService.reserve(StockService.java:27)
	at com.acme.shop.StockService$$FastClassBySpringCGLIB$$8f1a2b3c.invoke(<generated>)
	at org.springframework.aop.framework.CglibAopProxy$DynamicAdvisedInterceptor.intercept(CglibAopProxy.java:708)
	at com.acme.shop.StockService$$SpringCGLIB$$0.reserve(<generated>)
	at jdk.internal.reflect.GeneratedMethodAccessor57.invoke(Unknown Source)
	at com.acme.shop.OrderController.post(OrderController.java:30)
	... 41 more`,
    chain: [
      'jakarta.servlet.ServletException: Request processing failed: java.lang.IllegalStateException: no stock',
      'java.lang.IllegalStateException: no stock',
    ],
    own: [],
    kinds: 'fn',
    culprit: 'StockService.reserve (shop/StockService.java)',
  },
  {
    name: 'lambdas and streams',
    stack: `java.lang.ArithmeticException: / by zero
	at com.acme.shop.Report.lambda$average$3(Report.java:15)
	at java.base/java.util.stream.ReferencePipeline$3$1.accept(ReferencePipeline.java:197)
	at com.acme.shop.Report$$Lambda$14/0x0000000800c03000.apply(Unknown Source)
	at com.acme.shop.Report.average(Report.java:14)
	at com.acme.shop.Report$1.run(Report.java:9)`,
    chain: ['java.lang.ArithmeticException: / by zero'],
    own: ['com.acme.shop.Report:average', 'com.acme.shop.Report:average', 'com.acme.shop.Report:run'],
    kinds: 'anraa',
    culprit: 'Report.average (shop/Report.java)',
  },
  {
    name: 'Kotlin coroutines',
    stack: `kotlin.KotlinNullPointerException
	at com.acme.shop.CartKt.total(Cart.kt:12)
	at com.acme.shop.CartService$checkout$2.invokeSuspend(CartService.kt:33)
	at kotlin.coroutines.jvm.internal.BaseContinuationImpl.resumeWith(ContinuationImpl.kt:33)
	at kotlinx.coroutines.DispatchedTask.run(DispatchedTask.kt:104)`,
    chain: ['kotlin.KotlinNullPointerException: '],
    own: ['com.acme.shop.CartKt:total', 'com.acme.shop.CartService:checkout'],
    kinds: 'aann',
    culprit: 'CartKt.total (shop/Cart.kt)',
  },
  {
    name: 'suppressed errors, and packaging data of logback',
    stack: `com.acme.shop.CloseException: could not write
	at com.acme.shop.Store.write(Store.java:8) ~[shop.jar:na]
	Suppressed: java.io.IOException: close failed
		at com.acme.shop.Store.close(Store.java:20) ~[shop.jar:na]
		... 1 common frames omitted
	Caused by: java.lang.Error: of the suppressed one
		at com.acme.shop.Other.gone(Other.java:1)
	at org.apache.kafka.clients.producer.KafkaProducer.send(KafkaProducer.java:960) ~[kafka-clients-3.6.0.jar:na]
Caused by: java.io.IOException: disk full
	at com.acme.shop.Disk.put(Disk.java:5) ~[shop.jar:na]`,
    chain: ['com.acme.shop.CloseException: could not write', 'java.io.IOException: disk full'],
    own: ['com.acme.shop.Store:write'],
    kinds: 'ad',
    culprit: 'Store.write (shop/Store.java)',
  },
  {
    name: 'a message of several lines',
    stack: `org.postgresql.util.PSQLException: ERROR: duplicate key value violates unique constraint "users_email_key"
  Detail: Key (email)=(ann@example.com) already exists.
	at org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:2713)
	at com.zaxxer.hikari.pool.ProxyPreparedStatement.executeUpdate(ProxyPreparedStatement.java:61)
	at com.acme.shop.Users.save(Users.java:18)`,
    chain: [
      'org.postgresql.util.PSQLException: ERROR: duplicate key value violates unique constraint "users_email_key"\nDetail: Key (email)=(ann@example.com) already exists.',
    ],
    own: ['com.acme.shop.Users:save'],
    kinds: 'dda',
    culprit: 'Users.save (shop/Users.java)',
  },
  {
    name: 'Clojure, and classes without their names',
    stack: `clojure.lang.ExceptionInfo: no price
	at com.acme.shop.cart$total.invokeStatic(cart.clj:12)
	at com.acme.shop.cart$total.invoke(cart.clj:10)
	at a.b.c.d(Unknown Source:14)`,
    chain: ['clojure.lang.ExceptionInfo: no price'],
    own: ['com.acme.shop.cart:total', 'com.acme.shop.cart:total', 'a.b.c:d'],
    kinds: 'aaa',
    culprit: 'cart.total (shop/cart.clj)',
  },
];

describeLanguage('java', cases, [
  {
    name: 'when lines shift',
    change: (stack) => stack.replace(/(\.(?:java|kt|clj)):(\d+)/g, (_, file, n) => `${file}:${Number(n) + 55}`),
  },
  {
    name: 'with other generated names, modules and versions',
    change: (stack) =>
      `${stack
        .replaceAll('$average$3', '$average$17')
        .replaceAll('$checkout$2', '$checkout$5')
        .replaceAll('Lambda$14/0x0000000800c03000', 'Lambda/0x00007f11a4123abc')
        .replaceAll('8f1a2b3c', '77aa66bb')
        .replaceAll('CGLIB$$0', 'CGLIB$$1')
        .replaceAll('Accessor57', 'Accessor3')
        .replaceAll('java.base/', '')
        .replaceAll(' ~[shop.jar:na]', ' [classes/:na]')
        .replaceAll('at com.acme', 'at app//com.acme')}\n`,
  },
]);
