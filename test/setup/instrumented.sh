# shellcheck shell=sh
# Shell functions of the scripts that test clipperf on a PostgreSQL which they build themselves, with checks in it:
# test/asserts, test/sanitizers. To be sourced after test/setup/lib.sh and test/setup/sources.sh, and called after
# make_work_dir:
#   instrumented_postgres KIND FLAGS OPTION...   sets pg_config and sources, exports PG_CONFIG
#   run_part NAME COMMAND...                     runs a suite and adds its counts to passed and failed
#   end_of_parts                                 prints what failed, and the counts as the last line
#
# The builds are kept in $cache, so that only the first run takes long.

# Makes the directory of the builds, and refuses one that belongs to somebody else: programs of it are run.
make_cache() {
	mkdir -p "$cache" || die "cannot make $cache"
	[ -n "$(find "$cache" -maxdepth 0 -user "$(id -un)")" ] || die "$cache belongs to somebody else; say --cache=DIR"
}

# What every build is configured with: the libraries of the server that tests need, and no others.
build_options='--enable-debug --enable-tap-tests --without-readline --without-zlib --with-icu'

# Installs what configuring a build needs.
require_build_packages() {
	if ! command -v pkg-config >/dev/null || ! pkg-config --exists icu-uc icu-i18n; then
		command -v apt-get >/dev/null || die "the headers of ICU and pkg-config are needed"
		apt_install libicu-dev pkg-config
	fi
}

# Configures, builds and installs the tree $sources into $1 with the C flags $2; the rest goes to configure.
build_sources() {
	prefix=$1
	flags=$2
	shift 2
	(
		cd "$sources" || exit 1
		# The sources of 17 and later hold no output of these two.
		[ -e src/backend/parser/gram.c ] || { command -v bison && command -v flex; } || apt_install bison flex
		# shellcheck disable=SC2086 # several words
		./configure --prefix="$prefix" $build_options CFLAGS="$flags" "$@" &&
			make -s -j"$(jobs_at_once)" && make -s install &&
			for module in spi citext pg_trgm pg_stat_statements postgres_fdw; do
				make -s -C "contrib/$module" install || exit 1
			done
	) >"$work/postgres.log" 2>&1
}

# Sets pg_config to a PostgreSQL of the chosen one's major version that was built with the C flags $2 and the options
# of configure after these, and sources to its source tree. $1 names the kind of build in $cache.
instrumented_postgres() {
	kind=$1
	shift
	make_cache
	built=$cache/$kind-$(major_of "$pg_config")
	# Two runs at once build it once; nothing that is started later may keep the lock.
	exec 9>"$built.lock"
	! command -v flock >/dev/null || flock 9
	# A build with other options is made again.
	configured="$build_options $*"
	if [ "$(cat "$built/complete" 2>/dev/null)" != "$configured" ]; then
		require_build_packages
		rm -rf "$built"
		if [ -n "${sources:-}" ]; then
			mkdir -p "$built/source"
			cp -Rp "$sources/." "$built/source/" || die "cannot copy $sources"
			[ ! -e "$built/source/GNUmakefile" ] || make -s -C "$built/source" distclean
		else
			fetch_sources "$(major_of "$pg_config")" "$built/source"
		fi
		sources=$built/source
		say "building PostgreSQL ($kind) in $built, which is kept"
		build_sources "$built/install" "$@" || {
			tail -n 40 "$work/postgres.log" >&2
			die "PostgreSQL could not be built"
		}
		printf '%s\n' "$configured" >"$built/complete"
	fi
	exec 9>&-
	sources=$built/source
	pg_config=$built/install/bin/pg_config
	PG_CONFIG=$pg_config
	export PG_CONFIG
	say "$("$pg_config" --version), $kind, of $built"
}

passed=0
failed=0
failed_parts=

# Runs the suite $1, which is the command that follows, and adds what its last line counts. One that counts in another
# way, or that ended before it could, is one test.
run_part() {
	part=$1
	shift
	say "$part: $*"
	{
		"$@" 2>&1
		echo $? >"$work/part.status"
	} | tee "$work/part.log"
	result=$(sed -n -E 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$work/part.log" | tail -n 1)
	if [ "$(cat "$work/part.status")" -ne 0 ]; then
		failed_parts="$failed_parts $part,"
		[ -n "$result" ] || result='0 1'
	fi
	result=${result:-1 0}
	passed=$((passed + ${result% *}))
	failed=$((failed + ${result#* }))
}

# The end of a run of several parts; fails when one of them did.
end_of_parts() {
	[ -z "$failed_parts" ] || say "failed:${failed_parts%,}"
	echo "$passed passed, $failed failed"
	[ -z "$failed_parts" ]
}
