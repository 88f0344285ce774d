
=head1 NAME

Metrics - reads what clipperf_metrics() says as strictly as its formats are defined

=head1 SYNOPSIS

  use Metrics;

  my $metrics = metrics_of($node, 'postgres', 'after the load');
  is($metrics->{'clipperf_route_failed_total{database="postgres",route="/vote"}'}, 1, 'one has failed');
  goes_on($before, $metrics, 'later');

=head1 DESCRIPTION

The text format of Prometheus is https://prometheus.io/docs/instrumenting/exposition_formats/, OpenMetrics
https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md: what differs between them is said where it is read.

=cut

package Metrics;

use strict;
use warnings;

use Exporter 'import';
use Test::More;

our @EXPORT = qw(metrics_of parse_metrics series goes_on is_counter);

# Most series of one answer.
our $most = 2000;

# The name of a series: its metric, and its labels as they are written, in their order.
sub series
{
	my ($name, @labels) = @_;
	my @written;
	while (my ($label, $value) = splice(@labels, 0, 2))
	{
		$value =~ s/([\\"])/\\$1/g;
		$value =~ s/\n/\\n/g;
		push @written, qq{$label="$value"};
	}
	return $name . (@written ? '{' . join(',', @written) . '}' : '');
}

# Does a counter, which only goes up until a reset, stand behind the name of a series?
sub is_counter
{
	my ($series) = @_;
	return $series =~ /^\w+(_total|_bucket|_sum|_count)(\{|$)/;
}

# The labels of a series as a list, or an error.
sub parse_labels
{
	my ($text, $error) = @_;
	my @labels;
	my %seen;
	while ($text =~ /\G([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,(?=.)|$)/gc)
	{
		my ($name, $value) = ($1, $2);
		$error->("label $name twice") if $seen{$name}++;
		$error->("label $name may be of any number of values") if $name =~ /query|text|statement|fingerprint|user|pid/;
		push @labels, $name, $value;
	}
	$error->("wrong labels: $text") if (pos($text) // 0) < length $text;
	return @labels;
}

# Checks a histogram: its buckets in order, from [bound, count] to [bound, count], its sum and its count.
sub check_histogram
{
	my ($name, $histogram, $error) = @_;
	my ($bound, $below) = (-1, 0);
	foreach my $bucket (@{ $histogram->{buckets} })
	{
		my $le = $bucket->[0] eq '+Inf' ? 9**9**9 : $bucket->[0];
		$error->("$name: bounds do not rise at $bucket->[0]") if $le <= $bound;
		$error->("$name: counts fall at $bucket->[0]") if $bucket->[1] < $below;
		($bound, $below) = ($le, $bucket->[1]);
	}
	$error->("$name: the last bucket is not +Inf") if !@{ $histogram->{buckets} } || $histogram->{buckets}[-1][0] ne '+Inf';
	foreach my $part (qw(sum count))
	{
		$error->("$name: no $part") if !defined $histogram->{$part};
	}
	$error->("$name: +Inf is $below, the count $histogram->{count}") if $below != ($histogram->{count} // -1);
	return;
}

# Reads metrics; returns their series with values, and what is wrong with them.
sub parse_metrics
{
	my ($text, $format) = @_;
	my $is_open = ($format // 'prometheus') eq 'openmetrics';
	my (%values, %types, %help, %units, %histograms, %closed, @errors);
	my ($family, $line) = ('', '');
	my $error = sub { push @errors, "$_[0] in: $line" };

	if ($is_open) { $text =~ s/# EOF\n\z// or push @errors, 'it does not end with # EOF'; }
	push @errors, 'the last line does not end' if $text !~ /\n\z/;
	foreach (split /\n/, $text)
	{
		$line = $_;
		if ($line =~ /^# (HELP|TYPE|UNIT) ([a-zA-Z_:][\w:]*) (.*)$/)
		{
			my ($what, $name, $rest) = ($1, $2, $3);
			if ($name ne $family)
			{
				$error->("$name again") if $closed{$name}++;
				$family = $name;
			}
			my $of = { HELP => \%help, TYPE => \%types, UNIT => \%units }->{$what};
			$error->("second $what") if defined $of->{$name};
			$of->{$name} = $rest;
			$error->("unknown type $rest") if $what eq 'TYPE' && $rest !~ ($is_open ? qr/^(counter|gauge|histogram|info)$/ : qr/^(counter|gauge|histogram)$/);
			$error->('unit that its name does not end in') if $what eq 'UNIT' && (!$is_open || $name !~ /_\Q$rest\E$/);
			next;
		}
		if ($line !~ /^([a-zA-Z_:][\w:]*)(?:\{(.+)\})? (\S+)$/) { $error->('unreadable'); next; }
		my ($name, $written, $value) = ($1, $2 // '', $3);
		my $type = $types{$family} // '';
		my $suffix = $name =~ /^\Q$family\E(.*)$/ ? $1 : undef;
		my $wanted = $type eq 'histogram' ? qr/^(_bucket|_sum|_count)$/ : !$is_open ? qr/^$/ : $type eq 'counter' ? qr/^_total$/ : $type eq 'info' ? qr/^_info$/ : qr/^$/;
		$error->("no sample of $family") if !defined $suffix || $suffix !~ $wanted;
		$error->('a counter without _total') if $type eq 'counter' && $name !~ /_total$/;
		$error->('no help') if ($help{$family} // '') eq '';
		$error->("value $value") if $value !~ /^(?:NaN|[-+]?Inf|-?\d+(?:\.\d+)?(?:e[-+]\d+)?)$/;
		my $key = $name . ($written eq '' ? '' : "{$written}");
		$error->('twice') if exists $values{$key};
		$values{$key} = $value;
		$error->('a counter without a count') if is_counter($key) && $value !~ /^[\d.]+(e[-+]\d+)?$/;
		my @labels = parse_labels($written, $error);
		next if $type ne 'histogram';
		my ($le) = $written =~ /(?:^|,)le="([^"]*)"$/;
		my $of = $family . ' ' . ($written =~ s/,?le="[^"]*"$//r);
		$histograms{$of} //= { buckets => [] };
		if ($suffix eq '_bucket') { push @{ $histograms{$of}{buckets} }, [ $le // '', $value ]; }
		else { $histograms{$of}{ substr($suffix, 1) } = $value; }
	}
	$line = 'all';
	foreach my $name (sort keys %help) { $error->("$name: no type") if !defined $types{$name}; }
	foreach my $name (sort keys %histograms) { check_histogram($name, $histograms{$name}, $error); }
	$error->(scalar(keys %values) . ' series') if keys %values > $most;
	return (\%values, \@errors);
}

# The series of a database in both formats, which must be the same; with their values.
sub metrics_of
{
	my ($node, $database, $name, @options) = @_;
	my ($prometheus, $wrong) = parse_metrics($node->safe_psql($database, 'SELECT clipperf_metrics()', @options));
	is_deeply($wrong, [], "$name: the text format");
	my ($open, $wrong_open) = parse_metrics($node->safe_psql($database, q{SELECT clipperf_metrics('openmetrics')}, @options), 'openmetrics');
	is_deeply($wrong_open, [], "$name: OpenMetrics");
	is_deeply([ sort keys %$open ], [ sort keys %$prometheus ], "$name: the same series in both");
	return $prometheus;
}

# What was told once is told again, and no counter goes back.
sub goes_on
{
	my ($before, $after, $name) = @_;
	is_deeply([ grep { !exists $after->{$_} } sort keys %$before ], [], "$name: no series went");
	is_deeply([ grep { is_counter($_) && exists $after->{$_} && $after->{$_} < $before->{$_} } sort keys %$before ], [], "$name: no counter went back");
	return;
}

1;
