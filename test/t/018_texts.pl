# Texts of statements, whatever the encodings and the settings: no literal is shown, and every reader can show them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Test::More;

my $node = new_server('texts');
my $version = $node->safe_psql('postgres', q{SELECT current_setting('server_version_num')::int / 10000});

# The texts of the statements on a table, each on a line of its own.
sub texts
{
	my ($table) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT DISTINCT query COLLATE "C" FROM clipperf_queries
		WHERE query LIKE '%$table%' AND query NOT LIKE '%clipperf\\_%' ORDER BY 1});
}

# How many texts hold a word that only literals had.
sub leaks
{
	return $node->safe_psql('postgres', q{SELECT count(*) FROM clipperf_queries WHERE strpos(query, 'sec' || 'ret') > 0});
}

# A backslash before a quote: the parser saw another end of the literal than the settings of a moment later tell.
SKIP:
{
	skip 'strings conform to the standard always', 6 if $version >= 19;
	$node->safe_psql('postgres', 'CREATE TABLE slash (a text, b text, c text, d text, e text, f text, g text)');
	$node->safe_psql('postgres', q{SET standard_conforming_strings = off\; SELECT a FROM slash WHERE a <> 'x\' AND a <> ' secret '});
	is(leaks(), 0, 'switched off in the same string');
	$node->psql('postgres', join("\n",
			q{PREPARE switched AS SELECT b FROM slash WHERE b <> 'x\' AND b <> ' secret ';},
			q{SET standard_conforming_strings = off;}, q{EXECUTE switched;}));
	is(leaks(), 0, 'switched off between PREPARE and EXECUTE');
	$node->psql('postgres', join("\n",
			q{SET standard_conforming_strings = off;}, q{PREPARE switched AS SELECT c FROM slash WHERE c <> 'x\' secret';},
			q{SET standard_conforming_strings = on;}, q{EXECUTE switched;}));
	is(leaks(), 0, 'switched on between them');
	$node->psql('postgres', join("\n",
			q{SET clipperf.track = 'all';}, q{SET standard_conforming_strings = off;},
			q{COPY (SELECT d FROM slash WHERE d <> 'x\') secret') TO STDOUT;},
			q{SET standard_conforming_strings = on;}, q{COPY (SELECT e FROM slash WHERE e <> E'x\') secret') TO STDOUT;},
			q{COPY (SELECT f FROM slash WHERE f <> $f$ ) secret $$ $f$ AND f <> $$)$$) TO STDOUT;}));
	is(leaks(), 0, 'inside of COPY');

	# What is certain stays, up to there.
	is(texts('slash WHERE a'), 'SELECT a FROM slash WHERE a <> $1 /* cut */', 'the text is cut behind such a literal');
	$node->psql('postgres', join("\n",
			q{SET standard_conforming_strings = off;}, q{SET standard_conforming_strings = on;},
			q{SELECT g FROM slash WHERE g <> 'C:\path' AND g <> 'x\\\\' AND g <> '\\\\';}));
	is(texts('slash WHERE g'), 'SELECT g FROM slash WHERE g <> $1 AND g <> $2 AND g <> $3', 'and whole where nothing is in doubt');
}

# Numbers as they may be written since 16.
SKIP:
{
	skip 'no such numbers', 1 if $version < 16;
	$node->safe_psql('postgres', 'CREATE TABLE digits (n numeric)');
	$node->safe_psql('postgres', 'SELECT n FROM digits WHERE n IN (1_000, 0x1F, 0o17, 0b1_01, -1_0.5_0e1_0)');
	like(texts('digits'), qr/^SELECT n FROM digits WHERE n IN \(\$1(, \$\d)* *(, )?(\/\*, \.\.\. \*\/)?\)$/, 'numbers of all bases are literals');
}

# Literals that an encoding makes look like something else: SJIS has backslashes and quotes in its characters, which
# the server converts before it parses.
$node->safe_psql('postgres', "CREATE DATABASE $_ TEMPLATE template0 ENCODING '$_' LOCALE 'C'")
  foreach qw(utf8 euc_jp latin1 sql_ascii);
$node->safe_psql('euc_jp', 'CREATE TABLE japanese (n text)');
$node->safe_psql('euc_jp', "SET client_encoding = 'SJIS'; SELECT n FROM japanese WHERE n <> '\x83\x5C secret \x95\x5C' AND n <> 'secret'");
is(texts('japanese'), 'SELECT n FROM japanese WHERE n <> $1 AND n <> $2', 'a client that speaks SJIS');
is(leaks(), 0, 'nothing of it is shown');

# Names and routes of one encoding, read in databases and by clients of another.
$node->safe_psql('utf8', qq{CREATE TABLE clés ("größe" int); SELECT "größe" AS aéa FROM clés /*route='/%C3%A9t%C3%A9'*/});
$node->safe_psql('latin1', qq{SET client_encoding = 'LATIN1'; CREATE TABLE latin (n int); SELECT n AS "l\xE9" FROM latin /*route='/%E9'*/});
$node->safe_psql('sql_ascii', qq{CREATE TABLE bytes (n int); SELECT n AS "b\xFF\xE9" FROM bytes; SELECT n AS "gültig", 1 FROM bytes});
foreach my $database (qw(postgres utf8 euc_jp latin1 sql_ascii))
{
	$node->safe_psql($database, 'CREATE EXTENSION clipperf') unless $database eq 'postgres';
	foreach my $client (qw(UTF8 SQL_ASCII))
	{
		my $read = $node->safe_psql($database, qq{SET client_encoding = '$client';
			SELECT query COLLATE "C", route COLLATE "C" FROM clipperf_queries WHERE query ~ 'FROM (cl|bytes|latin)' ORDER BY 1, 2});
		like($read, qr/^SELECT n AS "b\?\?" FROM bytes/m, "$database reads invalid bytes, client $client");
		like($read, $database =~ /postgres|utf8/ ? qr/^SELECT "größe" AS aéa FROM clés\|\/été/m : qr/^SELECT "gr\?\?\?\?e" AS a\?\?a FROM cl\?\?s\|\/\?\?t\?\?/m,
			"$database reads UTF-8, client $client");
		like($read, $database eq 'sql_ascii' ? qr/AS "gültig"/ : qr/AS "g\?\?ltig"/, "$database reads what is valid, client $client");
		$node->safe_psql($database, qq{SET client_encoding = '$client'; SELECT * FROM clipperf_samples; SELECT * FROM clipperf_report()});
	}
}

# Long texts are cut between two characters, wherever these begin.
foreach my $database (qw(utf8 euc_jp sql_ascii))
{
	my $letter = $database eq 'euc_jp' ? "\xA4\xA2" : 'é';
	foreach my $offset (0, 1)
	{
		my $columns = join(', ', map { "n AS \"" . ($letter x 25) . '"' } 1 .. 200);
		$node->safe_psql($database, "SET client_encoding = '$database'; CREATE TABLE IF NOT EXISTS long_$database (n int); SELECT "
			  . ('x' x $offset) . "n, $columns FROM (SELECT n, n AS xn FROM long_$database) AS s");
	}
	is($node->safe_psql($database, qq{
		SELECT count(*), bool_and(octet_length(query) BETWEEN 8180 AND 8192), bool_and(query LIKE '%/* cut */'),
			bool_and(convert_from(convert_to(query, getdatabaseencoding()), getdatabaseencoding()) = query)
		FROM clipperf_queries WHERE query ~ '^SELECT x?n, n AS "[^x]' AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())}),
		'2|t|t|t', "$database: cut at a character");
	is($node->safe_psql($database, qq{SELECT count(*) FROM clipperf_queries WHERE query ~ '\\?\\?\\?' AND query ~ '^SELECT x?n, n AS'
		AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())}), 0, "$database: and shown as it was sent");
}

is_healthy($node, 'texts');
$node->stop;
done_testing();
