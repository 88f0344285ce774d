# The table is altered or dropped, the extension or the database is dropped, while a build is in each of its phases.
# Nobody waits for the build, and nothing of it is left.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Application;
use Apply;
use BuildPhase;
use Test::More;

my $node = apply_server('ddl', 'clipperf.verify_calls = 0', 'clipperf.long_transaction = 1h');
$node->safe_psql('postgres', 'CREATE TABLE shop (id int PRIMARY KEY, a int); INSERT INTO shop SELECT n, n FROM generate_series(1, 300) AS n');
my $application = Application->start($node, 'postgres', 'shop');

# A database of its own for each case, so that each begins anew.
my $databases = 0;

sub new_database
{
	my $database = 'case_' . ++$databases;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, 'CREATE EXTENSION clipperf');
	BuildPhase->set_up($node, $database);
	return $database;
}

# Does a statement from a session that waits for no one but the build: one that holds the build does it itself.
sub do_it
{
	my ($build, $sql) = @_;
	my ($session) = $build->{phase} =~ /^waiting for (writers|old)|^waiting$/ ? $build->{sessions}->[-1] : ();
	if ($session)
	{
		$session->query($sql);
		my $alive = $session->query('SELECT 1');
		$session->query('COMMIT');
		return $alive eq '1';
	}
	$node->safe_psql($build->{database}, $sql);
	return 1;
}

sub check_left
{
	my ($build, $name) = @_;
	my $database = $build->{database};
	ok(no_builder($node, $database), "$name: the process ends");
	is(invalid_indexes($node, $database), '', "$name: nothing INVALID is left");
	ok(no_locks($node), "$name: no lock is left");
}

foreach my $phase (BuildPhase->phases)
{
	# ALTER TABLE: the build gives way, and is done afterwards.
	my $database = new_database();
	my $build = BuildPhase->reach($node, $phase, database => $database);
	ok(do_it($build, 'ALTER TABLE item ADD COLUMN more int'), "$phase: ALTER TABLE is done");
	$build->release;
	is(wait_for_job($node, $build->{job}, $database), 'kept', "$phase: ALTER TABLE, the build is done afterwards");
	ok(index_is_complete($node, $build->{index}, 'item', 'stops(a)', $database), "$phase: ALTER TABLE, the index is complete");
	check_left($build, "$phase, ALTER TABLE");

	# A column of the index is dropped.
	$node->safe_psql($database, "DROP INDEX $build->{index}");
	$node->safe_psql($database, 'DROP INDEX before_' . $build->{index}) if $build->{before};
	$build = BuildPhase->reach($node, $phase, database => $database);
	ok(do_it($build, 'ALTER TABLE item DROP COLUMN a'), "$phase: DROP COLUMN is done");
	$build->release;
	is(wait_for_job($node, $build->{job}, $database), 'failed', "$phase: DROP COLUMN, the job fails");
	like(reason($node, $build->{job}, $database), qr/column "a" does not exist/, "$phase: DROP COLUMN, and says why");
	check_left($build, "$phase, DROP COLUMN");
	$node->safe_psql('postgres', "DROP DATABASE $database WITH (FORCE)");

	# DROP TABLE.
	$database = new_database();
	$build = BuildPhase->reach($node, $phase, database => $database);
	ok(do_it($build, 'DROP TABLE item'), "$phase: DROP TABLE is done");
	$build->release;
	is(wait_for_job($node, $build->{job}, $database), 'failed', "$phase: DROP TABLE, the job fails");
	like(reason($node, $build->{job}, $database), qr/item no longer exists/, "$phase: DROP TABLE, and says why");
	check_left($build, "$phase, DROP TABLE");
	$node->safe_psql('postgres', "DROP DATABASE $database WITH (FORCE)");

	# DROP EXTENSION: the build is interrupted, and its remains are removed as soon as those are gone who use the table.
	$database = new_database();
	$build = BuildPhase->reach($node, $phase, database => $database);
	$node->safe_psql($database, 'DROP EXTENSION clipperf');
	pass("$phase: DROP EXTENSION is done");
	$build->release;
	check_left($build, "$phase, DROP EXTENSION");
	is(index_names($node, 'item\\_%', $database), '', "$phase, DROP EXTENSION: no index is left");
	$node->safe_psql($database, 'CREATE EXTENSION clipperf');
	is(wait_for_job($node, apply_index($node, 'item', 'item_new', 'CREATE INDEX item_new ON item (a)', undef, $database), $database),
		'kept', "$phase, DROP EXTENSION: a new extension works");

	# DROP DATABASE.
	$build = BuildPhase->reach($node, $phase, database => $database);
	$node->safe_psql('postgres', "DROP DATABASE $database WITH (FORCE)");
	pass("$phase: DROP DATABASE is done");
	$build->release;
	ok(no_builder($node, $database), "$phase, DROP DATABASE: the process ends");
	$application->goes_on("$phase: the application works on");
}
is(wait_for_job($node, apply_index($node, 'shop', 'shop_a', 'CREATE INDEX shop_a ON shop (a)')), 'kept', 'other databases have their jobs done');
$application->ends_well('DDL');
apply_is_healthy($node, 'DDL');
$node->stop;
done_testing();
