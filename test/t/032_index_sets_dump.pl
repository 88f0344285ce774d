# Index sets survive pg_dump and a restore: own ones, and changes of the one that the extension ships.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', q{shared_preload_libraries = 'clipperf'});
$node->start;

my $rows = q{SELECT m FROM clipperf_index_set_members AS m ORDER BY m::text COLLATE "C"};

# Dump one database, restore it as another one.
sub dump_and_restore
{
	my ($from, $to) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir() . "/$to.sql";
	$node->command_ok([ 'pg_dump', '--file', $file, '--dbname', $node->connstr($from) ], "$from is dumped");
	$node->safe_psql('postgres', "CREATE DATABASE $to TEMPLATE template0");
	$node->command_ok(
		[ 'psql', '--no-psqlrc', '--quiet', '--set', 'ON_ERROR_STOP=1', '--file', $file, '--dbname', $node->connstr($to) ],
		"and restored as $to");
	my $text = slurp_file($file);
	unlink $file;
	return $text;
}

# Nothing of what the extension ships is dumped as long as it was not changed.
$node->safe_psql('postgres', 'CREATE EXTENSION clipperf');
my $dump = dump_and_restore('postgres', 'untouched');
unlike($dump, qr/idx_clips_not_removed_hot/, 'the shipped set is not dumped');
is($node->safe_psql('untouched', $rows), $node->safe_psql('postgres', $rows), 'it is there all the same');

# Own sets, and each kind of change of the shipped one.
$node->safe_psql('postgres', q{
	SELECT clipperf_add_index('mine', 'CREATE INDEX one ON "Some table" (a, b DESC) WHERE c = ''it''''s''', 'high', 'Why.');
	SELECT clipperf_add_index('mine', 'CREATE UNIQUE INDEX two ON other (lower(a))', 'low');
	SELECT clipperf_add_index('clipper', 'CREATE INDEX added ON clips (title)');
	SELECT clipperf_remove_index('clipper', 'idx_votes_user_clip');
	SELECT clipperf_remove_index('clipper', 'idx_clip_tags_tag');
	SELECT clipperf_add_index('clipper', 'CREATE INDEX idx_clip_tags_tag ON clip_tags (tag_id, clip_id, created_at)', 'low');
	UPDATE clipperf_index_set_members SET priority = 'low' WHERE index_name = 'idx_tags_usage_count';
});
$dump = dump_and_restore('postgres', 'first');
unlike($dump, qr/idx_clips_not_removed_hot/, 'what was not changed is not dumped');
is($node->safe_psql('first', $rows), $node->safe_psql('postgres', $rows), 'all rows are the same');
is($node->safe_psql('first', q{
	SELECT count(*) FROM clipperf_index_set_status('clipper');
	SELECT count(*) FROM clipperf_index_set_status('mine');
	SELECT removed FROM clipperf_index_set_members WHERE index_name = 'idx_votes_user_clip';
	SELECT ddl FROM clipperf_index_set_members WHERE index_name = 'idx_clip_tags_tag';
	SELECT priority FROM clipperf_index_set_members WHERE index_name = 'idx_tags_usage_count'; }),
	"18\n2\nt\nCREATE INDEX idx_clip_tags_tag ON clip_tags (tag_id, clip_id, created_at)\nlow",
	'and mean the same');

# Again, from the restored one; a dropped set stays dropped.
$node->safe_psql('first', q{SELECT clipperf_drop_index_set('clipper')});
dump_and_restore('first', 'second');
is($node->safe_psql('second', $rows), $node->safe_psql('first', $rows), 'a restored database can be dumped again');
is($node->safe_psql('second', 'SELECT index_set FROM clipperf_index_sets'), 'mine', 'the dropped set stays dropped');

# A string means the same to whoever reads it, whatever his settings.
SKIP:
{
	my ($status) = $node->psql('postgres', 'SET standard_conforming_strings = off');
	skip 'strings cannot be read in another way', 1 if $status != 0;
	is($node->safe_psql('postgres', q{
		SET escape_string_warning = off;
		SET standard_conforming_strings = off;
		SELECT clipperf_add_index('strings', $$CREATE INDEX backslash ON item (a) WHERE b = 'x\\\\y'$$);
		SELECT clipperf_add_index('strings', $$CREATE INDEX quote ON item (a) WHERE b = 'x\'y'$$);
		RESET standard_conforming_strings;
		SELECT ddl FROM clipperf_index_set_members WHERE index_set = 'strings' ORDER BY position}),
		"backslash\nquote\nCREATE INDEX backslash ON item (a) WHERE b = E'x\\\\y'\nCREATE INDEX quote ON item (a) WHERE b = 'x''y'",
		'strings are stored such that any setting reads them alike');
}

$node->stop;
done_testing();
