
=head1 NAME

Catalog - what an extension has made in a database, as the catalogs tell it

=head1 SYNOPSIS

  use Catalog;

  is_deeply([ differences(catalog_of($node, 'updated'), catalog_of($node, 'created')) ], [], 'the same');

=cut

package Catalog;

use strict;
use warnings;

use Exporter 'import';
use JSON::PP;

our @EXPORT = qw(catalog_of differences);

# One row for each thing that can differ: the object, the part of it, how it is defined. Columns of tables are compared by
# name, as an update can only add them at the end; those of views and types also by their place.
my $catalog = <<'SQL';
WITH member AS (
	SELECT d.classid, d.objid, i.type || ' ' || i.identity AS object, c.relkind, c.oid AS relation, t.typrelid AS row_type
	FROM pg_depend AS d
		JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'clipperf'
		LEFT JOIN pg_class AS c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
		LEFT JOIN pg_type AS t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid,
		pg_identify_object(d.classid, d.objid, 0) AS i
	WHERE d.deptype = 'e'
), definition (object, part, body) AS (
	SELECT object, 'comment', obj_description(objid, classid::regclass::name) FROM member
	UNION ALL
	SELECT m.object, 'definition', concat_ws(E'\n', pg_get_functiondef(p.oid), p.proacl)
	FROM member AS m JOIN pg_proc AS p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid AND p.prokind <> 'a'
	UNION ALL
	SELECT m.object, 'definition', concat_ws(' ', c.relkind, c.relpersistence, c.reloptions, c.relacl, c.relrowsecurity,
		CASE c.relkind WHEN 'v' THEN pg_get_viewdef(c.oid) END)
	FROM member AS m JOIN pg_class AS c ON c.oid = m.relation
	UNION ALL
	SELECT m.object, 'column ' || a.attname,
		concat_ws(' ', CASE WHEN m.relkind IS DISTINCT FROM 'r' THEN a.attnum END, format_type(a.atttypid, a.atttypmod),
			a.attnotnull, a.attidentity, a.attgenerated, a.attacl, pg_get_expr(d.adbin, d.adrelid),
			col_description(a.attrelid, a.attnum))
	FROM member AS m JOIN pg_attribute AS a ON a.attrelid IN (m.relation, m.row_type) AND a.attnum > 0 AND NOT a.attisdropped
		LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	WHERE m.relkind IS DISTINCT FROM 'S'
	UNION ALL
	SELECT m.object, 'constraint ' || c.conname, pg_get_constraintdef(c.oid)
	FROM member AS m JOIN pg_constraint AS c ON c.conrelid = m.relation
	UNION ALL
	SELECT m.object, 'index', pg_get_indexdef(i.indexrelid) FROM member AS m JOIN pg_index AS i ON i.indrelid = m.relation
	UNION ALL
	SELECT m.object, 'trigger ' || t.tgname, pg_get_triggerdef(t.oid)
	FROM member AS m JOIN pg_trigger AS t ON t.tgrelid = m.relation AND NOT t.tgisinternal
	UNION ALL
	SELECT m.object, 'sequence', to_jsonb(s)::text || coalesce((
			SELECT d.refobjid::regclass || '.' || a.attname
			FROM pg_depend AS d JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
			WHERE d.classid = 'pg_class'::regclass AND d.objid = m.relation AND d.deptype IN ('a', 'i')), '')
	FROM member AS m,
		LATERAL (SELECT seqtypid::regtype, seqstart, seqincrement, seqmax, seqmin, seqcache, seqcycle
			FROM pg_sequence WHERE seqrelid = m.relation) AS s
	UNION ALL
	SELECT m.object, 'type', ((to_jsonb(t) || jsonb_build_object('array', t.typarray <> 0))
		- '{oid,typnamespace,typowner,typrelid,typarray,typelem,typbasetype,typcollation}'::text[])::text
	FROM member AS m JOIN pg_type AS t ON m.classid = 'pg_type'::regclass AND t.oid = m.objid
	UNION ALL
	SELECT m.object, 'cast', concat_ws(' ', nullif(c.castfunc, 0)::regprocedure, c.castcontext, c.castmethod)
	FROM member AS m JOIN pg_cast AS c ON m.classid = 'pg_cast'::regclass AND c.oid = m.objid
	UNION ALL
	SELECT m.object, 'first privileges', string_agg(concat(p.objsubid, ' ', p.initprivs), ' ' ORDER BY p.objsubid)
	FROM member AS m JOIN pg_init_privs AS p ON p.classoid = m.classid AND p.objoid = m.objid GROUP BY m.object
	UNION ALL
	SELECT 'extension', 'dumps ' || c.relation::regclass, c.condition
	FROM pg_extension AS e, unnest(e.extconfig, e.extcondition) AS c (relation, condition) WHERE e.extname = 'clipperf'
	UNION ALL
	SELECT m.object, 'cannot be compared', m.classid::regclass::text FROM member AS m
	WHERE m.classid NOT IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_proc'::regclass, 'pg_cast'::regclass)
		OR m.relkind NOT IN ('r', 'v', 'S')
		OR EXISTS (SELECT FROM pg_proc AS p WHERE m.classid = 'pg_proc'::regclass AND p.oid = m.objid AND p.prokind = 'a')
)
SELECT json_agg(json_build_array(object || ': ' || part, coalesce(body, '')) ORDER BY object, part, body) FROM definition
SQL

# All that the extension has made in a database: definitions by what they are of.
sub catalog_of
{
	my ($node, $database) = @_;
	my %catalog;

	foreach my $row (@{ decode_json($node->safe_psql($database, $catalog)) })
	{
		my ($what, $definition) = @$row;
		die "what the extension has made $what" if $what =~ /: cannot be compared\z/;
		$catalog{$what} .= "$definition\n";
	}
	return \%catalog;
}

# What is not the same in two catalogs: a line for each, as an error message has it.
sub differences
{
	my ($one, $other) = @_;
	my %all = (%$one, %$other);

	return map {
		my $what = $_;
		!defined $one->{$what} ? "$what: missing" : !defined $other->{$what} ? "$what: should not be there"
		  : $one->{$what} ne $other->{$what} ? "$what: is\n$one->{$what}not\n$other->{$what}" : ();
	} sort keys %all;
}

1;
