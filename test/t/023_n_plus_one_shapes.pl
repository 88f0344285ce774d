# Children of every shape: without rows, writing, interleaved, with repeated keys, with lists of varying length.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

my $node = start_server('shapes');
my $finding;

# Children that find nothing.
$finding = proven($node, 'children without rows',
	loop(posts(50), '--child' => 'SELECT hits FROM tally WHERE post_id = $1', '--bind' => '1=col:id'));
has($finding, 'children without rows', children => [45, 50], relation => 'tally');

# Children that write.
my %writes = (
	INSERT => 'INSERT INTO tally (post_id) VALUES ($1)',
	UPDATE => 'UPDATE post SET views = views + 1 WHERE id = $1',
	UPSERT => 'INSERT INTO tally (post_id, hits) VALUES ($1, 1) '
	  . 'ON CONFLICT (post_id) DO UPDATE SET hits = tally.hits + 1',
	DELETE => 'DELETE FROM tally WHERE post_id = $1',
	'UPDATE of one row of VALUES' => 'UPDATE post SET views = v.n FROM (VALUES ($1::int8, 5)) AS v (id, n) WHERE post.id = v.id',
	MERGE => 'MERGE INTO tally AS t USING (SELECT $1::int8 AS id) AS s ON t.post_id = s.id '
	  . 'WHEN MATCHED THEN UPDATE SET hits = t.hits + 1 WHEN NOT MATCHED THEN INSERT (post_id) VALUES (s.id)');
foreach my $command ('INSERT', 'UPDATE', 'UPSERT', 'DELETE', 'UPDATE of one row of VALUES', 'MERGE')
{
	foreach my $protocol (qw(prepared simple))
	{
		my $name = "$command, $protocol";
		$node->safe_psql('postgres', 'TRUNCATE tally');
		$finding = proven($node, $name, loop(posts(50), '--child' => $writes{$command}, '--bind' => '1=col:id',
				'--protocol' => $protocol));
		has($finding, $name, children => [45, 50], relation => $command =~ /^UPDATE/ ? 'post' : 'tally');
	}
}

# Several different children per row, interleaved; one of them for some rows only.
my @found = all_proven($node, 'interleaved children',
	loop(posts(50),
		'--child' => 'SELECT name FROM author WHERE id = $1', '--bind' => '1=col:author_id',
		'--child' => 'SELECT count(*) FROM remark WHERE post_id = $1', '--bind' => '1=col:id',
		'--child' => 'SELECT EXISTS (SELECT 1 FROM tally WHERE post_id = $1)', '--bind' => '1=col:id',
		'--child' => 'SELECT 1'),
	qr/FROM author/, qr/FROM remark/, qr/FROM tally/);
has($_, 'interleaved children', children => [45, 50], loops => 1) foreach @found;
has($found[0], 'interleaved children', parent_column => qr/author_id/);
has($found[1], 'interleaved children', parent_column => qr/\bid\b/);

@found = all_proven($node, 'interleaved over a pool',
	loop(posts(50), '--connections' => 4,
		'--child' => 'SELECT name FROM author WHERE id = $1', '--bind' => '1=col:author_id',
		'--child' => 'UPDATE post SET views = views + 1 WHERE id = $1', '--bind' => '1=col:id'),
	qr/FROM author/, qr/UPDATE post/);
has($_, 'interleaved over a pool', children => [45, 50], connections => [2, 4]) foreach @found;

# A lookup by the keys of three tables, the last of which is the list's.
$finding = proven($node, 'keys of three tables',
	loop(posts(50),
		'--child' => 'SELECT count(*) FROM job, remark, post WHERE job.id = $1 AND remark.id = $2 AND post.id = $3',
		'--bind' => '1=value:1', '--bind' => '2=value:300001', '--bind' => '3=col:id'));
has($finding, 'keys of three tables', children => [45, 50], parent_column => qr/\bid\b/);

# Two loops over one list, one after the other, the first of which takes longer than the window.
sub slow_loop
{
	my ($sql, @keys) = @_;
	return map { "SELECT pg_sleep(0.04);\n$sql = $_;\n" } @keys;
}
$node->safe_psql('postgres', q{ALTER DATABASE postgres SET clipperf.nplusone_window = '1s'});
my @posts = split(/\n/, $node->safe_psql('postgres', 'SELECT id FROM post WHERE id <= 200030 ORDER BY title'));
my @written = split(/\n/, $node->safe_psql('postgres', 'SELECT author_id FROM post WHERE id <= 200030 ORDER BY title'));
@found = all_proven($node, 'a loop after a long one',
	statements(join('', "SELECT id, author_id FROM post WHERE id <= 200030 ORDER BY title;\n",
			slow_loop('SELECT count(*) FROM remark WHERE post_id', @posts),
			slow_loop('SELECT name FROM author WHERE id', @written[ 0 .. 11 ]))),
	qr/FROM remark/, qr/FROM author/);
