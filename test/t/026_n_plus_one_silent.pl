# What looks like an N+1 pattern and is none stays unreported.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

my $node = start_server('silent');
my $finding;

my @remarks = ('--child' => 'SELECT * FROM remark WHERE post_id = $1', '--bind' => '1=col:id');

# The tests below would pass if nothing were ever found: prove that this server finds.
proven($node, 'control', loop(posts(50), @remarks));

# Eager loading and batches.
foreach my $protocol (qw(prepared simple))
{
	silent($node, "= ANY, $protocol",
		loop(posts(50), '--child' => 'SELECT * FROM remark WHERE post_id = ANY ($1)', '--bind' => '1=col:id',
			'--batch', '--repeat' => 30, '--protocol' => $protocol));
	silent($node, "IN, $protocol",
		loop(posts(50), '--child' => 'SELECT * FROM remark WHERE post_id IN (:list)', '--list' => 'rows:0:id',
			'--type' => '0=int8', '--repeat' => 30, '--protocol' => $protocol));
	silent($node, "IN in chunks, $protocol",
		loop(posts(100), '--child' => 'SELECT * FROM remark WHERE post_id IN (:list)', '--list' => 'rows:10:id',
			'--type' => '0=int8', '--repeat' => 5, '--protocol' => $protocol));
}
silent($node, 'a join', statements(join(';',
			('SELECT p.id, a.name FROM post p JOIN author a ON a.id = p.author_id ORDER BY p.title LIMIT 50') x 30)));
silent($node, 'several batches per page',
	loop(posts(50), '--batch', '--repeat' => 20,
		'--child' => 'SELECT * FROM author WHERE id = ANY ($1)', '--bind' => '1=col:author_id',
		'--child' => 'SELECT * FROM remark WHERE post_id = ANY ($1)', '--bind' => '1=col:id',
		'--child' => 'UPDATE post SET views = views + 1 WHERE id = ANY ($1)', '--bind' => '1=col:id'));

# A pipeline is reported for information only.
foreach my $protocol (qw(prepared extended))
{
	$finding = proven($node, "a pipeline, $protocol", loop(posts(50), @remarks, '--pipeline', '--protocol' => $protocol));
	has($finding, "a pipeline, $protocol", pipelined => 'true', children => [40, 50]);
	is($node->safe_psql('postgres', q{SELECT DISTINCT severity FROM clipperf_findings() WHERE kind = 'n_plus_one'}),
		'info', "a pipeline, $protocol: for information");
}

# One row each: belongs to, login.
silent($node, 'one row, one lookup, again and again',
	loop('--series' => '200001..200060',
		'--child' => 'SELECT id, author_id FROM post WHERE id = $1', '--bind' => '1=col:n',
		'--grandchild' => 'SELECT name FROM author WHERE id = $1', '--bind' => '1=col:author_id',
		'--order' => 'random'));
silent($node, 'logins',
	loop('--series' => '1..60', '--connections' => 4, '--order' => 'random',
		'--child' => q{SELECT id, name FROM author WHERE email = 'author' || $1 || '@example.org'}, '--bind' => '1=col:n',
		'--type' => '1=text',
		'--grandchild' => 'UPDATE author SET posts = posts + 1 WHERE id = $1', '--bind' => '1=col:id'));
silent($node, 'SELECT 1', loop('--series' => '1..500', '--child' => 'SELECT 1', '--connections' => 4));
silent($node, 'SELECT 1 between a parent and its batch', loop(posts(50), '--child' => 'SELECT 1'));

# A queue: the rows that a worker has locked are his to work on one by one.
foreach my $rows (1, 5, 20)
{
	silent($node, "a queue with SKIP LOCKED, $rows jobs at a time",
		loop('--parent' => "SELECT id, post_id FROM job WHERE state = 'new' ORDER BY id LIMIT $rows FOR UPDATE SKIP LOCKED",
			'--child' => q{UPDATE job SET state = 'done' WHERE id = $1}, '--bind' => '1=col:id',
			'--transaction', '--repeat' => 10));
}

