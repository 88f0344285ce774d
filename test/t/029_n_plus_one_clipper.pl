# The example application under load: its N+1 patterns are proven, and nothing else is.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_server('clipper');
my $clipper = "$FindBin::RealBin/../../examples/clipper";

$node->safe_psql('postgres', 'DROP TABLE job, tally, remark, post, author');
$node->command_ok([ 'psql', '-X', '-q', '-f', "$clipper/schema.sql", 'postgres' ], "Clipper's schema");
$node->command_ok([ 'psql', '-X', '-q', '-v', 'scale=0.02', '-f', "$clipper/data.sql", 'postgres' ], "Clipper's data");

foreach my $protocol (qw(prepared simple))
{
	my @found = all_proven($node, "$protocol replay",
		clipload('replay', '--users' => 40, '--pool' => 8, '--requests' => 1500, '--seconds' => 120,
			'--think-ms' => 20, '--protocol' => $protocol),
		qr/FROM users/, qr/FROM votes/, qr/FROM favorites/, qr/JOIN clip_tags/);
	my ($authors, $votes, $favorites, $tags) = @found;

	has($authors, "$protocol replay, authors", relation => 'users', parent_query => qr/FROM comments/,
		parent_column => qr/user_id/, route => '/comments', connections => [2, 8]);
	has($votes, "$protocol replay, votes", relation => 'votes', parent_query => qr/FROM clips/,
		parent_column => qr/\bid\b/, max_children => [20, 25], connections => [2, 8]);
	has($favorites, "$protocol replay, favourites", relation => 'favorites', parent_query => qr/FROM clips/);
	has($tags, "$protocol replay, tags", relation => 'clip_tags', parent_query => qr/FROM clips/);
	runs($node, $_, "$protocol replay", '{00000000-0000-0000-0000-000000000000}') foreach @found;
}

$node->stop;
done_testing();
