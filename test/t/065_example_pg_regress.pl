# examples/pg_regress: the project's suite passes, by the steps of its CI files; it fails, and says why, when somebody adds
# an N+1 pattern or a sequential scan, or takes the rows away.

use strict;
use warnings;

use FindBin;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $root = "$FindBin::RealBin/../..";
my $work = PostgreSQL::Test::Utils::tempdir();

# What the steps of CI expect of a machine, but for its packages: a way to become root, or somebody else, and a
# PostgreSQL. Ours has clipperf already, and is in use, so that it is installed beside it.
mkdir "$work/bin";
append_to_file("$work/bin/sudo", "#!/bin/sh\nexec \"\$@\"\n");
append_to_file("$work/bin/chown", "#!/bin/sh\n");
append_to_file("$work/bin/runuser", "#!/bin/sh\nwhile [ \"\$1\" != -- ]; do shift; done\nshift\nexec \"\$@\"\n");
chmod 0755, glob("$work/bin/*");
my ($pg_config) = grep { -x } map { "$_/pg_config" } split /:/, $ENV{PATH};
$ENV{PATH} = "$work/bin:$ENV{PATH}";
$ENV{PG_CONFIG} = $pg_config;
$ENV{MAKEFLAGS} = "with_llvm=no DESTDIR=$work/installed";
delete $ENV{MAKELEVEL};

# A project of this name, with clipperf's sources in it, as a submodule is.
sub new_project
{
	my ($name) = @_;
	my $project = "$work/$name";

	system('cp', '-R', "$root/examples/pg_regress", $project) == 0 or die 'could not copy the project';
	return $project;
}

# Changes a file of a project.
sub change
{
	my ($file, $from, $to) = @_;
	my $content = slurp_file($file);

	$content =~ s/$from/$to/ or die "$file has no $from";
	unlink $file;
	append_to_file($file, $content);
	return;
}

# Runs a step in a project; returns its status, and what it printed.
sub run_step
{
	my ($project, $step) = @_;
	my $output = '';

	IPC::Run::run([ 'sh', '-e', '-c', "cd $project && $step" ], '<', \undef, '>&', \$output);
	return ($? >> 8, $output);
}

# Steps of GitHub Actions, by their names.
sub steps_of_github
{
	my ($project) = @_;
	my %steps;
	my $file = slurp_file("$project/.github/workflows/test.yml");

	while ($file =~ /^      - name: ([^\n]+)\n(?:        if: [^\n]+\n)?        run: (?:\|\n((?:          [^\n]+\n)+)|([^\n]+)\n)/msg)
	{
		my ($name, $block, $line) = ($1, $2, $3);
		$steps{$name} = defined $block ? $block =~ s/^ {10}//mgr : $line;
	}
	return %steps;
}

# Both files of CI, as far as they do not install packages.
my $project = new_project('github');
mkdir "$project/clipperf";
system("cd $root && tar -cf - --exclude=./tmp_check --exclude=./.git . | tar -xf - -C $project/clipperf") == 0 or die 'could not copy the sources';
my %steps = steps_of_github($project);
is(join(', ', sort keys %steps), 'choose a PostgreSQL, differences, install clipperf, packages, test', 'GitHub: the steps');
foreach my $name ('install clipperf', 'test')
{
	my ($status, $output) = run_step($project, $steps{$name});
	is($status, 0, "GitHub: $name") or diag($output);
}
ok(glob("$work/installed/*/*") && `find $work/installed -name clipperf.control` ne '', 'GitHub: clipperf was installed');

my ($script) = slurp_file("$project/.gitlab-ci.yml") =~ /^  script:\n((?:    - .*\n)+)/m;
my @script = $script =~ /^    - (.*)$/mg;
is(scalar(@script), 4, 'GitLab: the steps');
foreach my $step (@script)
{
	my ($status, $output) = run_step($project, $step);
	is($status, 0, "GitLab: $step") or diag($output);
}

# Tests that the suite of a changed project fails in its last test, and that the differences name the reason.
sub fails_with
{
	my ($changed, $pattern, $name) = @_;
	my ($status, $output) = run_step($changed, $steps{test});

	isnt($status, 0, "$name: the suite fails");
	like($output, qr/check .*(?:FAILED|not ok)|not ok .* check /, "$name: in its last test");
	unlike($output, qr/(?:schema|reports) .*FAILED|not ok .* (?:schema|reports) /, "$name: in that alone");
	(undef, $output) = run_step($changed, $steps{differences});
	like($output, $pattern, "$name: the differences name it");
	return;
}

my $loop = <<'SQL';
DECLARE
    customer record;
BEGIN
    FOR customer IN SELECT c.id, c.name FROM customers AS c WHERE c.city = wanted_city LOOP
        name := customer.name;
        SELECT sum(o.amount) INTO spent FROM orders AS o WHERE o.customer_id = customer.id;
        RETURN NEXT;
    END LOOP;
END
SQL
$project = new_project('loop');
change("$project/$_", qr/BEGIN\n    RETURN QUERY.*?\nEND\n/s, $loop) foreach 'sql/reports.sql', 'expected/reports.out';
fails_with($project, qr/^\+DETAIL:  n_plus_one on public.orders: SELECT sum\(o\.amount\) .* runs for each row of SELECT c\.id, c\.name FROM customers/m, 'an N+1 pattern');

$project = new_project('scan');
change("$project/$_", qr/CREATE INDEX orders_customer_id [^\n]+\n/, '') foreach 'sql/schema.sql', 'expected/schema.out';
fails_with($project, qr/^\+.*seq_scan on public.orders: SELECT id, amount FROM orders WHERE customer_id = /m, 'a sequential scan');

# With few rows there is nothing to find, and the check says that it has not judged.
$project = new_project('rows');
change("$project/$_", qr/generate_series\(1, 5000\)/, 'generate_series(1, 500)') foreach 'sql/schema.sql', 'expected/schema.out';
change("$project/$_", qr/1 \+ i % 5000/, '1 + i % 500') foreach 'sql/schema.sql', 'expected/schema.out';
change("$project/expected/reports.out", qr/.*/s, '');
my ($status, $output) = run_step($project, $steps{test});
isnt($status, 0, 'few rows: the suite fails');
(undef, $output) = run_step($project, $steps{differences});
like($output, qr/^-\s*t +\| +0\n\+\s*t +\| +1$/m, 'few rows: a table was too small');

done_testing();
