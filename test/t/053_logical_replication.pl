# Publisher and subscriber of all tables, both with clipperf: its own tables are published too, and must neither stop
# the subscription nor bring jobs and advice of one server to the other.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use Capture;
use Test::More;

my @settings = ('wal_level = logical', 'max_worker_processes = 16', 'clipperf.track = all');
my $publisher = new_server('publisher', @settings);
my $subscriber = new_server('subscriber', @settings);

foreach my $node ($publisher, $subscriber)
{
	$node->safe_psql('postgres', 'TRUNCATE mark; CREATE TABLE item (id int PRIMARY KEY, a int)');
}
$publisher->safe_psql('postgres', 'INSERT INTO item SELECT n, n FROM generate_series(1, 1000) AS n');
$subscriber->safe_psql('postgres', q{
	CREATE TABLE seen (id int);
	CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen VALUES (NEW.id); RETURN NULL; END $$;
	CREATE TRIGGER see AFTER INSERT ON item FOR EACH ROW EXECUTE FUNCTION see();
	ALTER TABLE item ENABLE ALWAYS TRIGGER see});

# Rows on both sides that have the same keys: jobs, advice, members of index sets.
sub make_job
{
	my ($node) = @_;
	my $job = apply_index($node, 'item', 'item_a', 'CREATE INDEX item_a ON item (a)');
	like(wait_for_job($node, $job), qr/kept|verifying/, $node->name . ": job $job is done");
	return $job;
}

is(make_job($publisher), make_job($subscriber), 'the same number on both');

# Advice of the publisher on a table, and by a role, that are not on the other server.
sub advise_on
{
	my ($table) = @_;
	$publisher->safe_psql('postgres', qq{
		CREATE UNLOGGED TABLE $table (id int PRIMARY KEY, a int);
		CREATE ROLE by_$table;
		INSERT INTO clipperf_scan_advice (relation, queryid, walked_index, outcome, reason, made_by, role)
			VALUES ('$table', 1, '${table}_pkey', 'no_index', 'a test', 'by_$table', 'by_$table'::regrole);
		SELECT clipperf_accept('seq_scan', '$table')});
	recommend($publisher, 'create', $table, "${table}_a", "CREATE INDEX ${table}_a ON $table (a)");
}
advise_on('only_here');

$publisher->safe_psql('postgres', q{INSERT INTO clipperf_endpoints (name, routes, target_ms) VALUES ('there', '{/there}', 1)});
my $connection = $publisher->connstr . ' dbname=postgres';
$publisher->safe_psql('postgres', 'CREATE PUBLICATION p FOR ALL TABLES');
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION s CONNECTION '$connection' PUBLICATION p");
$subscriber->wait_for_subscription_sync($publisher, 's');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM item'), 1000, 'all tables were copied');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM pg_subscription_rel WHERE srrelid::regclass::text ~ $$^_?clipperf_$$'),
	$publisher->safe_psql('postgres', 'SELECT count(*) FROM pg_publication_tables WHERE tablename ~ $$^_?clipperf_$$'), 'ours are among them');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM clipperf_recommendations'), 1, 'without their rows');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM clipperf_scan_advice'), 0, 'of relations that are not here, either');

# What changes now: more jobs, states, advice, and what is deleted.
$publisher->safe_psql('postgres', 'DROP INDEX item_a');
my $job = make_job($publisher);
advise_on('here_too');
$publisher->safe_psql('postgres', q{
	UPDATE _clipperf_job SET reason = 'sent';
	DELETE FROM _clipperf_job WHERE job = 1;
	UPDATE clipperf_index_set_members SET index_set = index_set;
	DELETE FROM clipperf_recommendations;
	DELETE FROM clipperf_scan_advice;
	UPDATE clipperf_endpoints SET target_ms = 2;
	INSERT INTO clipperf_endpoints (name, routes, target_ms) VALUES ('more', '{/more}', 1);
	DELETE FROM clipperf_accepted;
	INSERT INTO item SELECT n, n FROM generate_series(1001, 1100) AS n;
	UPDATE item SET a = 0 WHERE id <= 10;
	DELETE FROM item WHERE id > 1090});
$publisher->wait_for_catchup('s');
is($subscriber->safe_psql('postgres', 'SELECT count(*), count(*) FILTER (WHERE a = 0) FROM item'), '1090|10', 'rows of users arrive');
is($subscriber->safe_psql('postgres', q{SELECT count(*), count(*) FILTER (WHERE reason = 'sent') FROM _clipperf_job}), '1|0', 'jobs do not');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM clipperf_recommendations'), 1, 'advice does not');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM clipperf_endpoints'), 0, 'nor do endpoints');
is(make_job($subscriber), 2, 'the next job of the subscriber has its own number') if $subscriber->safe_psql('postgres', 'DROP INDEX item_a; SELECT 1');
is($subscriber->safe_psql('postgres', 'SELECT apply_error_count, sync_error_count FROM pg_stat_subscription_stats'), '0|0', 'no worker has failed');

# Nothing of what its workers do is captured.
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM seen'), 1100, 'the trigger has run');
is(calls($subscriber, 'INSERT INTO public.seen VALUES (NEW.id)'), 0, 'which is not captured');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM clipperf_findings() WHERE summary IS NULL'), 0, 'the report can be read');
is_healthy($_, $_->name) foreach $publisher, $subscriber;

# Logical decoding without a subscription.
$publisher->safe_psql('postgres', q{SELECT pg_create_logical_replication_slot('decoded', 'test_decoding'); INSERT INTO item VALUES (5000, 1)});
cmp_ok($publisher->safe_psql('postgres', q{SELECT count(*) FROM pg_logical_slot_get_changes('decoded', NULL, NULL)}), '>', 0, 'changes are decoded');
$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION s');
$_->stop foreach $subscriber, $publisher;
done_testing();
