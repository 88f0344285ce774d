class RunFile < ActiveRecord::Migration[6.0]
  FILES = ENV.fetch('MIGRATION_FILES')

  def up
    execute File.read("#{FILES}/up.sql")
  end

  def down
    execute File.read("#{FILES}/down.sql")
  end
end
