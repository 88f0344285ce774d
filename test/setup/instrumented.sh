# shellcheck shell=sh
# Shell functions of the scripts that test clipperf on a PostgreSQL which they build themselves, with checks in it:
# test/asserts, test/sanitizers. To be sourced after test/setup/lib.sh, and called after make_work_dir:
#   instrumented_postgres KIND FLAGS OPTION...   sets pg_config and sources
#
# The builds are kept in $cache, so that only the first run takes long.

# Copies apt's sources to $work/apt with source packages switched on, so that the system's own stay as they are.
private_apt_sources() {
	mkdir -p "$work/apt/sources.list.d" "$work/apt/lists/partial"
	if [ -s /etc/apt/sources.list ]; then
		sed -n -E 's/^deb(-src)?[[:space:]]/deb-src /p' /etc/apt/sources.list | sort -u >"$work/apt/sources.list"
	fi
	for list in /etc/apt/sources.list.d/*.list; do
		[ ! -e "$list" ] ||
			sed -n -E 's/^deb(-src)?[[:space:]]/deb-src /p' "$list" | sort -u >"$work/apt/sources.list.d/${list##*/}"
	done
	for list in /etc/apt/sources.list.d/*.sources; do
		[ ! -e "$list" ] ||
			sed -E 's/^Types:.*/Types: deb-src/' "$list" >"$work/apt/sources.list.d/${list##*/}"
	done
}

# Runs apt-get or apt-cache, the first argument, with the private sources.
private_apt() {
	program=$1
	shift
	(cd "$work/apt" && "$program" -qq -o Dir::Etc::SourceList="$work/apt/sources.list" \
		-o Dir::Etc::SourceParts="$work/apt/sources.list.d" -o Dir::State::Lists="$work/apt/lists" \
		-o APT::Sandbox::User=root "$@" </dev/null)
}

# Downloads the source package $1: the installed version where the archive still has it, else the newest that it has.
download_sources() {
	for version in $(dpkg-query -W -f '${Version}' "$1" 2>/dev/null) \
		$(private_apt apt-cache showsrc --only-source "$1" | sed -n 's/^Version: //p' | sort -urV); do
		private_apt apt-get --download-only --only-source source "$1=$version" >"$work/apt/log" 2>&1 && return 0
	done
	cat "$work/apt/log" >&2
	return 1
}

# Fetches the source package of PostgreSQL $1, a major version, and unpacks it into the directory $2.
fetch_sources() {
	command -v apt-get >/dev/null || die "without apt-get, name an unpacked source tree by --sources=DIR"
	package=postgresql-$1
	say "fetching the sources of $package"
	private_apt_sources
	private_apt apt-get update || say "apt-get update had errors, going on with what it got"
	download_sources "$package" || die "apt-get found no source package of $package; name an unpacked tree by --sources=DIR"
	say "got version $version"
	mkdir -p "$2"
	tar -xf "$work"/apt/*.orig.tar.* -C "$2" --strip-components=1 || die "cannot unpack the sources"
}

# Makes the directory of the builds, and refuses one that belongs to somebody else: programs of it are run.
make_cache() {
	mkdir -p "$cache" || die "cannot make $cache"
	[ -n "$(find "$cache" -maxdepth 0 -user "$(id -un)")" ] || die "$cache belongs to somebody else; say --cache=DIR"
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
		./configure --prefix="$prefix" --enable-debug --enable-tap-tests --without-readline --without-zlib --without-icu \
			CFLAGS="$flags" "$@" &&
			make -s -j"$(jobs_at_once)" && make -s install &&
			for module in spi pg_trgm pg_stat_statements; do
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
	exec 9>"$cache/lock"
	! command -v flock >/dev/null || flock 9
	if [ ! -e "$built/complete" ]; then
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
		touch "$built/complete"
	fi
	exec 9>&-
	sources=$built/source
	pg_config=$built/install/bin/pg_config
	say "$("$pg_config" --version), $kind, of $built"
}
