# shellcheck shell=sh
# Shell functions shared by the scripts that bring their own PostgreSQL: test/run, examples/clipper/demo.
#
# Such a script sources this file from the top of the source tree and calls, in this order:
#   require_packages      installs what is missing and sets pg_config
#   make_work_dir NAME    makes $work, a directory of an unprivileged account, removed when the script ends
#   private_postgres      copies the tree and PostgreSQL into $work, builds clipperf and installs it there
# After that as_user runs commands as that account with the private PostgreSQL first in PATH. Nothing of
# clipperf is ever installed into the system, and no existing cluster is touched.

supported_majors="19 18 17 16 15"
# The work directory holds the socket, and the name of a socket has less than 108 characters.
longest_work_dir=70

say() {
	printf '== %s\n' "$*"
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

is_root() {
	[ "$(id -u)" -eq 0 ]
}

# Runs a command as root: directly, or by sudo.
as_root() {
	if is_root; then
		"$@"
	else
		sudo "$@"
	fi
}

# The lists of a third-party archive may be broken without harm to us.
apt_update() {
	say "apt-get update"
	as_root apt-get update -qq </dev/null || say "apt-get update had errors, going on with the lists that are there"
}

apt_get_install() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" </dev/null
}

# Installs packages. The lists may be older than the archive: a second try follows after an update.
apt_install() {
	say "apt-get install $*"
	apt_get_install "$@" && return 0
	apt_update
	apt_get_install "$@" || die "apt-get could not install: $*"
}

# The caller's connection settings and make's flags must not reach our own servers and builds.
clean_environment() {
	for name in $(env | sed -n 's/^\(PG[A-Z_]*\)=.*/\1/p'); do
		[ "$name" = PG_CONFIG ] || unset "$name"
	done
	unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
	LC_ALL=C
	export LC_ALL
	umask 022
}

# Succeeds when $1 is the pg_config of a supported server together with its development files. Debian's
# libpq-dev ships a pg_config too, which knows neither, and its client package ships pgxs without the headers.
is_complete() {
	[ -n "$1" ] && pgxs=$("$1" --pgxs 2>/dev/null) && [ -f "$pgxs" ] &&
		[ -f "$("$1" --includedir-server)/postgres.h" ] &&
		[ -x "$("$1" --bindir)/postgres" ] && [ -x "$("$1" --bindir)/initdb" ] &&
		case " $supported_majors " in
			*" $(major_of "$1") "*) true ;;
			*) false ;;
		esac
}

# The major version of the PostgreSQL that the pg_config $1 belongs to.
major_of() {
	"$1" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/'
}

# Sets pg_config to a complete installation: the one the caller names, else the one in PATH, else the newest
# of Debian's. Fails when there is none.
find_postgres() {
	pg_config=$(command -v "${PG_CONFIG:-pg_config}") && is_complete "$pg_config" && return 0
	[ -z "${PG_CONFIG:-}" ] || return 1
	for major in $supported_majors; do
		pg_config=/usr/lib/postgresql/$major/bin/pg_config
		is_complete "$pg_config" && return 0
	done
	return 1
}

# Runs test/setup/packages when anything that a build and a test run need is missing.
require_packages() {
	clean_environment
	find_postgres && test/setup/packages --check >/dev/null && return 0
	test/setup/packages --install || exit 1
	find_postgres || die "no PostgreSQL 15 to 19 with server and development files was found after the installation"
}

# Makes $work and arranges for its removal. $1 goes into the name. Run as root, it steps down: $work_user, the
# owner of $work, is Debian's postgres where that exists, else nobody.
make_work_dir() {
	work=$(mktemp -d "${TMPDIR:-/tmp}/clipperf-$1.XXXXXX") || exit 1
	if [ "${#work}" -gt "$longest_work_dir" ]; then
		rmdir "$work"
		work=$(mktemp -d "/tmp/clipperf-$1.XXXXXX") || exit 1
	fi
	trap 'end_of_work' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	work_user=
	if is_root; then
		work_user=postgres
		id "$work_user" >/dev/null 2>&1 || work_user=nobody
		command -v runuser >/dev/null || die "runuser (util-linux) is needed to step down from root"
		chown "$work_user" "$work"
	fi
	mkdir "$work/tmp" && chmod 1777 "$work/tmp"
}