$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET clipperf.nplusone_window');

# The same statement for two columns of each row, one after the other.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE article (id int8 PRIMARY KEY, author_id int8 REFERENCES author, editor_id int8 REFERENCES author, title text);
INSERT INTO article SELECT 700000 + i, 100001 + (i * 7) % 2000, 100001 + (i * 13) % 2000, md5(i::text)
  FROM generate_series(1, 500) AS i;
SQL
foreach my $connections (1, 4)
{
	my $name = "two columns by the same statement over $connections connections";
	@found = run_scenario($node,
		loop('--parent' => 'SELECT id, author_id, editor_id FROM article ORDER BY title LIMIT 40', '--connections' => $connections,
			map { ('--child' => 'SELECT name FROM author WHERE id = $1', '--bind' => "1=col:$_") } qw(author_id editor_id)));
	is_deeply([ map { "$_->{confidence} $_->{parent_column}" } sort { $a->{parent_column} cmp $b->{parent_column} } @found ],
		[ 'proven article.author_id', 'proven article.editor_id' ], "$name: both");
	has($_, $name, children => [36, 40], loops => 1) foreach @found;
}

# Between the children, the same statement looks up the user whose request it is.
foreach my $rows (12, 50)
{
	foreach my $options ([], ['--transaction'], [ '--connections' => 4 ])
	{
		my $name = "$rows rows, the user looked up each time @$options";
		$finding = proven($node, $name,
			loop(posts($rows), @$options, '--child' => 'SELECT name FROM author WHERE id = $1', '--bind' => '1=col:author_id',
				'--child' => 'SELECT name FROM author WHERE id = $1', '--bind' => '1=value:101777'));
		has($finding, $name, children => [ $rows - 2, $rows ], parent_column => 'post.author_id');
	}
}

# A key far back among the columns of a new row.
$node->safe_psql('postgres', 'CREATE TABLE wide (id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, '
	  . join(', ', map { "c$_ int" } 1 .. 12) . ', post_id int8 REFERENCES post)');
my $wide = 'INSERT INTO wide (' . join(', ', map { "c$_" } 1 .. 12) . ', post_id) VALUES ';
foreach my $protocol (qw(prepared simple))
{
	my $name = "a wide INSERT of constants, $protocol";
	$finding = proven($node, $name, loop(posts(30), '--protocol' => $protocol,
			'--child' => $wide . '(' . '7, ' x 12 . '$1)', '--bind' => '1=col:id'));
	has($finding, $name, children => [27, 30], relation => 'wide', child_parameter => qr/\(wide\.post_id\)/);
}
$finding = proven($node, 'a wide INSERT of parameters',
	loop(posts(30), '--child' => $wide . '(' . join(', ', map { '$' . $_ } 1 .. 13) . ')',
		(map { ('--bind' => "$_=value:$_") } 1 .. 12), '--bind' => '13=col:id'));
has($finding, 'a wide INSERT of parameters', children => [27, 30], child_parameter => '$13 (wide.post_id)');

# Batches of one key each, as a loader makes them whose caller waits for every key; no batches of several.
my $arrays = 'SELECT id, ARRAY[id] AS one, ARRAY[id, id + 1] AS two FROM post ORDER BY title LIMIT 30';
foreach my $protocol (qw(prepared simple))
{
	my $name = "batches of one, $protocol";
	my @child = ('--child' => 'SELECT body FROM remark WHERE post_id = ANY ($1)', '--protocol' => $protocol);
	$finding = proven($node, $name, loop('--parent' => $arrays, @child, '--bind' => '1=col:one'));
	has($finding, $name, children => [27, 30], child_parameter => '$1 (remark.post_id)');
	runs($node, $finding, $name, '{200001,200002,200003}');
	silent($node, "batches of two, $protocol", loop('--parent' => $arrays, @child, '--bind' => '1=col:two'));

	$name = "batches of one with LIMIT, $protocol";
	$finding = proven($node, $name,
		loop('--parent' => $arrays, '--protocol' => $protocol,
			'--child' => 'SELECT body FROM remark WHERE post_id = ANY($1::bigint[]) ORDER BY id LIMIT 1', '--bind' => '1=col:one'));
	runs($node, $finding, $name, '{200001,200002,200003}');
}

# A list that is filled up with the same key, as Hibernate does, is a lookup of one.
foreach my $protocol (qw(prepared simple))
{
	my $name = "lists of one key, $protocol";
	$finding = proven($node, $name,
		loop(posts(6), '--protocol' => $protocol, '--child' => 'SELECT title FROM post WHERE id IN ($1, $2, $3, $4)',
			map { ('--bind' => "$_=col:id", '--type' => "$_=int8") } 1 .. 4));
	has($finding, $name, children => 6, loops => 1);
}

