# A build that runs out of space fails, leaves nothing, and the application goes on.
#
# The space is that of temporary files, which a setting can limit; 044_apply_disk_full.pl fills a file system.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../perl";
use Apply;
use Test::More;

my $node = apply_server('no_space', 'clipperf.verify_calls = 0');
$node->safe_psql('postgres', q{
	CREATE TABLE item (id int, note text);
	INSERT INTO item SELECT n, md5(n::text) FROM generate_series(1, 100000) AS n;
	ALTER SYSTEM SET temp_file_limit = '100kB';
	SELECT pg_reload_conf();
});
my $id = recommend($node, 'create', 'item', 'item_note', 'CREATE INDEX item_note ON item (note)');
my $apply = "SET maintenance_work_mem = '1MB'; SET max_parallel_maintenance_workers = 0; SELECT job FROM clipperf_apply(ARRAY[$id])";
my $job = $node->safe_psql('postgres', $apply);
is(wait_for_job($node, $job), 'failed', 'the build fails, with the memory its caller gave it');
like(reason($node, $job), qr/temporary file size exceeds/, 'and says why');
is($node->safe_psql('postgres', "SELECT to_regclass('item_note') IS NULL"), 't', 'nothing is left');
$node->safe_psql('postgres', "INSERT INTO item VALUES (0, 'afterwards')");
$node->safe_psql('postgres', 'ALTER SYSTEM RESET temp_file_limit');
$node->reload;
is(wait_for_job($node, $node->safe_psql('postgres', $apply)), 'kept', 'with space it is built');
apply_is_healthy($node, 'no space');
$node->stop;
done_testing();
