class RunStatements < ActiveRecord::Migration[6.0]
  disable_ddl_transaction!

  FILES = ENV.fetch('MIGRATION_FILES')

  def up
    run 'up_concurrently.sql'
  end

  def down
    run 'down_concurrently.sql'
  end

  private

  def run(name)
    File.read("#{FILES}/#{name}").split("-- statement-breakpoint\n").each { |statement| execute statement }
  end
end
