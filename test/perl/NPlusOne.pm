
=head1 NAME

NPlusOne - run an access pattern against a server, look at clipperf_n_plus_one

=head1 SYNOPSIS

  use NPlusOne;

  my $node = start_server('pool');
  my $finding = proven($node, 'a pool of four', children_of('author', '--connections' => 4));
  has($finding, 'a pool of four', connections => 4);
  silent($node, 'one batch', loop(...));

=head1 DESCRIPTION

A scenario is a code reference that runs statements on the node.  Every
scenario starts with clipperf_reset(), so that what is found belongs to it.
The patterns come from the program clipload ("clipload loop --help").

The schema is a small blog.  The keys of its tables do not overlap, and differ
from the row numbers, so that a value has one origin only.

=cut

package NPlusOne;

use strict;
use warnings;

use Exporter 'import';
use Capture;
use FindBin;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(start_server statements clipload loop hot posts children_of
  findings run_scenario proven all_proven suspected silent has runs);

my $clipload = "$FindBin::RealBin/../../examples/clipper/load/clipload";

my $schema = <<'SQL';
CREATE TABLE author (id int8 PRIMARY KEY, email text UNIQUE NOT NULL, name text, posts int DEFAULT 0);
INSERT INTO author SELECT 100000 + i, 'author' || i || '@example.org', 'Author ' || i
  FROM generate_series(1, 2000) AS i;
CREATE TABLE post (id int8 PRIMARY KEY, author_id int8 NOT NULL REFERENCES author, title text, views int DEFAULT 0);
INSERT INTO post SELECT 200000 + i, 100001 + (i * 7) % 2000, md5(i::text)
  FROM generate_series(1, 4000) AS i;
CREATE TABLE remark (id int8 PRIMARY KEY, post_id int8 NOT NULL REFERENCES post,
  author_id int8 NOT NULL REFERENCES author, kind int, body text);
INSERT INTO remark SELECT 300000 + i, 200001 + (i * 11) % 2000, 100001 + (i * 13 + i / 2000 * 37) % 2000, i % 3,
  md5(i::text)
  FROM generate_series(1, 12000) AS i;
CREATE INDEX ON remark (post_id);
CREATE TABLE tally (post_id int8 PRIMARY KEY REFERENCES post, hits int DEFAULT 0);
CREATE TABLE job (id int8 PRIMARY KEY, post_id int8, state text DEFAULT 'new');
INSERT INTO job SELECT 400000 + i, 200000 + i FROM generate_series(1, 1000) AS i;
ANALYZE;
SQL

# A server as new_server() makes it, with room for pools and the schema loaded; further settings follow the name. However slow
# the machine is, no pause of a client ends a request, and so none makes two loops of one.
sub start_server
{
	my ($name, @settings) = @_;
	my $node = new_server($name, 'max_connections = 100', "clipperf.request_idle = '1min'", @settings);

	$node->safe_psql('postgres', $schema);
	return $node;
}

# The scenario of statements that psql runs in one session.
sub statements
{
	my ($sql) = @_;
	return sub { my ($node) = @_; $node->safe_psql('postgres', $sql); };
}

# The scenario of a run of clipload in one of its modes.
sub clipload
{
	my ($mode, @options) = @_;
	return sub {
		my ($node) = @_;
		my @command = ($clipload, $mode, '--conninfo', $node->connstr('postgres'), @options);
		my ($output, $errors) = run_command(\@command);

		die "@command failed: $errors" if $errors ne '';
		return $output;
	};
}

sub loop { return clipload('loop', @_); }

sub hot { return clipload('hot', @_); }

# The options of a parent: a page of posts in an order that is not the keys' own.
sub posts
{
	my ($rows) = @_;
	return ('--parent' => "SELECT id, author_id, title FROM post ORDER BY title LIMIT $rows");
}

# The scenario of 50 posts, each followed by a lookup of its author or its remarks.
sub children_of
{
	my ($table, @options) = @_;
	my @child =
	  $table eq 'author'
	  ? ('--child' => 'SELECT name FROM author WHERE id = $1', '--bind' => '1=col:author_id')
	  : ('--child' => "SELECT * FROM $table WHERE post_id = \$1", '--bind' => '1=col:id');

	return loop(posts(50), @child, '--type' => '1=int8', @options);
}

