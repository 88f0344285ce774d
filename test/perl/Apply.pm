
=head1 NAME

Apply - jobs of clipperf_apply(), for the tests of what it builds

=head1 SYNOPSIS

  use Apply;

  my $node = apply_server('small');
  my $job = apply_index($node, 'item', 'item_a', 'CREATE INDEX item_a ON item (a)');
  is(wait_for_job($node, $job), 'kept', 'built');

=cut

package Apply;

use strict;
use warnings;

use Exporter 'import';
use Capture;
use PostgreSQL::Test::Cluster;
use Requests;
use Test::More;

our @EXPORT = qw(apply_server recommend apply_id apply_index wait_for_job wait_for_verdict wait_for_state reason
	unwatched history state gave_way phase invalid_indexes index_names index_is_complete no_locks no_builder send_query waits_for_lock apply_is_healthy);

# A server as new_server() makes it.
sub apply_server
{
	my ($name, @settings) = @_;
	return new_server($name, @settings);
}

# A recommendation as clipperf_recommend() writes it: the statement qualifies its names and is CONCURRENT where it can
# be, and costs and sizes are estimates. Returns its id. The statements that it is meant for may follow, divided by
# commas; else they are those that were seen to name the table, or none for a drop. Expressions in the statement stay as they are given.
sub recommend
{
	my ($node, $action, $relation, $index, $ddl, $queryids, $database) = @_;
	$queryids = defined $queryids ? "'{$queryids}'" : $action eq 'drop' ? "'{}'" : 'named.queryids';
	return (split /\n/, $node->safe_psql($database || 'postgres', qq{
		INSERT INTO clipperf_recommendations (action, relation, index_name, ddl, source, benefit_share, cost_before,
			cost_after, size_bytes, write_cost_share, queryids, reason, kind)
		SELECT '$action', t.oid, '$index',
			CASE '$action'
				WHEN 'drop' THEN format('DROP INDEX CONCURRENTLY %s.%I;', t.schema, '$index')
				ELSE regexp_replace(\$\$$ddl\$\$, 'INDEX (\\S+) ON \\S+',
					format('INDEX%s \\1 ON %s.%I', CASE WHEN t.relkind <> 'p' THEN ' CONCURRENTLY' END, t.schema, t.relname)) || ';'
			END,
			CASE '$action' WHEN 'drop' THEN 'catalog' ELSE 'workload' END,
			CASE '$action' WHEN 'create' THEN 0.1 END,
			CASE '$action' WHEN 'create' THEN 1000 END,
			CASE '$action' WHEN 'create' THEN 10 END,
			CASE '$action' WHEN 'drop' THEN pg_relation_size(to_regclass(format('%s.%I', t.schema, '$index')))
				ELSE 16384 + 20 * greatest(t.reltuples, 0) END,
			0.001, $queryids, 'a test',
			CASE '$action' WHEN 'drop' THEN 'unused_index' ELSE 'missing_index' END
		FROM (SELECT c.oid, c.relname, c.relkind, c.reltuples, quote_ident(n.nspname) AS schema
				FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace) AS t,
			LATERAL (SELECT array_agg(DISTINCT q.queryid) AS queryids FROM clipperf_queries AS q
				WHERE q.query ~* ('^(select|with|update|delete|merge)\\M.*\\m' || t.relname || '\\M')
					AND q.query !~ 'clipperf_') AS named
		WHERE t.oid = '$relation'::regclass
		RETURNING id}))[0];
}

# The job of a recommendation.
sub apply_id
{
	my ($node, $id, $database) = @_;
	return $node->safe_psql($database || 'postgres', "SELECT job FROM clipperf_apply(ARRAY[$id])");
}

# The job that makes an index.
sub apply_index
{
	my ($node, $relation, $index, $ddl, $queryid, $database) = @_;
	return apply_id($node, recommend($node, 'create', $relation, $index, $ddl, $queryid, $database), $database);
}

# The state of a job when it is done, or judged.
sub wait_for_job
{
	my ($node, $job, $database) = @_;
	return $node->safe_psql($database || 'postgres', "SELECT clipperf_wait($job, '15min')");
}

sub wait_for_verdict
{
	my ($node, $job) = @_;
	return $node->safe_psql('postgres', "SELECT clipperf_wait($job, '15min', true)");
}

# Waits for a state, whatever comes before; true if it came.
sub wait_for_state
{
	my ($node, $job, $state) = @_;
	return $node->poll_query_until('postgres', "SELECT state = '$state' FROM clipperf_jobs WHERE job = $job");
}

