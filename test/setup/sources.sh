# shellcheck shell=sh
# Shell functions that fetch the server's source package: for test/core-regress, test/asserts, test/sanitizers. To be
# sourced after test/setup/lib.sh, and called after make_work_dir:
#   fetch_sources MAJOR DIRECTORY

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
