#!/bin/sh
# A federation founded by hand, and what bad input gets: a clear sentence with
# the place and the mend, the documented exit code, and nothing changed.
set -u
build=${QML_BUILD:-build}
node=$build/qmlnode
csv=tests/data/datasets/iris.csv
work=$(mktemp -d) || exit 1
pid=
trap 'test -n "$pid" && kill "$pid" 2>/dev/null; rm -rf "$work"' EXIT INT TERM
n=0
umask 022
test -x "$node" || { echo "not ok 1 - $node is not built"; exit 1; }

result() { # STATUS NAME
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$work/log"
	fi
}

# expect NAME CODE TEXT COMMAND...: exit code and a part of what it says.
expect() {
	name=$1 code=$2 text=$3
	shift 3
	"$@" >"$work/log" 2>&1 </dev/null
	got=$?
	echo "exit $got, want $code and: $text" >>"$work/log"
	test $got -eq "$code" && grep -qF -e "$text" "$work/log"
	result $? "$name"
}

# The same, and no file of the home is another one afterwards. The lock file
# names the process that had it last.
keeps() { # HOME NAME CODE TEXT COMMAND...
	home=$1 what=$2
	shift
	(cd "$home" && find . -type f ! -name lock -exec cksum {} + | sort) \
		>"$work/before"
	expect "$@"
	(cd "$home" && find . -type f ! -name lock -exec cksum {} + | sort) \
		>"$work/after"
	cmp -s "$work/before" "$work/after"
	result $? "$what: nothing changed"
}

# The daemon goes on, says TEXT in its log, and ends well.
runs() { # NAME HOME TEXT
	"$node" run --home "$2" >"$work/log" 2>&1 </dev/null &
	pid=$!
	for i in $(seq 1800); do
		grep -qF 'ev=trainer.ready' "$work/log" && break
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	kill -TERM "$pid" 2>/dev/null
	wait "$pid"
	got=$?
	pid=
	echo "exit $got, want 0 and: $3" >>"$work/log"
	test $got -eq 0 && grep -qF -e "$3" "$work/log" &&
		grep -qF 'ev=trainer.ready' "$work/log"
	result $? "$1"
}

