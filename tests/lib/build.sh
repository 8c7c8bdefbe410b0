# Sourced by ./demo and ./check: packages, a temporary directory, builds.
# Expects $top (the source tree) and $program (for messages).
# shellcheck shell=bash disable=SC2154

say()
{
	printf '%s\n' "$*"
}

die()
{
	printf '%s: %s\n' "$program" "$*" >&2
	exit 1
}

# Names of the packages of these kinds that dpkg does not have, on one line.
missing_packages()
{
	local kind name kinds=" $* "
	command -v dpkg-query >/dev/null || return 0
	while read -r kind name; do
		[[ $kinds == *" $kind "* ]] || continue
		[[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] ||
		    printf '%s ' "$name"
	done < <(grep -v '^#' "$top/tests/packages")
}

# A package that brings a daemon would start it: nobody asked for that.
apt_install()
{
	local policy=/usr/sbin/policy-rc.d made="" status=0
	if [[ ! -e $policy ]]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && made=1
	fi
	{ DEBIAN_FRONTEND=noninteractive apt-get update &&
	    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } >&2 || status=1
	[[ -z $made ]] || rm -f "$policy"
	return $status
}

# Installs what these kinds lack (root), or says how to.
need_packages()
{
	local missing
	missing=$(missing_packages "$@")
	[[ -n $missing ]] || return 0
	if [[ $(id -u) -eq 0 ]]; then
		say "installing: $missing"
		# shellcheck disable=SC2086
		apt_install $missing || die "apt-get failed: the packages above are needed"
	else
		die "needs packages; as root: apt-get install --no-install-recommends $missing"
	fi
}

# Prints a new directory that other users can enter: the agents' jailed
# processes have users of their own.
make_work()
{
	local dir
	dir=$(umask 022 && mktemp -d "${TMPDIR:-/tmp}/amiral-$1.XXXXXX") || exit 1
	chmod 755 "$dir"
	printf '%s\n' "$dir"
}

# build NAME CC [MESON OPTION...]: into $work/NAME, installed into
# $work/NAME/prefix by install_build. Output to $work/NAME.log.
build()
{
	local name=$1 compiler=$2
	shift 2
	(
		umask 022
		CC=$compiler meson setup --prefix="$work/$name/prefix" \
		    "$@" "$work/$name" "$top" &&
		    meson compile -C "$work/$name"
	) >"$work/$name.log" 2>&1
}

install_build()
{
	(umask 022 && meson install -C "$work/$1" --no-rebuild) >>"$work/$1.log" 2>&1
}
