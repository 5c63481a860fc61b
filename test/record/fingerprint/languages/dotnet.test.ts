import { describeLanguage, type StackCase } from './helper.ts';

const cases: StackCase[] = [
  {
    name: 'one exception',
    stack: `System.NullReferenceException: Object reference not set to an instance of an object.
   at Shop.Carts.Cart.Total(List\`1 items) in C:\\src\\Shop\\Cart.cs:line 31
   at Shop.Program.Main(String[] args) in C:\\src\\Shop\\Program.cs:line 9`,
    chain: ['System.NullReferenceException: Object reference not set to an instance of an object.'],
    own: ['Shop.Carts.Cart:Total', 'Shop.Program:Main'],
    kinds: 'aa',
    culprit: 'Cart.Total (Shop/Cart.cs)',
  },
  {
    name: 'inner exceptions',
    stack: `Shop.OrderException: Order failed
 ---> System.InvalidOperationException: No stock
 ---> System.Net.Sockets.SocketException (111): Connection refused
   at System.Net.Sockets.Socket.Connect(EndPoint remoteEP)
   at Shop.Stock.Client.Open() in /src/Shop/Client.cs:line 12
   --- End of inner exception stack trace ---
   at Shop.Stock.Client.Reserve(Int32 id) in /src/Shop/Client.cs:line 30
   --- End of inner exception stack trace ---
   at Shop.Orders.OrderService.Place(Order order) in /src/Shop/OrderService.cs:line 44`,
    chain: [
      'Shop.OrderException: Order failed',
      'System.InvalidOperationException: No stock',
      'System.Net.Sockets.SocketException: Connection refused',
    ],
    own: ['Shop.Orders.OrderService:Place'],
    kinds: 'a',
    culprit: 'OrderService.Place (Shop/OrderService.cs)',
  },
  {
    name: 'async state machines in ASP.NET',
    stack: `System.ArgumentException: Unknown currency (Parameter 'currency')
   at Shop.Rates.RateService.<LoadAsync>d__12.MoveNext() in /src/Shop/RateService.cs:line 58
--- End of stack trace from previous location where exception was thrown ---
   at System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw()
   at System.Runtime.CompilerServices.TaskAwaiter.HandleNonSuccessAndDebuggerNotification(Task task)
   at Shop.Api.PricesController.<>c__DisplayClass5_0.<<Get>b__0>d.MoveNext() in /src/Shop/PricesController.cs:line 20
   at lambda_method5(Closure, Object)
   at Microsoft.AspNetCore.Mvc.Infrastructure.ActionMethodExecutor.TaskOfIActionResultExecutor.Execute(ActionContext context)`,
    chain: ["System.ArgumentException: Unknown currency (Parameter 'currency')"],
    own: ['Shop.Rates.RateService:LoadAsync', 'Shop.Api.PricesController:Get'],
    kinds: 'annarf',
    culprit: 'RateService.LoadAsync (Shop/RateService.cs)',
  },
  {
    name: 'lambdas, local functions, generics, constructors, without places',
    stack: `System.DivideByZeroException: Attempted to divide by zero.
   at Shop.Report.<>c.<Average>b__3_0(Item item)
   at System.Linq.Enumerable.WhereSelectListIterator\`2.MoveNext()
   at Shop.Report.<Average>g__Share|4_1(Int32 total)
   at Shop.Box\`1.Open[TKey](TKey key)
   at Shop.Outer+Inner..ctor()`,
    chain: ['System.DivideByZeroException: Attempted to divide by zero.'],
    own: ['Shop.Report:Average', 'Shop.Report:Share', 'Shop.Box:Open', 'Shop.Outer.Inner:.ctor'],
    kinds: 'anaaa',
    culprit: 'Report.Average (Shop/Report)',
  },
  {
    name: 'an AggregateException',
    stack: `System.AggregateException: One or more errors occurred. (no address) (no amount)
 ---> System.FormatException: no address
   at Shop.Mailer.Send() in /src/Shop/Mailer.cs:line 7
   --- End of inner exception stack trace ---
   at System.Threading.Tasks.Task.WaitAll(Task[] tasks)
   at Shop.Jobs.Run() in /src/Shop/Jobs.cs:line 15
 ---> (Inner Exception #1) System.OverflowException: no amount
   at Shop.Biller.Bill() in /src/Shop/Biller.cs:line 9<---`,
    chain: [
      'System.AggregateException: One or more errors occurred. (no address) (no amount)',
      'System.FormatException: no address',
      'System.OverflowException: no amount',
    ],
    own: ['Shop.Jobs:Run'],
    kinds: 'na',
    culprit: 'Jobs.Run (Shop/Jobs.cs)',
  },
  {
    name: 'a database library, inner headers on one line',
    stack: `Microsoft.EntityFrameworkCore.DbUpdateException: An error occurred while saving. ---> Npgsql.PostgresException: 23505: duplicate key value
   at Npgsql.NpgsqlDataReader.NextResult(Boolean async)
   --- End of inner exception stack trace ---
   at Microsoft.EntityFrameworkCore.Update.ReaderModificationCommandBatch.Execute(IRelationalConnection connection)
   at Shop.Users.Save(User user) in /src/Shop/Users.cs:line 18`,
    chain: [
      'Microsoft.EntityFrameworkCore.DbUpdateException: An error occurred while saving.',
      'Npgsql.PostgresException: 23505: duplicate key value',
    ],
    own: ['Shop.Users:Save'],
    kinds: 'da',
    culprit: 'Users.Save (Shop/Users.cs)',
  },
  {
    name: 'Mono',
    stack: `System.NullReferenceException: Object reference not set to an instance of an object
  at Shop.Cart.Total () [0x00028] in /src/Shop/Cart.cs:31
  at Shop.Checkout+<PayAsync>d__5.MoveNext () [0x0009d] in <f99f496cb0d249c1a945c1fcabce1695>:0
  at System.Runtime.CompilerServices.TaskAwaiter\`1[TResult].GetResult () [0x00000] in <a07d6bf484a54da2861691df910339b1>:0
  at Shop.Page.Click (System.Object sender) [0x0009d] in <f99f496cb0d249c1a945c1fcabce1695>:0`,
    chain: ['System.NullReferenceException: Object reference not set to an instance of an object'],
    own: ['Shop.Cart:Total', 'Shop.Checkout:PayAsync', 'Shop.Page:Click'],
    kinds: 'aana',
    culprit: 'Cart.Total (Shop/Cart.cs)',
  },
];

describeLanguage('dotnet', cases, [
  {
    name: 'when lines and compiler numbers change',
    change: (stack) =>
      `${stack
        .replace(/:line (\d+)/g, (_, n) => `:line ${Number(n) + 3}`)
        .replace(/d__\d+/g, 'd__99')
        .replace(/<[0-9a-f]{32}>/g, '<0123456789abcdef0123456789abcdef>')
        .replace(/b__\d/g, 'b__7')
        .replace(/DisplayClass\d/g, 'DisplayClass8')
        .replace(/\|4_1/g, '|9_0')}\n`,
  },
  {
    name: 'built elsewhere, or without symbols',
    change: (stack) => `${stack.replaceAll('C:\\src\\', '/build/').replaceAll('/src/', 'D:\\a\\1\\s\\')}\n`,
  },
  { name: 'without symbols', change: (stack) => `${stack.replace(/ in [^\n<]+:line \d+/g, '')}\n` },
]);
