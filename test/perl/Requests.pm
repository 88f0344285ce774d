
=head1 NAME

Requests - what clipperf_routes says of requests that a test has made

=head1 SYNOPSIS

  use Requests;

  measured($node, 'a transaction', sub { ... }, '/route' => { requests => 1, statements => 3 });

=cut

package Requests;

use strict;
use warnings;

use Exporter 'import';
use JSON::PP;
use Test::More;

our @EXPORT = qw(routes_of settle measured sum_of);

# Waits until all sessions of clients have ended but the one that asks, and those processes that follow: what they did is
# counted then, by the server's own statistics, too.
sub settle
{
	my ($node, @others) = @_;
	my $others = join(', ', 'pg_backend_pid()', @others);
	$node->poll_query_until('postgres',
		"SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid NOT IN ($others)")
	  or die 'sessions do not end';
	return;
}

# The rows of clipperf_routes, or another view of them, as hashes by route; "" stands for none. For this reader each pause
# ends a request.
sub routes_of
{
	my ($node, $view) = @_;
	$view ||= 'clipperf_routes';
	my $json = $node->safe_psql('postgres',
		"SET clipperf.request_idle = 1; SELECT coalesce(json_agg(r), '[]') FROM $view AS r");
	return { map { ($_->{route} // '') => $_ } @{ decode_json($json) } };
}

# The sum of a column over all routes.
sub sum_of
{
	my ($routes, $column) = @_;
	my $sum = 0;
	$sum += $_->{$column} foreach values %$routes;
	return $sum;
}

# Runs something after a reset and tests what its routes show, column by column, once its sessions have ended. Routes
# that are not named are not looked at.
sub measured
{
	my ($node, $name, $run, %expected) = @_;

	settle($node);
	$node->safe_psql('postgres', 'SELECT clipperf_reset()');
	$run->($node);
	settle($node);
	my $routes = routes_of($node);
	foreach my $route (sort keys %expected)
	{
		my %want = %{ $expected{$route} };
		my %have = map { $_ => exists $routes->{$route} ? $routes->{$route}->{$_} : undef } keys %want;
		is_deeply(\%have, \%want, "$name: $route") or diag(explain($routes->{$route}));
	}
	return $routes;
}

1;
