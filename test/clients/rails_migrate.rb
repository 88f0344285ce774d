# Runs ActiveRecord's migrations of one directory of rails_migrations: all of them, or back to where none is applied.
#
# rails_migrate.rb NAME up|down. The connection comes from libpq's environment; MIGRATION_FILES names a directory with the
# files that clipperf_migration() wrote.

require 'active_record'

name, direction = ARGV
ActiveRecord::Base.establish_connection(adapter: 'postgresql', database: ENV.fetch('PGDATABASE'))
ActiveRecord::Migration.verbose = false
ActiveRecord::Migrator.migrations_paths = [File.join(__dir__, 'rails_migrations', name)]

# 7.2: moved.
pool = ActiveRecord::Base.connection_pool
context = pool.respond_to?(:migration_context) ? pool.migration_context : ActiveRecord::Base.connection.migration_context
context.migrate(direction == 'down' ? 0 : nil)
