# clipperf doctor: each thing that can be wrong on a server is found, with what to do about it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use Command;
use Requests;
use Test::More;

my $node = new_server('doctor', 'clipperf.max_statements = 100', 'track_io_timing = on');

# Tests what is said of one thing: how well it is, and what matches; and that the status is that of all. Sessions tell of
# what they changed when they have ended.
sub diagnosis_is
{
	my ($name, $health, $pattern, @arguments) = @_;
	settle($node);
	my ($status, $output, $errors) = clipperf($node, 'doctor', '--format' => 'json', @arguments);
	my $json = valid_json($output, 'doctor.schema.json', "$name: JSON");
	my ($diagnosis) = grep { $_->{name} eq $name && ($_->{health} ne 'ok' || $health eq 'ok') } @{ $json->{diagnoses} };

	is($errors, '', "$name: no errors");
	is($status, (grep { $_->{health} eq 'problem' } @{ $json->{diagnoses} }) ? 1 : 0, "$name: status");
	is($diagnosis->{health}, $health, "$name: $health");
	like(join(' ', grep { defined } $diagnosis->{finding}, $diagnosis->{advice}), $pattern, "$name: what is said");
	return;
}

# Sets a setting for the next sessions.
sub set
{
	my ($name, $value) = @_;
	$node->safe_psql('postgres', "ALTER DATABASE postgres SET $name = $value");
	return;
}

diagnosis_is('extension', 'problem', qr/not installed in database "template1" Run CREATE EXTENSION/, 'template1');
$node->safe_psql('postgres', 'SELECT clipperf_reset()');
diagnosis_is('statements', 'problem', qr/no statement that uses a table was seen .* Let the application run/);

# All is well.
$node->safe_psql('postgres', q{
	CREATE TABLE clip (id int, score int);
	INSERT INTO clip SELECT i, i FROM generate_series(1, 10000) AS i});
# Sessions of their own, as one tells of its changes when it has ended.
settle($node);
$node->safe_psql('postgres', 'ANALYZE clip');
settle($node);
my ($status, $output) = clipperf($node, 'doctor');
is($status, 0, 'all is well: status');
like($output, qr/^0 problems, 0 notes\n\z/m, 'all is well');
is(join("\n", grep { length > 80 } split /\n/, $output), '', 'it fits a terminal');
is(scalar(() = $output =~ /^ok /mg), 14, 'each thing was looked at');

# Statistics.
$node->safe_psql('postgres', 'UPDATE clip SET score = 1');
diagnosis_is('statistics', 'problem', qr/1 table .* has not been analyzed lately Run ANALYZE public\.clip;/);
$node->safe_psql('postgres', 'CREATE TABLE fresh (id int); INSERT INTO fresh VALUES (1)');
diagnosis_is('statistics', 'problem', qr/2 tables .* Run ANALYZE public\.clip, public\.fresh;/);
settle($node);
$node->safe_psql('postgres', 'ANALYZE clip; ANALYZE fresh');
diagnosis_is('statistics', 'ok', qr/fresh/);

# Settings.
set('clipperf.lineage', 'off');
diagnosis_is('capture', 'problem', qr/clipperf\.lineage is off.*ALTER SYSTEM SET clipperf\.lineage = on/);
set('clipperf.enabled', 'off');
diagnosis_is('capture', 'problem', qr/clipperf\.enabled is off.*ALTER SYSTEM SET clipperf\.enabled = on/);
$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET ALL');
set('clipperf.plan_interval', '0');
$node->append_conf('postgresql.conf', 'clipperf.sample_interval = 0');
$node->reload;
$node->poll_query_until('postgres', "SELECT setting = '0' FROM pg_settings WHERE name = 'clipperf.sample_interval'")
  or die 'the setting is not read';
diagnosis_is('plans', 'note', qr/clipperf\.plan_interval is 0.*ALTER SYSTEM RESET clipperf\.plan_interval/);
diagnosis_is('waits', 'note', qr/clipperf\.sample_interval is 0.*ALTER SYSTEM RESET clipperf\.sample_interval/);
set('compute_query_id', 'off');
diagnosis_is('capture', 'problem', qr/compute_query_id is off/);
set('track_io_timing', 'off');
diagnosis_is('io timing', 'note', qr/track_io_timing is off.*pg_test_timing/);
$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET ALL');

# Rights, routes, memory.
$node->safe_psql('postgres', 'CREATE ROLE app LOGIN');
diagnosis_is('rights', 'note', qr/role "app" sees only its own statements Grant it pg_read_all_stats/, '-U' => 'app');
{
	local $ENV{PGAPPNAME} = '';
	$node->safe_psql('postgres', join(';', "SET application_name = ''", ('SELECT id FROM clip WHERE id = 1') x 100));
}
diagnosis_is('routes', 'note', qr/^[1-9]\d*% of the calls have no route.*sqlcommenter/);
$node->safe_psql('postgres', join(';', map { 'SELECT ' . join(', ', ('score') x $_) . ' FROM clip WHERE id = 1' } 1 .. 300));
diagnosis_is('memory', 'problem', qr/\d+ statements were evicted .* Raise clipperf\.max_statements, which is 100,/);

# Versions.
$node->safe_psql('postgres', "UPDATE pg_extension SET extversion = '0.0.9' WHERE extname = 'clipperf'");
diagnosis_is('versions', 'problem', qr/extension 0\.0\.9, .* ALTER EXTENSION clipperf UPDATE/);
$node->safe_psql('postgres', "UPDATE pg_extension SET extversion = '99.0' WHERE extname = 'clipperf'");
diagnosis_is('versions', 'problem', qr/extension 99\.0, .* Restart the server/);

# The background process, and the module itself.
$node->append_conf('postgresql.conf', join("\n", 'max_worker_processes = 0', 'clipperf.sample_interval = 20', 'clipperf.cache_statements = 0'));
$node->restart;
diagnosis_is('saving', 'problem', qr/does not run .* max_worker_processes/);
diagnosis_is('waits', 'problem', qr/does not run .* max_worker_processes/);
diagnosis_is('caching', 'note', qr/clipperf\.cache_statements is 0.*RESET clipperf\.cache_statements, and restart/);
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
diagnosis_is('preloaded', 'problem', qr/sees nothing Add clipperf to shared_preload_libraries/);

$node->stop;
done_testing();
