# Results with more key columns than most, and children with more conditions: the key is followed wherever it stands.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

my $node = start_server('wide');

# A table with so many columns that refer to something, the last of which refers to an author.
sub make_table
{
	my ($name, $keys) = @_;
	my @others = 1 .. $keys - 2;
	$node->safe_psql('postgres',
		"CREATE TABLE $name (id int8 PRIMARY KEY, "
		  . join('', map { "thing${_}_id int8, " } @others)
		  . 'writer_id int8 NOT NULL REFERENCES author, title text);'
		  . "INSERT INTO $name SELECT 500000 + i, "
		  . join('', map { 600000 + $_ * 10000 . ' + i, ' } @others)
		  . '100001 + (i * 7) % 2000, md5(i::text) FROM generate_series(1, 1000) AS i; ANALYZE');
}

# A loop over such a table, each row's child being the lookup of its author.
sub over
{
	my ($name, $rows, @options) = @_;
	return loop('--parent' => "SELECT * FROM $name ORDER BY title LIMIT $rows",
		'--child' => 'SELECT name FROM author WHERE id = $1', '--bind' => '1=col:writer_id', @options);
}

foreach my $keys (8, 12, 40, 128)
{
	make_table("wide$keys", $keys);
	my $finding = proven($node, "the last of $keys key columns", over("wide$keys", 30));
	has($finding, "the last of $keys key columns", children => 30, loops => 1, parent_column => qr/wide$keys\.writer_id/);
}

# Of more columns than are kept, those come first that are looked up, wherever they stand; so does what is kept of many rows.
make_table('wider', 200);
my $finding = proven($node, 'the last of 200 key columns', over('wider', 30));
has($finding, 'the last of 200 key columns', children => 30);
$finding = proven($node, 'a thousand wide rows', over('wide40', 1000, '--distinct'));
has($finding, 'a thousand wide rows', children => [900, 1000]);

# More wide results than there is room for: the one that is looped over stays.
my $lists = join('', map { "SELECT * FROM wide12 ORDER BY title LIMIT 2 OFFSET $_;\n" } 1 .. 3);
my @writers = split /\n/, $node->safe_psql('postgres', 'SELECT writer_id FROM wide12 ORDER BY title LIMIT 30');
$finding = proven($node, 'wide lists between the children',
	statements("SELECT * FROM wide12 ORDER BY title LIMIT 30;\n"
		  . join('', map { "SELECT name FROM author WHERE id = $_;\n$lists" } @writers)));
has($finding, 'wide lists between the children', children => 30, loops => 1);

# Other wide results between the list and its loop, as those that an application loads for all rows at once.
$finding = proven($node, 'wide lists before the children',
	statements("SELECT * FROM wide12 ORDER BY title LIMIT 30;\n"
		  . join('', map { "SELECT * FROM wide40 ORDER BY title LIMIT 20 OFFSET $_;\n" } 1 .. 4)
		  . join('', map { "SELECT name FROM author WHERE id = $_;\n" } @writers)));
has($finding, 'wide lists before the children', children => 30, loops => 1, parent_column => qr/wide12/);

# The key is the last of many conditions, and of many columns of a new row.
foreach my $conditions (8, 9, 20)
{
	my $before = join('', map { "views > -$_ AND views = 0 AND " } 1 .. ($conditions - 1));
	foreach my $protocol (qw(prepared simple))
	{
		my $name = "$conditions conditions, $protocol";
		$finding = proven($node, $name,
			loop('--parent' => 'SELECT post_id FROM remark ORDER BY body LIMIT 30',
				'--child' => "SELECT title FROM post WHERE ${before}id = \$1", '--bind' => '1=col:post_id',
				'--protocol' => $protocol, '--distinct'));
		has($finding, $name, children => [25, 30], relation => 'post');
	}
}

$node->stop;
done_testing();
