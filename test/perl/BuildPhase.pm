
=head1 NAME

BuildPhase - builds that are held in one of their phases, for the tests of what happens to them there

=head1 SYNOPSIS

  use BuildPhase;

  BuildPhase->set_up($node, 'postgres');
  my $build = BuildPhase->reach($node, 'index validation: scanning table');
  ...
  $build->release;
  is(wait_for_job($node, $build->{job}), 'kept', 'done');

Nothing sleeps. A build is held by an older transaction where it waits for one, and else by an advisory lock, which
the function of its index expression, or the one that compares its keys, takes in the phase of that name.

=cut

package BuildPhase;

use strict;
use warnings;

use Apply;
use Test::More;

# The phases, in the order in which a job passes through them.
my @phases = (
	'queued',
	'waiting',
	'initializing',
	'waiting for writers before build',
	'building index: scanning table',
	'building index: sorting live tuples',
	'building index: loading tuples in tree',
	'waiting for writers before validation',
	'index validation: scanning table',
	'waiting for old snapshots');

my $number = 0;

sub phases { return @phases }

# The table "item", which an Application can work on, and what holds builds of its indexes.
sub set_up
{
	my ($class, $node, $database) = @_;
	$node->safe_psql($database, q{
		CREATE TABLE item (id int PRIMARY KEY, a int);
		INSERT INTO item SELECT n, n FROM generate_series(1, 300) AS n;
		CREATE TABLE other AS SELECT 1 AS n;
		CREATE FUNCTION stops(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
		DECLARE
			phase text;
		BEGIN
			PERFORM pg_stat_clear_snapshot();
			SELECT p.phase INTO phase FROM pg_stat_progress_create_index AS p WHERE p.pid = pg_backend_pid();
			IF FOUND THEN
				PERFORM pg_advisory_xact_lock_shared(hashtext(phase));
			END IF;
			RETURN n;
		END $$;
		CREATE FUNCTION stops_cmp(a int, b int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
		BEGIN
			RETURN btint4cmp(public.stops(a), b);
		END $$;
		CREATE OPERATOR CLASS stops_ops FOR TYPE int USING btree AS
			OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 stops_cmp(int, int);
	});
}

# A session of its own.
sub session
{
	my ($self) = @_;
	my $session = $self->{node}->background_psql($self->{database}, on_error_stop => 0);
	push @{ $self->{sessions} }, $session;
	return $session;
}

# Holds the builds that come into a phase, until the session unlocks it.
sub lock_phase
{
	my ($session, $phase) = @_;
	$session->query_safe("SELECT pg_advisory_lock(hashtext('$phase'))");
}

sub unlock_phase
{
	my ($session, $phase) = @_;
	$session->query_safe("SELECT pg_advisory_unlock(hashtext('$phase'))");
}

# Makes the job.
sub apply
{
	my ($self) = @_;
	my $index = $self->{index};
	$self->{job} = apply_index($self->{node}, 'item', $index,
		$self->{ddl} || "CREATE INDEX $index ON item (stops(a) stops_ops) WITH (fillfactor = 10)", undef, $self->{database});
}

# Waits for the phase, or the state, of the job.
sub wait_for
{
	my ($self, $phase) = @_;
	return $self->{node}->poll_query_until($self->{database},
		"SELECT coalesce(phase, state) LIKE '$phase%' FROM clipperf_jobs WHERE job = $self->{job}");
}

# Brings a build into "first", lets "then" happen, and brings it into the phase it is for.
sub reach_after
{
	my ($self, $first, $then, $phase) = @_;
	my $session = $self->session;

	lock_phase($session, $first);
	$self->apply;
	$self->wait_for($first);
	$then->();
	unlock_phase($session, $first);
	$self->wait_for($phase);
}

# How each phase is reached.
my %ways = (
	'queued' => sub {
		my ($self) = @_;
		lock_phase($self->session, 'building index: scanning table');
		$self->{before} = apply_index($self->{node}, 'other', "before_$self->{index}",
			"CREATE INDEX before_$self->{index} ON other (stops(n))", undef, $self->{database});
		$self->{node}->poll_query_until($self->{database}, qq{
			SELECT coalesce(phase = 'building index: scanning table', false) FROM clipperf_jobs WHERE job = $self->{before}});
		$self->apply;
	},
	'waiting' => sub {
		my ($self) = @_;
		$self->session->query_safe('BEGIN; LOCK TABLE item IN SHARE UPDATE EXCLUSIVE MODE');
		$self->apply;
	},
	'initializing' => sub {
		my ($self) = @_;
		$self->session->query_safe("BEGIN; CREATE SEQUENCE $self->{index}");
		$self->apply;
	},
	'waiting for writers before build' => sub {
		my ($self) = @_;
		$self->session->query_safe('BEGIN; UPDATE item SET a = a WHERE id = 200');
		$self->apply;
	},
	'waiting for writers before validation' => sub {
		my ($self) = @_;
		$self->reach_after('building index: sorting live tuples',
			sub { $self->session->query_safe('BEGIN; UPDATE item SET a = a WHERE id = 200') },
			'waiting for writers before validation');
	},
	'index validation: scanning table' => sub {
		my ($self) = @_;
		lock_phase($self->session, 'index validation: scanning table');
		# A row that the build does not see, so that the validation adds it.
		$self->reach_after('building index: sorting live tuples',
			sub { $self->{node}->safe_psql($self->{database}, 'UPDATE item SET a = a + 1 WHERE id = 200') },
			'index validation: scanning table');
	},
	'waiting for old snapshots' => sub {
		my ($self) = @_;
		$self->session->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM other');
		$self->apply;
	});

# Makes a job and brings it into a phase, where it stays.
sub reach
{
	my ($class, $node, $phase, %options) = @_;
	my $self = bless { node => $node, phase => $phase, database => 'postgres', sessions => [], %options }, $class;
	$self->{index} ||= 'item_' . ++$number;

	if ($ways{$phase})
	{
		$ways{$phase}->($self);
	}
	else
	{
		lock_phase($self->session, $phase);
		$self->apply;
	}
	$self->wait_for($phase) or die "the build did not come into phase $phase";
	return $self;
}

# The process that builds; one that did so before may be about to end still.
sub builder
{
	my ($self) = @_;
	return $self->{node}->safe_psql($self->{database}, 'SELECT worker_pid FROM clipperf_jobs WHERE worker_pid IS NOT NULL');
}

# Lets the build go on, if the sessions that hold it are there still.
sub release
{
	my ($self) = @_;
	foreach my $session (@{ $self->{sessions} })
	{
		eval { $session->query('ROLLBACK') };
		eval { $session->quit };
	}
	$self->{sessions} = [];
}

1;
