
=head1 NAME

Application - sessions that write and read all the time, for the tests of what is done meanwhile

=head1 SYNOPSIS

  use Application;

  my $application = Application->start($node, 'postgres', 'item');
  $application->goes_on('while something happens');
  $application->ends_well('something');

The table has columns id, a primary key, with rows 1 to 100 and none above 10000000, and a int. Every transaction
inserts a row, changes it and another one, and deletes one; it is noted when the server has said that it is committed.

=cut

package Application;

use strict;
use warnings;

use File::Temp;
use IPC::Run;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;

# As many sessions, each with rows of its own.
my $sessions = 2;

# Transactions of one connection.
my $batch = 10;

# Applications that were started; their rows are told apart by it.
my $started = 0;

# What psql says when the server goes down, or is down; any other line is an error.
my $outage = qr/(WARNING|FATAL):\ \ 57P0[123]:|^WARNING:\ \ terminating\ connection\ (because\ of\ crash|due\ to\ immediate\ shutdown)
	|^psql:\ error:\ connection\ to\ server.*(starting\ up|shutting\ down|recovery\ mode|not\ yet\ accepting|No\ such\ file
		|Connection\ refused|Connection\ reset|Broken\ pipe|server\ closed|terminating|could\ not\ send)
	|server\ closed\ the\ connection\ unexpectedly|connection\ to\ server\ was\ lost|no\ connection\ to\ the\ server|could\ not\ receive|could\ not\ send
	|^(DETAIL|HINT|LOCATION):|^\t|^$/x;

# Starts the sessions and waits until they work.
sub start
{
	my ($class, $node, $database, $table) = @_;
	my $self = bless {
		node => $node, database => $database, table => $table, dir => File::Temp->newdir(),
		connstr => $node->connstr($database) . ' application_name=application', pids => [], number => $started++
	}, $class;

	$node->safe_psql($database, "CREATE TABLE IF NOT EXISTS ${table}_done (id int)");

	foreach my $session (1 .. $sessions)
	{
		my $pid = fork;
		die "fork: $!" unless defined $pid;
		if ($pid == 0)
		{
			eval { work($self, $session) };
			warn $@ if $@;
			POSIX::_exit(0);
		}
		push @{ $self->{pids} }, $pid;
	}
	$self->goes_on('the application works') or die 'the application does not work';
	return $self;
}

# The transactions of one connection, as a script.
sub script
{
	my ($self, $session, $first) = @_;
	my $table = $self->{table};
	my $script = "\\set VERBOSITY verbose\n\\set ON_ERROR_STOP on\nSET client_min_messages = error;\n";

	foreach my $n ($first .. $first + $batch - 1)
	{
		my $id = 10000000 * $session + 100000 * $self->{number} + $n;
		my $other = 1 + $n * 7 % 100;
		$script .= "BEGIN; INSERT INTO $table (id, a) VALUES ($id, $id); INSERT INTO ${table}_done VALUES ($id);"
		  . " UPDATE $table SET a = a + 1 WHERE id = $id; UPDATE $table SET a = -a WHERE id = $other;"
		  . " DELETE FROM $table WHERE id = $id - 20; SELECT FROM $table WHERE a = $id; COMMIT;\n\\echo $id\n"
		  . "SELECT FROM pg_sleep(0.01);\n";
	}
	return $script;
}

# What a session does until it is told to stop. Its script is a file: psql may end, as the server is down, before it has
# read a pipe, and whoever writes to that then is killed.
sub work
{
	my ($self, $session) = @_;
	my $dir = $self->{dir};

	for (my $first = 1; !-e "$dir/stop"; $first += $batch)
	{
		my ($out, $err) = ('', '');
		open my $script, '>', "$dir/script.$session" or die "$dir/script.$session: $!";
		print $script $self->script($session, $first);
		close $script;
		IPC::Run::run([ 'psql', '-XAtq', '-d', $self->{connstr}, '-f', "$dir/script.$session" ], '<', \undef, '>', \$out, '2>', \$err);
		PostgreSQL::Test::Utils::append_to_file("$dir/done.$session", $out);
		PostgreSQL::Test::Utils::append_to_file("$dir/errors.$session", $err) if $err ne '';
	}
}

# Lines of the files of a kind.
sub lines
{
	my ($self, $kind) = @_;
	return map { split /\n/, PostgreSQL::Test::Utils::slurp_file($_) } grep { -e } glob("$self->{dir}/$kind.*");
}

# Every session has committed transactions that began after this was called.
sub goes_on
{
	my ($self, $name) = @_;
	my @before = map { -s "$self->{dir}/done.$_" || 0 } 1 .. $sessions;

	# One batch may have been almost done: the one after the next began afterwards.
	foreach my $rest (1 .. 100 * $PostgreSQL::Test::Utils::timeout_default)
	{
		my @now = map { -s "$self->{dir}/done.$_" || 0 } 1 .. $sessions;
		my $waits = grep { $now[$_] <= $before[$_] + 9 * $batch } 0 .. $sessions - 1;
		return ok(1, $name) if $waits == 0;
		select(undef, undef, undef, 0.01);
	}
	return ok(0, $name);
}

# Ends the sessions.
sub stop
{
	my ($self) = @_;
	PostgreSQL::Test::Utils::append_to_file("$self->{dir}/stop", '');
	waitpid($_, 0) foreach @{ $self->{pids} };
	$self->{pids} = [];
}

# Ends the sessions. No statement has failed, but, if the server went down in between, by that; what was committed
# is there.
sub ends_well
{
	my ($self, $name, $outages) = @_;
	my ($node, $table) = ($self->{node}, $self->{table});
	$self->stop;

	my @errors = $self->lines('errors');
	@errors = grep { !/$outage/ } @errors if $outages;
	is(join("\n", @errors), '', "$name: no transaction of the application has failed");

	my $values = join(', ', map { "($_)" } $self->lines('done'));
	is($node->safe_psql($self->{database}, "SELECT count(*) FROM (VALUES $values) AS done (id)
		WHERE NOT EXISTS (SELECT FROM ${table}_done AS t WHERE t.id = done.id)"), 0, "$name: what it has committed is there");
}

sub DESTROY
{
	my ($self) = @_;
	local $?;
	$self->stop if @{ $self->{pids} };
}

1;
