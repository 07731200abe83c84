#!/bin/sh
# The one list of Debian 12 packages that qmlnode is built, run and tested
# with. Installs what is missing, as root or through sudo; quiet when nothing
# is. `scripts/install-deps.sh --list` prints the list.
set -eu

packages="
build-essential
pkg-config
protobuf-c-compiler
libprotobuf-c-dev
libuv1-dev
libnng-dev
libsodium-dev
libsqlite3-dev
libyaml-dev
libjansson-dev
zlib1g-dev
libopenblas-dev
liblapacke-dev
libsvm-dev
libcmocka-dev
clang
clang-format-14
clang-tidy-14
libclang-rt-14-dev
python3
"

if [ "${1:-}" = --list ]; then
	printf '%s\n' $packages
	exit 0
fi

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	echo "install-deps: this machine has no apt; on Debian 12 the packages" \
	    "would be:" $packages >&2
	echo "install-deps: install their counterparts, then run: make" >&2
	exit 1
fi

missing=
for p in $packages; do
	state=$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null || :)
	[ "$state" = installed ] || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

echo "These Debian packages are missing and will be installed:"
printf '  %s\n' $missing

as_root=
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "install-deps: not root and no sudo; as root run:" >&2
		echo "  apt-get install --no-install-recommends$missing" >&2
		exit 1
	fi
	as_root=sudo
fi

install_missing()
{
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
	    -o DPkg::Lock::Timeout=120 --no-install-recommends $missing
}

# The package lists may be absent or too old to name what the mirror still
# has; a dry run tells before anything is changed.
if ! apt-get install -s -q --no-install-recommends $missing \
    >/dev/null 2>&1 || ! [ -n "$(ls /var/lib/apt/lists 2>/dev/null)" ]; then
	$as_root apt-get update -q -o DPkg::Lock::Timeout=120
fi
if ! install_missing; then
	echo "install-deps: trying once more with fresh package lists"
	$as_root apt-get update -q -o DPkg::Lock::Timeout=120
	install_missing
fi
