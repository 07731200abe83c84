OPENQASM 3.0;
include "stdgates.inc";
gate rxx(p0) _gate_q_0, _gate_q_1 {
  h _gate_q_0;
  h _gate_q_1;
  cx _gate_q_0, _gate_q_1;
  rz(p0) _gate_q_1;
  cx _gate_q_0, _gate_q_1;
  h _gate_q_1;
  h _gate_q_0;
}
gate dcx _gate_q_0, _gate_q_1 {
  cx _gate_q_0, _gate_q_1;
  cx _gate_q_1, _gate_q_0;
}
gate rzx(p0) _gate_q_0, _gate_q_1 {
  h _gate_q_1;
  cx _gate_q_0, _gate_q_1;
  rz(p0) _gate_q_1;
  cx _gate_q_0, _gate_q_1;
  h _gate_q_1;
}
gate sxdg _gate_q_0 {
  s _gate_q_0;
  h _gate_q_0;
  s _gate_q_0;
}
gate ryy(p0) _gate_q_0, _gate_q_1 {
  sxdg _gate_q_0;
  sxdg _gate_q_1;
  cx _gate_q_0, _gate_q_1;
  rz(p0) _gate_q_1;
  cx _gate_q_0, _gate_q_1;
  sx _gate_q_0;
  sx _gate_q_1;
}
qubit[5] q;
U(0.7543218246483239, -2.6068268445611213, -2.920992050670755) q[1];
crz(0.24584331377423307) q[4], q[1];
U(1.0284688522175554, -2.615811370638016, 1.549381477720904) q[4];
cswap q[0], q[2], q[1];
U(-2.184186838795987, -1.698078352601176, 2.7928808333892174) q[1];
s q[3];
rxx(2.787797683854368) q[4], q[1];
ccx q[2], q[0], q[3];
t q[1];
h q[4];
dcx q[3], q[2];
U(0.8633323103263613, 0.5739014304118228, 0.3555663720923432) q[3];
ccx q[3], q[1], q[4];
cswap q[4], q[2], q[0];
cu(1.428205735512206, -2.8669051860551407, -2.636539178125216, 1.0561218569242605) q[2], q[4];
U(-1.9354738728424126, -1.8885237285791048, 1.5486427710572164) q[2];
U(2.8282470063533482, 1.1023971021997863, -2.2114753286533047) q[2];
rzx(0.8972339495152113) q[1], q[2];
ryy(2.309389631527732) q[1], q[0];
dcx q[4], q[1];
ry(0.3) q[0];
rx(0.9) q[0];
ry(0.5) q[1];
rx(0.8) q[1];
ry(0.7) q[2];
rx(0.7) q[2];
ry(0.9000000000000001) q[3];
rx(0.6) q[3];
ry(1.1) q[4];
rx(0.5) q[4];
