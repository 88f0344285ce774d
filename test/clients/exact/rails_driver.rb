# Requests of ActiveRecord, counted by its own notifications: see run. Prints a line for each way: route, requests,
# statements.
#
# PGHOST, PGPORT, PGUSER and PGDATABASE tell the connection, POOL=1 that it is one of pgbouncer's in transaction mode.

require 'active_record'
require 'securerandom'

POOL = ENV['POOL'] == '1'
REQUESTS = 12
COUNTED = Hash.new { |all, route| all[route] = [0, 0] }

ActiveRecord::Base.establish_connection(
  adapter: 'postgresql', host: ENV['PGHOST'], port: ENV['PGPORT'], username: ENV['PGUSER'], database: ENV['PGDATABASE'],
  prepared_statements: !POOL, advisory_locks: false
)

class Clip < ActiveRecord::Base
end

# What ActiveRecord asks the catalogs for is asked once.
Clip.columns
Clip.first
CONNECTION = ActiveRecord::Base.connection

# Appends a comment to each statement, as Marginalia and Rails' query log tags do.
$comment = ''
CONNECTION.singleton_class.prepend(Module.new do
  def exec_no_cache(sql, *rest)
    super("#{sql}#{$comment}", *rest)
  end
end)

$statements = 0
ActiveSupport::Notifications.subscribe('sql.active_record') do |*, payload|
  $statements += 1 if payload[:sql].start_with?('SELECT') && !payload[:cached]
end

def traceparent
  "00-#{SecureRandom.hex(16)}-#{SecureRandom.hex(8)}-01"
end

# A request: what its block sends is counted.
def count(route)
  $statements = 0
  yield
  COUNTED[route][0] += 1
  COUNTED[route][1] += $statements
end

# What a page does: a list, then some of its entries.
def page(number)
  Clip.order(:id).limit(number).to_a.each { |clip| Clip.find(clip.id) }
end

def in_transaction(number)
  count('/exact/transaction') do
    Clip.transaction do
      CONNECTION.execute("SET LOCAL clipperf.route = '/exact/transaction'")
      page(number)
    end
  end
end

# What was prepared says nothing of later executions.
def comment(number)
  $comment = " /*route='/exact/comment',traceparent='#{traceparent}'*/"
  count('/exact/comment') do
    CONNECTION.unprepared_statement do
      page(number)
      Clip.transaction { page(1) }
    end
  end
  $comment = ''
end

def setting(number, name, route)
  local = POOL ? 'LOCAL' : ''
  trace = traceparent
  run = lambda do
    CONNECTION.execute("SET #{local} clipperf.route = '#{route}'")
    CONNECTION.execute("SET #{local} #{name} = '#{trace}'")
    page(number)
  end
  count(route) do
    2.times { POOL ? Clip.transaction { run.call } : run.call }
    next if POOL

    CONNECTION.execute("RESET #{name}")
    CONNECTION.execute('RESET clipperf.route')
  end
end

(1..REQUESTS).each do |number|
  in_transaction(number)
  comment(number)
  setting(number, 'clipperf.trace', '/exact/setting')
  setting(number, 'application_name', '/exact/name')
end
ActiveRecord::Base.connection_pool.disconnect!
COUNTED.keys.sort.each { |route| puts "#{route} #{COUNTED[route].join(' ')}" }
