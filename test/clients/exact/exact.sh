# shellcheck shell=sh disable=SC2154 # test/clients/run sets work and only
# Do requests and statements equal what clients count themselves? To be sourced by test/clients/run.
#
# Each driver makes requests in four ways: transactions, and traces in comments, in clipperf.trace and in application_name;
# on two connections, then over pgbouncer in transaction mode, where four clients share two. It prints what it has counted
# of each, which clipperf_routes must equal.

# Prints the Debian packages that the drivers lack.
missing_drivers() {
	/usr/bin/python3 -c 'import psycopg' 2>/dev/null || echo python3-psycopg
	[ -x /usr/sbin/pgbouncer ] || echo pgbouncer
	command -v go >/dev/null || echo golang-go
	[ -d /usr/share/gocode/src/github.com/jackc/pgx/v4 ] || echo golang-github-jackc-pgx-v4-dev
}

# Starts pgbouncer in front of the server; its port is POOL_PORT.
start_pool() {
	POOL_PORT=$(free_port)
	cat >"$work/pgbouncer.ini" <<-END
	[databases]
	clipper = host=127.0.0.1 port=$PGPORT user=clipper
	[pgbouncer]
	listen_addr = 127.0.0.1
	listen_port = $POOL_PORT
	unix_socket_dir =
	auth_type = any
	pool_mode = transaction
	default_pool_size = 2
	ignore_startup_parameters = extra_float_digits
	pidfile = $work/tmp/pgbouncer.pid
	logfile = $work/tmp/pgbouncer.log
	END
	chmod a+r "$work/pgbouncer.ini"
	as_user /usr/sbin/pgbouncer -d -q "$work/pgbouncer.ini" || die "pgbouncer did not start"
}

stop_pool() {
	kill "$(cat "$work/tmp/pgbouncer.pid")"
}

# Builds pgx's driver from Debian's sources.
build_pgx_driver() {
	env GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$work/gocache" GOFLAGS= \
		go build -o "$work/pgx_driver" test/clients/exact/pgx_driver.go || die "pgx's driver could not be built"
}

# Runs a driver, and compares: $1 is its name, $2 is "direct" or "pool", the rest the command. Adds a line to $work/exact.
run_driver() {
	driver=$1
	way=$2
	shift 2
	case "exact $driver $way" in
		*"$only"*) ;;
		*) return ;;
	esac
	sql -c 'SELECT clipperf_reset()' >/dev/null
	port=$PGPORT
	[ "$way" = direct ] || port=$POOL_PORT
	as_user env PGHOST=127.0.0.1 PGPORT="$port" PGDATABASE=clipper POOL="$([ "$way" = direct ] && echo 0 || echo 1)" \
		PYTHONDONTWRITEBYTECODE=1 NODE_PATH="$work/node/node_modules" CLASSPATH=/usr/share/java/postgresql.jar "$@" \
		>"$work/counted" 2>"$work/driver.log" </dev/null || tail -n 5 "$work/driver.log" >&2
	# A trace counts as ended when its client has paused for clipperf.request_idle.
	sleep 1
	sql -F ' ' -c "SELECT route, requests, statements FROM clipperf_routes WHERE route LIKE '/exact/%' ORDER BY route COLLATE \"C\"" \
		</dev/null >"$work/measured"
	verdict=exact
	[ -s "$work/counted" ] && cmp -s "$work/counted" "$work/measured" || verdict='<- wrong'
	echo "$driver $way $verdict" >>"$work/exact"
	printf '%-13s %-8s %5s requests %6s statements  %s\n' "$driver" "$way" \
		"$(awk '{ n += $2 } END { print n + 0 }' "$work/counted")" "$(awk '{ n += $3 } END { print n + 0 }' "$work/counted")" "$verdict"
	[ "$verdict" = exact ] || diff "$work/counted" "$work/measured"
}

# Runs all drivers.
run_drivers() {
	: >"$work/exact"
	start_pool
	build_pgx_driver
	for way in direct pool; do
		run_driver Django "$way" /usr/bin/python3 test/clients/exact/django_driver.py
		run_driver ActiveRecord "$way" /usr/bin/ruby test/clients/exact/rails_driver.rb
		run_driver node-postgres "$way" node test/clients/exact/node_driver.js
		run_driver psycopg "$way" /usr/bin/python3 test/clients/exact/psycopg_driver.py
		run_driver pgjdbc "$way" java test/clients/exact/JdbcDriver.java
		run_driver pgx "$way" "$work/pgx_driver"
	done
	stop_pool
}
