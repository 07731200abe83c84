#!/bin/sh
# libqmlsim as another program sees it: installed into an empty folder, the
# examples are compiled with nothing but pkg-config's words, and run.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export PKG_CONFIG_PATH=$tmp/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$tmp
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
n=0
failed=0

say() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		failed=1
		echo "not ok $n - $2"
		sed 's/^/# /' "$tmp/log"
	fi
}

make -s -C "$root" B="${QML_BUILD:-$root/build}" PREFIX=/usr DESTDIR="$tmp" \
	install-library >"$tmp/log" 2>&1
say $? "install-library"

nm -g --defined-only "$tmp/usr/lib/libqmlsim.a" | awk '
	NF == 3 && $3 !~ /^qmlsim_/ { print "not ours to export: " $3; bad = 1 }
	NF == 3 { seen++ }
	END { exit bad || seen < 10 }' >"$tmp/log"
say $? "only public names are exported"

if nm "$tmp/usr/lib/libqmlsim.a" 2>/dev/null |
	grep -q ' U __\(asan\|tsan\|gcov\)'; then
	echo "ok $((n + 1)) - examples # SKIP built for a sanitizer"
	echo "1..$((n + 1))"
	exit $failed
fi
for src in "$root"/tests/examples/*.c; do
	name=$(basename "$src" .c)
	{
		${CC:-cc} -std=c11 -Wall -Wextra -Werror -o "$tmp/$name" "$src" \
			$(pkg-config --cflags --libs qmlsim) &&
			"$tmp/$name"
	} >"$tmp/log" 2>&1
	say $? "example $name: $(tail -n 1 "$tmp/log")"
done
echo "1..$n"
exit $failed
