#!/bin/sh
# Every command of qmlsim as a person types it: what it prints, what it refuses.
set -u
sim=${QML_BUILD:-build}/qmlsim
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

# same NAME COMMAND...: prints exactly what stands in $work/want.
same() {
	name=$1
	shift
	"$@" >"$work/log" 2>&1 </dev/null
	n=$((n + 1))
	if cmp -s "$work/log" "$work/want"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		diff "$work/want" "$work/log" | sed 's/^/# /'
	fi
}

cd "$work" || exit 1
case $sim in /*) ;; *) sim=$OLDPWD/$sim ;; esac
cat >ry.qasm <<'EOT'
OPENQASM 3.0;
include "stdgates.inc";
input float a;
qubit[2] q; bit[2] c;
ry(a) q[0];
cx q[0], q[1];
c = measure q;
EOT
cat >bell.qasm <<'EOT'
OPENQASM 2.0;
include "qelib1.inc";
qreg q[2]; creg c[2];
h q[0]; cx q[0],q[1];
measure q -> c;
EOT
cat >flip.yaml <<'EOT'
gates:
  - gate: cx
    channels:
      - {bit_flip: 0.05, on: 1}
readout:
  - {p1_given_0: 0.1, p0_given_1: 0.1}
  - {p1_given_0: 0.1, p0_given_1: 0.1}
EOT

# --- run
printf '00  0.5\n11  0.5\n' >want
same "run: probabilities" "$sim" run bell.qasm
printf '<Z0>  0\n<X0 X1>  1\n' >want
sed -i 's/^<Z0>  .*/<Z0>  0/' want
same "run: expectations" sh -c "$sim run bell.qasm --expval Z0 \
	--expval 'X0 X1' | sed 's/  -*[0-9.]*e-1[67]$/  0/
		s/0.99999999999999[0-9]*/1/'"
printf '00  0.5\n<Z0 Z1>  1\n' >want
same "run: both, the largest" "$sim" run bell.qasm --probs 1 \
	--expval "Z0 Z1"
expect "run: JSON" 0 '{"qubits":2,"probs":[["00",0.5],["11",0.5]],"expval":[' \
	sh -c "$sim run bell.qasm --json | sed 's/0.49999999999[0-9]*/0.5/g
		s/0.50000000000[0-9]*/0.5/g'"
"$sim" run bell.qasm --shots 1000 --seed 3 >want
same "run: a seed's counts are its counts" "$sim" run bell.qasm --shots 1000 \
	--seed 3 --threads 2
expect "run: two counts" 0 "2" sh -c "$sim run bell.qasm --shots 1000 | wc -l"
expect "run: an input wants a value" 2 "input 'a' has no value" \
	"$sim" run ry.qasm
expect "run: no such input" 2 "there is no input 'b'" \
	"$sim" run ry.qasm --set b=1
expect "run: no file" 5 "No such file" "$sim" run none.qasm
expect "run: no word" 2 "which file?" "$sim" run
expect "run: no such option" 2 'there is no option "--shot"' \
	"$sim" run bell.qasm --shot 1
expect "run: not an observable" 2 '--expval "W0"' \
	"$sim" run bell.qasm --expval W0
expect "run: not a qubit" 2 '--expval "Z7"' "$sim" run bell.qasm --expval Z7
printf 'OPENQASM 3.0;\nqubit q;\nfoo q;\n' >bad.qasm
expect "run: a mistake has a place" 1 "bad.qasm:3:1: " "$sim" run bad.qasm
printf 'OPENQASM 3.0;\nqubit[40] q;\n' >big.qasm
expect "run: a size too large says what it needs" 1 \
	"40 qubits need 1.64e+04 GiB for one state; this machine has" \
	"$sim" run big.qasm
expect "run: standard input" 0 "00  0.5" sh -c "$sim run - <bell.qasm |
	sed 's/0.49999999999[0-9]*/0.5/;s/0.50000000000[0-9]*/0.5/'"

# 1 - cos(0.7)^2, and of X0 + X1 on a Bell pair.
expect "run: variance" 0 "<Z0>  0.764842187284488  variance 0.41501" \
	"$sim" run ry.qasm --set a=0.7 --expval Z0 --variance
expect "run: variance of a sum" 0 '"variance":[2],' sh -c "$sim run bell.qasm \
	--expval 'X0 + Z1' --variance --json | sed 's/1.99999999999[0-9]*/2/
	s/2.00000000000[0-9]*/2/'"
cat >deep.qasm <<'EOT'
OPENQASM 3.0;
include "stdgates.inc";
qubit q; bit c;
for int i in [0:20] { h q; c = measure q; }
EOT
expect "run: too many outcomes" 1 "too many outcomes to follow" "$sim" run \
	deep.qasm
