# An index that makes statements fail is reverted at once, with that reason, whatever it saves: one that cannot hold a value,
# one whose expression raises an error for some rows, one that refuses duplicates.  Failures that were there before, or
# that have nothing to do with it, are not held against an index.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use Test::More;

my $node = apply_server('failures', 'clipperf.verify_calls = 200', 'clipperf.verify_time = 100', 'clipperf.auto_revert = on');
$node->safe_psql('postgres', q{
	CREATE TABLE item (id serial PRIMARY KEY, owner int, note text);
	INSERT INTO item (owner, note) SELECT n, repeat('x', 50) FROM generate_series(1, 50000) AS n;
	VACUUM ANALYZE item;
	CREATE FUNCTION noise(length int) RETURNS text LANGUAGE sql VOLATILE AS
		$$ SELECT string_agg(md5(random()::text), '') FROM generate_series(1, length / 32) $$;
});

my $prepared = q{
	PREPARE look (int) AS SELECT count(note) FROM item WHERE owner = $1;
	PREPARE place (int, text) AS INSERT INTO item (owner, note) VALUES ($1, $2);
	PREPARE ratio (int) AS SELECT id / $1 FROM item WHERE id = 1;
};

# 200 calls of the read that an index is for, 100 of the write; others follow.
sub load
{
	my @others = @_;
	$node->psql('postgres', $prepared
		. join('', map { "EXECUTE look ($_); EXECUTE look ($_); EXECUTE place (" . (60000 + $_) . ", 'new');" } 1 .. 100)
		. join('', map { "EXECUTE $_;" } @others), on_error_stop => 0);
	$node->safe_psql('postgres', 'DELETE FROM item WHERE id > 50000');
}

load();
my ($look, $place) = map { $node->safe_psql('postgres', "SELECT DISTINCT queryid FROM clipperf_queries WHERE query LIKE '$_%'") }
	('SELECT count(note) FROM item', 'INSERT INTO item (owner, note) VALUES (');

# Makes an index, runs the load with other calls, and expects the job to be reverted, or kept.
sub try_index
{
	my ($name, $ddl, $state, $reason, @others) = @_;
	my $index = ($ddl =~ /INDEX (\w+) ON/)[0];
	my $job = apply_index($node, 'item', $index, $ddl, $look);
	is(wait_for_job($node, $job), 'verifying', "$name: it is built");
	unwatched($node, sub { load(@others) });
	ok(wait_for_state($node, $job, $state), "$name: $state") or diag(reason($node, $job));
	my $why = $node->safe_psql('postgres', "SELECT reason FROM clipperf_job_changes WHERE job = $job AND state IN ('kept', 'regressed', 'useless')");
	like($why, $reason, "$name: the reason");
	my $there = $state eq 'kept' ? 't' : 'f';
	is($node->safe_psql('postgres', "SELECT to_regclass('$index') IS NOT NULL"), $there, "$name: the index");
	$node->safe_psql('postgres', "DROP INDEX IF EXISTS $index");
	return $job;
}

my $insert = quotemeta '[INSERT INTO item (owner, note) VALUES ($1, $2)]';

# One row that is too long is enough.
my $job = try_index('too long', 'CREATE INDEX item_both ON item (owner, note)', 'reverted',
	qr/^(\S+ )?$insert: failed in 1 of 101 executions, before in 0 of \d+/, 'place (1, noise(20000))');
is($node->safe_psql('postgres', qq{
	SELECT s->>'failed_before', s->>'failed_after', s->>'calls_after' FROM clipperf_jobs, jsonb_array_elements(result->'statements') AS s
	WHERE job = $job AND s->>'queryid' = '$place'}), '0|1|100', 'with its figures');
load('place (1, noise(20000))');
is($node->safe_psql('postgres', "SELECT sum(errors) FROM clipperf_queries WHERE queryid = $place"), 1, 'without the index it is a row like any other');

# An expression that has no value for some rows; most calls succeed.
try_index('expression', 'CREATE INDEX item_part ON item (owner, (1000 / owner))', 'reverted',
	qr/^(\S+ )?$insert: failed in \d+ of 10\d executions, before in 1 of \d+/, ("place (0, 'none')") x 8);

# Everything fails: nothing but failures is left of the statement.
$node->safe_psql('postgres', "SELECT clipperf_reset()");
load();
$node->safe_psql('postgres', 'DELETE FROM item WHERE owner < 2');
$job = apply_index($node, 'item', 'item_all', 'CREATE INDEX item_all ON item ((owner / (owner - owner % 2)), owner)', $look);
is(wait_for_job($node, $job), 'verifying', 'all: it is built');
unwatched($node, sub { $node->psql('postgres', $prepared . "EXECUTE place (1, 'none');" x 20, on_error_stop => 0) });
ok(wait_for_state($node, $job, 'reverted'), 'all: reverted, though what it is for was not called');
like($node->safe_psql('postgres', "SELECT reason FROM clipperf_job_changes WHERE job = $job AND state = 'regressed'"),
	qr/^(\S+ )?$insert: failed in (\d+) of \g{-1} executions, before in 0 of \d+$/, 'all: the reason');

# What failed before as often, and what fails for a reason of its own.
$node->safe_psql('postgres', "SELECT clipperf_reset()");
$node->safe_psql('postgres', 'ALTER TABLE item ADD CHECK (owner > 0)');
my @failing = ("place (-1, 'wrong')") x 10;
load(@failing, 'ratio (1)', 'ratio (2)');
$job = try_index('as before', 'CREATE INDEX item_owner ON item (owner)', 'kept', qr/p95/, @failing);
unlike(reason($node, $job), qr/failed/, 'as before: of which nothing is said');
$node->safe_psql('postgres', "SELECT clipperf_reset()");
load(@failing, 'ratio (1)', 'ratio (2)');
try_index('a read', 'CREATE INDEX item_owner ON item (owner)', 'kept', qr/p95/, @failing, ('ratio (0)') x 30);

# Nobody has an index reverted by statements that cannot succeed: without rights on the table, or that they cancel themselves.
$node->safe_psql('postgres', 'CREATE ROLE stranger LOGIN; CREATE ROLE reader LOGIN; GRANT SELECT ON item TO reader');
$node->safe_psql('postgres', "SELECT clipperf_reset()");
load(@failing);
$job = apply_index($node, 'item', 'item_owner', 'CREATE INDEX item_owner ON item (owner)', $look);
is(wait_for_job($node, $job), 'verifying', 'attempts: it is built');
unwatched($node, sub {
	$node->psql('postgres', $prepared . "EXECUTE place (1, 'none');" x 4, on_error_stop => 0, extra_params => [ '-U', 'stranger' ]);
	$node->psql('postgres', $prepared . 'SET statement_timeout = 1;' . 'EXECUTE look (1);' x 50, on_error_stop => 0, extra_params => [ '-U', 'reader' ]);
	is($node->safe_psql('postgres', "SELECT sum(errors) FROM clipperf_queries WHERE queryid = $place AND usename = 'stranger'"), 4, 'attempts: they are counted');
	load(@failing);
});
ok(wait_for_state($node, $job, 'kept'), 'attempts: kept') or diag(reason($node, $job));
unlike(reason($node, $job), qr/failed/, 'attempts: of which nothing is said');

apply_is_healthy($node, 'failures');
done_testing();
