
=head1 NAME

Objectives - requests of endpoints, of which the client keeps a log, on clocks that it sets

=head1 SYNOPSIS

  use Objectives;

  my $clocks = Objectives->new;
  my $node = $clocks->server('objectives');
  $clocks->request($node, '/vote', us => 60_000, statements => 2, failed => 1);
  is_deeply(windows_of($node, 'vote'), $clocks->windows('/vote', 50_000), 'as the client has counted');

=cut

package Objectives;

use strict;
use warnings;

use Capture;
use Exporter 'import';
use FindBin;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(slo_of windows_of);

# Minutes of each window, as clipperf_slo_windows has them.
our @windows = (5, 30, 60, 120, 360, 1440, 4320);

# Clocks of a server that is to be started; skips the test where that cannot be.
sub new
{
	my ($class) = @_;
	plan skip_all => 'another library is preloaded' if $ENV{LD_PRELOAD};
	plan skip_all => 'there is no compiler' if system('cc --version > /dev/null 2>&1') != 0;
	my $dir = PostgreSQL::Test::Utils::tempdir();
	system_or_bail('cc', '-shared', '-fPIC', '-O', '-o', "$dir/moved_clock.so", "$FindBin::RealBin/../preload/moved_clock.c", '-ldl');
	my $self = bless { dir => $dir, log => [] }, $class;
	$self->set_day(0);
	$self->set_steady(1000 * 60_000_000);
	return $self;
}

sub write_clock
{
	my ($self, $name, $value) = @_;
	my $path = "$self->{dir}/$name";
	open(my $file, -e $path ? '+<:raw' : '>:raw', $path) or die "$path: $!";
	syswrite($file, pack('q', $value)) == 8 or die $!;
	close $file;
	return;
}

# Sets the time of day to so many seconds ahead of the machine's.
sub set_day
{
	my ($self, $seconds) = @_;
	$self->write_clock('day', $seconds);
	return;
}

# Sets the clock that measures durations, in microseconds; it stands still. Only a reboot sets it back.
sub set_steady
{
	my ($self, $us) = @_;
	$self->{steady} = $us;
	$self->write_clock('steady', $us);
	return;
}

# Lets time pass, in microseconds: on the steady clock alone, as the log has it.
sub elapse
{
	my ($self, $us) = @_;
	$self->{passed} += $us;
	$self->set_steady($self->{steady} + $us);
	return;
}

# Runs something in an environment in which servers start on these clocks.
sub with_clocks
{
	my ($self, $run) = @_;
	local $ENV{MOVED_CLOCK} = "$self->{dir}/day";
	local $ENV{STEADY_CLOCK} = "$self->{dir}/steady";
	local $ENV{LD_PRELOAD} = "$self->{dir}/moved_clock.so";
	return $run->();
}

# A server on these clocks.
sub server
{
	my ($self, $name, @settings) = @_;
	return $self->with_clocks(sub { new_server($name, 'clipperf.save_interval = 0', @settings) });
}

# One request: a transaction of that many microseconds from the first statement's start to the last one's end.
sub request
{
	my ($self, $node, $route, %request) = @_;
	my $statements = $request{statements} // 1;
	my $sql = $request{sql} // 'SELECT n FROM mark';
	$self->{session} //= $node->background_psql($request{database} // 'postgres', on_error_stop => 0);
	my $session = $self->{session};
	$session->query("BEGIN; SET LOCAL clipperf.route = '$route'");
	if (($request{us} // 0) > 0)
	{
		$session->query($sql);
		$self->elapse($request{us});
		$statements--;
	}
	$session->query($sql) foreach 1 .. $statements - ($request{failed} ? 1 : 0);
	if ($request{failed})
	{
		$session->query('SELECT missing');
		$session->{stderr} = '';
	}
	$session->query('COMMIT');
	push @{ $self->{log} }, { route => $route, us => $request{us} // 0, statements => $request{statements} // 1,
		failed => $request{failed} ? 1 : 0, ended => $self->{passed} // 0 };
	return;
}

# Ends the session that runs the requests.
sub quit
{
	my ($self) = @_;
	$self->{session}->quit if $self->{session};
	delete $self->{session};
	return;
}

# The requests of the log that belong to routes like this.
sub logged
{
	my ($self, $like) = @_;
	return grep { $_->{route} =~ $like } @{ $self->{log} };
}

# What the log says of each window now: minutes => [requests, slow, failed]. Times that passed are multiples of a minute,
# so that it does not matter when within a minute it all began; where hours count, of an hour.
sub windows
{
	my ($self, $like, $target_us) = @_;
	my %sums;
	foreach my $minutes (@windows)
	{
		my @in = grep { ($self->{passed} // 0) - $_->{ended} < $minutes * 60_000_000 } $self->logged($like);
		$sums{$minutes} = [ scalar(@in), scalar(grep { $_->{us} > $target_us } @in), scalar(grep { $_->{failed} } @in) ];
	}
	return \%sums;
}

# The row of an endpoint in clipperf_slo.
sub slo_of
{
	my ($node, $name, $database) = @_;
	my $json = $node->safe_psql($database // 'postgres', "SELECT row_to_json(s) FROM clipperf_slo AS s WHERE s.name = '$name'");
	return decode_json($json);
}

# What clipperf_slo_windows says, in the form of windows().
sub windows_of
{
	my ($node, $name, $database) = @_;
	my %sums;
	foreach my $row (split /\n/, $node->safe_psql($database // 'postgres',
			"SELECT round(extract(epoch FROM period) / 60), max(requests), sum(bad) FILTER (WHERE objective = 'time'), sum(bad) FILTER (WHERE objective = 'errors')
			 FROM clipperf_slo_windows WHERE name = '$name' GROUP BY period"))
	{
		my ($minutes, @counts) = split /\|/, $row;
		$sums{$minutes} = [ map { $_ + 0 } @counts ];
	}
	return \%sums;
}

1;