expect "run: then runs are drawn" 0 '"counts":{"0":1' "$sim" run deep.qasm \
	--shots 200 --json

# --- run, values from shots and with noise. cos 0.7 = 0.764842187284488.
expect "from shots: the seed's value" 0 "<Z0>  0.7714 +- 0.0064" \
	"$sim" run ry.qasm --set a=0.7 --expval Z0 --from-shots --shots 10000 \
	--seed 1
expect "from shots: groups" 0 '"error":[0.0' "$sim" run ry.qasm --set a=0.7 \
	--expval "X0 X1 + 0.5*Z0 + Y0 Y1" --from-shots --shots 9999 --json
expect "from shots: too few" 1 "fewer shots than groups" "$sim" run ry.qasm \
	--set a=0.7 --expval "X0 + Z0 + Y0" --from-shots --shots 2
printf '<Z0 Z1>  0.576\n' >want
same "noise: by hand" "$sim" run ry.qasm --set a=0.7 --expval "Z0 Z1" \
	--noise flip.yaml
printf '<Z0 Z1>  0.9\n' >want
same "mitigate: errors of reading gone" "$sim" run ry.qasm --set a=0.7 \
	--expval "Z0 Z1" --noise flip.yaml --mitigate
expect "mitigate: from shots, within errors" 0 "<Z0 Z1>  0.90" "$sim" run \
	ry.qasm --set a=0.7 --expval "Z0 Z1" --noise flip.yaml --mitigate \
	--from-shots --shots 100000
# 0.9, 0.9^3, 0.9^5; their parabola at 0 is (15 a - 10 b + 3 c) / 8.
printf '<Z0 Z1>  0.99768375  (1: 0.9, 3: 0.729, 5: 0.59049)\n' >want
same "zne: Richardson" "$sim" run ry.qasm --set a=0.7 --expval "Z0 Z1" \
	--noise flip.yaml --mitigate --zne 1,3,5
expect "zne: an exponential is exact here" 0 '"expval":[1]' sh -c "
	$sim run ry.qasm --set a=0.7 --expval 'Z0 Z1' --noise flip.yaml \
	--mitigate --zne 1,3,5 --fit exponential --json |
	sed 's/0.99999999999[0-9]*/1/;s/1.00000000000[0-9]*/1/'"
expect "zne: a line, from shots" 0 "+- 0.0" "$sim" run ry.qasm --set a=0.7 \
	--expval "Z0 Z1" --noise flip.yaml --zne 1,3,5 --fit linear \
	--from-shots --shots 10000
expect "zne: odd scales" 2 "odd numbers" "$sim" run ry.qasm --set a=0.7 \
	--expval Z0 --noise flip.yaml --zne 1,2
expect "zne: noise" 2 "--zne wants --noise" "$sim" run ry.qasm --set a=0.7 \
	--expval Z0 --zne 1,3
expect "mitigate: noise" 2 "--mitigate wants --noise" "$sim" run ry.qasm \
	--set a=0.7 --expval Z0 --mitigate
expect "from shots: shots" 2 "--from-shots wants --shots" "$sim" run \
	ry.qasm --set a=0.7 --expval Z0 --from-shots

# --- grad
printf '<Z0>  0.764842187284488\na  -0.644217687237691\n' >want
same "grad: adjoint" "$sim" grad ry.qasm --set a=0.7 --expval Z0
same "grad: shift" "$sim" grad ry.qasm --set a=0.7 --expval Z0 --method shift
expect "grad: differences" 0 "a  -0.6442176872" "$sim" grad ry.qasm \
	--set a=0.7 --expval Z0 --method fd
expect "grad: spsa of one input is a difference" 0 "a  -0.6442" "$sim" grad \
	ry.qasm --set a=0.7 --expval Z0 --method spsa --draws 3 --step 0.001
expect "grad: shift by shots" 0 "a  -0.64" "$sim" grad ry.qasm --set a=0.7 \
	--expval Z0 --method shift --shots 100000
# 0.8 times as much is read.
expect "grad: shift by shots, with noise" 0 "a  -0.51" "$sim" grad ry.qasm \
	--set a=0.7 --expval Z0 --method shift --shots 100000 \
	--noise flip.yaml
expect "grad: the same, mitigated" 0 "a  -0.64" "$sim" grad ry.qasm \
	--set a=0.7 --expval Z0 --method shift --shots 100000 \
	--noise flip.yaml --mitigate
expect "grad: spsa by shots" 0 "a  -0.6" "$sim" grad ry.qasm --set a=0.7 \
	--expval Z0 --method spsa --shots 1000
expect "grad: spsa with noise" 0 "a  -0.515" "$sim" grad ry.qasm --set a=0.7 \
	--expval Z0 --method spsa --noise flip.yaml
expect "grad: every angle of a program without inputs" 0 '"inputs":[]' \
	"$sim" grad bell.qasm --expval Z0 --json