# A child that runs for some rows.
$finding = proven($node, 'conditional children',
	loop('--parent' => 'SELECT id, post_id, kind FROM remark ORDER BY body LIMIT 90',
		'--child' => 'SELECT title FROM post WHERE id = $1', '--bind' => '1=col:post_id', '--only' => 'kind=1'));
has($finding, 'conditional children', children => [20, 45]);

# Rows without a key: their children ask for nothing, or do not run.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE draft (id int8 PRIMARY KEY, author_id int8 REFERENCES author, title text);
INSERT INTO draft SELECT 800000 + i, CASE WHEN i % 3 <> 0 THEN 100000 + i * 7 END, md5(i::text) FROM generate_series(1, 60) AS i;
SQL
foreach my $protocol (qw(prepared simple))
{
	$finding = proven($node, "keys that are null, $protocol",
		loop('--parent' => 'SELECT id, author_id FROM draft ORDER BY title LIMIT 60',
			'--child' => 'SELECT name FROM author WHERE id = $1', '--bind' => '1=col:author_id',
			'--protocol' => $protocol));
	has($finding, "keys that are null, $protocol", children => [36, 60], parent_column => 'draft.author_id');
}

# The same key in two columns of the parent is one loop.
$finding = proven($node, 'a key in two columns',
	loop('--parent' => 'SELECT p.id, t.post_id FROM post p JOIN remark t ON t.post_id = p.id WHERE t.kind = 1 '
		  . 'ORDER BY t.body LIMIT 60',
		'--child' => 'SELECT title FROM post WHERE id = $1', '--bind' => '1=col:post_id', '--repeat' => 3));
has($finding, 'a key in two columns', loops => 3, children => [160, 180]);

# A statement that is sent by PREPARE and EXECUTE.
my @authors = split /\n/, $node->safe_psql('postgres', 'SELECT author_id FROM post ORDER BY title LIMIT 50');
$finding = proven($node, 'EXECUTE',
	statements("PREPARE find (int8) AS SELECT name FROM author WHERE id = \$1;\n"
		  . "SELECT id, author_id FROM post ORDER BY title LIMIT 50;\n"
		  . join('', map { "EXECUTE find ($_);\n" } @authors)));
has($finding, 'EXECUTE', children => [45, 50], relation => 'author');

# Children whose text varies by the length of an IN list only.
foreach my $protocol (qw(prepared simple))
{
	my $name = "IN lists of several lengths, $protocol";
	$finding = proven($node, $name,
		loop(posts(50), '--child' => 'SELECT * FROM remark WHERE post_id = $1 AND kind IN (:list)',
			'--bind' => '1=col:id', '--list' => 'cycle:0,1,2,3,4,5,6,7,8,9,10,11', '--protocol' => $protocol,
			'--type' => '0=int4', '--type' => '1=int8'));
	has($finding, $name, children => [45, 50], loops => 1, relation => 'remark');
}

# Rows that share a key, so that values repeat: all of them run, or each value once.
my @shared = ('--parent' => 'SELECT id, author_id FROM remark WHERE author_id < 100031 ORDER BY body LIMIT 100',
	'--child' => 'SELECT name FROM author WHERE id = $1', '--bind' => '1=col:author_id');
$finding = proven($node, 'shared keys', loop(@shared));
has($finding, 'shared keys', children => [90, 100], parent_column => qr/author_id/);
$finding = proven($node, 'shared keys, each once', loop(@shared, '--distinct'));
has($finding, 'shared keys, each once', children => [20, 30]);
proven($node, 'shared keys over a pool', loop(@shared, '--connections' => 4, '--concurrent', '--repeat' => 3));

# The parameter stands in a join, in a sub-query, in a CTE.
my %deep = (
	join => 'SELECT a.name FROM remark r JOIN author a ON a.id = r.author_id WHERE r.post_id = $1',
	'sub-query' => 'SELECT name FROM author WHERE id IN (SELECT author_id FROM remark WHERE post_id = $1)',
	CTE => 'WITH r AS (SELECT author_id FROM remark WHERE post_id = $1) SELECT name FROM author JOIN r ON id = author_id',
	count => 'SELECT count(*) FROM remark WHERE post_id = $1 AND kind = 1',
	latest => 'SELECT body FROM remark WHERE post_id = $1 ORDER BY id DESC LIMIT 1',
	'range of one value' => 'SELECT body FROM remark WHERE post_id BETWEEN $1 AND $1',
	'range of one value, by parts' => 'SELECT body FROM remark WHERE kind < 9 AND post_id >= $1 AND post_id <= $1',
	NULLIF => 'SELECT body FROM remark WHERE post_id = NULLIF($1, 0)',
	'sum with zero' => 'SELECT body FROM remark WHERE post_id = $1 + 0',
	'comparison with a sum' => 'SELECT body FROM remark WHERE post_id + 0 = $1',
	'INSERT of a query' => 'INSERT INTO remark_log (post_id, body) SELECT $1, \'seen\'');
