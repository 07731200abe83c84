#!/bin/sh
# qmlsim run --noise and qmlsim counts on the command line.
set -u
sim=${QML_BUILD:-build}/qmlsim
data=tests/data/channels
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT INT TERM
n=0
test -x "$sim" || { echo "not ok 1 - $sim is not built"; exit 1; }

# expect NAME CODE TEXT COMMAND...: exit code and a part of what it says.
expect() {
	name=$1 code=$2 text=$3
	shift 3
	"$@" >"$work/log" 2>&1 </dev/null
	got=$?
	n=$((n + 1))
	if [ $got -eq "$code" ] && grep -qF -e "$text" "$work/log"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		echo "# exit $got, want $code and: $text"
		sed 's/^/# /' "$work/log"
	fi
}

cat >"$work/bell.qasm" <<'EOF'
OPENQASM 2.0;
include "qelib1.inc";
qreg q[2];
creg c[2];
h q[0];
cx q[0],q[1];
measure q -> c;
EOF
cat >"$work/flip.yaml" <<'EOF'
gates:
  - gate: cx
    channels:
      - {bit_flip: 0.25, on: 1}
readout:
  - {p1_given_0: 0.1, p0_given_1: 0.1}
EOF
# By hand: <ZZ> = (1 - 2 / 4) 0.8^2, probabilities without the reading.
expect "exact values" 0 '"expval":[0.32]' \
	"$sim" run "$work/bell.qasm" --noise "$work/flip.yaml" \
	--expval "Z0 Z1" --json
expect "probabilities" 0 '["00",0.375],["11",0.375],["01",0.125]' \
	"$sim" run "$work/bell.qasm" --noise "$work/flip.yaml" --json
"$sim" run "$work/bell.qasm" --noise "$work/flip.yaml" --shots 100 --seed 7 \
	--json >"$work/first"
expect "the same seed, the same counts" 0 "$(sed 's/.*"counts"//' \
	"$work/first")" "$sim" run "$work/bell.qasm" --noise \
	"$work/flip.yaml" --shots 100 --seed 7 --threads 2 --json
expect "a calibration" 0 '"runs":0' \
	"$sim" run "$work/bell.qasm" --noise "$data/backend.json" --json
echo 'gates: [{gate: cx, channels: [{bit_flop: 1}]}]' >"$work/bad.yaml"
expect "a wrong key has a place" 1 "bad.yaml:1:31: channels: want one of" \
	"$sim" run "$work/bell.qasm" --noise "$work/bad.yaml"
expect "no file" 1 "No such file" \
	"$sim" run "$work/bell.qasm" --noise "$work/none"

cat >"$work/ry.qasm" <<'EOF'
OPENQASM 3.0;
include "stdgates.inc";
input float a;
qubit[2] q;
ry(a) q[0];
EOF
# 0.8 times -sin(a), for a = 1/2.
expect "a gradient of what is read" 0 "a  -0.38354043088336" \
	"$sim" grad "$work/ry.qasm" --set a=0.5 --expval Z0 --method shift \
	--noise "$work/flip.yaml"
expect "no adjoint of noise" 2 "--noise wants --method shift" \
	"$sim" grad "$work/ry.qasm" --set a=0.5 --expval Z0 \
	--noise "$work/flip.yaml"

printf 'OPENQASM 2.0; include "qelib1.inc"; qreg q[18]; h q[0];' \
	>"$work/wide.qasm"
expect "no probabilities of drawn runs" 1 "--shots N counts" \
	"$sim" run "$work/wide.qasm" --noise "$work/flip.yaml"

echo '{"00": 3, "01": 1, "10": 4}' >"$work/z.json"
echo '{"counts": {"00": 6, "11": 2}}' >"$work/x.json"
expect "counts in one basis" 0 "<Z0>  0.75 +- 0.25" \
	"$sim" counts "$work/z.json" --expval Z0
expect "counts in two" 0 '"expval":[0.75]' \
	"$sim" counts "$work/z.json" XX="$work/x.json" \
	--expval "Z0 Z1 + X0 X1" --json
expect "errors of reading undone" 0 '"expval":[0.9375]' \
	"$sim" counts "$work/z.json" --expval Z0 --noise "$work/flip.yaml" \
	--json
expect "a basis nobody read" 1 "no file has the basis" \
	"$sim" counts "$work/z.json" --expval Y0
expect "no counts" 1 "z.yaml: " sh -c "echo 7 >$work/z.yaml
	$sim counts $work/z.yaml --expval Z0"
echo "1..$n"
