# Far more statements than there is room for: none blocks or fails, each loss is counted, what matters stays.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Test::More;

my $node = new_server('small_store', 'clipperf.max_statements = 100', 'clipperf.text_memory = 1MB');

# Runs statements in one session of psql, without their output.
sub run_all
{
	my ($name, @statements) = @_;
	my $all = join(";\n", "\\o /dev/null", @statements) . ";\n";
	my ($status, $output, $errors) = $node->psql('postgres', $all);

	is($errors, '', "$name: no statement has failed");
	is($status, 0, "$name: all have run");
}

sub info
{
	my ($what) = @_;
	return $node->safe_psql('postgres', "SELECT $what FROM clipperf_info");
}

# 10,000 statements: each has another number of columns, of a handful of lengths; one runs again and again.
my @columns = qw(n before afterwards);
my @distinct = map {
	my $number = $_;
	'SELECT ' . join(', ', map { $columns[ int($number / 3**$_) % 3 ] } 0 .. 9) . ' FROM mark'
} 0 .. 9999;
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
run_all('10,000 statements', map { ($distinct[$_], $_ % 10 ? () : 'SELECT pg_sleep(0.001) FROM mark') } 0 .. $#distinct);
is(info('statements_held <= 100 AND statements_held > 50'), 't', 'the store is full');
is(info('statements_evicted >= 64'), 't', 'some were let in and pushed out, which is counted');
is(info('statements_evicted < 5000'), 't', 'but most of a flood is not let in');
is(info('executions_dropped BETWEEN 1 AND 10000'), 't', 'so are the executions of others');
is(info('statements_evicted + executions_dropped >= 9800'), 't', 'none has gone without being counted');
is(info('texts_dropped'), 0, 'every statement has had its text');
is(calls($node, 'SELECT pg_sleep($1) FROM mark'), 1000, 'what runs again and again has stayed, with all its calls');
is($node->safe_psql('postgres', 'SELECT count(*) FROM clipperf_queries WHERE query IS NULL'), 0, 'each statement held has a text');
$node->safe_psql('postgres', 'SELECT * FROM clipperf_report()');

# What of a flood is seen again, or takes long, comes in all the same.
my $flood = join(";\n", @distinct[1000 .. 4999]);
$node->safe_psql('postgres', "\\o /dev/null\n$flood;\nSELECT n, pg_sleep(0.02) FROM mark;\n"
	  . "SELECT n, before, before FROM mark;\n" x 5 . "\\o\nSELECT 1");
is(calls($node, 'SELECT n, pg_sleep($1) FROM mark'), 1, 'what takes long is let in at once');
cmp_ok(calls($node, 'SELECT n, before, before FROM mark'), '>=', 4, 'what is seen again is let in the second time');

# Texts of all lengths fill their memory, and are not needed any more: a long one still finds room.
run_all('texts of all lengths', map { ('SELECT ' . join(', ', ('before') x $_) . ' FROM mark') x 2 } 1 .. 900);
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
run_all('a long text', 'SELECT ' . join(', ', map { 'n + afterwards' } 1 .. 500) . ' FROM mark');
is($node->safe_psql('postgres', q{SELECT octet_length(query) > 7500 FROM clipperf_queries WHERE query LIKE 'SELECT n + afterwards, n%'}),
	't', 'a long text is kept');
is(info('texts_dropped'), 0, 'none was given up');

# A statement that takes long is worth more than many that do not, also if its session idles ever since.
my $idle = $node->background_psql('postgres');
$idle->query_safe('SELECT before, pg_sleep(0.05) FROM mark');
run_all('many quick ones', @distinct[0 .. 999]);
is(calls($node, 'SELECT before, pg_sleep($1) FROM mark'), 1, 'what took long has stayed');
$idle->quit;

# More N+1 patterns than there is room for: some are left, those that went are counted.
$node->safe_psql('postgres', q{
	CREATE TABLE leaf (id int8 PRIMARY KEY, name text);
	INSERT INTO leaf SELECT 1000 + i, 'leaf ' || i FROM generate_series(1, 100) AS i;
	CREATE FUNCTION walk(label text) RETURNS void LANGUAGE plpgsql AS $$
	DECLARE r record; one text;
	BEGIN
		PERFORM set_config('clipperf.route', label, true);
		FOR r IN SELECT id FROM leaf ORDER BY md5(id::text) LIMIT 30 LOOP
			SELECT name INTO one FROM leaf WHERE id = r.id;
		END LOOP;
		FOR r IN SELECT id FROM leaf ORDER BY md5(name) LIMIT 30 LOOP
			SELECT name INTO one FROM leaf WHERE id = r.id;
		END LOOP;
	END $$;
	SELECT clipperf_reset(); });
run_all('patterns on 400 routes', map { ("SET clipperf.route = '/$_'", "SELECT walk('/$_')") } 'aaa' .. 'apj');
is(info('n_plus_one_held BETWEEN 200 AND 512'), 't', 'as many patterns are held as there is room for');
cmp_ok(info('n_plus_one_held + n_plus_one_evicted'), '>=', 790, 'and those pushed out are counted');
$node->safe_psql('postgres', 'SELECT clipperf_reset(); SET clipperf.enabled = off');
is(info('n_plus_one_evicted'), 0, 'until a reset');

# Statements of a megabyte, sent by the client: counted under a text that is cut, with a sample without text.
my $literal = 'x' x 1_000_000;
run_all('a megabyte in a literal', "SELECT n FROM mark WHERE n::text = '$literal'", "SELECT n FROM mark WHERE n::text = '$literal'");
is($node->safe_psql('postgres', q{
	SELECT calls, octet_length(query) <= 8192, query ~ 'xxx' FROM clipperf_queries WHERE query LIKE 'SELECT n FROM mark WHERE n::text%'}),
	'2|t|f', 'it is counted, cut, and shows nothing of the literal');
my $list = join(', ', map { "'$_'" } 1 .. 100_000);
run_all('a megabyte in a list', "SELECT before FROM mark WHERE n::text IN ($list)");
is($node->safe_psql('postgres', q{
	SELECT calls, octet_length(query) <= 8192 FROM clipperf_queries WHERE query LIKE 'SELECT before FROM mark WHERE n::text IN ($1, $2,%'}),
	'1|t', 'so is a list');
run_all('a megabyte in a comment', 'SELECT afterwards FROM mark /* ' . ('*' x 1_000_000) . ' */ WHERE n = 1');
is($node->safe_psql('postgres', "SELECT count(*) FROM clipperf_samples WHERE length(query) > 4096"), 0, 'no sample holds one');

# All of it at once, from many sessions, with readers and resets between: nothing breaks.
my $distinct = "\\set a random(1, 9)\n\\set b random(1, 9)\n\\set c random(1, 9)\n"
  . 'DO $$ BEGIN EXECUTE \'SELECT \' || repeat(\'n, \', :a) || repeat(\'before, \', :b) || repeat(\'afterwards, \', :c) || \'1 FROM mark\'; END $$;' . "\n";
$node->append_conf('postgresql.conf', "clipperf.track = 'all'");
$node->reload;
$node->pgbench('--no-vacuum --client=8 --jobs=2 --transactions=300 --protocol=simple', 0, [qr{processed: 2400/2400}],
	[qr/^(?!.*(ERROR|FATAL|aborted))/s], 'eight sessions without room',
	{
		'013_distinct@20' => $distinct,
		'013_read@1' => "SELECT count(query) FROM clipperf_queries;\nSELECT count(*) FROM clipperf_samples;\n",
		'013_reset@1' => "SELECT clipperf_reset();\n"
	});
is(info('statements_held <= 100'), 't', 'the store holds no more than it should');
$node->safe_psql('postgres', 'SELECT n FROM mark');	# the last of all may have been resets
$node->restart;
is(info('statements_held BETWEEN 1 AND 100'), 't', 'and what it held is back after a restart');

is_healthy($node, 'small store');
$node->stop;
done_testing();
