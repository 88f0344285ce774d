# Reads profiles in the format of pprof, strictly: github.com/google/pprof/proto/profile.proto.
package Pprof;

use strict;
use warnings;

use Compress::Zlib ();
use Exporter 'import';

our @EXPORT_OK = qw(read_pprof);

# Splits a message into [field, type, value]; only numbers and bytes occur.
sub fields
{
	my ($bytes) = @_;
	my $at = 0;
	my $varint = sub {
		my ($value, $shift) = (0, 0);
		while (1)
		{
			die "message ends within a number\n" if $at >= length $bytes;
			die "number of more than 64 bits\n" if $shift > 63;
			my $byte = ord substr($bytes, $at++, 1);
			$value |= ($byte & 0x7f) << $shift;
			$shift += 7;
			return $value if $byte < 0x80;
		}
	};
	my @fields;

	while ($at < length $bytes)
	{
		my $key = $varint->();
		my ($field, $type) = ($key >> 3, $key & 7);
		die "field 0\n" if $field == 0;
		if ($type == 0)
		{
			push @fields, [ $field, $type, $varint->() ];
		}
		elsif ($type == 2)
		{
			my $length = $varint->();
			die "message ends within field $field\n" if $at + $length > length $bytes;
			push @fields, [ $field, $type, substr($bytes, $at, $length) ];
			$at += $length;
		}
		else
		{
			die "field $field of type $type\n";
		}
	}
	return @fields;
}

# A message as a hash of lists, by the names of its fields; others are an error.
sub message
{
	my ($bytes, %names) = @_;
	my %message = map { $_ => [] } map { $_->[0] } values %names;

	foreach my $field (fields($bytes))
	{
		my $known = $names{ $field->[0] } or die "unknown field $field->[0]\n";
		my ($name, $type) = @$known;
		die "$name is of type $field->[1]\n" if $field->[1] != ($type eq 'number' ? 0 : 2);
		push @{ $message{$name} },
			$type eq 'packed' ? map { $_->[2] } packed($field->[2]) : $field->[2];
	}
	return \%message;
}

# Numbers one after the other, as fields() would read them.
sub packed
{
	my ($bytes) = @_;
	my @numbers;
	my ($value, $shift) = (0, 0);

	foreach my $byte (unpack 'C*', $bytes)
	{
		$value |= ($byte & 0x7f) << $shift;
		$shift += 7;
		next if $byte >= 0x80;
		push @numbers, [ 0, 0, $value ];
		($value, $shift) = (0, 0);
	}
	die "packed numbers end within one\n" if $shift != 0;
	return @numbers;
}

sub single
{
	my ($values, $default) = @_;
	die "field is there twice\n" if @$values > 1;
	return @$values ? $values->[0] : $default;
}

# Reads the bytes of a file.  Returns { types => [[type, unit]], samples => [{ stack => [root, ..., leaf], values => [], labels => {} }] };
# dies of everything that the format does not allow.
sub read_pprof
{
	my ($file) = @_;
	my $bytes = Compress::Zlib::memGunzip(my $copy = $file);
	die "not a gzip file\n" if !defined $bytes;
	my $profile = message($bytes,
		1 => [ 'sample_type', 'bytes' ], 2 => [ 'sample', 'bytes' ], 3 => [ 'mapping', 'bytes' ], 4 => [ 'location', 'bytes' ],
		5 => [ 'function', 'bytes' ], 6 => [ 'string', 'bytes' ], 9 => [ 'time_nanos', 'number' ], 10 => [ 'duration_nanos', 'number' ],
		14 => [ 'default_sample_type', 'number' ]);
	my @strings = @{ $profile->{string} };
	my $string = sub {
		my ($number) = @_;
		die "no string $number\n" if $number >= @strings;
		return $strings[$number];
	};
	my (%mappings, %functions, %locations, @samples);

	die "string 0 is not empty\n" if !@strings || $strings[0] ne '';
	my %seen;
	$seen{$_}++ && die "string \"$_\" is there twice\n" foreach @strings;
	my @types;
	foreach (@{ $profile->{sample_type} })
	{
		my $type = message($_, 1 => [ 'type', 'number' ], 2 => [ 'unit', 'number' ]);
		push @types, [ $string->(single($type->{type}, 0)), $string->(single($type->{unit}, 0)) ];
	}
	foreach (@{ $profile->{mapping} })
	{
		my $mapping = message($_, 1 => [ 'id', 'number' ], 5 => [ 'filename', 'number' ], 7 => [ 'has_functions', 'number' ]);
		my $id = single($mapping->{id}, 0);
		die "mapping $id\n" if $id == 0 || $mappings{$id}++;
		$string->(single($mapping->{filename}, 0));
	}
	foreach (@{ $profile->{function} })
	{
		my $function = message($_, 1 => [ 'id', 'number' ], 2 => [ 'name', 'number' ]);
		my $id = single($function->{id}, 0);
		die "function $id\n" if $id == 0 || defined $functions{$id};
		$functions{$id} = $string->(single($function->{name}, 0));
	}
	foreach (@{ $profile->{location} })
	{
		my $location = message($_, 1 => [ 'id', 'number' ], 2 => [ 'mapping_id', 'number' ], 4 => [ 'line', 'bytes' ]);
		my $id = single($location->{id}, 0);
		die "location $id\n" if $id == 0 || defined $locations{$id};
		die "no such mapping\n" if !$mappings{ single($location->{mapping_id}, 0) };
		my $line = message(single($location->{line}), 1 => [ 'function_id', 'number' ]);
		$locations{$id} = $functions{ single($line->{function_id}, 0) } // die "location $id without a function\n";
	}
	foreach (@{ $profile->{sample} })
	{
		my $sample = message($_, 1 => [ 'location', 'packed' ], 2 => [ 'value', 'packed' ], 3 => [ 'label', 'bytes' ]);
		my %labels;
		die "sample has other values than types\n" if @{ $sample->{value} } != @types;
		die "sample without a stack\n" if !@{ $sample->{location} };
		foreach (@{ $sample->{label} })
		{
			my $label = message($_, 1 => [ 'key', 'number' ], 2 => [ 'str', 'number' ]);
			my $key = $string->(single($label->{key}, 0));
			die "label without a key, or twice\n" if $key eq '' || defined $labels{$key};
			$labels{$key} = $string->(single($label->{str}, 0));
		}
		push @samples, {
			stack => [ reverse map { $locations{$_} // die "no location $_\n" } @{ $sample->{location} } ],
			values => $sample->{value},
			labels => \%labels };
	}
	die "no default sample type\n" if !grep { $_->[0] eq $string->(single($profile->{default_sample_type}, 0)) } @types;
	return { types => \@types, samples => \@samples };
}

1;
