#!/bin/bash
# tests/run must count what fails, however it fails; the rest of the tests
# are worth no more than this one.
set -u
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0

program()
{
	printf '#!/bin/bash\n%s\n' "$2" >"$dir/$1"
	chmod +x "$dir/$1"
}

# expect NAME LAST_LINE STATUS ARGUMENTS...
expect()
{
	local name=$1 last=$2 status=$3 got rc
	shift 3
	n=$((n + 1))
	got=$(tests/run "$@" 2>&1)
	rc=$?
	if [ "$(tail -n 1 <<<"$got")" = "$last" ] && [ $rc -eq "$status" ]; then
		echo "ok $n - $name"
	else
		sed 's/^/# /' <<<"$got"
		echo "# exit status $rc, wanted '$last' and $status"
		echo "not ok $n - $name"
	fi
}

program good 'echo "1..2"; echo "ok 1 - a"; echo "ok 2 - b"'
program bad 'echo "ok 1 - a"; echo "not ok 2 - b"; exit 1'
program skip 'echo "ok 1 - a"; echo "ok 2 - b # SKIP no data"'
program cskip 'echo "not ok 1 # SKIP a"; echo "ok 2 - b"'
program cmocka 'echo "[       OK ] a"; echo "[  FAILED  ] b"; exit 1'
program crash 'echo "ok 1 - a"; kill -SEGV $$'
program silent 'true'
program status 'echo "ok 1 - a"; exit 3'
program short 'echo "1..3"; echo "ok 1 - a"'
program hang 'echo "ok 1 - a"; sleep 60 & wait'

expect "passes are counted" "2 passed, 0 failed" 0 "$dir/good"
expect "a failure is counted" "1 passed, 1 failed" 1 "$dir/bad"
expect "a skip is counted" "1 passed, 0 failed, 1 skipped" 0 "$dir/skip"
expect "cmocka's skip is one" "1 passed, 0 failed, 1 skipped" 0 "$dir/cskip"
expect "cmocka's own output" "1 passed, 1 failed" 1 "$dir/cmocka"
expect "a crash fails" "1 passed, 1 failed" 1 "$dir/crash"
expect "silence fails" "0 passed, 1 failed" 1 "$dir/silent"
expect "an exit status fails" "1 passed, 1 failed" 1 "$dir/status"
expect "a broken plan fails" "1 passed, 1 failed" 1 "$dir/short"
expect "a timeout fails" "1 passed, 1 failed" 1 --timeout 5 "$dir/hang"
expect "a missing program fails" "0 passed, 1 failed" 1 "$dir/none"
expect "nothing at all fails" "0 passed, 0 failed" 1
expect "serial ones count too" "3 passed, 1 failed" 1 "$dir/good" \
    --serial "$dir/bad"
echo "1..$n"
