# The manual's table of rights is that of the catalog, strangers can use what is theirs, and who owns a database can dump it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Capture;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_server('rights');
$node->safe_psql('postgres', q{
	CREATE ROLE stranger LOGIN;
	CREATE ROLE landlord LOGIN;
	CREATE DATABASE let OWNER landlord});
$node->safe_psql('let', 'CREATE EXTENSION clipperf; CREATE TABLE seen (n int); GRANT SELECT ON seen TO PUBLIC');
$node->safe_psql('let', 'SELECT n FROM seen', extra_params => [ '-U', 'stranger' ]);

# Each object of the manual, and each of the catalog: for whom it is and as whom it runs.
my %documented;
my $page = slurp_file("$FindBin::RealBin/../../docs/rights.md");
while ($page =~ /^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/mg)
{
	ok(!exists $documented{$1}, "$1 has one row");
	$documented{$1} = "$2, $3";
}
my %actual;
foreach my $row (split /\n/, $node->safe_psql('let', <<'SQL'))
WITH member AS (
    SELECT d.classid, d.objid FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
    WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'clipperf'
), object AS (
    SELECT CASE c.relkind WHEN 'r' THEN 'table ' WHEN 'S' THEN 'sequence ' ELSE 'view ' END || c.relname AS object,
           c.relowner AS owner, coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)) AS acl,
           CASE WHEN c.relkind = 'v' AND NOT coalesce(c.reloptions && '{security_invoker=true,security_invoker=on}', false) THEN 'reads as owner' WHEN c.relrowsecurity THEN 'row security' ELSE '-' END AS runs_as
    FROM member AS m JOIN pg_class AS c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid AND c.relkind IN ('r', 'v', 'm', 'S')
    UNION ALL
    SELECT 'type ' || t.typname, t.typowner, coalesce(t.typacl, acldefault('T', t.typowner)), '-'
    FROM member AS m JOIN pg_type AS t ON m.classid = 'pg_type'::regclass AND t.oid = m.objid
    LEFT JOIN pg_class AS c ON c.oid = t.typrelid
    WHERE t.typelem = 0 AND (c.relkind IS NULL OR c.relkind = 'c')
    UNION ALL
    SELECT p.oid::regprocedure::text, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner)),
           CASE WHEN p.prosecdef THEN 'owner' ELSE 'caller' END
    FROM member AS m JOIN pg_proc AS p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
)
SELECT o.object || chr(9) ||
       coalesce((SELECT CASE WHEN string_agg(CASE WHEN a.grantee = 0 THEN a.privilege_type ELSE a.grantee::regrole::text END, ' ')
                             IN ('EXECUTE', 'SELECT', 'USAGE') THEN 'everybody'
                             WHEN string_agg(a.grantee::regrole || ' ' || a.privilege_type, ', ' ORDER BY a.grantee::regrole::text)
                             = 'pg_database_owner SELECT, pg_read_all_stats SELECT' THEN 'readers'
                             WHEN string_agg(a.grantee::regrole || ' ' || a.privilege_type, ', ') IN ('pg_read_all_stats EXECUTE', 'pg_read_all_stats SELECT')
                             THEN 'monitors' ELSE 'otherwise' END
                 FROM aclexplode(o.acl) AS a WHERE a.grantee <> o.owner HAVING count(*) > 0), 'granted')
       || ', ' || o.runs_as
FROM object AS o
SQL
{
	my ($object, $rights) = split /\t/, $row;
	$actual{$object} = $rights;
}
cmp_ok(scalar(keys %actual), '>=', 70, 'there are objects');
is_deeply(\%documented, \%actual, 'docs/rights.md: each object, for whom it is, and as whom it runs');

# What everybody may read and call works for everybody: no function below it is kept from them.
my @reads = map { "SELECT count(t::text) FROM $_ AS t" } map { /^(?:view|table) (.*)/ ? $1 : () } grep { $actual{$_} =~ /^everybody/ } sort keys %actual;
cmp_ok(scalar(@reads), '>=', 10, 'there are views');
foreach my $sql (@reads, 'SELECT * FROM clipperf_report(accepted => true)', 'SELECT clipperf_check()', 'SELECT * FROM clipperf_unneeded_indexes()',
	q{SELECT * FROM clipperf_index_set_status('clipper')}, q{SELECT clipperf_migration('up', index_set => 'clipper')},
	'SELECT * FROM clipperf_recommend()', q{SELECT * FROM clipperf_recommend_for('{SELECT 1}')}, 'SELECT * FROM clipperf_workload()',
	q{SELECT * FROM clipperf_what_if('SELECT 1')})
{
	is(($node->psql('let', $sql, extra_params => [ '-U', 'stranger' ]))[0], 0, "a stranger: $sql");
}

# Where there is nothing to show, each reader is told why, and what comes next.
$node->safe_psql('let', 'SELECT clipperf_reset()');
foreach my $case ([ 'postgres', qr/^HINT:  Let the application run in this database while clipperf\.enabled is on\.$/m ],
	[ 'stranger', qr/No statement of role "stranger" has been seen since [^\n]+\.\nHINT:  Statements of other roles are shown to members of pg_read_all_stats\.$/m ])
{
	my ($role, $said) = @$case;
	like(($node->psql('let', 'SELECT * FROM clipperf_report()', extra_params => [ '-U', $role ]))[2], $said, "$role: nothing was seen");
}

# A dump by who owns the database, which is no superuser; and what is configuration comes with it.
$node->safe_psql('let', q{SELECT clipperf_accept('seq_scan', reason => 'known'), clipperf_add_index('own', 'CREATE INDEX i ON t (a)')});
my ($dump, $said) = ('', '');
ok(IPC::Run::run([ 'pg_dump', '-U', 'landlord', '-d', $node->connstr('let') ], '>', \$dump, '2>', \$said), 'the owner of a database dumps it')
  or diag($said);
like($dump, qr/\bknown\b.*\bCREATE INDEX i ON t \(a\)|\bCREATE INDEX i ON t \(a\).*\bknown\b/s, 'with what was accepted, and index sets');

# The same when the schema has another name; what was dumped then can be restored.
$node->safe_psql('let', 'DROP EXTENSION clipperf; CREATE SCHEMA monitoring; CREATE EXTENSION clipperf SCHEMA monitoring');
$node->safe_psql('let', q{ALTER SCHEMA monitoring RENAME TO "Moved";
	SELECT "Moved".clipperf_accept('seq_scan', reason => 'known'), "Moved".clipperf_remove_index('clipper', 'idx_votes_user_clip')});
my $file = "$PostgreSQL::Test::Utils::tmp_check/let.sql";
$node->command_ok([ 'pg_dump', '-d', $node->connstr('let'), '-f', $file ], 'a dump');
$node->safe_psql('postgres', 'CREATE DATABASE again');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('again'), '-f', $file ], 'is restored');
is($node->safe_psql('again', q{SELECT (SELECT reason FROM "Moved".clipperf_accepted), bool_or(removed), count(*)
		FROM "Moved".clipperf_index_set_members WHERE index_name = 'idx_votes_user_clip'}), 'known|t|1', 'with what was changed');

$node->stop;
done_testing();