ports=$(cd tests/e2e && python3 -c '
from consortium import free_ports
print(*free_ports(7))')
three=$(echo "$ports" | cut -d " " -f 5-)
ports=$(echo "$ports" | cut -d " " -f 1-4)

# --- founding --------------------------------------------------------------
i=0
for port in $ports; do
	i=$((i + 1))
	"$node" init --home "$work/n$i" --name "site-$i" \
		--listen "127.0.0.1:$port" --data $csv \
		>"$work/line$i" 2>"$work/log"
	result $? "init of site-$i"
done
test "$(stat -c %a "$work/n1/node.key" "$work/n1/data.salt" | sort -u)" = 600
result $? "the secrets are for their owner alone"
test "$(cat "$work"/line? | wc -l)" = 4
result $? "init prints one line for the founder"
keeps "$work/n1" "init again" 9 "nothing was changed" \
	"$node" init --home "$work/n1"
expect "init with rows that are not there says so" 0 "none.csv: No such" \
	"$node" init --home "$work/early" --name early --data "$work/none.csv"
"$node" demo --home "$work/demo" --data "$work/none.csv" >"$work/log" 2>&1
grep -q "none.csv: No such" "$work/log" && ! grep -q Kept "$work/log"
result $? "a demo that made nothing kept nothing"
full() ( # no file may be as large as the vote log
	trap '' XFSZ
	ulimit -f 1024
	"$node" init --home "$work/full" --name full
)
expect "init without room" 74 "nothing was kept" full
test -d "$work/full" && test -z "$(ls -A "$work/full")"
result $? "init without room keeps nothing"
"$node" id --member --home "$work/n1" >"$work/log" 2>&1
cmp -s "$work/line1" "$work/log"
result $? "id --member prints the line once more"

mkdir "$work/table"
f=$work/table/federation.yaml
expect "new without ranges asks for them" 2 "--ranges-from-data" \
	"$node" federation new trial --data $csv --out "$f"
expect "new from a table" 0 "4 columns, 3 labels" "$node" federation new \
	trial --data $csv --ranges-from-data --local --rounds 3 --out "$f"
expect "new does not overwrite" 9 "nothing was changed" \
	"$node" federation new trial --out "$f"
expect "a draft has no id" 0 "a draft" "$node" federation show "$f"
cat "$work"/line[123] | "$node" federation add "$f" >"$work/log" 2>&1
result $? "add from stdin"
expect "add from words" 0 "has 4 members" \
	"$node" federation add "$f" $(cat "$work/line4")
keeps "$work/table" "the same member twice" 9 "is a member already" \
	"$node" federation add "$f" "$(cat "$work/line4")"
keeps "$work/table" "a mistyped line" 8 "a character is wrong" \
	"$node" federation add "$f" "$(tr 0 1 <"$work/line4")"
expect "show" 0 "tolerates 1 faulty member" "$node" federation show "$f"
id=$(sed -n 's/^federation  \(qf1[a-z0-9]*\).*/\1/p' "$work/log")
expect "show --json has the same id" 0 "\"id\":\"$id\"" \
	"$node" federation show "$f" --json
for i in 1 2 3 4; do
	expect "site-$i joins" 0 "$id" "$node" join "$f" --home "$work/n$i"
done
expect "joining again is fine" 0 "already in federation" \
	"$node" join "$f" --home "$work/n1"
for i in 1 2 3 4; do
	expect "check of site-$i" 0 "150 rows fit the schema" \
		"$node" check --home "$work/n$i"
done
expect "check --effective says where from" 0 "# default" \
	"$node" check --effective --home "$work/n1"
grep -q 'name  *site-1   # .*qmlnode.yaml:8$' "$work/log"
result $? "check --effective names file and line"

# --- a home and its federation ---------------------------------------------
sed 's/^name: trial/name: other/' "$f" >"$work/other.yaml"
keeps "$work/n1" "another federation" 9 "Nothing was changed" \
	"$node" join "$work/other.yaml" --home "$work/n1"
grep -q "$id" "$work/log"
result $? "another federation: both ids are shown"
"$node" init --home "$work/n5" --name site-5 >/dev/null 2>&1
keeps "$work/n5" "not a member" 5 "not a member" \
	"$node" join "$f" --home "$work/n5"
expect "no federation" 78 "no federation here" \
	"$node" check --home "$work/n5"
expect "no node" 78 "qmlnode init" "$node" check --home "$work/none"

# --- files that are not what they should be --------------------------------
bad() { # NAME CODE TEXT: check of n2 as it stands, then run
	keeps "$work/n2" "check: $1" "$2" "$3" "$node" check --home "$work/n2"
	keeps "$work/n2" "run: $1" "$2" "$3" \
		timeout 180 "$node" run --home "$work/n2"
}
cp "$work/n2/qmlnode.yaml" "$work/config"
echo 'lissten: 1' >>"$work/n2/qmlnode.yaml"
bad "unknown key" 78 'did you mean "listen"?'
grep -q 'qmlnode.yaml:[0-9]*:1: unknown key "lissten"' "$work/log"
result $? "unknown key: file, line and column"
sed 's/#threads: 1/threads: many/' "$work/config" >"$work/n2/qmlnode.yaml"
bad "wrong type" 78 "trainer.threads: want an integer, 1 to 64, got 'many'"
sed 's/#confine: true/confine: [/' "$work/config" >"$work/n2/qmlnode.yaml"
bad "broken YAML" 78 "this is not YAML"
cp "$work/config" "$work/n2/qmlnode.yaml"

cp "$work/n2/federation.yaml" "$work/good"
python3 - "$work/good" "$work/n2/federation.yaml" <<'PY'
import re, sys
text = open(sys.argv[1]).read()
member = re.search(r"  - name: site-1\n(    .*\n)+", text).group(0)
open(sys.argv[2], "w").write(text.replace("members:\n", "members:\n" + member))
PY
bad "duplicate member" 78 "members: 'site-1' has the same name as 'site-1'"
cp "$work/good" "$work/n2/federation.yaml"

chmod 644 "$work/n2/node.key"
bad "key file readable by others" 77 "chmod 600 $work/n2/node.key"
chmod 600 "$work/n2/node.key"
cp "$work/n2/votes.wal" "$work/votes"
cp "$work/n3/votes.wal" "$work/n2/votes.wal"
bad "another node's vote log" 9 "votes"
rm "$work/n2/votes.wal"
keeps "$work/n2" "check: missing vote log" 65 "begins in quarantine" \
	"$node" check --home "$work/n2"
cp -r "$work/n2" "$work/lost"
runs "run: missing vote log, of four" "$work/lost" \
	"ev=storage.quarantine file=votes-1.wal"
cp "$work/votes" "$work/n2/votes.wal"
mv "$work/n2/data.salt" "$work/salt"
bad "missing salt" 78 "data.salt"
mv "$work/salt" "$work/n2/data.salt"

# --- a shared link key ------------------------------------------------------
sed 's/^shared_key: false/shared_key: true/' "$work/good" \
	>"$work/n2/federation.yaml"
bad "no shared key" 78 "does not say psk_file"
dd if=/dev/urandom of="$work/psk" bs=32 count=1 2>/dev/null
sed "s|^#psk_file: .*|psk_file: $work/psk|" "$work/config" \
	>"$work/n2/qmlnode.yaml"
bad "shared key readable by others" 77 "$work/psk: want a file of 32 bytes"
chmod 600 "$work/psk"
keeps "$work/n2" "shared key" 0 "150 rows fit" \
	"$node" check --home "$work/n2"
cp "$work/good" "$work/n2/federation.yaml"
cp "$work/config" "$work/n2/qmlnode.yaml"

# --- rows: check says what the node would go on without ---------------------
rows() { # NAME TEXT AWK: rows.csv is iris.csv changed by AWK
	awk -F, -v OFS=, "$3" $csv >"$work/rows.csv"
	keeps "$work/n2" "rows: $1" 1 "$2" "$node" check --home "$work/n2"
}
sed "s|file: .*|file: $work/rows.csv|" "$work/config" >"$work/n2/qmlnode.yaml"
keeps "$work/n2" "rows: missing file" 1 "$work/rows.csv" \
	"$node" check --home "$work/n2"
rows "a ragged row" "row 7" 'NR == 8 {$0 = $1 "," $2} 1'
rows "NaN" "row 7" 'NR == 8 {$2 = "nan"} 1'
rows "a word" "row 7" 'NR == 8 {$2 = "tall"} 1'
rows "outside the agreed range" "sepal_width_cm" 'NR == 8 {$2 = "99"} 1'
rows "an unknown label" "row 7" 'NR == 8 {$5 = "rose"} 1'
rows "another column" "petal" 'NR == 1 {$3 = "petal"} 1'
cp "$work/config" "$work/n2/qmlnode.yaml"

# --- places that are taken --------------------------------------------------
"$node" run --home "$work/n1" >"$work/n1.log" 2>&1 &
pid=$!
for i in $(seq 1800); do
	test -S "$work/n1/qmlnode.sock" && break
	sleep 0.1
done
test -S "$work/n1/qmlnode.sock"
result $? "site-1 runs"
expect "a second daemon on one home" 75 "another qmlnode holds" \
	"$node" run --home "$work/n1"
grep -q "pid $pid" "$work/log"
result $? "a second daemon: the pid of the first is shown"
expect "check beside a daemon" 75 "another qmlnode holds" \
	"$node" check --home "$work/n1"
sed "s|^listen: .*|listen: 127.0.0.1:${ports%% *}|" "$work/config" \
	>"$work/n2/qmlnode.yaml"
expect "check: a port that is taken" 75 "127.0.0.1:${ports%% *}" \
	"$node" check --home "$work/n2"
expect "run: a port that is taken" 75 "127.0.0.1:${ports%% *}" \
	timeout 180 "$node" run --home "$work/n2"
kill -TERM "$pid"
wait "$pid"
result $? "SIGTERM: site-1 ends with 0"
pid=

# --- a chain that is not what it should be ----------------------------------
seg=$work/n1/chain/000001.seg
expect "check of a home with a chain" 0 "blocks after block 0, whole" \
	"$node" check --home "$work/n1"
cp "$work/n1/federation.yaml" "$work/joined"
cp "$work/other.yaml" "$work/n1/federation.yaml"
for command in check run; do
	keeps "$work/n1" "$command: another federation's chain" 9 "federation" \
		timeout 180 "$node" $command --home "$work/n1"
done
cp "$work/joined" "$work/n1/federation.yaml"
cp "$seg" "$work/seg"
python3 - "$seg" <<'PY'
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(200)
    byte = f.read(1)
    f.seek(200)
    f.write(bytes([byte[0] ^ 4]))
PY
keeps "$work/n1" "check: one flipped bit" 65 "000001.seg" \
	"$node" check --home "$work/n1"
runs "run: one flipped bit is cut out, of four" "$work/n1" \
	"ev=storage.chain_cut segment=000001.seg"
! grep -F 'ev=storage.chain_cut' "$work/log" | grep -q 'why="sound"'
result $? "run: and what was wrong with it is said"
find "$work/n1/chain" -name '*.damaged-*' | grep -q .
result $? "run: the damaged bytes are kept"
rm "$work/n1/chain/"*.damaged-*
cp "$work/seg" "$seg"
truncate -s 300 "$seg"
expect "check: a segment cut inside block 0" 65 "000001.seg" \
	"$node" check --home "$work/n1"
runs "run: a segment cut inside block 0, of four" "$work/n1" \
	"ev=storage.chain_cut segment=000001.seg"
expect "check: it is whole again" 0 "blocks after block 0, whole" \
	"$node" check --home "$work/n1"

# --- a federation of three: nobody to learn from -----------------------------
i=0
for port in $three; do
	i=$((i + 1))
	"$node" init --home "$work/t$i" --name "three-$i" \
		--listen "127.0.0.1:$port" --data $csv 2>"$work/log"
done >"$work/three"
"$node" federation new three --data $csv --ranges-from-data --local \
	--out "$work/three.yaml" 2>>"$work/log"
"$node" federation add "$work/three.yaml" <"$work/three" 2>>"$work/log"
expect "three found a federation" 0 "joined" \
	"$node" join "$work/three.yaml" --home "$work/t1"
rm "$work/t1/votes.wal"
for command in check run; do
	keeps "$work/t1" "$command: missing vote log, of three" 65 "votes" \
		timeout 180 "$node" $command --home "$work/t1"
done
echo "1..$n"
