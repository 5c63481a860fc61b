import { describeLanguage, type StackCase } from './helper.ts';

const cases: StackCase[] = [
  {
    name: 'Flutter',
    type: '_TypeError',
    message: 'Null check operator used on a null value',
    stack: `#0      Cart.total.<anonymous closure> (package:shop/src/cart.dart:31:5)
#1      Iterable.forEach (dart:core/iterable.dart:35:35)
#2      new Order (package:shop/order.dart:7:3)
#3      Dio.fetch (package:dio/src/dio_mixin.dart:520:7)
<asynchronous suspension>
#4      StatelessElement.build (package:flutter/src/widgets/framework.dart:5541:49)
`,
    chain: ['TypeError: Null check operator used on a null value'],
    own: ['shop/src/cart:Cart.total', 'shop/order:Order'],
    kinds: 'anadf',
    culprit: 'Cart.total (src/cart.dart)',
  },
  {
    name: 'a script',
    stack: `Unhandled exception:
Bad state: No element
#0      List.first (dart:core-patch/growable_array.dart:343:5)
#1      load (file:///app/bin/rates.dart:12:20)
#2      main (file:///app/bin/rates.dart:3:3)
#3      _delayEntrypointInvocation.<anonymous closure> (dart:isolate-patch/isolate_patch.dart:295:19)`,
    chain: ['Error: Bad state: No element'],
    own: ['rates:load', 'rates:main'],
    kinds: 'naan',
    culprit: 'load (bin/rates.dart)',
  },
  {
    name: 'written by package:stack_trace',
    type: 'StateError',
    message: 'Bad state: No element',
    stack: `package:shop/cart.dart 31:5                Cart.total.<fn>
dart:async/zone.dart 1399:13               _rootRun
package:shop/main.dart 9:3                 main`,
    chain: ['StateError: Bad state: No element'],
    own: ['shop/cart:Cart.total', 'shop/main:main'],
    kinds: 'ana',
    culprit: 'Cart.total (shop/cart.dart)',
    unsniffable: true,
  },
];

describeLanguage('dart', cases, [
  {
    name: 'when lines shift',
    change: (stack) => stack.replace(/\.dart([: ])(\d+)/g, (_, gap, n) => `.dart${gap}${Number(n) + 4}`),
  },
]);
