#!/bin/sh
# One job, one member, one table: the same int64 payloads with any number of
# threads, without the vector loops, and from a build by the other compiler.
set -u
build=${QML_BUILD:-build}
data=tests/data
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT INT TERM
n=0

result() { # STATUS NAME
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
	fi
}

payloads() { # PROGRAM SET OPTIONS...: a payload hash per round
	program=$1 set=$2
	shift 2
	"$program" train --federation $data/trainer/"$set".yaml \
		--data $data/datasets/"$set".csv --rounds 5 --json "$@" |
		sed 's/.*"payload":"\([0-9a-f]*\)".*/\1/'
}

same() { # NAME PROGRAM SET OPTIONS...
	name=$1
	shift
	payloads "$@" >"$work/got"
	cmp -s "$work/$2.want" "$work/got"
	result $? "$2: $name"
}

for set in iris digits; do
	payloads "$build/qmltrain" $set >"$work/$set.want"
	test "$(grep -cE '^[0-9a-f]{64}$' "$work/$set.want")" = 5 &&
		test "$(sort -u "$work/$set.want" | wc -l)" = 5
	result $? "$set: five rounds give five payloads"
	for threads in 2 3 7; do
		same "$threads threads" "$build/qmltrain" $set \
			--threads $threads
	done
	same "portable loops" "$build/qmltrain" $set --plain
	same "portable loops, 3 threads" "$build/qmltrain" $set --plain \
		--threads 3
	# The check can fail: another member draws other batches.
	payloads "$build/qmltrain" $set --member 1 >"$work/other"
	! cmp -s "$work/$set.want" "$work/other"
	result $? "$set: another member, other payloads"
done

# gcc and clang differ in how they order and contract what they may. The one
# that did not make the program under test makes another.
cc=clang
if readelf -p .comment "$build/qmltrain" | grep -q clang; then
	cc=gcc
fi
# scripts/check has built it already.
other=$work/$cc
if [ $cc = clang ] && [ -x "$build/clang/qmltrain" ]; then
	other=$build/clang
fi
if ! command -v $cc >/dev/null; then
	n=$((n + 1))
	echo "ok $n - built by $cc # SKIP $cc is not installed"
elif ! env -u MAKEFLAGS -u MAKELEVEL make -j2 B="$other" CC=$cc \
	"$other/qmltrain" >"$work/log" 2>&1; then
	tail -20 "$work/log" | sed 's/^/# /'
	result 1 "$cc builds qmltrain"
else
	for set in iris digits; do
		same "built by $cc" "$other/qmltrain" $set
		same "built by $cc, portable loops" "$other/qmltrain" $set \
			--plain
	done
fi
echo "1..$n"
