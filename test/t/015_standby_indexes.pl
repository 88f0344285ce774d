# An index that only a standby uses: whoever is told on the primary to drop it is told, too, that statements of standbys
# were not seen, while one is connected, while its slot waits for it, and when it is gone.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use PostgreSQL::Test::Cluster;
use Requests;
use Test::More;

my $primary = new_server('primary');
$primary->safe_psql('postgres', q{
	CREATE TABLE item (id int PRIMARY KEY, a int, b int, c text);
	INSERT INTO item SELECT i, i, i, repeat('x', 10) FROM generate_series(1, 60000) AS i;
	CREATE INDEX item_unused ON item (a);
	CREATE INDEX item_redundant ON item (b);
	CREATE INDEX item_both ON item (b, c);
	CREATE INDEX item_twin ON item (b, c);
	CREATE INDEX item_invalid ON item (c);
	UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'item_invalid'::regclass;
	UPDATE item SET a = a + 1, b = b + 1, c = repeat('y', 10);
	VACUUM ANALYZE item });

# Enough use of the table, by itself, that an index nobody uses is told.
$primary->safe_psql('postgres', join("\n", ("SELECT c FROM item WHERE id = 1;") x 200));
settle($primary);	# sessions tell of their use when they end
$primary->safe_psql('postgres', 'SELECT pg_stat_force_next_flush(); SELECT count(*) FROM item WHERE b = 1');
settle($primary);

# All proposals to drop an index of the table, but what is invalid anywhere: by each way to ask for them.
my %asked = (
	'clipperf_unneeded_indexes()' => q{SELECT reason FROM clipperf_unneeded_indexes(unused_since => stats_since) WHERE problem <> 'invalid'},
	'clipperf_indexes' => q{SELECT covered_reason FROM clipperf_indexes WHERE drop_ddl IS NOT NULL},
	'clipperf_recommend()' => q{SELECT reason FROM clipperf_recommend(unused_since => stats_since) WHERE action = 'drop' AND index_name <> 'item_invalid'},
	'clipperf_report()' => q{SELECT r::text FROM clipperf_findings() AS r WHERE kind IN ('redundant_index', 'unused_index') AND r::text NOT LIKE '%item_invalid%'});

sub reasons
{
	my ($node, $way) = @_;
	my $query = $asked{$way};
	$query =~ s/stats_since/(SELECT greatest(pg_stat_get_db_stat_reset_time(oid), (SELECT stats_reset FROM pg_stat_bgwriter)) FROM pg_database WHERE datname = current_database())/;
	return $node->safe_psql('postgres', $query);
}

sub all_say
{
	my ($node, $text, $name) = @_;
	# The report tells what was recommended last.
	foreach my $way ('clipperf_unneeded_indexes()', 'clipperf_indexes', 'clipperf_recommend()', 'clipperf_report()')
	{
		my @reasons = split /\n/, reasons($node, $way);
		cmp_ok(scalar @reasons, '>=', 2, "$name: $way proposes some");
		is(scalar(grep { $_ !~ $text } @reasons), 0, "$name: $way says so") or diag(join("\n", @reasons));
	}
}

all_say($primary, qr/^(?!.*standby)/, 'alone');
like(reasons($primary, 'clipperf_unneeded_indexes()'), qr/no scan since/, 'an unused index is among them');
is($primary->safe_psql('postgres', 'SELECT standby_seen_at FROM clipperf_info'), '', 'no standby was seen');
is($primary->safe_psql('postgres', 'SELECT _clipperf_drop_reservation()'), '', 'there is nothing to be said');

# A base backup with its WAL is no standby.
$primary->backup('copy');
is($primary->safe_psql('postgres', 'SELECT standby_seen_at FROM clipperf_info'), '', 'a base backup is not taken for a standby');

# A subscriber is none either.
my $subscriber = new_server('subscriber');
$primary->append_conf('postgresql.conf', 'wal_level = logical');
$primary->restart;
$primary->safe_psql('postgres', 'CREATE TABLE told (id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE told');
$subscriber->safe_psql('postgres', q{CREATE TABLE told (id int PRIMARY KEY);
	CREATE SUBSCRIPTION s CONNECTION '} . $primary->connstr . q{ dbname=postgres' PUBLICATION p});
$primary->wait_for_catchup('s');
is($primary->safe_psql('postgres', 'SELECT standby_seen_at FROM clipperf_info'), '', 'nor is a subscriber');
$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION s');
$subscriber->stop;

# A standby that follows without a slot uses the index.
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);
$standby->safe_psql('postgres', 'SET enable_seqscan = off; SELECT c FROM item WHERE a = 17') for 1 .. 3;
all_say($primary, qr/standby servers are not seen here/, 'a standby follows');
like($standby->safe_psql('postgres', q{SELECT reason FROM clipperf_unneeded_indexes() WHERE problem = 'redundant'}),
	qr/of the primary and of other standby servers are not seen/, 'the standby says the reverse');

# It goes; who asks afterwards for the first time is told.
$standby->stop;
$primary->poll_query_until('postgres', 'SELECT count(*) = 0 FROM pg_stat_replication');
all_say($primary, qr/statements of the standby server that followed until/, 'it is gone');
$primary->restart;
all_say($primary, qr/statements of the standby server that followed until/, 'and after a restart');
$primary->safe_psql('postgres', 'SELECT clipperf_reset()');
is($primary->safe_psql('postgres', 'SELECT standby_seen_at IS NOT NULL FROM clipperf_info'), 't', 'a reset of what was counted leaves that known');
$primary->safe_psql('postgres', "SELECT clipperf_reset('standbys')");
is($primary->safe_psql('postgres', 'SELECT standby_seen_at FROM clipperf_info'), '', 'that it is gone for good can be told');

# A slot waits for a standby.
$primary->safe_psql('postgres', "SELECT pg_create_physical_replication_slot('waits')");
like(reasons($primary, 'clipperf_indexes'), qr/standby servers are not seen here/, 'a slot waits for a standby');
$primary->safe_psql('postgres', "SELECT pg_drop_replication_slot('waits')");
like(reasons($primary, 'clipperf_indexes'), qr/that followed until/, 'and when it has been dropped');

is_healthy($primary, 'primary');
$primary->stop;
done_testing();
