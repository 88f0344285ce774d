# The rooms of src/ are those that docs/how-it-works.md names, none includes one above it, and no files include each
# other in a circle.

use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Utils;
use Test::More;

my $root = "$FindBin::RealBin/../..";
my $src = "$root/src";

# The files that all rooms may include, beside those of the ground floor.
my %for_all = map { $_ => 1 } qw(compat.h hotpath.h settings.h settings.c);

# The map of rooms: floor, and what each may use, by room; a file at the top of src/ is a room of its own.
my (%floor, %uses, @order);
foreach (split /\n/, slurp_file("$root/docs/how-it-works.md"))
{
	my ($number, $room, $may_use) = m{^\| (\d+) \| `src/([\w/.]+)` \| [^|]+ \|(.*)\|$} or next;
	$floor{$room} = $number;
	$uses{$room} = [ $may_use =~ /\ball\b/ ? 'all' : $may_use =~ /`([\w\/]+)`/g ];
	push @order, $room;
}
is("@{[ map { $floor{$_} } @order ]}", "@{[ sort { $b <=> $a } values %floor ]}", 'the map goes from the top floor down');

# All files, by their names below src/.
my @files = sort map { s{^\Q$src\E/}{}r } map { glob("$src/$_") } qw(*.[ch] */*.[ch] */*/*.[ch]);
@files = grep { !m{^client/} } @files;
cmp_ok(scalar(@files), '>', 100, 'there are files to look at');

sub room_of
{
	my ($file) = @_;
	return $file =~ m{^(.+)/} ? $1 : $file;
}

my %there = map { room_of($_) => 1 } grep { !$for_all{$_} } @files;
is(join(' ', grep { !exists $floor{$_} } sort keys %there), '', 'the map names every room');
is(join(' ', grep { !$there{$_} } @order), '', 'every room on the map is there');

# Included files of the tree, by file.
my %exists = map { $_ => 1 } @files;
my %includes;
foreach my $file (@files)
{
	$includes{$file} = [ grep { $exists{$_} } slurp_file("$src/$file") =~ /^#include "([^"]+)"/mg ];
}

# May a room use another one, which stands below it?
sub may_use
{
	my ($room, $other) = @_;
	return 1 if $floor{$other} == 0;
	return grep { $_ eq 'all' || $_ eq $other || index($other, "$_/") == 0 } @{ $uses{$room} };
}

my (@upward, @not_allowed);
foreach my $file (grep { !$for_all{$_} } @files)
{
	my $room = room_of($file);
	foreach my $included (grep { !$for_all{$_} } @{ $includes{$file} })
	{
		my $other = room_of($included);
		next if $other eq $room || !exists $floor{$room} || !exists $floor{$other};
		push @upward, "$file includes $included" if $floor{$other} >= $floor{$room};
		push @not_allowed, "$file includes $included" if $floor{$other} < $floor{$room} && !may_use($room, $other);
	}
}
is(join("\n", @upward), '', 'no room includes one above it or beside it');
is(join("\n", @not_allowed), '', 'no room includes one that the map does not let it use');

# A .c file and its .h are one here.
my %edges;
foreach my $file (@files)
{
	my $module = $file =~ s/\.[ch]$//r;
	foreach my $included (@{ $includes{$file} })
	{
		my $other = $included =~ s/\.[ch]$//r;
		$edges{$module}{$other} = 1 if $other ne $module;
	}
}

# Everything that can be reached by includes.
sub reached_from
{
	my ($module) = @_;
	my %seen;
	my @next = ($module);
	while (defined(my $here = pop @next))
	{
		push @next, grep { !$seen{$_}++ } keys %{ $edges{$here} };
	}
	return \%seen;
}

my %reached = map { $_ => reached_from($_) } keys %edges;
my @circle;
foreach my $module (sort keys %edges)
{
	push @circle, map { "$module includes $_" } grep { $reached{$_} && $reached{$_}{$module} } sort keys %{ $edges{$module} };
}
is(join("\n", @circle), '', 'no files include each other in a circle');

done_testing();
