# Advice on what operators and types of extensions ask for, where these extensions are to be had.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Test::More;

my $node = new_server('advice_extensions');

# Makes an extension; skips the rest of the block where it is not to be had.
sub with_extension
{
	my ($name, $tests) = @_;
	my $there = $node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = '$name'");

	SKIP:
	{
		skip "$name is not installed", 1 if $there eq '0';
		$node->safe_psql('postgres', "CREATE EXTENSION $name");
		$tests->();
	}
}

# The indexes recommended for a statement, which are built, and whether its plan then uses each; all are dropped again.
sub built
{
	my $statement = shift;
	my @answer;

	foreach my $ddl (split /\n/, $node->safe_psql('postgres',
			"SELECT ddl FROM clipperf_recommend_for(ARRAY[\$\$$statement\$\$]) WHERE action = 'create'"))
	{
		my ($name, $rest) = $ddl =~ /^CREATE INDEX CONCURRENTLY (\w+) ON public\.(.*);$/ or die $ddl;
		$node->safe_psql('postgres', $ddl);
		my $used = index($node->safe_psql('postgres', "EXPLAIN $statement"), " $name ") >= 0;
		$node->safe_psql('postgres', "DROP INDEX $name");
		push @answer, $rest . ($used ? '' : ', not used');
	}
	return join('; ', @answer);
}

with_extension('pg_trgm', sub {
	$node->safe_psql('postgres', q{
		CREATE TABLE clips (id int PRIMARY KEY, title text NOT NULL);
		INSERT INTO clips SELECT n, md5(n::text) || ' ' || md5((n + 1)::text) FROM generate_series(1, 20000) AS n;
		VACUUM ANALYZE clips});
	is(built("SELECT * FROM clips WHERE title ILIKE '%abcdef%'"), 'clips USING gin (title public.gin_trgm_ops)', 'ILIKE with letters in the middle');
	is(built("SELECT * FROM clips WHERE title LIKE '%abcdef%'"), 'clips USING gin (title public.gin_trgm_ops)', 'LIKE too');
	is(built("SELECT * FROM clips WHERE title ~ 'abcdef'"), 'clips USING gin (title public.gin_trgm_ops)', 'a regular expression');
	is(built("SELECT * FROM clips WHERE title % 'abcdef'"), 'clips USING gin (title public.gin_trgm_ops)', 'similar words');
	is(built("SELECT * FROM clips ORDER BY title <-> 'abcdef' LIMIT 5"), 'clips USING gist (title public.gist_trgm_ops)',
		'the most similar ones: GiST, as GIN knows no order');
	is(built("SELECT * FROM clips WHERE title ILIKE '%a%'"), '', 'nothing where there is no trigram to look for');
	is(built("SELECT * FROM clips WHERE lower(title) LIKE '%abcdef%'"), 'clips USING gin (lower(title) public.gin_trgm_ops)', 'of an expression');
});

with_extension('citext', sub {
	$node->safe_psql('postgres', q{
		CREATE TABLE users (id int PRIMARY KEY, email citext NOT NULL);
		INSERT INTO users SELECT n, md5(n::text) FROM generate_series(1, 20000) AS n;
		VACUUM ANALYZE users});
	is(built("SELECT * FROM users WHERE email = 'ABC'"), 'users (email)', 'equality of a type of an extension');
	$node->safe_psql('postgres', q{
		CREATE TABLE accounts (id int PRIMARY KEY, name citext NOT NULL, note text);
		INSERT INTO accounts SELECT n, 'Company ' || n, repeat('n', 90) FROM generate_series(1, 20000) AS n;
		VACUUM ANALYZE accounts});
	like($node->safe_psql('postgres', "SELECT reason FROM clipperf_recommend_for(ARRAY[\$\$SELECT id, name FROM accounts WHERE name LIKE 'company 2%' ORDER BY name LIMIT 10\$\$])
		WHERE action = 'create'"), qr/^reads rows in the order of name, without visiting the table, for /, 'the order is what an index serves beside such a pattern');
	is(built("SELECT * FROM users WHERE email LIKE '%abc'"), '', 'nothing where the type has no operator class for it');
});

with_extension('hstore', sub {
	$node->safe_psql('postgres', q{
		CREATE TABLE tagged (id int PRIMARY KEY, tags hstore NOT NULL);
		INSERT INTO tagged SELECT n, hstore('k' || n % 997, 'v') FROM generate_series(1, 20000) AS n;
		VACUUM ANALYZE tagged});
	is(built("SELECT * FROM tagged WHERE tags \@> 'k1=>v'"), 'tagged USING gin (tags)', 'GIN for a type of an extension');
});

with_extension('unaccent', sub {
	is($node->safe_psql('postgres', q{
		CREATE TABLE words (id int PRIMARY KEY, word text NOT NULL);
		INSERT INTO words SELECT n, md5(n::text) FROM generate_series(1, 20000) AS n;
		VACUUM ANALYZE words;
		SELECT string_agg(action, ' ') FROM clipperf_recommend_for(ARRAY['SELECT * FROM words WHERE unaccent(word) = ''x'''])}),
		'skip', 'none on a function of an extension that is not immutable');
});

is_healthy($node, 'advice on extensions');
done_testing();