# Runs a command in the copied tree as the owner of $work, with the private PostgreSQL first in PATH.
as_user() {
	set -- env HOME="$work" TMPDIR="$work/tmp" PATH="$work$bindir:$PATH" "$@"
	if [ -n "$work_user" ]; then
		set -- runuser -u "$work_user" -- "$@"
	fi
	(cd "$work/src" && exec "$@")
}

# Stops every server whose data directory lies in $work. A server that was asked to stop already is no error.
stop_servers() {
	find "$work" -name postmaster.pid 2>/dev/null | while read -r pid_file; do
		as_user pg_ctl stop -s -m immediate -D "${pid_file%/postmaster.pid}" >/dev/null 2>&1 || :
	done
}

# Trap on exit: removes what make_work_dir made, unless the script set keep_work.
end_of_work() {
	status=$?
	trap - EXIT INT TERM HUP
	if [ -z "${keep_work:-}" ]; then
		[ -z "${bindir:-}" ] || stop_servers
		rm -rf "$work"
	fi
	exit "$status"
}

# Copies the programs, libraries and shared files of the chosen PostgreSQL into $work in their own layout: the
# server finds its files relative to its program, so that the copy is complete and can be installed into.
# Headers and link libraries are only linked to.
copy_postgres() {
	bindir=$("$pg_config" --bindir)
	mkdir -p "$work$bindir"
	for program in initdb pg_basebackup pg_config pg_controldata pg_ctl pg_dump pg_isready pg_restore pgbench \
		postgres psql createdb createuser dropdb dropuser vacuumdb pg_amcheck pg_checksums pg_resetwal pg_rewind \
		pg_verifybackup pg_waldump; do
		[ ! -x "$bindir/$program" ] || cp -L "$bindir/$program" "$work$bindir/"
	done
	for directory in $("$pg_config" --pkglibdir) $("$pg_config" --sharedir); do
		mkdir -p "$work$directory"
		cp -R "$directory/." "$work$directory/"
	done
	for directory in $("$pg_config" --includedir) $("$pg_config" --pkgincludedir) \
		$("$pg_config" --includedir-server); do
		# A missing one must not be linked to from within a link to its parent: that would write into the system.
		if [ -e "$directory" ] && [ ! -e "$work$directory" ]; then
			mkdir -p "$work${directory%/*}"
			ln -s "$directory" "$work$directory"
		fi
	done
	libdir=$("$pg_config" --libdir)
	mkdir -p "$work$libdir"
	for library in "$libdir"/libpq.* "$libdir"/libpg*.a; do
		[ ! -e "$library" ] || [ -e "$work$library" ] || ln -s "$library" "$work$library"
	done
}

# Copies the source tree to $work/src, without history and without what a build or a test run left in it.
copy_tree() {
	mkdir "$work/src"
	tar -cf - --exclude=./.git --exclude='*.o' --exclude='*.bc' --exclude='*.so' --exclude='./tmp_check*' \
		--exclude=./results --exclude=./examples/clipper/load/clipload . | tar -xf - -C "$work/src"
}

# Makes the private PostgreSQL with clipperf in it. Fails when the build does, after showing the end of its log,
# $work/build.log. Arguments go to make.
# shellcheck disable=SC2120 # not every caller has arguments for make
private_postgres() {
	say "building clipperf for $("$pg_config" --version) in $work"
	copy_postgres
	copy_tree
	[ -z "$work_user" ] || chown -R "$work_user" "$work"
	if ! as_user make -j"$(jobs_at_once)" "$@" PG_CONFIG="$work$bindir/pg_config" with_llvm=no all install \
		>"$work/build.log" 2>&1; then
		tail -n 40 "$work/build.log" >&2
		return 1
	fi
}

# How many processes a build or a test run may use at once.
jobs_at_once() {
	getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2
}

# A TCP port of this machine that nobody listens at.
free_port() {
	/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
