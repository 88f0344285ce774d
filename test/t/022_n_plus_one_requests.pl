# A loop belongs to one request: however long that takes, and only if one holds it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use Test::More;

my $node = start_server('requests');
my $finding;

# Pauses are those of pg_sleep() within a request, and those of the client between two.
$node->safe_psql('postgres',
	q{ALTER DATABASE postgres SET clipperf.nplusone_window = '1s'; ALTER DATABASE postgres SET clipperf.request_idle = '1s'});

my @posts = split /\n/, $node->safe_psql('postgres', 'SELECT id FROM post ORDER BY title LIMIT 12');
my $list = "SELECT id, author_id FROM post ORDER BY title LIMIT 12;\n";

# A loop that is slower than the window, on its connection, in its transaction, in its trace.
my $slow = join '', map { "SELECT pg_sleep(0.15);\nSELECT body FROM remark WHERE post_id = $_;\n" } @posts;
$finding = proven($node, 'a loop slower than the window', statements($list . $slow));
has($finding, 'a loop slower than the window', children => 12, loops => 1);
$finding = proven($node, 'a slow loop in a transaction', statements("BEGIN;\n$list${slow}COMMIT;"));
has($finding, 'a slow loop in a transaction', children => 12, loops => 1);

# Children far apart, since each row has other work of its own.
my $nested = join '', map {
	my $post = $_;
	"SELECT body FROM remark WHERE post_id = $post;\n" . "SELECT pg_sleep(0.1);\n" x 3
} @posts;
$finding = proven($node, 'children farther apart than a pause', statements($list . $nested));
has($finding, 'children farther apart than a pause', children => 12, loops => 1);

# A list whose rows are looked up only after something that takes longer than the window.
$finding = proven($node, 'a second loop, long after the list',
	statements($list . 'SELECT name FROM author WHERE id = 1;' . "SELECT pg_sleep(0.1);\n" x 13 . $slow));
has($finding, 'a second loop, long after the list', children => 12);

# A person, or a crawler, who opens the rows of a list in their order, one request each: nobody can tell whether that
# is a slow loop, but most pauses of clients are those of people.
$node->safe_psql('postgres',
	q{ALTER DATABASE postgres SET clipperf.nplusone_window = '1min'; ALTER DATABASE postgres SET clipperf.request_idle = '10ms'});
my $session = $node->background_psql('postgres');
foreach my $more ('', 'SELECT kind FROM remark LIMIT 1;')
{
	my $name = 'rows that somebody opens one by one' . ($more ne '' ? ', with more in each request' : '');
	$finding = suspected($node, $name, sub {
		$session->query_safe('SELECT id FROM post ORDER BY title LIMIT 12');
		foreach my $post (@posts)
		{
			select(undef, undef, undef, 0.05);
			$session->query_safe("$more SELECT body FROM remark WHERE post_id = $post");
		}
	});
	unlike($finding->{parent_query}, qr/^$/, "$name: after a list that is known") if $finding;
}
$session->quit;

$node->stop;
done_testing();
