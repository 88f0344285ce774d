class ApplyIndexes < ActiveRecord::Migration[6.0]
  def up
    execute "SELECT * FROM clipperf_apply(index_set => 'clipper', concurrently => false)"
  end

  def down
    execute "SELECT clipperf_revert(job) FROM clipperf_jobs WHERE transactional AND state <> 'reverted'"
  end
end