# Runs something of which no worker sees a part, so that jobs are judged by the whole of it.
sub unwatched
{
	my ($node, $run) = @_;
	my $session = $node->background_psql('postgres');
	my $pid = $session->query_safe('SELECT pg_backend_pid()');
	$session->query_safe('BEGIN; LOCK TABLE _clipperf_job IN ACCESS EXCLUSIVE MODE');
	$run->();
	settle($node, $pid);
	$session->query_safe('COMMIT');
	$session->quit;
	return;
}

sub reason
{
	my ($node, $job, $database) = @_;
	return $node->safe_psql($database || 'postgres', "SELECT reason FROM clipperf_jobs WHERE job = $job");
}

sub state
{
	my ($node, $job, $database) = @_;
	return $node->safe_psql($database || 'postgres', "SELECT state FROM clipperf_jobs WHERE job = $job");
}

# The states a job went through.
sub history
{
	my ($node, $job, $database) = @_;
	return $node->safe_psql($database || 'postgres', "SELECT string_agg(state, ' ' ORDER BY changed_at) FROM clipperf_job_changes WHERE job = $job");
}

# Waits until a job has given way to somebody; true if that came. Its state may be another one again by then.
sub gave_way
{
	my ($node, $job) = @_;
	return $node->poll_query_until('postgres', "SELECT EXISTS (SELECT FROM clipperf_job_changes
		WHERE job = $job AND reason LIKE 'gave way to process %, which waited for the table%')");
}

# Waits until the build of a job is in a phase; true if it came.
sub phase
{
	my ($node, $job, $phase) = @_;
	return $node->poll_query_until('postgres',
		"SELECT coalesce(phase LIKE '$phase%', false) FROM clipperf_jobs WHERE job = $job");
}

# INVALID indexes, by name.
sub invalid_indexes
{
	my ($node, $database) = @_;
	return $node->safe_psql($database || 'postgres',
		"SELECT string_agg(indexrelid::regclass::text, ' ') FROM pg_index WHERE NOT indisvalid OR NOT indisready");
}

# Names of the indexes that are like a pattern.
sub index_names
{
	my ($node, $pattern, $database) = @_;
	return $node->safe_psql($database || 'postgres',
		"SELECT string_agg(indexname, ' ' ORDER BY indexname) FROM pg_indexes WHERE indexname LIKE '$pattern'
			AND indexname NOT LIKE '%pkey'");
}

# Does an index on an integer expression, or on the table's column a, find all rows of the table?
sub index_is_complete
{
	my ($node, $index, $table, $expression, $database) = @_;
	$expression ||= 'a';
	my $count = "SELECT count(*) FROM $table WHERE $expression >= -2147483648";
	my $settings = "SET LOCAL enable_bitmapscan = off; SET LOCAL jit = off;";
	my @counts = split /\n/, $node->safe_psql($database || 'postgres', qq{
		BEGIN ISOLATION LEVEL REPEATABLE READ; $settings
		SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; $count;
		SET LOCAL enable_indexscan = on; SET LOCAL enable_indexonlyscan = on; SET LOCAL enable_seqscan = off; $count;
		EXPLAIN (COSTS off) $count; COMMIT});
	my ($seq, $found) = splice @counts, 0, 2;
	my $uses = grep { /\b$index\b/ } @counts;
	note("$seq rows, $found by the index", $uses ? '' : ', which is not used: ' . join("\n", @counts));
	return $uses && $seq == $found;
}

# Waits until no builder holds a lock; true if that came.
sub no_locks
{
	my ($node, $database) = @_;
	return $node->poll_query_until($database || 'postgres', q{
		SELECT count(*) = 0 FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
		WHERE a.backend_type LIKE 'clipperf builder'});
}

# Waits until no builder is at work in a database; true if that came.
sub no_builder
{
	my ($node, $database) = @_;
	return $node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity
		WHERE backend_type = 'clipperf builder' AND datname = '$database'");
}

# Nothing crashed, no INVALID index and no lock on a table is left.
sub apply_is_healthy
{
	my ($node, $name) = @_;
	my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile);

	unlike($log, qr/PANIC|TRAP:|was terminated by signal 11|was terminated by signal 6/, "$name: nothing has crashed");
	unlike($log, qr/WARNING:.*(leak|not closed|still referenced|already held)/, "$name: nothing leaks");
	is(invalid_indexes($node), '', "$name: no INVALID index is left");
	ok(no_locks($node), "$name: no lock of a build is left");
}

# Sends statements without waiting for their end.
sub send_query
{
	my ($session, $sql) = @_;
	$session->{stdin} .= "$sql;\n";
	$session->{run}->pump_nb;
	return;
}

# Waits until a statement like this waits for a lock.
sub waits_for_lock
{
	my ($node, $like) = @_;
	return $node->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_stat_activity
		WHERE wait_event_type = 'Lock' AND query LIKE '$like' AND pid <> pg_backend_pid()");
}

1;
