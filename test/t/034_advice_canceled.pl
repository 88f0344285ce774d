# Whoever asks about very many things at once can take it back: nothing that is done per index, per statement or per
# recommendation is beyond the reach of a cancel.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Test::More;

my $node = new_server('advice_cancelled');
$node->safe_psql('postgres', q{
	CREATE TABLE item (a int, b int, c text);
	INSERT INTO item SELECT i, i % 100, 'item ' || i FROM generate_series(1, 1000) AS i;
	ANALYZE item;
	INSERT INTO clipperf_recommendations (action, relation, index_name, ddl, source, reason)
	SELECT 'create', 'item'::regclass, 'item_' || i,
		'CREATE INDEX CONCURRENTLY item_' || i || ' ON public.item USING btree (a) WHERE b > ' || i, 'workload', 'it is a test'
	FROM generate_series(1, 100000) AS i;
	INSERT INTO clipperf_index_set_members (index_set, position, index_name, relation, ddl, priority)
	SELECT 'many', i, 'item_' || i, 'item', 'CREATE INDEX item_' || i || ' ON item (a) WHERE b > ' || i, 'high'
	FROM generate_series(1, 100000) AS i });

my $ids = '(SELECT array_agg(id) FROM clipperf_recommendations)';
my %calls = (
	'different indexes' => q{SELECT * FROM clipperf_what_if('SELECT * FROM item WHERE a = 1 AND b = 2',
		(SELECT array_agg('CREATE INDEX ON item (a) WHERE b > ' || i) FROM generate_series(1, 100000) AS i))},
	'equal indexes' => q{SELECT * FROM clipperf_what_if('SELECT * FROM item WHERE a = 1',
		array_fill('CREATE INDEX ON item (a)'::text, ARRAY[1000000]))},
	'statements' => q{SELECT * FROM clipperf_recommend_for((SELECT array_agg('SELECT * FROM item WHERE a = ' || i || ' LIMIT ' || i)
		FROM generate_series(1, 100000) AS i))},
	'members of an index set' => q{SELECT * FROM clipperf_index_set_status('many')},
	'advice on an index set' => q{SELECT * FROM clipperf_recommend(index_set => 'many')},
	'ids to apply' => "SELECT * FROM clipperf_apply($ids)",
	'ids to try' => "SELECT * FROM clipperf_apply($ids, dry_run => true)",
	'ids to migrate' => "SELECT clipperf_migration(ids => $ids)");

# How a call ends after a time.
sub ends
{
	my ($name, $timeout) = @_;
	my (undef, undef, $errors) = $node->psql('postgres',
		"\\set VERBOSITY verbose\nSET client_min_messages = warning; SET statement_timeout = '${timeout}ms';\n$calls{$name};");
	return $errors;
}

# Each is canceled once it is inside the function; the time out comes wherever it is then: soon, and as late as this machine
# takes for it.
foreach my $name (sort keys %calls)
{
	like(ends($name, 100), qr/ERROR:  57014:.*statement timeout/, "very many $name, soon");

	my ($errors, $late) = ('', 4000);
	$errors = ends($name, $late /= 2) while $errors eq '' && $late > 200;
	like($errors, qr/ERROR:  57014:.*statement timeout/, "very many $name, after $late ms");
}

# What is known of 5000 indexes is found as fast as that of one.
is($node->safe_psql('postgres', q{SELECT cardinality(size_bytes) FROM clipperf_what_if('SELECT * FROM item WHERE a = 1 AND b = 2',
	(SELECT array_agg('CREATE INDEX ON item (a) WHERE b > ' || i % 5000) FROM generate_series(1, 10000) AS i))}),
	10000, 'ten thousand, half of them known');
is_healthy($node, 'after that');
$node->stop;
done_testing();
