# Two tables that share the values of their own primary keys, "id" both, without a foreign key.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

my $node = start_server('alike');

$node->safe_psql('postgres', <<'SQL');
CREATE TABLE users (id bigserial PRIMARY KEY, name text);
INSERT INTO users (name) SELECT md5(i::text) FROM generate_series(1, 60) AS i;
CREATE TABLE profile (id int8 PRIMARY KEY, bio text);
INSERT INTO profile SELECT id, 'about ' || name FROM users;
CREATE TABLE ticket (id bigserial PRIMARY KEY, title text);
INSERT INTO ticket (title) SELECT md5(i::text) FROM generate_series(1, 60) AS i;
ANALYZE;
SQL

# A list of the first users in this order, and the statement that is run for each of these ids.
my $list = 'SELECT id, name FROM users WHERE id <= 20 ORDER BY id;';
sub each_id { my ($statement, @ids) = @_; return join "\n", map { sprintf $statement, $_ } @ids; }
my $profile = 'SELECT bio FROM profile WHERE id = %d;';
my $traced = "SELECT bio FROM profile WHERE id = %d /*traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'*/;";
(my $traced_list = $list) =~ s{;}{ /*traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'*/;};

my $finding = proven($node, 'all rows of a list, in a transaction', statements("BEGIN; $list " . each_id($profile, 1 .. 20) . ' COMMIT;'));
has($finding, 'all rows of a list, in a transaction', children => 20, loops => 1,
	parent_column => qr/^users\.id$/, child_query => qr/FROM profile/);
$finding = proven($node, 'all rows of a list, in a trace', statements($traced_list . each_id($traced, 1 .. 20)));
has($finding, 'all rows of a list, in a trace', children => 20, parent_column => qr/^users\.id$/);

# Keys that are no sequence: their order tells, and so some of them may be left out.
my @names = split /\n/, $node->safe_psql('postgres', 'SELECT id FROM users ORDER BY name LIMIT 20');
my $by_name = 'SELECT id, name FROM users ORDER BY name LIMIT 20;';
$finding = proven($node, 'a list in another order', statements("BEGIN; $by_name " . each_id($profile, @names) . ' COMMIT;'));
has($finding, 'a list in another order', children => 20, parent_column => qr/^users\.id$/);

# The numbers of most tables begin at 1, so what is not tied so closely proves nothing.
my %other = (
	'some rows of a list' => "BEGIN; $list " . each_id($profile, 1 .. 14) . ' COMMIT;',
	'numbers that go on' => "BEGIN; $list " . each_id($profile, 1 .. 30) . ' COMMIT;',
	'numbers that come by' => "BEGIN; SELECT id, name FROM users WHERE id BETWEEN 11 AND 30 ORDER BY id;"
	  . each_id($profile, 1 .. 30) . ' COMMIT;',
	'no request ties them' => $list . each_id($profile, 1 .. 20),
	'two lists' => "BEGIN; $list SELECT id FROM ticket WHERE id <= 20 ORDER BY id;" . each_id($profile, 1 .. 20) . ' COMMIT;',
	'a key with a sequence of its own' => "BEGIN; $list " . each_id('SELECT title FROM ticket WHERE id = %d;', 1 .. 20) . ' COMMIT;');
foreach my $name (sort keys %other)
{
	run_scenario($node, statements($other{$name}));
	is_deeply([ grep { $_->{confidence} eq 'proven' } findings($node) ], [], "$name: nothing is proven");
}

$node->stop;
done_testing();
