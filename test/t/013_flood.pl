# A role that floods what all databases share pushes out its own, not what others have found.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Test::More;

my $node = new_server('flood');

# Each loop is over the rows of one list in an order of its own, in one session, under a route.
sub loop
{
	my ($route, @ids) = @_;
	return ("SET clipperf.route = '$route'", 'SELECT id FROM list ORDER BY md5(id::text) LIMIT ' . @ids,
		map { "SELECT title FROM item WHERE list_id = $_" } @ids);
}

sub run_all
{
	my ($database, $role, @statements) = @_;
	$node->safe_psql($database, join(";\n", '\o /dev/null', @statements) . ';', extra_params => [ '-U', $role ]);
}

sub check_of
{
	my ($database) = @_;
	my (undef, undef, $errors) = $node->psql($database, q{SELECT clipperf_check('{n_plus_one}')});
	return $errors;
}

$node->safe_psql('postgres', "CREATE ROLE regress_shop LOGIN; CREATE ROLE regress_flood LOGIN");
my @ids;
for my $database ('shop', 'other')
{
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, q{
		CREATE EXTENSION IF NOT EXISTS clipperf;
		CREATE TABLE list (id integer PRIMARY KEY);
		CREATE TABLE item (list_id integer REFERENCES list, title text);
		INSERT INTO list SELECT generate_series(1, 30);
		INSERT INTO item SELECT id, 'item of ' || id FROM list;
		CREATE INDEX ON item (list_id);
		ANALYZE list, item;
		GRANT SELECT ON list, item TO regress_shop, regress_flood});
	@ids = split /\n/, $node->safe_psql($database, 'SELECT id FROM list ORDER BY md5(id::text) LIMIT 10');
}
$node->safe_psql('postgres', 'SELECT clipperf_reset()');

run_all('shop', 'regress_shop', map { loop("/shop/$_", @ids) } qw(cart search orders));
my $found = 'SELECT route FROM clipperf_n_plus_one ORDER BY 1';
is($node->safe_psql('shop', $found), "/shop/cart\n/shop/orders\n/shop/search", 'the loops of one database are found');
unlike(check_of('shop'), qr/WARNING/, 'nothing was evicted, and the check says nothing of it');

my @names = map { my $n = $_; '/' . join('', map { chr(97 + int($n / 26**$_) % 26) } 0 .. 3) } 0 .. 1499;
# A session follows results for a part of its time: many sessions bring what one may leave out.
my @rest = @names;
while (my @some = splice @rest, 0, 50)
{
	run_all('other', 'regress_flood', map { loop($_, @ids) } @some);
}
cmp_ok($node->safe_psql('shop', 'SELECT n_plus_one_evicted FROM clipperf_info'), '>', 500, 'a flood of loops fills the table');
cmp_ok($node->safe_psql('shop', 'SELECT routes_evicted FROM clipperf_info'), '>', 500, 'and the names of routes');
is($node->safe_psql('shop', $found), "/shop/cart\n/shop/orders\n/shop/search",
	'the loops that others have found stay, and their routes have their names');
my $errors = check_of('shop');
like($errors, qr/ERROR: .*found 1 problem/, 'the check goes on failing for them');
like($errors, qr/WARNING: .*cannot judge all.*\nDETAIL:  \d+ N\+1 patterns and 0 scans of all databases were evicted/,
	'and says that it may not have seen all');
is($node->safe_psql('other', 'SELECT count(*) > 100 FROM clipperf_n_plus_one'), 't',
	'the one who floods keeps many of his own');

# After a restart the names still belong to those who brought them.
$node->restart;
run_all('other', 'regress_flood', map { "SET clipperf.route = '/x${_}y'; SELECT 1" } map { substr $_, 1 } @names);
is($node->safe_psql('shop', $found), "/shop/cart\n/shop/orders\n/shop/search", 'the same after a restart');

done_testing();
