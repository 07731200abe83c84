#!/bin/sh
# qmlsim vqe: every stored Hamiltonian to the bar, by the ansaetze that suit,
# with noise, shots and mitigation; what it says to what it cannot do.
set -u
sim=${QML_BUILD:-build}/qmlsim
data=tests/data/vqe
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT INT TERM
n=0
test -x "$sim" || { echo "not ok 1 - $sim is not built"; exit 1; }

say() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$work/log"
	fi
}

# close NAME KEY TOLERANCE ARGS...: |KEY - exact| of the JSON is below.
close() {
	name=$1 key=$2 tolerance=$3
	shift 3
	"$sim" vqe --json "$@" >"$work/log" 2>&1 &&
	python3 - "$work/log" "$key" "$tolerance" <<'PY'
import json, sys
o = json.load(open(sys.argv[1]))
assert o["exact"] is not None and o[sys.argv[2]] is not None, o
d = o[sys.argv[2]] - o["exact"]
print("# %s: %.3g" % (sys.argv[2], d))
assert abs(d) < float(sys.argv[3]), d
PY
	say $? "$name"
}

# expect NAME CODE TEXT ARGS...
expect() {
	name=$1 code=$2 text=$3
	shift 3
	"$sim" vqe "$@" >"$work/log" 2>&1 </dev/null
	[ $? -eq "$code" ] && grep -qF -e "$text" "$work/log"
	say $? "$name"
}

for m in h2_0.735 lih_1.60_as2e3o; do
	for map in jw parity; do
		close "$m $map uccsd" energy 1e-9 $data/$m.FCIDUMP --mapping $map
		close "$m $map adapt" energy 1e-9 $data/$m.FCIDUMP \
		    --mapping $map --ansatz adapt
	done
done
close "h2 hea" energy 1e-8 $data/h2_0.735_jw_4q.json --ansatz hea --layers 2
close "lih hea" energy 1.6e-3 $data/lih_1.60_as2e3o_parity_4q.txt \
    --ansatz hea --layers 3
for m in tfim_open_n4_h1.0 tfim_open_n6_h1.0 tfim_open_n8_h1.0 \
	heisenberg_open_n4 heisenberg_open_n6; do
	close "$m hva" energy 1e-4 $data/$m.json --ansatz hva
done
close "tfim 6 adapt" energy 1e-6 $data/tfim_open_n6_h1.0.txt
close "heisenberg 6 adapt" energy 1e-6 $data/heisenberg_open_n6.txt

cat >"$work/noise.yaml" <<'EOT'
gates:
  - gate: 1q
    channels:
      - depolarizing1: 0.001
  - gate: 2q
    channels:
      - depolarizing2: 0.01
readout:
  - {p1_given_0: 0.02, p0_given_1: 0.05}
EOT
h2=$data/h2_0.735_parity_2q.json
close "noise shows" measured 0.12 $h2 --noise "$work/noise.yaml"
close "mitigated" mitigated 1e-3 $h2 --noise "$work/noise.yaml" --mitigate both
close "trained on shots by shift rules" energy 1.6e-3 $h2 --shots 1000 \
    --method shift
close "trained on noise and shots by SPSA" energy 1.6e-3 $h2 --shots 1000 \
    --method spsa --noise "$work/noise.yaml"

expect "text" 0 "exact      -1.137306035753" $h2
expect "no file" 5 "No such file" "$work/nothing"
expect "not a Hamiltonian" 1 "line 1: a number belongs here" $data/energies.csv
expect "electrons unknown" 1 "uccsd wants to know" \
    $data/tfim_open_n4_h1.0.txt --ansatz uccsd
expect "electrons told" 0 "in the electrons' sector" \
    $data/h2_0.735_jw_4q.txt --electrons 1,1
expect "too many electrons" 1 "do not fit" $data/h2_0.735_jw_4q.txt \
    --electrons 1,9
expect "no such ansatz" 2 "there is no \"foo\"" $h2 --ansatz foo
expect "no such option" 2 "usage" $h2 --foo
expect "help" 0 "usage: qmlsim vqe" --help
echo "1..$n"
