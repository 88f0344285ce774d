# Batches are no N+1 pattern, unless a loop runs one for each of its rows.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use List::Util 'uniq';
use NPlusOne;
use Test::More;

my $node = start_server('batches');
my $list = 'SELECT id FROM post WHERE id <= 202000 ORDER BY title LIMIT 30';
my @posts = split(/\n/, $node->safe_psql('postgres', $list));

# The statement that a loop over the posts runs for each: four rows, or, if they are not to be alike, six for some.
sub child
{
	my ($post, $protocol) = @_;
	my $kinds = $protocol eq 'simple' ? 4 : 3;
	return "SELECT id, author_id FROM remark WHERE post_id = $post AND kind <> $post % $kinds ORDER BY body;";
}

# The keys that it returns, each once in their order.
sub authors
{
	return uniq(map { (split(/\|/))[1] } split(/\n/, $node->safe_psql('postgres', child(@_))));
}

# A batch with its keys in the text, or prepared for so many.
sub batch
{
	my ($protocol, @keys) = @_;
	return 'SELECT name FROM author WHERE id IN (' . join(', ', @keys) . ');' if $protocol eq 'simple';
	return 'EXECUTE batch_' . @keys . ' (' . join(', ', @keys) . ');';
}
# From PostgreSQL 18 on all of these are one statement, whatever stands in their lists.
my $prepare = "SELECT name FROM author WHERE id IN (1, 2, 3);\n" . join('', map { "PREPARE batch_$_ AS SELECT name FROM author WHERE id IN (" . join(', ', map { "\$$_" } 1 .. $_) . ");\n" }
	  2 .. 8);

# The scenario of a request that runs these.
sub request
{
	return statements($prepare . "BEGIN;\n" . join("\n", @_) . "\nCOMMIT;\n");
}

foreach my $protocol (qw(simple prepared))
{
	my %child = map { ($_ => child($_, $protocol)) } @posts;
	my %authors = map { ($_ => [ authors($_, $protocol) ]) } @posts;
	my $name = "a batch for each row, $protocol";
	my @found = all_proven($node, $name, request("$list;", map { ($child{$_}, batch($protocol, @{ $authors{$_} })) } @posts),
		qr/FROM remark/, qr/FROM author/);
	has($found[0], $name, children => [27, 30], parent_column => 'post.id');
	has($found[1], $name, children => [27, 30], loops => 1, max_children => [27, 30], relation => 'author',
		parent_column => 'remark.author_id', parent_query => qr/FROM remark/, suggestion => undef);
	ok($found[1]->{no_suggestion}, "$name: why there is no other statement");

	# One batch with the same keys for each row, or with the first of a result's keys only: nothing ties it to the rows.
	$name = "the same batch for each row, $protocol";
	my @same = @{ $authors{ $posts[0] } };
	@found = all_proven($node, $name, request("$list;", map { ($child{$_}, batch($protocol, @same)) } @posts), qr/FROM remark/);
	$name = "batches of some keys, $protocol";
	@found = all_proven($node, $name,
		request("$list;", map { ($child{$_}, batch($protocol, @{ $authors{$_} }[ 0 .. 1 ])) } @posts),
		qr/FROM remark/);
}

# Pages with a batch for each: nobody loops over them.
my @pages = map { "SELECT id, author_id FROM post ORDER BY title LIMIT 6 OFFSET 6 * $_" } 0 .. 29;
silent($node, 'a batch for each page',
	request(map { ("$_;", batch('simple', map { (split(/\|/))[1] } split(/\n/, $node->safe_psql('postgres', $_)))) } @pages));

# Several batches in one request for the rows of one list.
my @keys = split(/\n/, $node->safe_psql('postgres', 'SELECT author_id FROM post ORDER BY title LIMIT 180'));
silent($node, 'batches of one list',
	request('SELECT id, author_id FROM post ORDER BY title LIMIT 180;', map { batch('simple', @keys[ 6 * $_ .. 6 * $_ + 5 ]) } 0 .. 29));

$node->stop;
done_testing();