$node->safe_psql('postgres', 'CREATE TABLE remark_log (post_id int8 REFERENCES post, body text)');
foreach my $place (sort keys %deep)
{
	$finding = proven($node, "the parameter in a $place",
		loop(posts(30), '--child' => $deep{$place}, '--bind' => '1=col:id'));
	has($finding, "the parameter in a $place", children => [27, 30]);
}
silent($node, 'the parameter in a sum',
	loop(posts(30), '--child' => 'SELECT body FROM remark WHERE post_id = $1 + 1', '--bind' => '1=col:id'));

# Parents of several shapes; the key comes from a column all the same.
my %parents = (
	join => 'SELECT p.id FROM post p JOIN author a ON a.id = p.author_id ORDER BY p.title LIMIT 30',
	'renamed column' => 'SELECT p.id AS id, p.title AS t FROM post p ORDER BY 2 LIMIT 30',
	'sub-query' => 'SELECT id FROM (SELECT id, title FROM post) AS shown ORDER BY title LIMIT 30',
	group => 'SELECT id, count(*) FROM post GROUP BY id ORDER BY max(title) LIMIT 30',
	'RETURNING' => 'UPDATE post SET views = 0 WHERE id <= 200030 RETURNING id',
	NULLIF => 'SELECT NULLIF(id, 0) AS id FROM post ORDER BY title LIMIT 30',
	CASE => 'SELECT CASE WHEN views < 0 THEN 0 ELSE id END AS id FROM post ORDER BY title LIMIT 30',
	GREATEST => 'SELECT greatest(0, id) AS id FROM post ORDER BY title LIMIT 30',
	'window function' => 'SELECT first_value(id) OVER (PARTITION BY id) AS id FROM post ORDER BY title LIMIT 30',
	'sub-query in its list' => 'SELECT (SELECT max(o.id) FROM post AS o WHERE o.title = p.title) AS id FROM post AS p ORDER BY title LIMIT 30',
	'greatest key of an index' => 'SELECT (SELECT max(o.id) FROM post AS o WHERE o.id <= p.id) AS id FROM post AS p ORDER BY title LIMIT 30');
foreach my $shape (sort keys %parents)
{
	$finding = proven($node, "a parent with $shape",
		loop('--parent' => $parents{$shape},
			'--child' => 'SELECT body FROM remark WHERE post_id = $1', '--bind' => '1=col:id'));
	has($finding, "a parent with $shape", children => [27, 30]);
}

# A column that refers to somebody, without a foreign key.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE edit (id int8 PRIMARY KEY, created_by int8, "lastSeenBy" int8);
INSERT INTO edit SELECT i, author_id, author_id FROM (SELECT row_number() OVER (ORDER BY title) AS i, author_id FROM post) AS p;
SQL
foreach my $column (qw(created_by "lastSeenBy"))
{
	$finding = proven($node, $column,
		loop('--parent' => "SELECT id, $column AS key FROM edit ORDER BY id LIMIT 30",
			'--child' => 'SELECT name FROM author WHERE id = $1', '--bind' => '1=col:key'));
	has($finding, $column, children => [27, 30], parent_column => qr/\Q$column\E/);
}

# Texts that are compared without their case.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE member (login text PRIMARY KEY, name text);
INSERT INTO member SELECT 'login-' || i, md5(i::text) FROM generate_series(1, 100) AS i;
SQL
foreach my $child ('lower(login) = lower($1)', 'upper($1) = upper(login)', 'lower(login) = $1')
{
	foreach my $protocol (qw(prepared simple))
	{
		my $name = "$child, $protocol";
		$finding = proven($node, $name,
			loop('--parent' => 'SELECT login FROM member ORDER BY name LIMIT 30', '--protocol' => $protocol,
				'--child' => "SELECT name FROM member WHERE $child", '--bind' => '1=col:login', '--type' => '1=text'));
		has($finding, $name, children => [27, 30], parent_column => 'member.login');
	}
}

# A large parent.
$finding = proven($node, 'a parent of 1000 rows',
	loop(posts(1000), '--child' => 'SELECT name FROM author WHERE id = $1', '--bind' => '1=col:author_id'));
has($finding, 'a parent of 1000 rows', children => [800, 1000], max_children => [800, 1000]);

$node->stop;
done_testing();
