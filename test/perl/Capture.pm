
=head1 NAME

Capture - servers with clipperf preloaded, for the tests of what it captures

=head1 SYNOPSIS

  use Capture;

  my $node = new_server('small', 'clipperf.max_statements = 100');
  is(calls($node, 'SELECT n FROM mark'), 1, 'counted once');

=cut

package Capture;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Cluster;
use Test::More;

our @EXPORT = qw(new_server calls failed_with is_healthy);

# A new server that runs, with clipperf preloaded, the extension and a table named mark; settings follow the name.
sub new_server
{
	my ($name, @settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(allows_streaming => 1, extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf', join("\n",
			"shared_preload_libraries = 'clipperf'", 'compute_query_id = on', 'restart_after_crash = on',
			'autovacuum = off', 'fsync = off', @settings, ''));
	$node->start;
	$node->safe_psql('postgres', q{
		CREATE EXTENSION clipperf;
		CREATE TABLE mark (n int, before int, afterwards int);
		INSERT INTO mark VALUES (1, 2, 3);
	});
	return $node;
}

# How often the statement with this normalised text was counted, of all users, databases and routes.
sub calls
{
	my ($node, $query, $column) = @_;
	$column ||= 'calls';
	return $node->safe_psql('postgres',
		"SELECT coalesce(sum($column), 0) FROM clipperf_queries WHERE query = \$\$$query\$\$");
}

# The statement fails with this SQLSTATE, and with text that matches.
sub failed_with
{
	my ($node, $database, $sql, $state, $text, $name) = @_;
	my ($status, $output, $errors) = $node->psql($database, "\\set VERBOSITY verbose\n$sql");

	like($errors, qr/ERROR:  \Q$state\E:.*$text/s, $name);
	return $errors;
}

# The server has neither crashed nor lost its mind since it was started.
sub is_healthy
{
	my ($node, $name) = @_;
	my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile);

	unlike($log, qr/PANIC|TRAP:|was terminated by signal|terminating any other active/, "$name: nothing has crashed");
	is($node->safe_psql('postgres', 'SELECT 1'), 1, "$name: the server answers");
}

1;
