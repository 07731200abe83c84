OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q; bit[2] c; int i = 0;
h q; c = measure q;
while (i < 3) { i += 1; if (i == 2) continue; box[10ns] { x q[0]; } }
for int k in {0, 1} { switch (k) { case 0, 3 { z q[k]; } default { break; } } }
switch (c) { case 1 { y q[0]; } case 2 { c[0] = 1; } default { h q[1]; } }
@note
delay[3us] q[0], q[1];
cx $0, $1;
end;
