OPENQASM 3.0;
include "stdgates.inc";
const float k = 0.3;
def turn(qubit[2] r, float[64] t, int n, bool yes) {
  for int i in [0:n] { rx(t * k) r[i]; } if (yes) { h r[1]; }
}
def flip(bit b, bit[2] d, qubit a) { if (b) { x a; } if (d == 2) reset a; turn2(a); }
def turn2(qubit a) { { int m = 3; m += 1; rx(m) a; } }
qubit[2] q; bit[2] c;
turn(q, 2, 1, 2 > 1); c = measure q; flip(c[0], c, q[1]);
