import { describeLanguage, type StackCase } from './helper.ts';

const GEMS = '/usr/local/bundle/gems';
const cases: StackCase[] = [
  {
    name: 'one error',
    stack: `/app/lib/cart.rb:31:in \`total': undefined method \`price' for nil:NilClass (NoMethodError)
	from /app/lib/shop.rb:12:in \`block in sum'
	from /app/bin/run.rb:3:in \`<main>'`,
    chain: ["NoMethodError: undefined method `price' for nil:NilClass"],
    own: ['cart:total', 'shop:sum', 'run:?'],
    kinds: 'aaa',
    culprit: 'total (lib/cart.rb)',
  },
  {
    name: 'a Rails request',
    stack: `/app/app/models/order.rb:18:in \`block (2 levels) in reserve': no stock left (Shop::OutOfStock)
	from ${GEMS}/activerecord-7.1.2/lib/active_record/transactions.rb:209:in \`transaction'
	from /app/app/controllers/orders_controller.rb:9:in \`create'
	from ${GEMS}/actionpack-7.1.2/lib/action_controller/metal/basic_implicit_render.rb:6:in \`send_action'
	from /usr/local/lib/ruby/3.2.0/monitor.rb:202:in \`synchronize'`,
    chain: ['Shop::OutOfStock: no stock left'],
    own: ['order:reserve', 'orders_controller:create'],
    kinds: 'adafn',
    culprit: 'reserve (models/order.rb)',
  },
  {
    name: 'a template that Rails compiled, under a name of this process',
    stack: `/app/app/views/orders/show.html.erb:3:in \`block in _app_views_orders_show_html_erb___1875348906437463389_21580': no price (KeyError)
	from /app/app/views/orders/show.html.erb:1:in 'ActionView::Base#_app_views_orders_show_html_erb__3402841289523467890_70180'
	from /app/app/controllers/orders_controller.rb:9:in \`show'`,
    chain: ['KeyError: no price'],
    own: ['show:_app_views_orders_show_html_erb', 'show:_app_views_orders_show_html_erb', 'orders_controller:show'],
    kinds: 'aaa',
    culprit: '_app_views_orders_show_html_erb (orders/show.html.erb)',
  },
  {
    name: 'a cause',
    stack: `/app/lib/rates.rb:22:in \`rescue in load': no rates (RatesError)
	from /app/lib/rates.rb:19:in \`load'
/usr/local/lib/ruby/3.2.0/net/http.rb:1271:in \`initialize': Failed to open TCP connection (Errno::ECONNREFUSED)
	from /app/lib/rates.rb:20:in \`load'`,
    chain: ['RatesError: no rates', 'Errno::ECONNREFUSED: Failed to open TCP connection'],
    own: ['rates:load', 'rates:load'],
    kinds: 'aa',
    culprit: 'load (lib/rates.rb)',
  },
  {
    name: 'labels of Ruby 3.4',
    stack: `/app/lib/cart.rb:31:in 'Shop::Cart#total': undefined method 'price' for nil (NoMethodError)
	from /app/lib/cart.rb:8:in 'Array#sum'
	from /app/lib/main.rb:5:in 'Shop.run'`,
    chain: ["NoMethodError: undefined method 'price' for nil"],
    own: ['cart:total', 'cart:sum', 'main:run'],
    kinds: 'aaa',
    culprit: 'Shop::Cart#total (lib/cart.rb)',
  },
  {
    name: 'a bare backtrace',
    type: 'ArgumentError',
    message: 'bad date 2024-13-01',
    stack: `/app/lib/report.rb:7:in \`parse'
${GEMS}/sentry-ruby-5.15.0/lib/sentry/hub.rb:31:in \`with_scope'
${GEMS}/sidekiq-7.2.0/lib/sidekiq/processor.rb:202:in \`execute_job'`,
    chain: ['ArgumentError: bad date 2024-13-01'],
    own: ['report:parse'],
    kinds: 'arf',
    culprit: 'parse (lib/report.rb)',
  },
  {
    name: 'a message of several lines',
    stack: `/app/lib/users.rb:18:in \`save': PG::UniqueViolation: ERROR:  duplicate key value violates unique constraint "users_email" (ActiveRecord::RecordNotUnique)
DETAIL:  Key (email)=(ann@example.com) already exists.
	from /app/lib/users.rb:4:in \`create'`,
    chain: [
      'ActiveRecord::RecordNotUnique: PG::UniqueViolation: ERROR:  duplicate key value violates unique constraint "users_email"\nDETAIL:  Key (email)=(ann@example.com) already exists.',
    ],
    own: ['users:save', 'users:create'],
    kinds: 'aa',
    culprit: 'save (lib/users.rb)',
  },
];

describeLanguage('ruby', cases, [
  { name: 'when lines shift', change: (stack) => stack.replace(/\.rb:(\d+)/g, (_, n) => `.rb:${Number(n) + 21}`) },
  {
    name: 'below other roots, with other versions of gems',
    change: (stack) =>
      stack
        .replaceAll('/app/', '/home/ann/shop/')
        .replaceAll(GEMS, '/home/ann/.rbenv/versions/3.3.0/lib/ruby/gems/3.3.0/gems')
        .replaceAll('3.2.0', '3.3.0')
        .replace(/-7\.\d\.\d\//g, '-7.0.8/'),
  },
  { name: 'on Windows', change: (stack) => stack.replaceAll('/app/', 'C:/shop/') },
]);
