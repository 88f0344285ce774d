# The example application under load: its N+1 patterns are proven, and nothing else is.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use NPlusOne;
use PostgreSQL::Test::Utils;
use Test::More;

# Its users share connections, whose requests end with pauses.
my $node = start_server('clipper', "clipperf.request_idle = '100ms'");
my $clipper = "$FindBin::RealBin/../../examples/clipper";

$node->safe_psql('postgres', 'DROP TABLE job, tally, remark, post, author');
$node->command_ok([ 'psql', '-X', '-q', '-f', "$clipper/schema.sql", 'postgres' ], "Clipper's schema");
$node->command_ok([ 'psql', '-X', '-q', '-v', 'scale=0.02', '-f', "$clipper/data.sql", 'postgres' ], "Clipper's data");

# What each parent's text tells it by, and what is looked up row by row after it.
my %parents = (
	'hot feed' => qr/ORDER BY c\.vote_score DESC, c\.created_at DESC LIMIT/,
	'top feed' => qr/c\.created_at > /,
	'feed of a broadcaster' => qr/c\.broadcaster_id = /,
	'feed of a tag' => qr/WHERE ct\.tag_id = /,
	'comments' => qr/^SELECT [^)]* FROM comments c WHERE/);
my @expected = sort { $a cmp $b } (
	'hot feed: votes', 'hot feed: favorites', 'feed of a broadcaster: votes', 'feed of a broadcaster: favorites',
	'top feed: clip_tags', 'feed of a tag: clip_tags', 'comments: users');

# How each suggestion begins: with the key among the columns, once.
my %suggestions = (
	votes => qr/^SELECT clip_id, vote_type FROM/, favorites => qr/^SELECT k\.clip_id, c\.\* FROM/,
	clip_tags => qr/^SELECT ct\.clip_id, t\.id, t\.name/, users => qr/^SELECT u\.id, u\.username/);

# A finding in the words of the list above.
sub in_words
{
	my ($finding) = @_;
	my ($parent) = grep { ($finding->{parent_query} // '') =~ $parents{$_} } sort keys %parents;
	return ($parent // 'another parent') . ": $finding->{relation}";
}

foreach my $protocol (qw(prepared simple))
{
	my @found = run_scenario($node, clipload('replay', '--users' => 40, '--pool' => 8, '--requests' => 1500,
			'--seconds' => 120, '--think-ms' => 20, '--protocol' => $protocol));

	is_deeply([ sort map { in_words($_) } @found ], \@expected, "$protocol replay: what is found");
	is(scalar(grep { $_->{confidence} ne 'proven' } @found), 0, "$protocol replay: all of it proven");
	foreach my $finding (@found)
	{
		my $name = "$protocol replay, " . in_words($finding);

		# lists have up to 50 rows, and eight requests at a time may read the same; what one of them
		# looks up is counted for another's list now and then, but never all of it
		has($finding, $name, parent_column => $name =~ /users/ ? qr/user_id/ : qr/\bid\b/,
			connections => [2, 8], max_children => [5, 99],
			suggestion => $suggestions{ $finding->{relation} },
			route => $name =~ /users/ ? '/comments' : qr{^/feed/(hot|top|broadcaster|tag)$});
		runs($node, $finding, $name, '{00000000-0000-0000-0000-000000000000}');
	}
}

$node->stop;
done_testing();
