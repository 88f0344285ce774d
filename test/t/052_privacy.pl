# What is kept of values: nothing where a setting, a name or a label says so, and nothing on disk unless that is wanted.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('privacy', 'clipperf.save_interval = 0');
my $file = $node->data_dir . '/pg_stat/clipperf.stat';

$node->safe_psql('postgres', q{
	CREATE TABLE person (id int PRIMARY KEY, name text, email text, card text);
	INSERT INTO person SELECT i, 'name ' || i, 'mail' || i, 'card' || i FROM generate_series(1, 20000) AS i;
	ANALYZE person});

# The samples whose values, or whose text, hold a word.
sub samples_with
{
	my ($word) = @_;
	return $node->safe_psql('postgres', "SELECT count(*) FROM clipperf_samples AS s WHERE strpos(s::text, '$word') > 0
		AND strpos(coalesce(query, ''), 'clipperf_samples') = 0");
}

# How many samples hide their values.
sub hidden { return $node->safe_psql('postgres', 'SELECT count(*) FROM clipperf_samples WHERE values_hidden'); }

# What the server has written when it stops; it is started again.
sub saved
{
	$node->restart;
	return slurp_file($file);
}

# On disk.
my $look = "SELECT name FROM person WHERE email = 'mail4711'";
$node->safe_psql('postgres', $look);
is(samples_with('mail4711'), 1, 'values are kept in memory');
unlike(saved(), qr/mail4711/, 'and not on disk');
like(slurp_file($file), qr/SELECT name FROM person WHERE email = \$1/, 'where texts are');
is(samples_with('mail4711'), 0, 'so that they are gone after a restart');
$node->append_conf('postgresql.conf', 'clipperf.save_samples = on');
$node->reload;
$node->safe_psql('postgres', $look);
like(saved(), qr/mail4711/, 'unless a setting says so');
is(samples_with('mail4711'), 1, 'then they outlive a restart');
$node->safe_psql('postgres', q{SELECT clipperf_reset('samples')});
is(samples_with('mail4711'), 0, 'they are forgotten by a reset');
unlike(slurp_file($file), qr/mail4711/, 'on disk, too');
is($node->safe_psql('postgres', q{SELECT calls > 0 FROM clipperf_queries WHERE query LIKE 'SELECT name FROM person%'}), 't',
	'and nothing else is');
$node->safe_psql('postgres', $look);
$node->stop;
like(slurp_file($file), qr/mail4711/, 'a file with values');
$node->append_conf('postgresql.conf', 'clipperf.save_samples = off');
$node->start;
is(samples_with('mail4711'), 0, 'is not read when the setting was switched off');
unlike(saved(), qr/mail4711/, 'and is written without them');

# Types alone: neither literals nor parameters nor settings, anywhere; which are null is kept.
$node->append_conf('postgresql.conf', "clipperf.save_samples = on\nclipperf.capture_parameters = types");
$node->reload;
$node->safe_psql('postgres', q{
	SET app.tenant = 'tenant4711';
	PREPARE look (text, int) AS SELECT name FROM person WHERE email = $1 OR id = $2 OR card = current_setting('app.tenant');
	EXECUTE look ('mail815', NULL);
	EXECUTE look ('mail816', 7);
	SELECT card FROM person WHERE email = 'mail817';
	CREATE FUNCTION mail_of(wanted text) RETURNS bigint LANGUAGE plpgsql AS $$
	BEGIN RETURN (SELECT count(*) FROM person WHERE email = wanted); END $$;
	SELECT mail_of('mail818')});
is(samples_with($_), 0, "types: no $_") foreach qw(mail815 mail816 mail817 mail818 tenant4711);
is($node->safe_psql('postgres', q{SELECT parameter_types, parameter_values, query IS NULL, settings FROM clipperf_samples
		WHERE queryid = (SELECT queryid FROM clipperf_queries WHERE query LIKE 'SELECT name FROM person WHERE email = $1 OR%')
		ORDER BY parameter_values}),
	"{text,integer}|{hidden,hidden}|t|{}\n{text,integer}|{hidden,NULL}|t|{}", 'but types, and nulls');
unlike(saved(), qr/mail81|tenant4711/, 'nor in the file');
is($node->safe_psql('postgres', q{SELECT index_name FROM clipperf_recommend() WHERE action = 'create' AND ddl LIKE '%(email)%'}),
	'idx_person_email', 'the advisor advises without values');

# Private columns, by name and by label.
$node->append_conf('postgresql.conf', "clipperf.capture_parameters = on\nclipperf.private_columns = 'public.person.e*'");
$node->restart;
$node->safe_psql('postgres', q{SECURITY LABEL FOR clipperf ON COLUMN person.card IS 'private'; SELECT clipperf_reset()});
my %use = (
	'a condition' => q{SELECT name FROM person WHERE email = 'private4711'},
	'a condition on the labelled column' => q{SELECT name FROM person WHERE card = 'private4711'},
	'a result' => q{SELECT card FROM person WHERE name = 'private4711'},
	'all columns' => q{SELECT * FROM person WHERE name = 'private4711'},
	'a whole row' => q{SELECT p FROM person AS p WHERE name = 'private4711'},
	'an insert' => q{INSERT INTO person (id, email) VALUES ((random() * -1000000000)::int - 1, 'private4711')},
	'an update' => q{UPDATE person SET card = 'private4711' WHERE id = -1},
	'a conflict' => q{INSERT INTO person (id, name) VALUES (-1, '') ON CONFLICT (id) DO UPDATE SET email = 'private4711'},
	'a deletion' => q{DELETE FROM person WHERE email = 'private4711'},
	'a subquery' => q{SELECT 1 WHERE EXISTS (SELECT FROM person WHERE email = 'private4711')},
	'a view' => q{SELECT name FROM person_view WHERE mail = 'private4711'},
	'a function' => q{SELECT mail_of('private4711')},
	'a function of a function' => q{SELECT mail_of_that('private4711')},
	'a function of SQL' => q{SELECT mail_in_sql('private4711')},
	'a prepared statement' => q{PREPARE p (text) AS SELECT name FROM person WHERE card = $1; EXECUTE p ('private4711'); EXECUTE p ('private4711')},
	'a cursor' => q{BEGIN; DECLARE c CURSOR FOR SELECT name FROM person WHERE card = 'private4711'; FETCH ALL FROM c; COMMIT});
$node->safe_psql('postgres', q{
	CREATE VIEW person_view AS SELECT name, email AS mail FROM person;
	CREATE FUNCTION mail_of_that(wanted text) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN mail_of(wanted); END $$;
	CREATE FUNCTION mail_in_sql(wanted text) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM person WHERE email = wanted'});
foreach my $track (qw(top all))
{
	foreach my $name (sort keys %use)
	{
		$node->safe_psql('postgres', q{SELECT clipperf_reset('samples')});
		$node->safe_psql('postgres', "SET clipperf.track = '$track'; $use{$name}") foreach 1 .. 3;
		is(samples_with('private4711'), 0, "private: $name, track = $track");
		cmp_ok(hidden(), '>', 0, "private: $name, track = $track: samples without values are kept");
	}
}
$node->safe_psql('postgres', q{SELECT name FROM person WHERE name = 'public4711'});
is(samples_with('public4711'), 1, 'statements that do not use private columns keep their values');

# What changes while a session stays.
my $session = $node->background_psql('postgres');
sub asks
{
	my ($word) = @_;
	$node->safe_psql('postgres', q{SELECT clipperf_reset('samples')});
	$session->query_safe("SELECT name FROM person WHERE name = '$word'");
	return samples_with($word);
}
is(asks('word1'), 1, 'a session');
$node->safe_psql('postgres', q{SECURITY LABEL FOR clipperf ON COLUMN person.name IS 'private'});
is(asks('word2'), 0, 'a label that is given meanwhile');
$node->safe_psql('postgres', q{SECURITY LABEL FOR clipperf ON COLUMN person.name IS NULL});
is(asks('word3'), 1, 'that is taken away');
$node->safe_psql('postgres', q{SECURITY LABEL FOR clipperf ON TABLE person IS 'private'});
is(asks('word4'), 0, 'of the whole table');
$node->safe_psql('postgres', q{SECURITY LABEL FOR clipperf ON TABLE person IS NULL; ALTER TABLE person RENAME name TO ename});
$node->safe_psql('postgres', q{ALTER TABLE person RENAME ename TO name; ALTER TABLE person RENAME name TO exname});
$node->safe_psql('postgres', q{SELECT clipperf_reset('samples')});
$session->query_safe("SELECT exname FROM person WHERE exname = 'word5'");
is(samples_with('word5'), 0, 'a column that was given such a name');
$session->query_safe("SET clipperf.private_columns = '*.card'");
$node->safe_psql('postgres', q{SELECT clipperf_reset('samples')});
$session->query_safe("SELECT exname FROM person WHERE exname = 'word6'");
is(samples_with('word6'), 1, 'other names');
$session->quit;

# A catalog that is locked is not waited for: what is not known counts as private.
my $lock = $node->background_psql('postgres');
$lock->query_safe('BEGIN; LOCK TABLE pg_seclabel IN ACCESS EXCLUSIVE MODE');
$node->safe_psql('postgres', q{SELECT id FROM person WHERE id = 4711 AND exname <> 'word7'});
$lock->query_safe('COMMIT');
$lock->quit;
is(samples_with('word7'), 0, 'a catalog that is locked');

# Bad input.
failed_with($node, 'postgres', q{SECURITY LABEL FOR clipperf ON COLUMN person.id IS 'secret'}, '22023', qr/invalid security label "secret"/, 'another label');
failed_with($node, 'postgres', q{SECURITY LABEL FOR clipperf ON SCHEMA public IS 'private'}, '42809', qr/are for tables and columns/, 'another object');
failed_with($node, 'postgres', q{SET clipperf.private_columns = 'a.b.c.d'}, '22023', qr/"a\.b\.c\.d" has more than three parts/, 'too many parts');
failed_with($node, 'postgres', q{SET clipperf.private_columns = 'a,,b'}, '22023', qr/List syntax is invalid/, 'no list');
failed_with($node, 'postgres', q{SET clipperf.capture_parameters = 'some'}, '22023', qr/Available values: off, types, on/, 'another level');

# A dump takes the labels along.
my ($dump) = run_command([ 'pg_dump', '-s', '-d', $node->connstr('postgres') ]);
like($dump, qr/SECURITY LABEL FOR clipperf ON COLUMN public\.person\.card IS 'private'/, 'a dump has the labels');
is_healthy($node, 'privacy');

$node->stop;
done_testing();
