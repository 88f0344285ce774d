# Pages of an application, one after the other on one connection: what one has read is not taken for what the next one
# loops over, however many lists hold the same keys and however many statements the session has run.

use strict;
use warnings;

use File::Temp;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

my $node = start_server('pages');
my $finding;

# Topics, most of which are the root of their own tree, as issues of a tracker are.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE topic (id int8 PRIMARY KEY, root_id int8 NOT NULL REFERENCES topic, title text);
INSERT INTO topic SELECT 700000 + i, 700000 + i - CASE WHEN i % 8 = 0 THEN 1 ELSE 0 END, md5(i::text)
  FROM generate_series(1, 400) AS i;
CREATE TABLE reply (topic_id int8 NOT NULL REFERENCES topic, body text);
CREATE TABLE link (topic_from_id int8 NOT NULL, topic_to_id int8 NOT NULL, prior_topic_id int8 NOT NULL, kind int);
INSERT INTO link SELECT 700000 + i, 700000 + i * 7 % 100 + 1, 700000 + i * 11 % 100 + 1, i % 3 FROM generate_series(1, 14) AS i;
ANALYZE;
SQL

sub column { return split /\n/, $node->safe_psql('postgres', shift); }

sub look_ups { return join '', map { "SELECT body FROM reply WHERE topic_id = $_;\n" } @_; }

# The second page loops over its list in another order than the list's, which happens to be that of the first page's.
{
	my @topics = column('SELECT id FROM (SELECT * FROM topic ORDER BY title LIMIT 24) AS t ORDER BY md5(id::text)');
	my $topics = join ',', @topics;
	my $session = $node->background_psql('postgres');

	$session->query_safe(q{SET clipperf.request_idle = '1s'});
	$finding = proven($node, 'a page after another one with the same keys', sub {
		$session->query_safe("SELECT id FROM topic WHERE id IN ($topics) ORDER BY md5(id::text)");
		select(undef, undef, undef, 1.2);
		$session->query_safe("SELECT id, title FROM topic ORDER BY title LIMIT 24;\n" . look_ups(@topics));
	});
	has($finding, 'a page after another one with the same keys', children => 24, loops => 1,
		parent_query => qr/ORDER BY title/);
	$session->quit;
}

# Few rows in no order, each of which is looked up once and nothing else: that is seldom chance in one request.
my @few = column('SELECT id FROM (SELECT * FROM topic ORDER BY title LIMIT 10) AS t ORDER BY md5(id::text)');
$finding = proven($node, 'ten rows in another order',
	statements("SELECT id FROM topic ORDER BY title LIMIT 10;\n" . look_ups(@few)));
has($finding, 'ten rows in another order', children => 10);
silent($node, 'seven of ten rows in another order',
	statements("SELECT id FROM topic ORDER BY title LIMIT 10;\n" . look_ups(@few[ 0 .. 6 ])));

# Many lists hold the keys, and two columns of the last one.
my @topics = column('SELECT id FROM topic ORDER BY title LIMIT 40');
$finding = proven($node, 'keys of many lists, and of two columns',
	statements(join('', map { "SELECT id, title FROM topic WHERE id > $_ ORDER BY title LIMIT 40;\n" } 1 .. 24)
		  . "SELECT id, root_id FROM topic ORDER BY title LIMIT 40;\n" . look_ups(@topics)));
has($finding, 'keys of many lists, and of two columns', children => 40, loops => 1, parent_column => 'topic.id',
	parent_query => qr/root_id/);

# Columns that refer to a table by their name alone: a page has read the rows of that table, too, but loops over these.
foreach my $column (qw(topic_from_id topic_to_id prior_topic_id))
{
	my @keys = column("SELECT $column FROM link ORDER BY md5(topic_to_id::text)");
	$finding = proven($node, "a loop over $column",
		statements("SELECT id, title FROM topic WHERE id <= 700150 ORDER BY title;\n"
			  . "SELECT topic_from_id, topic_to_id, prior_topic_id FROM link ORDER BY md5(topic_to_id::text);\n"
			  . join('', map { "SELECT title FROM topic WHERE id = $_;\n" } @keys)));
	has($finding, "a loop over $column", children => 14, parent_column => "link.$column");
}

# A session that has prepared its statements, and runs thousands of others between two pages.  The keys leave no gaps: they
# are followed only while it is known whose they are.
{
	my @topics = column('SELECT id FROM topic WHERE id <= 700040 ORDER BY title');
	my $file = File::Temp->new(SUFFIX => '.sql');
	my @columns = qw(title id);

	print $file map { "\\set topic$_ $topics[$_]\n" } 0 .. $#topics;
	print $file "SELECT id, title FROM topic WHERE id <= 700040 ORDER BY title;\n";
	print $file map { "SELECT body FROM reply WHERE topic_id = :topic$_;\n" } 0 .. $#topics;
	foreach my $i (0 .. 4095)
	{
		print $file 'SELECT ' . join(', ', map { $columns[ $i >> $_ & 1 ] } 0 .. 11) . " FROM topic WHERE id < 0;\n";
	}
	close $file;
	$finding = proven($node, 'statements prepared long ago', sub {
		$node->command_ok([ 'pgbench', '-n', '-M', 'prepared', '-t', '3', '-f', "$file", $node->connstr('postgres') ],
			'statements prepared long ago: pages');
	});
	has($finding, 'statements prepared long ago', children => 120, loops => 3);
}

# Parts of a key of several columns, of which nobody says what they refer to: those of one name belong together if one of
# them is a key by itself, but two counters do not.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE purchase (purchase_no int PRIMARY KEY, buyer text);
INSERT INTO purchase SELECT i, md5(i::text) FROM generate_series(1, 100) AS i;
CREATE TABLE purchase_line (purchase_no int, line_no int, article text, PRIMARY KEY (purchase_no, line_no));
CREATE TABLE offer_line (offer_no int, line_no int, article text, PRIMARY KEY (offer_no, line_no));
INSERT INTO purchase_line SELECT i, l, md5((i * l)::text) FROM generate_series(1, 100) AS i, generate_series(1, 20) AS l;
INSERT INTO offer_line SELECT i, l, md5((i * l)::text) FROM generate_series(1, 5) AS i, generate_series(1, 20) AS l;
ANALYZE;
SQL
@few = column('SELECT purchase_no FROM purchase ORDER BY buyer LIMIT 20');
$finding = proven($node, 'the lines of purchases',
	statements("SELECT purchase_no, buyer FROM purchase ORDER BY buyer LIMIT 20;\n"
		  . join('', map { "SELECT article FROM purchase_line WHERE purchase_no = $_;\n" } @few)));
has($finding, 'the lines of purchases', children => 20, parent_column => 'purchase.purchase_no');
$finding = proven($node, 'the purchases of lines',
	statements("SELECT purchase_no, article FROM purchase_line WHERE line_no = 3 ORDER BY article LIMIT 20;\n"
		  . join('', map { "SELECT buyer FROM purchase WHERE purchase_no = $_;\n" }
			  column('SELECT purchase_no FROM purchase_line WHERE line_no = 3 ORDER BY article LIMIT 20'))));
has($finding, 'the purchases of lines', children => 20, parent_column => 'purchase_line.purchase_no');
my @lines = column('SELECT line_no FROM offer_line WHERE offer_no = 2 ORDER BY article');
silent($node, 'counters of one name',
	statements("SELECT line_no, article FROM offer_line WHERE offer_no = 2 ORDER BY article;\n"
		  . join('', map { "SELECT article FROM purchase_line WHERE purchase_no = 7 AND line_no = $_;\n" } @lines)));

$node->stop;
done_testing();
