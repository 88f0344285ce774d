# speedscope opens both forms of clipperf_profile(): make check-html. Its browser shows their routes, statements, nodes of plans and
# times, and complains about nothing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use JSON::PP;
use List::Util qw(sum);
use MIME::Base64 qw(decode_base64);
use Test::More;

plan(skip_all => 'neither Chromium nor speedscope is there: make check-html brings both') if !$ENV{CLIPPERF_CHROMIUM};

my $node = new_server('speedscope', 'clipperf.plan_interval = 1');
$node->safe_psql('postgres', q{
	CREATE TABLE item (id int, filler text);
	INSERT INTO item SELECT i, repeat('x', 100) FROM generate_series(1, 20000) AS i;
	CREATE DATABASE other});
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
$node->safe_psql('postgres', q{
	SET clipperf.route = '/list of; items'; SELECT count(*) AS of_list FROM item; SELECT count(*) AS of_list FROM item;
	SET clipperf.route = '/greatest'; SELECT max(id) AS greatest FROM item});

# What speedscope shows of a profile in a file of this name: its rows, by the name of a function, as [total, self].
sub opened
{
	my ($name, $bytes) = @_;
	my $path = $node->basedir . "/$name";

	open my $handle, '>:raw', $path or die "$path: $!";
	print $handle $bytes;
	close $handle;
	my $said = qx{HOME=@{[ $node->basedir ]} node $FindBin::RealBin/speedscope.js $ENV{CLIPPERF_CHROMIUM} $path 2>&1};
	my $seen = eval { decode_json($said) };
	ok(defined $seen, "$name: speedscope opens it") or diag($said);
	return {} if !defined $seen;
	is_deeply($seen->{said}, [], "$name: it complains about nothing");
	like($seen->{title}, qr/^\Q$name\E/, "$name: its name");
	return { map { @$_ == 3 ? ($_->[2] => [ @$_[0, 1] ]) : () } @{ $seen->{rows} } };
}

# The functions are routes, statements and nodes.
sub has_functions
{
	my ($name, $rows) = @_;
	foreach my $function ('/greatest', 'SELECT count(*) AS of_list FROM item', 'SELECT max(id) AS greatest FROM item', 'Seq Scan on item')
	{
		ok(exists $rows->{$function}, "$name: $function") or diag(explain($rows));
	}
	ok((grep { m{^/list of. items$} } keys %$rows), "$name: a route whose name holds a separator");
	return;
}

my $folded = $node->safe_psql('postgres', 'SELECT clipperf_profile()');
my $rows = opened('profile.folded', $folded);
has_functions('profile.folded', $rows);
is(sum(map { $_->[1] =~ /^([\d,]+)/ ? $1 =~ s/,//gr : () } values %$rows), sum($folded =~ / (\d+)$/mg), 'profile.folded: its times add up');

$rows = opened('profile.pb.gz', decode_base64($node->safe_psql('postgres', q{SELECT clipperf_profile('pprof')})));
has_functions('profile.pb.gz', $rows);
like($rows->{'Seq Scan on item'}[1], qr/^[1-9][\d.]*(.s|s) \(/, 'profile.pb.gz: times are times');

done_testing();
