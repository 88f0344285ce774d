# shellcheck shell=sh
# Shell functions of the scripts that run real clients against Clipper's schema. To be sourced after test/setup/lib.sh;
# missing_packages, which the script defines, prints the Debian packages that it lacks.

# How much of Clipper's data is loaded, as a share of the default.
scale=0.02

# Print what is missing of Django and of ActiveRecord. Programs are looked for where Debian puts them, so that another
# Python or Ruby in front of PATH does not matter.
missing_django() {
	/usr/bin/python3 -c 'import django' 2>/dev/null || echo python3-django
	/usr/bin/python3 -c 'import psycopg2' 2>/dev/null || echo python3-psycopg2
}

missing_active_record() {
	/usr/bin/ruby -e 'require "active_record"' 2>/dev/null || echo ruby-activerecord
	/usr/bin/ruby -e 'require "pg"' 2>/dev/null || echo ruby-pg
}

# Print what is missing of SQLAlchemy, Sequel, PDO, Doctrine and pgjdbc.
missing_others() {
	/usr/bin/python3 -c 'import sqlalchemy' 2>/dev/null || echo python3-sqlalchemy
	/usr/bin/ruby -e 'require "sequel"' 2>/dev/null || echo ruby-sequel
	php -m 2>/dev/null | grep -q '^pdo_pgsql$' || echo php-cli php-pgsql
	php -r '@include "Doctrine/ORM/autoload.php"; exit(class_exists("Doctrine\ORM\EntityManager") ? 0 : 1);' 2>/dev/null ||
		echo php-doctrine-orm
	[ -e /usr/share/php/Symfony/Component/Cache/Adapter/ArrayAdapter.php ] || echo php-symfony-cache
	command -v java >/dev/null || echo openjdk-17-jdk-headless
	[ -e /usr/share/java/postgresql.jar ] || echo libpostgresql-jdbc-java
}

# Installs the missing packages.
require_clients() {
	missing=$(missing_packages | tr '\n' ' ')
	[ -n "$missing" ] || return 0
	command -v apt-get >/dev/null || die "please install what Debian packages as: $missing"
	# shellcheck disable=SC2086 # a list of package names
	apt_install $missing
}

# Runs psql on the database of the clients.
sql() {
	as_user psql -X -q -A -t -v ON_ERROR_STOP=1 -h "$work/tmp" -d clipper "$@"
}

# Starts a server with clipperf and Clipper's data, and writes ids to $work/ids as requests would bring them.
start_server() {
	say "starting a server with Clipper's data"
	as_user initdb -D "$work/data" -A trust -U clipper --no-sync >"$work/initdb.log" || die "initdb failed"
	cat test/setup/regress.conf >>"$work/data/postgresql.conf"
	PGPORT=$(free_port)
	export PGPORT
	as_user pg_ctl start -w -s -D "$work/data" -l "$work/server.log" \
		-o "-c unix_socket_directories=$work/tmp -c listen_addresses=127.0.0.1 -c port=$PGPORT" ||
		die "the server did not start: $(tail -n 5 "$work/server.log")"
	as_user createdb -h "$work/tmp" -U clipper clipper
	export PGUSER=clipper
	sql -c 'CREATE EXTENSION clipperf' || exit 1
	sql -f examples/clipper/schema.sql >/dev/null || die "Clipper's schema could not be loaded"
	sql -v scale="$scale" -f examples/clipper/data.sql >/dev/null || die "Clipper's data could not be loaded"
	as_user mkdir "$work/ids"
	for kind in clips users; do
		sql -c "SELECT id FROM $kind ORDER BY md5(id::text) LIMIT 300" | as_user tee "$work/ids/$kind" >/dev/null
	done
	sql -c 'SELECT username FROM users ORDER BY md5(id::text) LIMIT 300' | as_user tee "$work/ids/usernames" >/dev/null
}

# Runs the programs of one client: $1 is its name, the rest the command.
client() {
	name=$1
	shift
	as_user env PGHOST="$work/tmp" PGDATABASE=clipper CLIPPER_IDS="$work/ids" MIGRATION_FILES="$work/files" PYTHONDONTWRITEBYTECODE=1 \
		NODE_PATH="$work/node/node_modules" CLASSPATH=/usr/share/java/postgresql.jar "$@"
}
