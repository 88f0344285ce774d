# shellcheck shell=sh
# Shell functions of the scripts that work in a chroot of a Debian release: test/majors, test/redmine/run. To be sourced
# after test/setup/lib.sh; $mirror may name a mirror of Debian.

# Runs a command in the chroot $1, with /proc and a /dev/shm of its own that vanish with it.
in_root() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount sh -c 'mount -t proc proc "$0/proc" && mount -t tmpfs tmpfs "$0/dev/shm" && exec chroot "$0" "$@"' \
		"$@" </dev/null
}

# The mirror that this machine takes Debian's packages from.
find_mirror() {
	# shellcheck disable=SC2016 # apt's own variable
	[ -n "$mirror" ] || mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' \
		'Component: main' | head -n 1)
	[ -n "$mirror" ] || die "apt's configuration names no mirror of Debian; say --mirror=URL"
}

# Makes the bare system of $1, a release, in $2, with this machine's ways to reach the archive.
make_root() {
	find_mirror
	command -v debootstrap >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq debootstrap </dev/null ||
		die "debootstrap is needed"
	script=/usr/share/debootstrap/scripts/$1
	[ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
	debootstrap --variant=minbase --include=ca-certificates "$1" "$2" "$mirror" "$script" || return 1
	apt-config dump | grep -E '^Acquire::(Check|[a-z]+::Proxy)' >"$2/etc/apt/apt.conf.d/99host"
	mkdir -p "$2/etc/postgresql-common" "$2/dev/shm"
	echo 'create_main_cluster = false' >"$2/etc/postgresql-common/createcluster.conf"
}
