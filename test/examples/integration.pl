# examples/integration: the tests of each application pass, and the check after them does, by the steps of each CI file; the
# check fails, and says why, when somebody adds an N+1 pattern or drops an index. Run by test/examples/run.

use strict;
use warnings;

use FindBin;
use IPC::Run;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $root = "$FindBin::RealBin/../..";
my $work = PostgreSQL::Test::Utils::tempdir();

# What the steps of CI expect of a machine: a way to become root, or somebody else, a PostgreSQL, and npm's packages. Ours
# has clipperf already, and is in use, so that it is installed beside it.
mkdir "$work/bin";
append_to_file("$work/bin/sudo", "#!/bin/sh\nexec \"\$@\"\n");
append_to_file("$work/bin/chown", "#!/bin/sh\n");
append_to_file("$work/bin/runuser", "#!/bin/sh\nwhile [ \"\$1\" != -- ]; do shift; done\nshift\nexec \"\$@\"\n");
append_to_file("$work/bin/npm", "#!/bin/sh\ncase \$1 in\ninstall) ln -sfn $ENV{CLIPPERF_NODE_MODULES} \$3/node_modules ;;\ntest) cd \$3 && exec node --test ;;\nesac\n");
chmod 0755, glob("$work/bin/*");
my ($pg_config) = grep { -x } map { "$_/pg_config" } split /:/, $ENV{PATH};
$ENV{PATH} = "$work/bin:$ENV{PATH}";
$ENV{HOME} = $work;
$ENV{PYTHONDONTWRITEBYTECODE} = 1;
$ENV{MAKEFLAGS} = "with_llvm=no DESTDIR=$work/installed";
delete @ENV{qw(MAKELEVEL PGHOST PGPORT PGUSER PGDATABASE)};

# A copy of the example.
sub new_project
{
	my ($name) = @_;
	system('cp', '-R', "$root/examples/integration", "$work/$name") == 0 or die 'could not copy the example';
	return "$work/$name";
}

# Runs a command of the shell in a project; returns its status, and what it printed.
sub run_step
{
	my ($project, $step) = @_;
	my $output = '';

	local $ENV{PG_CONFIG} = $pg_config;
	IPC::Run::run([ 'sh', '-e', '-c', "cd $project && $step" ], '<', \undef, '>&', \$output);
	return ($? >> 8, $output);
}

# All commands of a CI file, in their order; those of YAML as Python's parser reads them.
sub commands_of
{
	my ($file) = @_;
	my $text = slurp_file($file);

	return $text =~ /^\s+sh '(.*)'$/mg if $file =~ /Jenkinsfile/;
	my $python = <<'PYTHON';
import json, sys, yaml

def commands(node, key=None):
    if isinstance(node, dict):
        for name, value in node.items():
            yield from commands(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from commands(value, key)
    elif key in ("run", "script", "before_script") and isinstance(node, str):
        yield from node.strip().split("\n")

print(json.dumps(list(commands(yaml.safe_load(open(sys.argv[1]))))))
PYTHON
	my $output = '';
	IPC::Run::run([ '/usr/bin/python3', '-c', $python, $file ], '>', \$output) or die "$file is no YAML";
	return @{ decode_json($output) };
}

# Every CI file installs clipperf and the application, and runs the tests with the check.
my $project = new_project('ci');
mkdir "$project/clipperf";
system("cd $root && tar -cf - --exclude=./tmp_check --exclude=./.git . | tar -xf - -C $project/clipperf") == 0 or die 'could not copy the sources';
foreach my $file ('.github/workflows/test.yml', '.gitlab-ci.yml', '.circleci/config.yml', 'azure-pipelines.yml', 'Jenkinsfile')
{
	# what installs packages, fetches sources or sets a variable needs the machine that CI gives
	my @steps = grep { !/apt-get|git submodule|^echo / } commands_of("$project/$file");

	is(scalar(@steps), ((grep { /chown/ } @steps) ? 5 : 4), "$file: its steps") or diag(explain(\@steps));
	unlink "$project/clipperf.xml";
	foreach my $step (@steps)
	{
		my ($status, $output) = run_step($project, $step);
		is($status, 0, "$file: $step") or diag($output);
	}
	ok(-s "$project/clipperf.xml", "$file: there is a report for CI");
}
ok(`find $work/installed -name clipperf.control` ne '', 'clipperf was installed');

# Each application: what the README runs, a loop, and a scan.
my %test = slurp_file("$root/examples/integration/README.md") =~ /^\| `(\w+)` \| [^|]+ \| `(sh check\.sh [^`]+)` \|$/mg;
is(join(' ', sort keys %test), 'django node rails', 'the applications');
my %loop = (
	node => [ 'node/shop.js', qr/  const \{ rows \} = .*?\n  return rows;\n/s, <<'JS' ],
  const { rows } = await client.query('SELECT id, name FROM customers WHERE city = $1 ORDER BY name', [city]);
  for (const customer of rows) {
    const orders = await client.query('SELECT sum(amount)::int AS spent FROM orders WHERE customer_id = $1', [customer.id]);
    customer.spent = orders.rows[0].spent;
  }
  return rows;
JS
	django => [ 'django/shop/reports.py', qr/\.prefetch_related\("orders"\)/, '' ],
	rails => [ 'rails/shop.rb', qr/\.preload\(:orders\)/, '' ]);
my %scan = (
	node => [ 'node/schema.sql', qr/CREATE INDEX customers_city [^\n]+\n/, '' ],
	django => [ 'django/shop/migrations/0001_initial.py', qr/, models\.TextField\(db_index=True\)/, ', models.TextField()' ],
	rails => [ 'rails/schema.rb', qr/, index: true/, '' ]);

# Tests that the check fails after a change, and what it names.
sub fails_with
{
	my ($application, $name, $change, $pattern) = @_;
	my $changed = new_project("$application-$name");
	my ($file, $from, $to) = @$change;
	my $content = slurp_file("$changed/$file");

	symlink $ENV{CLIPPERF_NODE_MODULES}, "$changed/node/node_modules";
	$content =~ s/$from/$to/ or die "$file has no $from";
	unlink "$changed/$file";
	append_to_file("$changed/$file", $content);
	my ($status, $output) = run_step($changed, $test{$application});
	is($status, 1, "$application, $name: the check fails");
	like($output, $pattern, "$application, $name: and says why");
	return;
}

foreach my $application (sort keys %test)
{
	my $unchanged = new_project($application);

	symlink $ENV{CLIPPERF_NODE_MODULES}, "$unchanged/node/node_modules";
	my ($status, $output) = run_step($unchanged, $test{$application});
	is($status, 0, "$application: passes") or diag($output);
	like($output, qr/^database "shop": no problems\njudged: [1-9]\d* statements?, .*, \d+ tables? too small to judge$/m, "$application: was judged")
	  or diag($output);
	fails_with($application, 'loop', $loop{$application}, qr/^n_plus_one on public\.(?:shop_order|orders): .* runs for each row of /m);
	fails_with($application, 'scan', $scan{$application}, qr/^seq_scan on public\.(?:shop_customer|customers): .*city =/m);
}

# Options, and annotations.
{
	local $ENV{CHECK_OPTIONS} = "--max-statements=shop=1";
	local $ENV{GITHUB_ACTIONS} = 'true';
	my ($status, $output) = run_step("$work/node", $test{node});
	is($status, 1, 'a budget: exceeded');
	like($output, qr/^::error title=max_statements::max_statements on route shop: a request runs more than 1 statement/m, 'a budget: an annotation');
}

done_testing();
