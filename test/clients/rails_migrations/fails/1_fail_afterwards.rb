class FailAfterwards < ActiveRecord::Migration[6.0]
  def up
    execute "SELECT * FROM clipperf_apply(index_set => 'clipper')"
    execute 'SELECT 1 / 0'
  end
end
