
=head1 NAME

Command - run the command clipperf against a server, look at what it says

=head1 SYNOPSIS

  use Command;

  my ($status, $output, $errors) = clipperf($node, 'check', '--format' => 'json');
  fails_with($node, [ 'check', 'nowhere' ], qr/does not exist/, 'no such database');
  valid_json($output, 'check.schema.json', 'the schema of the manual');
  my $waiting = start_waiting($node, 'check');

=cut

package Command;

use strict;
use warnings;

use Exporter 'import';
use FindBin;
use IPC::Run;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(clipperf run_command_line fails_with valid_json valid_xml start_waiting);

my $root = "$FindBin::RealBin/../..";

# The environment of a client of the node.
sub environment
{
	my ($node) = @_;
	return (PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'postgres', PGAPPNAME => 'clipperf');
}

# Runs any command line as a client of the node; returns its status, or -1 with a signal, its output and its errors.
sub run_command_line
{
	my ($node, @command) = @_;
	my %environment = environment($node);
	local @ENV{ keys %environment } = values %environment;
	my ($output, $errors) = ('', '');

	IPC::Run::run(\@command, '<', \undef, '>', \$output, '2>', \$errors);
	return ($? & 127 ? -1 : $? >> 8, $output, $errors);
}

# Runs the command clipperf as a client of the node.
sub clipperf
{
	my ($node, @arguments) = @_;
	return run_command_line($node, 'clipperf', @arguments);
}

# Tests that the command could not do its work: status 2, nothing on standard output, and an error that matches.
sub fails_with
{
	my ($node, $arguments, $pattern, $name) = @_;
	my ($status, $output, $errors) = clipperf($node, @$arguments);

	is($status, 2, "$name: status");
	is($output, '', "$name: no output");
	like($errors, qr/^clipperf: error: /m, "$name: an error");
	like($errors, $pattern, "$name: which");
	return;
}

# Tests that a document is JSON of one of the manual's schemas; returns what it holds.
sub valid_json
{
	my ($document, $schema, $name) = @_;
	my ($python) = grep { -x } '/usr/bin/python3', map { "$_/python3" } split /:/, $ENV{PATH};
	my $program = 'import json, sys, jsonschema; s = json.load(open(sys.argv[1])); c = jsonschema.Draft7Validator;'
	  . ' c.check_schema(s); c(s).validate(json.load(sys.stdin))';
	my $errors = '';

	IPC::Run::run([ $python, '-c', $program, "$root/docs/$schema" ], '<', \$document, '2>', \$errors);
	is($?, 0, "$name: valid") or diag($errors);
	return eval { decode_json($document) };
}

# Tests that a document is well-formed XML; returns a function that evaluates an XPath expression in it.
sub valid_xml
{
	my ($document, $name) = @_;
	my $errors = '';

	IPC::Run::run([ 'xmllint', '--noout', '-' ], '<', \$document, '2>', \$errors);
	is($?, 0, "$name: well-formed") or diag($errors);
	return sub {
		my ($expression) = @_;
		my $value = '';

		IPC::Run::run([ 'xmllint', '--xpath', $expression, '-' ], '<', \$document, '>', \$value);
		chomp $value;
		return $value;
	};
}

# Starts the command and waits until its query waits for the lock that another session holds on clipperf_accepted.
# Returns the IPC::Run handle, and references to its output and its errors.
sub start_waiting
{
	my ($node, @arguments) = @_;
	my %environment = environment($node);
	local @ENV{ keys %environment } = values %environment;
	my ($output, $errors) = ('', '');
	my $run = IPC::Run::start([ 'clipperf', @arguments ], '<', \undef, '>', \$output, '2>', \$errors);

	$node->poll_query_until('postgres', q{
		SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'clipperf' AND wait_event_type = 'Lock'})
	  or die 'the command does not wait';
	return ($run, \$output, \$errors);
}

1;