# cos(0.25)^2 and - sin(0.5) / 2
printf '<ry.qasm>  0.938791280945186\na  -0.239712769302102\n' >want
same "grad: of a fidelity" "$sim" grad ry.qasm --set a=0.7 \
	--fidelity ry.qasm --at a=0.2
expect "grad: of a fidelity, by shifts" 0 "a  -0.23971276930210" "$sim" grad \
	ry.qasm --set a=0.7 --fidelity ry.qasm --at a=0.2 --method shift
expect "grad: a state with itself" 0 '"value":1,' sh -c "$sim grad ry.qasm \
	--set a=0.7 --fidelity ry.qasm --json | sed 's/0.9999999999[0-9]*/1/'"
expect "grad: other sizes" 1 "has 40 qubits, ry.qasm 2" "$sim" grad ry.qasm \
	--set a=0.7 --fidelity big.qasm
expect "grad: differences want no shots" 2 "wants --method shift or spsa" \
	"$sim" grad ry.qasm --set a=0.7 --expval Z0 --method fd --shots 5
expect "grad: of what?" 2 "one --expval, or --fidelity" "$sim" grad ry.qasm
expect "grad: no such method" 2 "--method is adjoint, shift, spsa or fd" \
	"$sim" grad ry.qasm --expval Z0 --method exact

# --- kernel. cos(0.5)^2 and cos(0.25)^2 of angles.
printf 'x,kind\n0,a\n1,b\n' >rows.csv
printf '0.5\n' >test.csv
printf '1,0.770151152934070\n0.770151152934070,1\n' >want
same "kernel: angles" sh -c "$sim kernel --map angle --data rows.csv \
	--label kind | sed 's/0.77015115293407/&0/g'"
printf '0.938791280945186,0.938791280945186\n' >want
printf 'x,kind\n0.5,a\n' >test.csv
same "kernel: rectangular" "$sim" kernel --map angle --data rows.csv \
	--label kind --test test.csv
# exp(-(1 - cos 1) 2)
expect "kernel: projected" 0 "1,0.39876" "$sim" kernel --map angle \
	--data rows.csv --label kind --projected --gamma 2
for map in zz z iqp pauli angle; do
	printf '0.1,0.4\n1.2,0.3\n' >two.csv
	expect "kernel: $map is there" 0 '"rows":2,"columns":2,"k":[[' \
		"$sim" kernel --map $map --data two.csv --reps 2 --json
done
expect "kernel: amplitude" 0 "k.npy: 2 x 2, amplitude, 1 qubits" \
	"$sim" kernel --map amplitude --data two.csv -o k.npy
expect "kernel: NumPy's bytes" 0 "160" sh -c "wc -c <k.npy"
expect "kernel: NumPy's head" 0 "'fortran_order': False, 'shape': (2, 2)" \
	head -c 128 k.npy
expect "kernel: not a number" 1 'rows.csv:2: column 2: "a" is no number' \
	"$sim" kernel --map zz --data rows.csv
expect "kernel: no such map" 2 '--map: there is no "zx"' \
	"$sim" kernel --map zx --data two.csv
expect "kernel: another map's option" 2 "--axis does not belong to --map zz" \
	"$sim" kernel --map zz --data two.csv --axis x

# --- draw, convert, counts, bench, and what is shared
expect "draw: gates" 0 "─h──●" "$sim" draw bell.qasm
expect "draw: wires" 0 "q[1]" "$sim" draw bell.qasm
expect "convert: OpenQASM 3" 0 "c[1] = measure q[1];" "$sim" convert bell.qasm
expect "convert: OpenQASM 2" 0 "measure q[1] -> c[1];" "$sim" convert \
	bell.qasm --format qasm2
expect "convert: JSON" 0 '"format":"qml-program-1"' "$sim" convert bell.qasm \
	--format json
expect "convert: symbols stay" 0 "ry(1*a) q[0];" "$sim" convert ry.qasm
expect "convert: values" 0 "ry(0.5) q[0];" "$sim" convert ry.qasm --set a=0.5
echo '{"00": 3, "01": 1, "10": 4}' >z.json
expect "counts" 0 "<Z0>  0.75 +- 0.25" "$sim" counts z.json --expval Z0
for w in vqc-gradient forward kernel; do
	expect "bench $w" 0 '"seconds":' "$sim" bench $w --qubits 3 \
		--layers 1 --batch 2 --samples 3 --threads 1 --repeats 1
done
for c in run grad kernel convert draw counts bench; do
	expect "$c --help" 0 "usage: qmlsim $c " "$sim" $c --help
done
expect "help" 0 "kernel matrices of rows" "$sim" help
expect "no such command" 2 'did you mean "run"' "$sim" rum
echo "1..$n"
