// What compilers and runtimes number, and where they put an address or a place: one bug has one key, whichever they gave.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fingerprint } from '../../../../src/fingerprint.ts';

interface Pair {
  name: string;
  type?: string;
  otherType?: string;
  stack: string;
  /** The same bug in another build or process. */
  other: string;
  culprit: string;
}

const pairs: Record<string, Pair[]> = {
  java: [
    {
      name: 'nested lambdas of Kotlin',
      stack: `java.lang.IllegalStateException: no dog
	at com.acme.Shop.load$lambda$3$lambda$2(Shop.kt:12)
	at _COROUTINE._BOUNDARY._(CoroutineDebugging.kt:46)
	at com.acme.Shop.$r8$lambda$Ab12_cdEFgh(Unknown Source:0)
	at com.acme.Shop$1Loader.run(Shop.kt:40)`,
      other: `java.lang.IllegalStateException: no dog
	at com.acme.Shop.load$lambda$5$lambda$4(Shop.kt:19)
	at com.acme.Shop.$r8$lambda$Zz98_xyWVut(Unknown Source:0)
	at com.acme.Shop$2Loader.run(Shop.kt:47)`,
      culprit: 'Shop.load (acme/Shop.kt)',
    },
    {
      name: 'closures of Scala 2',
      stack: `java.lang.IllegalStateException: no dog
	at com.acme.Cart$.$anonfun$total$1(Cart.scala:12)
	at com.acme.Cart$.$anonfun$total$1$adapted(Cart.scala:12)
	at com.acme.Main$.main(Main.scala:3)`,
      other: `java.lang.IllegalStateException: no dog
	at com.acme.Cart$.$anonfun$total$4(Cart.scala:19)
	at com.acme.Cart$.$anonfun$total$4$adapted(Cart.scala:19)
	at com.acme.Main$.main(Main.scala:3)`,
      culprit: 'Cart.total (acme/Cart.scala)',
    },
    {
      name: 'closures of Scala 3',
      stack: `java.lang.IllegalStateException: no dog
	at com.acme.Cart$.total$$anonfun$1$$anonfun$2(Cart.scala:12)
	at com.acme.Cart$.total$$anonfun$adapted$1(Cart.scala:12)`,
      other: `java.lang.IllegalStateException: no dog
	at com.acme.Cart$.total$$anonfun$3$$anonfun$1(Cart.scala:19)
	at com.acme.Cart$.total$$anonfun$adapted$4(Cart.scala:19)`,
      culprit: 'Cart.total (acme/Cart.scala)',
    },
    {
      name: 'functions of Clojure, and its own between them',
      stack: `clojure.lang.ExceptionInfo: no dog {:id 5}
	at shop.cart$total$fn__12345.invoke(cart.clj:12)
	at clojure.core$map$fn__5935.invoke(core.clj:2772)
	at shop.cart$reify__9876.handle(cart.clj:3)
	at shop.main$eval12345$fn__12346.doInvoke(main.clj:9)`,
      other: `clojure.lang.ExceptionInfo: no dog {:id 6}
	at shop.cart$total$fn__22345.invoke(cart.clj:19)
	at clojure.core$map$fn__6001$fn__6002.invoke(core.clj:2779)
	at shop.cart$reify__1876.handle(cart.clj:8)
	at shop.main$eval22345$fn__22346.doInvoke(main.clj:9)`,
      culprit: 'cart.total (shop/cart.clj)',
    },
    {
      name: 'closures of Groovy',
      stack: `groovy.lang.MissingPropertyException: No such property: dog for class: Cart
	at com.acme.Cart$_total_closure1$_closure2.doCall(Cart.groovy:12)
	at com.acme.Cart.sum(Cart.groovy:10)`,
      other: `groovy.lang.MissingPropertyException: No such property: dog for class: Cart
	at com.acme.Cart$_total_closure3$_closure4.doCall(Cart.groovy:17)
	at com.acme.Cart.sum(Cart.groovy:10)`,
      culprit: 'Cart.total (acme/Cart.groovy)',
    },
    {
      name: 'the thread that first tried to initialize a class',
      stack: `java.lang.NoClassDefFoundError: Could not initialize class com.acme.Rates
	at com.acme.Shop.price(Shop.java:9)
Caused by: java.lang.ExceptionInInitializerError: Exception java.lang.NumberFormatException: For input string: "x" [in thread "main"]
	at com.acme.Rates.<clinit>(Rates.java:3)`,
      other: `java.lang.NoClassDefFoundError: Could not initialize class com.acme.Rates
	at com.acme.Shop.price(Shop.java:9)
Caused by: java.lang.ExceptionInInitializerError: Exception java.lang.NumberFormatException: For input string: "x" [in thread "http-nio-8080-exec-7"]
	at com.acme.Rates.<clinit>(Rates.java:3)`,
      culprit: 'Shop.price (acme/Shop.java)',
    },
  ],
  dotnet: [
    {
      name: 'handlers among top-level statements',
      stack: `System.InvalidOperationException: no dog
   at Program.<<Main>$>g__Load|0_2(Int32 id) in /src/Program.cs:line 40
   at Program.<<<Main>$>g__LoadAsync|0_1>d.MoveNext() in /src/Program.cs:line 33
--- End of stack trace from previous location ---
   at Program.<>c__DisplayClass0_0.<<<Main>$>b__4>d.MoveNext() in /src/Program.cs:line 12
   at Program.<>c.<<Main>$>b__0_3(HttpContext context) in /src/Program.cs:line 9
   at Program.<Main>$(String[] args) in /src/Program.cs:line 30`,
      other: `System.InvalidOperationException: no dog
   at Program.<<Main>$>g__Load|0_3(Int32 id) in /src/Program.cs:line 44
   at Program.<<<Main>$>g__LoadAsync|0_2>d.MoveNext() in /src/Program.cs:line 37
--- End of stack trace from previous location ---
   at Program.<>c__DisplayClass0_1.<<<Main>$>b__7>d.MoveNext() in /src/Program.cs:line 16
   at Program.<>c.<<Main>$>b__0_5(HttpContext context) in /src/Program.cs:line 13
   at Program.<Main>$(String[] args) in /src/Program.cs:line 34`,
      culprit: 'Program.Load (src/Program.cs)',
    },
    {
      name: 'an interface that is implemented explicitly, and closures of F#',
      stack: `System.InvalidOperationException: no dog
   at Shop.Users.<Shop.IRepo.Save>d__4.MoveNext() in /src/Users.cs:line 12
   at Shop.Handlers.load@12-1.Invoke(Unit unitVar) in /src/Handlers.fs:line 13`,
      other: `System.InvalidOperationException: no dog
   at Shop.Users.<Shop.IRepo.Save>d__6.MoveNext() in /src/Users.cs:line 19
   at Shop.Handlers.load@19-3.Invoke(Unit unitVar) in /src/Handlers.fs:line 20`,
      culprit: 'Users.Save (src/Users.cs)',
    },
  ],
  rust: [
    {
      name: 'a full backtrace with the names of newer compilers, and a short one',
      stack: `thread 'main' (812) panicked at src/cart.rs:5:58:
no dog
stack backtrace:
   0:     0x5584884c10aa - core[c1f1a4ba060b9bfa]::fmt::write
   1:     0x55848849a09f - std[e28293b1aa0f68bd]::panicking::default_hook::{closure#0}
                               at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:292:27
   2:     0x55e553efb6ed - <shop[235e3519f142be8b]::cart::Cart as shop[235e3519f142be8b]::cart::Sum>::sum
                               at /build/src/cart.rs:5:58
   3:     0x55e553efe20c - shop[235e3519f142be8b]::main
                               at /build/src/main.rs:12:81
   4:     0x7f6ba1db224a - __libc_start_call_main
                               at ./csu/../sysdeps/nptl/libc_start_call_main.h:58:16
   5:                0x0 - <unknown>`,
      other: `thread 'main' (977) panicked at src/cart.rs:9:58:
no dog
stack backtrace:
   0: core::panicking::panic_fmt
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
   1: <shop::cart::Cart as shop::cart::Sum>::sum
             at ./src/cart.rs:9:58
   2: shop::main
             at ./src/main.rs:12:81`,
      culprit: 'Cart::sum (src/cart.rs)',
    },
  ],
  php: [
    {
      name: 'closures of PHP 8.4 that were made in a file',
      type: 'Exception',
      stack: `Exception: no dog
	at {closure:/srv/releases/20240101/public/index.php:12}(index.php:14)
	at App.Shop.run(Shop.php:12)
	at {main}(index.php:30)`,
      other: `Exception: no dog
	at {closure:/srv/releases/20240202/public/index.php:19}(index.php:21)
	at App.Shop.run(Shop.php:12)
	at {main}(index.php:37)`,
      culprit: '<anonymous> (index.php)',
    },
    {
      name: 'an exception class without a name',
      type: 'RuntimeException@anonymous\0/srv/releases/20240101/shop.php:38$1',
      otherType: 'RuntimeException@anonymous\0/srv/releases/20240202/shop.php:40$2f',
      stack: `#0 /srv/releases/20240101/shop.php(32): App\\Shop->run()
#1 {main}`,
      other: `#0 /srv/releases/20240202/shop.php(34): App\\Shop->run()
#1 {main}`,
      culprit: 'Shop.run (App/Shop)',
    },
  ],
  ruby: [
    {
      name: 'an exception class without a name',
      type: '#<Class:0x00007f767eab65c0>',
      otherType: '#<Class:0x000055d0c1a2b3f8>',
      stack: `/app/lib/cart.rb:31:in \`total': no dog (#<Class:0x00007f767eab65c0>)
	from /app/lib/shop.rb:12:in \`sum'`,
      other: `/app/lib/cart.rb:33:in \`total': no dog (#<Class:0x000055d0c1a2b3f8>)
	from /app/lib/shop.rb:12:in \`sum'`,
      culprit: 'total (lib/cart.rb)',
    },
  ],
};

for (const [language, table] of Object.entries(pairs))
  describe(`names that ${language} makes`, () => {
    for (const { name, type, otherType = type, stack, other, culprit } of table)
      it(`${name}: one key`, () => {
        const message = 'no dog';
        const first = fingerprint({ type, message, stack, service: 's', language });
        assert.equal(first.culprit, culprit);
        const second = fingerprint({ type: otherType, message, stack: other, service: 's', language });
        assert.equal(second.fingerprint, first.fingerprint, `${first.explain.join(' ')} / ${second.explain.join(' ')}`);
      });
  });
