import { describeLanguage, type StackCase } from './helper.ts';

const cases: StackCase[] = [
  {
    name: 'an uncaught exception',
    stack: `PHP Fatal error:  Uncaught RuntimeException: no stock in /app/src/Stock.php:12
Stack trace:
#0 /app/src/OrderController.php(30): App\\Stock->reserve(Array)
#1 /app/public/index.php(9): App\\OrderController->post()
#2 {main}
  thrown in /app/src/Stock.php on line 12`,
    chain: ['RuntimeException: no stock'],
    own: ['App.Stock:reserve', 'App.OrderController:post', 'public/index:{main}'],
    kinds: 'aaa',
    culprit: 'Stock.reserve (src/Stock.php)',
  },
  {
    name: 'a chain, printed innermost first',
    stack: `PDOException: SQLSTATE[HY000] [2002] Connection refused in /app/src/Db.php:8
Stack trace:
#0 /app/src/Db.php(8): PDO->__construct('mysql:host=db', 'app', Object(SensitiveParameterValue))
#1 /app/src/Users.php(20): App\\Db->open()
#2 {main}

Next App\\StorageException: cannot save user in /app/src/Users.php:24
Stack trace:
#0 /app/src/Api.php(14): App\\Users->save(Object(App\\User))
#1 {main}`,
    chain: ['App\\StorageException: cannot save user', 'PDOException: SQLSTATE[HY000] [2002] Connection refused'],
    own: ['App.Users:save', 'Api:{main}'],
    kinds: 'aa',
    culprit: 'Users.save (src/Users.php)',
  },
  {
    name: 'Laravel',
    type: 'App\\Exceptions\\OutOfStock',
    message: 'sku 4711 is sold out',
    stack: `#0 /var/www/html/app/Services/StockService.php(40): App\\Services\\StockService->reserve(4711)
#1 [internal function]: App\\Services\\StockService->App\\Services\\{closure}(Object(App\\Models\\Item))
#2 /var/www/html/vendor/laravel/framework/src/Illuminate/Collections/Arr.php(560): array_map(Object(Closure), Array)
#3 /var/www/html/app/Http/Controllers/OrderController.php(22): Illuminate\\Support\\Collection->map(Object(Closure))
#4 /var/www/html/vendor/laravel/framework/src/Illuminate/Routing/Controller.php(54): App\\Http\\Controllers\\OrderController->store()
#5 {main}`,
    chain: ['App\\Exceptions\\OutOfStock: sku 4711 is sold out'],
    own: [
      'App.Services.StockService:reserve',
      'App.Services.StockService:?',
      'App.Http.Controllers.OrderController:store',
    ],
    kinds: 'aanfaf',
    culprit: 'StockService.reserve (Services/StockService)',
  },
  {
    name: 'functions without a class, eval of closures in PHP 8.4',
    stack: `TypeError: total(): Argument #1 must be of type array, null given, called in /app/src/main.php on line 5 and defined in /app/src/functions.php:3
Stack trace:
#0 /app/src/main.php(5): total(NULL)
#1 /app/src/main.php(9): {closure:App\\Shop::run():4}(1)
#2 {main}`,
    chain: [
      'TypeError: total(): Argument #1 must be of type array, null given, called in /app/src/main.php on line 5 and defined',
    ],
    own: ['functions:total', 'App.Shop:run', 'main:{main}'],
    kinds: 'aaa',
    culprit: 'total (src/functions.php)',
  },
  {
    name: "OpenTelemetry's layout",
    stack: `App\\StorageException: cannot save user
 at App.Users.save(Users.php:24)
 at App.Api.post(Api.php:14)
 at {main}(index.php:3)
Caused by: PDOException: SQLSTATE[HY000] [2002] Connection refused
 at PDO.__construct(Db.php:8)
 ... 2 more`,
    chain: ['App\\StorageException: cannot save user', 'PDOException: SQLSTATE[HY000] [2002] Connection refused'],
    own: ['App.Users:save', 'App.Api:post', 'index:{main}'],
    kinds: 'aaa',
    culprit: 'Users.save (Users.php)',
  },
  {
    name: 'vendor frames only beside the entry',
    stack: `GuzzleHttp\\Exception\\ConnectException: cURL error 28: timed out in /app/vendor/guzzlehttp/guzzle/src/Handler/CurlFactory.php:210
Stack trace:
#0 /app/vendor/guzzlehttp/guzzle/src/Handler/CurlHandler.php(44): GuzzleHttp\\Handler\\CurlFactory::finish(Array)
#1 /app/vendor/symfony/http-kernel/HttpKernel.php(163): call_user_func()
#2 {main}`,
    chain: ['GuzzleHttp\\Exception\\ConnectException: cURL error 28: timed out'],
    own: [],
    kinds: 'ddf',
    culprit: 'CurlFactory.finish (Handler/CurlFactory.php)',
  },
];

describeLanguage('php', cases, [
  {
    name: 'when lines shift',
    change: (stack) =>
      stack
        .replace(/\.php\((\d+)\)/g, (_, n) => `.php(${Number(n) + 8})`)
        .replace(/\.php:(\d+)/g, (_, n) => `.php:${Number(n) + 8}`),
  },
  {
    name: 'below another root',
    change: (stack) =>
      `${stack.replaceAll('/app/src/', '/srv/www/shop/src/').replaceAll('/app/vendor/', '/srv/www/shop/vendor/').replaceAll('/var/www/html/', 'C:\\inetpub\\shop\\').replaceAll('vendor/laravel/framework/', 'vendor\\laravel\\framework\\')}\n`,
  },
]);
