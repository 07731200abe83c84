OPENQASM 3.0;
include "stdgates.inc";
const uint[8] n = 3; int k = 2 ** 3 % 5; k += 1; bool w = k > 2 && true;
input float[64] th; input angle ph;
qubit[n] q; qubit r; bit[n] c; bit b = "1"; output bit[2] o;
let a = q[0:1] ++ r; let al = a[{2, 0}];
gate g(x, y) u, v { rx(x * y) u; ctrl @ p(-y) u, v; for int i in [0:1] { h v; } }
g(th, 0.5) q[0], q[1]; inv @ g(1.0, pi) q[2], r;
negctrl @ ctrl @ sx al, q[1], q[2]; ctrl(2) @ h q[0], q[1], r;
pow(1/2) @ swap q[0], q[1]; pow(-0.3) @ ctrl @ g(1, 2) q[0], q[1], q[2];
ctrl @ gphase(ph) r; cu(0.1, th, -ph, sin(0.3)) q[0], r;
c = measure q; o[0] = measure r; measure q[0] -> b; reset q; barrier;
if (c == 5 || !b && int[3](c) < 2) { x q; c[0] = b ^ 1; } else if (c[1] == c[2]) U(0.1, 2e-3, .5) q[0]; else reset r;
if (k == 3) { y q; } else { z q; }
for uint i in {0, n - 1} rz(th / (i + 1)) q[i];
for int i in [n - 1:-2:0] { cx q[i], r; }