# The same value again and again.
foreach my $value (200001, 299999)
{
	silent($node, "retries with the value $value",
		loop(posts(50), '--child' => 'SELECT * FROM remark WHERE post_id = $1', '--bind' => "1=value:$value"));
}
silent($node, 'a counter that is updated again and again',
	loop(posts(50), '--child' => 'UPDATE post SET views = views + 1 WHERE id = $1', '--bind' => '1=value:200007',
		'--transaction'));

# The same statement tried again and again in savepoints.
silent($node, 'retries in savepoints',
	statements("SELECT id FROM post ORDER BY title LIMIT 50; BEGIN;\n"
		  . "SAVEPOINT before; SELECT count(*) FROM post WHERE id = 200007; ROLLBACK TO before;\n" x 12 . 'COMMIT;'));

# A worker that polls, and works on what it finds.
silent($node, 'polling for one job at a time',
	loop('--parent' => "SELECT id FROM job WHERE state = 'new' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
		'--child' => q{UPDATE job SET state = 'done' WHERE id = $1}, '--bind' => '1=col:id', '--repeat' => 40,
		'--connections' => 4));

# Keyset pagination: each page begins after the last row of the one before.
foreach my $protocol (qw(prepared simple))
{
	silent($node, "keyset pagination, $protocol",
		loop('--parent' => 'SELECT id, title FROM post WHERE id > $1 ORDER BY id LIMIT 50', '--keyset' => 'id=0',
			'--protocol' => $protocol));
}
silent($node, 'keyset pagination with a batch for each page',
	loop('--parent' => 'SELECT id FROM post WHERE id > $1 ORDER BY id LIMIT 50', '--keyset' => 'id=0', '--batch',
		'--child' => 'SELECT * FROM remark WHERE post_id = ANY ($1)', '--bind' => '1=col:id', '--connections' => 4));

# A user who opens a few things of a list, in an order of his own.
foreach my $options ([], [ '--connections' => 4 ], [ '--think-ms' => 20 ], [ '--protocol' => 'simple' ])
{
	silent($node, "a user who opens 8 of 100 posts @$options",
		loop(posts(100), '--child' => 'SELECT * FROM post WHERE id = $1', '--bind' => '1=col:id',
			'--order' => 'pick:8', @$options));
}
silent($node, 'ten users who open 3 of 50 posts each',
	loop(posts(50), '--child' => 'SELECT * FROM post WHERE id = $1', '--bind' => '1=col:id', '--order' => 'pick:3',
		'--repeat' => 10, '--connections' => 4));

# The values are in the parent, but the child looks at something else.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE setting (id int8 PRIMARY KEY, value text);
INSERT INTO setting SELECT i, 'value ' || i FROM generate_series(1, 3) AS i;
SQL
silent($node, 'a small table looked up by a column with few values',
	loop('--parent' => 'SELECT id, kind FROM remark ORDER BY body LIMIT 100',
		'--child' => 'SELECT value FROM setting WHERE id = $1', '--bind' => '1=col:kind'));
# Codes that happen to spell the keys of another table.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE voucher (code text PRIMARY KEY, title text);
INSERT INTO voucher SELECT 200000 + i * 37 % 1009, md5(i::text) FROM generate_series(1, 500) AS i;
SQL
silent($node, 'codes that spell the keys of another table',
	loop('--parent' => 'SELECT code FROM voucher ORDER BY title LIMIT 30',
		'--child' => 'SELECT title FROM post WHERE id = $1', '--bind' => '1=col:code', '--type' => '1=int8'));
silent($node, 'LIMIT and OFFSET', loop('--series' => '0..40',
		'--child' => 'SELECT id FROM post ORDER BY id LIMIT 20 OFFSET $1', '--bind' => '1=col:n', '--transaction'));

$node->stop;
done_testing();