# All findings, as hashes by column.
sub findings
{
	my ($node) = @_;
	my $json = $node->safe_psql('postgres',
		q{SELECT coalesce(json_agg(f ORDER BY child_query), '[]') FROM clipperf_n_plus_one AS f});

	return @{ decode_json($json) };
}

# Run a scenario on its own, return its findings.
sub run_scenario
{
	my ($node, $scenario) = @_;

	$node->safe_psql('postgres', 'SELECT clipperf_reset()');
	$scenario->($node);
	return findings($node);
}

# What findings look like in a test's output.
sub described
{
	return join("\n", map { join(', ', map { $_ // 'NULL' } @$_{
				qw(confidence parent_query parent_column child_query child_parameter loops children)}) } @_)
	  || 'no finding';
}

# Tests that a scenario is found, once and with this confidence; returns the finding.
sub found_once
{
	my ($confidence, $node, $name, $scenario) = @_;
	my @found = run_scenario($node, $scenario);

	ok(@found == 1 && $found[0]->{confidence} eq $confidence, "$name: one finding, $confidence")
	  or diag(described(@found));
	return $found[0];
}

sub proven { return found_once('proven', @_); }

sub suspected { return found_once('suspected', @_); }

# Tests that a scenario has as many findings as patterns, all proven, each matched by its child's text; returns
# the findings in that order.
sub all_proven
{
	my ($node, $name, $scenario, @patterns) = @_;
	my @found = run_scenario($node, $scenario);
	my @matched = map {
		my $pattern = $_;
		(grep { $_->{confidence} eq 'proven' && $_->{child_query} =~ $pattern } @found)[0];
	} @patterns;

	ok(@found == @patterns && !(grep { !defined } @matched), "$name: all proven, nothing else")
	  or diag(described(@found));
	return @matched;
}

# Tests that nothing is found in a scenario.
sub silent
{
	my ($node, $name, $scenario) = @_;
	my @found = run_scenario($node, $scenario);

	is(scalar @found, 0, "$name: silent") or diag(described(@found));
	return;
}

# Tests columns of a finding: a number or text to be equal to, a pattern, or [least, most].
sub has
{
	my ($finding, $name, %expected) = @_;

	foreach my $column (sort keys %expected)
	{
		my $want = $expected{$column};
		my $value = defined $finding ? $finding->{$column} : undef;

		$value = $value ? 'true' : 'false' if JSON::PP::is_bool($value // 0);
		if (ref $want eq 'ARRAY')
		{
			ok(defined $value && $value >= $want->[0] && $value <= $want->[1],
				"$name: $column is between @$want")
			  or diag('it is ' . ($value // 'NULL'));
		}
		elsif (ref $want) { like($value // '', $want, "$name: $column"); }
		else { is($value, $want, "$name: $column"); }
	}
	return;
}

# Tests that a finding's suggestion is a statement that runs; returns its rows for one array of keys, given as
# text, the other parameters being NULL.
sub runs
{
	my ($node, $finding, $name, $keys) = @_;
	my $suggestion = defined $finding ? $finding->{suggestion} // '' : '';
	my ($status, $output, $errors) = $node->psql('postgres', <<"SQL", extra_params => ['-At']);
BEGIN;
PREPARE suggestion AS
$suggestion;
SELECT 'EXECUTE suggestion' || coalesce('(' || string_agg(CASE WHEN type::text LIKE '%[]'
    THEN format('%L::%s', '$keys', type) ELSE format('NULL::%s', type) END, ', ') || ')', '')
FROM pg_prepared_statements LEFT JOIN LATERAL unnest(parameter_types) AS type ON true
WHERE name = 'suggestion' \\gexec
ROLLBACK;
SQL

	ok($suggestion ne '' && $status == 0 && $errors eq '', "$name: the suggestion runs")
	  or diag("$suggestion\n$errors");
	return $output;
}

1;
