
=head1 NAME

Screen - run a program in a terminal, look at its screen

=head1 SYNOPSIS

  use Screen;

  my $screen = Screen->start([ 'clipperf', 'top' ], rows => 24, columns => 80, environment => { TERM => 'vt100' });
  $screen->wait_for(qr/^clipperf top/m);
  $screen->press('2');
  is($screen->finish, 0, 'status');

=head1 DESCRIPTION

The terminal is a pseudo-terminal whose other end is read here. What the program writes is carried out on a grid of cells, as a
terminal of the VT100 family does; a sequence that is not known is an error, so that nothing is overlooked.

=cut

package Screen;

use strict;
use warnings;

use Encode qw(decode encode);
use IO::Pty;
use POSIX ();
use PostgreSQL::Test::Utils;
use Time::HiRes qw(time);

# What no program writes, and no terminal shows: it follows the last that a program has written.
my $end = "\x0e\x0f\x0e\x0f";

# Starts a program in a terminal of this size.
sub start
{
	my ($class, $command, %options) = @_;
	my $self = bless { pty => IO::Pty->new, raw => '', pending => '' }, $class;

	$self->{slave} = $self->{pty}->slave;
	$self->resize($options{rows} // 24, $options{columns} // 80);
	$self->{modes} = $self->modes;
	$self->{pid} = fork() // die "could not fork: $!";
	if ($self->{pid} == 0)
	{
		my %environment = %{ $options{environment} // {} };

		$self->{pty}->make_slave_controlling_terminal;
		delete @ENV{qw(LINES COLUMNS NO_COLOR LC_ALL LC_CTYPE)};
		@ENV{qw(LANG TERM)} = qw(C.UTF-8 xterm);
		@ENV{ keys %environment } = values %environment;
		open STDIN, '<&', $self->{slave} or POSIX::_exit(126);
		open STDOUT, '>&', $self->{slave} or POSIX::_exit(126);
		open STDERR, '>&', $self->{slave} or POSIX::_exit(126);
		close $self->{pty};
		exec { $command->[0] } @$command or POSIX::_exit(127);
	}
	return $self;
}

# The modes of the terminal, which a program has to leave as they were.
sub modes
{
	my ($self) = @_;
	my $modes = POSIX::Termios->new;

	$modes->getattr(fileno $self->{slave});
	return join(' ', $modes->getiflag, $modes->getoflag, $modes->getcflag, $modes->getlflag);
}

# Are they as they were when the program was started?
sub has_its_modes
{
	my ($self) = @_;
	return $self->modes eq $self->{modes};
}

# Gives the terminal another size, which its program is told of by a signal. Its cells are blank then.
sub resize
{
	my ($self, $rows, $columns) = @_;

	($self->{rows}, $self->{columns}) = ($rows, $columns);
	($self->{row}, $self->{column}) = (0, 0);
	($self->{top}, $self->{bottom}) = (0, $rows - 1);
	$self->{cells} = [ map { [ (' ') x $columns ] } 1 .. $rows ];
	$self->{slave}->set_winsize($rows, $columns);
	return;
}

# Presses keys.
sub press
{
	my ($self, $keys) = @_;

	syswrite($self->{pty}, $keys) // die "could not write to the terminal: $!";
	return;
}

# What is on the screen, as lines.
sub text
{
	my ($self) = @_;
	return join("\n", map { (my $line = join('', @$_)) =~ s/ +\z//; $line } @{ $self->{cells} }) . "\n";
}

# Waits until the screen matches. Returns what is on it.
sub wait_for
{
	my ($self, $pattern) = @_;
	my $limit = time + $PostgreSQL::Test::Utils::timeout_default;

	until ($self->text =~ $pattern)
	{
		$self->receive($limit) or die "the program has ended, and left on its screen:\n" . encode('UTF-8', $self->text);
	}
	return $self->text;
}

# Waits until the program ends. Returns its status, or minus the signal that ended it.
sub finish
{
	my ($self) = @_;
	my $limit = time + $PostgreSQL::Test::Utils::timeout_default;

	while (waitpid($self->{pid}, POSIX::WNOHANG()) == 0)
	{
		$self->receive($limit, 0.05);
	}
	my $status = $?;
	# What it wrote last may be on its way still: it comes before what is written after it.
	syswrite($self->{slave}, $end) // die "could not write to the terminal: $!";
	$self->receive($limit) until $self->{raw} =~ s/\Q$end\E\z//;
	return $status & 127 ? -($status & 127) : $status >> 8;
}

# Takes the terminal away.
sub hang_up
{
	my ($self) = @_;

	close $self->{slave};
	close $self->{pty};
	waitpid($self->{pid}, 0);
	return $? & 127 ? -($? & 127) : $? >> 8;
}

# All that the program wrote, as bytes.
sub raw { return $_[0]{raw}; }

# Takes what the program has written, and carries it out. False where there is nothing, and there will be nothing.
sub receive
{
	my ($self, $limit, $wait) = @_;
	my $bits = '';

	vec($bits, fileno($self->{pty}), 1) = 1;
	if (!select($bits, undef, undef, $wait // $limit - time))
	{
		die "the screen is still:\n" . encode('UTF-8', $self->text) if !defined $wait || ($wait > 0 && time > $limit);
		return 0;
	}
	my $read = sysread($self->{pty}, my $bytes, 65536);
	return 0 if !$read;
	$self->{raw} .= $bytes;
	$self->{pending} .= $bytes;
	$self->carry_out;
	return 1;
}

# Carries out what has come as far as it is complete.
sub carry_out
{
	my ($self) = @_;
	my %controls = ("\r" => sub { $self->{column} = 0 }, "\n" => sub { $self->line_feed },
		"\b" => sub { $self->{column}-- if $self->{column} > 0 });

	for ($self->{pending})
	{
		while (length)
		{
			if (s/\A([\r\n\b])//) { $controls{$1}->(); }
			elsif (s/\A[\x07\x0e\x0f]//) { }
			elsif (s/\A\e\[([?>]?)([\d;]*)([A-Za-z@])//) { $self->sequence($1, $3, split /;/, $2); }
			elsif (s/\A\e[()][A-Z0-9]//) { }
			elsif (s/\A\e[=>78]//) { }
			elsif (s/\A\eM//) { $self->reverse_line_feed; }
			elsif (/\A\e(?:\[[?>]?[\d;]*|[()])?\z/) { return; }
			elsif (/\A[\x00-\x1f\x7f]/) { die sprintf("unknown: %vd", substr($_, 0, 20)); }
			elsif (s/\A([\x20-\x7e])//) { $self->put($1); }
			elsif (s/\A((?:[\xc0-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf7][\x80-\xbf]{3}))//)
			{
				$self->put(decode('UTF-8', my $copy = $1, Encode::FB_CROAK));
			}
			elsif (length > 4) { die sprintf("no UTF-8: %vd", substr($_, 0, 20)); }
			else { return; }
		}
	}
	return;
}

# Puts a character into its cells. One that combines belongs to the cell before; the second cell of a wide one is empty.
sub put
{
	my ($self, $character) = @_;
	my $width = $character =~ /\p{Mn}|\p{Me}/ ? 0 : $character =~ /\p{East_Asian_Width=W}|\p{East_Asian_Width=F}/ ? 2 : 1;
	my $line = $self->{cells}[ $self->{row} ];

	if ($width == 0)
	{
		my $column = $self->{column} - 1;
		$column-- if $column > 0 && $line->[$column] eq '';
		$line->[$column] .= $character if $column >= 0;
		return;
	}
	$self->{last} = $character;
	$self->{column} = $self->{columns} - $width if $self->{column} + $width > $self->{columns};
	$line->[ $self->{column}++ ] = $character;
	$line->[ $self->{column}++ ] = '' if $width == 2;
	return;
}

# Moves a row down, and what is in the region up where this is its end.
sub line_feed
{
	my ($self) = @_;

	if ($self->{row} == $self->{bottom}) { $self->scroll($self->{top}, 1); }
	elsif ($self->{row} < $self->{rows} - 1) { $self->{row}++; }
	return;
}

# The same upwards.
sub reverse_line_feed
{
	my ($self) = @_;

	if ($self->{row} == $self->{top}) { $self->scroll($self->{top}, -1); }
	elsif ($self->{row} > 0) { $self->{row}--; }
	return;
}

# Moves the lines from this one to the end of the region up, or down for a negative count.
sub scroll
{
	my ($self, $from, $count) = @_;
	my $cells = $self->{cells};
	my $gone = $count > 0 ? $from : $self->{bottom};
	my $new = $count > 0 ? $self->{bottom} : $from;

	for (1 .. abs $count)
	{
		splice @$cells, $gone, 1;
		splice @$cells, $new, 0, [ (' ') x $self->{columns} ];
	}
	return;
}

# Carries out a control sequence.
sub sequence
{
	my ($self, $private, $final, @numbers) = @_;
	my $count = $numbers[0] || 1;
	my $line = $self->{cells}[ $self->{row} ];
	my ($row, $column, $columns) = @$self{qw(row column columns)};
	my %cleared = (0 => [ $column, $columns - 1 ], 1 => [ 0, $column ], 2 => [ 0, $columns - 1 ]);
	my $blank = sub { my ($where, $first, $last) = @_; $_ = ' ' for @{ $self->{cells}[$where] }[ $first .. $last ]; };
	my $part = $numbers[0] || 0;

	if ($private ne '' || $final =~ /[mhlt]/) { }
	elsif ($final eq 'H' || $final eq 'f')
	{
		($self->{row}, $self->{column}) = (($numbers[0] || 1) - 1, ($numbers[1] || 1) - 1);
	}
	elsif ($final eq 'A') { $self->{row} -= $count; }
	elsif ($final eq 'B') { $self->{row} += $count; }
	elsif ($final eq 'C') { $self->{column} += $count; }
	elsif ($final eq 'D') { $self->{column} -= $count; }
	elsif ($final eq 'G') { $self->{column} = $count - 1; }
	elsif ($final eq 'd') { $self->{row} = $count - 1; }
	elsif ($final eq 'K') { $blank->($row, @{ $cleared{$part} }); }
	elsif ($final eq 'J')
	{
		$blank->($row, @{ $cleared{$part} });
		$blank->($_, 0, $columns - 1) for $part == 0 ? $row + 1 .. $self->{rows} - 1 : $part == 1 ? 0 .. $row - 1 : 0 .. $self->{rows} - 1;
	}
	elsif ($final eq 'X') { $blank->($row, $column, $column + $count > $columns ? $columns - 1 : $column + $count - 1); }
	elsif ($final eq 'P') { splice @$line, $column, $count; push @$line, (' ') x $count; $#$line = $columns - 1; }
	elsif ($final eq '@') { splice @$line, $column, 0, (' ') x $count; $#$line = $columns - 1; }
	elsif ($final eq 'L') { $self->scroll($row, -$count); }
	elsif ($final eq 'M') { $self->scroll($row, $count); }
	elsif ($final eq 'S') { $self->scroll($self->{top}, $count); }
	elsif ($final eq 'T') { $self->scroll($self->{top}, -$count); }
	elsif ($final eq 'b') { $self->put($self->{last}) for 1 .. $count; }
	elsif ($final eq 'r') { ($self->{top}, $self->{bottom}, $self->{row}, $self->{column}) = (($numbers[0] || 1) - 1, ($numbers[1] || $self->{rows}) - 1, 0, 0); }
	else { die "unknown sequence: ESC [ @numbers $final"; }
	for (qw(row column))
	{
		my $most = $_ eq 'row' ? $self->{rows} - 1 : $columns;
		$self->{$_} = $self->{$_} < 0 ? 0 : $self->{$_} > $most ? $most : $self->{$_};
	}
	return;
}

1;
