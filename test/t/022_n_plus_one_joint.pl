# A loop that looks up now the one and now the other of two columns of its rows, which refer to the same table.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use List::Util qw(shuffle sum0);
use NPlusOne;
use Test::More;

srand(20);
my $node = start_server('joint');
my @authors = split(/\n/, $node->safe_psql('postgres', 'SELECT id FROM author ORDER BY md5(name) LIMIT 400'));

# With a declared foreign key, and with nothing but the names of the columns.
my %references = (declared => 'REFERENCES author', named => '');
$node->safe_psql('postgres', join('', map { "CREATE TABLE task_$_ (id int8 PRIMARY KEY, author_id int8 $references{$_}, reviewer_id int8"
		  . " $references{$_});" } keys %references));

# Fills both tables with so many rows, whose people are some of so many; returns them.
sub fill
{
	my ($rows, $people) = @_;
	my @tasks = map { [ $_, $authors[ rand($people) ], $authors[ rand($people) ] ] } 1 .. $rows;
	my $values = join(', ', map { '(' . join(', ', @$_) . ')' } @tasks);
	$node->safe_psql('postgres', join('', map { "TRUNCATE task_$_; INSERT INTO task_$_ VALUES $values;" } keys %references));
	return @tasks;
}

# The scenario of one request that reads a table and looks these keys up, each once if it remembers them; and how many that are.
sub request
{
	my ($table, $remembers, @keys) = @_;
	my %seen;
	@keys = grep { !$remembers || !$seen{$_}++ } @keys;
	return (statements(join("\n", 'BEGIN;', "SELECT * FROM $table ORDER BY id;", (map { "SELECT name FROM author WHERE id = $_;" } @keys),
				'COMMIT;')), scalar(@keys));
}

# The keys of a loop that looks up one column of each row, or both.
my %keys_of = (
	'by turns' => sub { map { $_->[ 1 + $_->[0] % 2 ] } @_ },
	'by lot' => sub { map { $_->[ 1 + int(rand(2)) ] } @_ },
	'by lot, of every other row' => sub { map { $_->[ 1 + int(rand(2)) ] } grep { rand() < 0.5 } @_ },
	'both' => sub { map { @$_[ 1, 2 ] } @_ },
	'both, the second first' => sub { map { @$_[ 2, 1 ] } @_ });

foreach my $kind (sort keys %references)
{
	foreach my $loop (sort keys %keys_of)
	{
		foreach my $remembers (1, 0)
		{
			my $people = $remembers && $loop !~ /every/ ? 60 : 300;
			my @tasks = fill(50, $people);
			my ($scenario, $count) = request("task_$kind", $remembers, $keys_of{$loop}->(@tasks));
			my $name = "$kind references, $loop" . ($remembers ? ', each key once' : '');
			my @found = run_scenario($node, $scenario);
			is_deeply([ grep { $_->{confidence} ne 'proven' || $_->{parent_column} !~ /^task_$kind\.(author|reviewer)_id$/ } @found ],
				[], "$name: nothing but its columns") or diag(described(@found));
			my $children = sum0(map { $_->{children} } @found);
			cmp_ok($children, '>=', 0.9 * $count, "$name: nearly all of $count are counted");
			cmp_ok($children, '<=', $count, "$name: none twice");
		}
	}
}

# The same keys in no order at all.
foreach my $kind (sort keys %references)
{
	foreach my $round (1 .. 5)
	{
		my @tasks = fill(50, 300);
		my ($scenario) = request("task_$kind", 0, map { $tasks[ rand(@tasks) ][ 1 + int(rand(2)) ] } 1 .. 40);
		silent($node, "$kind references, at random, round $round", $scenario);
	}
}

# A loop over one of the columns is told of that one.
foreach my $column (1, 2)
{
	my @tasks = fill(50, 60);
	my ($scenario, $count) = request('task_declared', 0, map { $_->[$column] } grep { $_->[0] % 3 > 0 } @tasks);
	my $finding = proven($node, "column $column of two rows in three", $scenario);
	has($finding, "column $column", parent_column => 'task_declared.' . (qw(id author_id reviewer_id))[$column]);
}

# A batch of both for each row is a loop's child, and one of all of them is none.
my @tasks = fill(30, 300);
proven($node, 'a list of both', statements(join("\n", 'BEGIN;', 'SELECT * FROM task_declared ORDER BY id;',
			(map { "SELECT name FROM author WHERE id IN ($_->[1], $_->[2]);" } @tasks), 'COMMIT;')));
silent($node, 'a batch', statements('SELECT * FROM task_declared ORDER BY id; SELECT name FROM author WHERE id IN ('
	  . join(', ', map { @$_[ 1, 2 ] } @tasks) . ')'));

done_testing();
