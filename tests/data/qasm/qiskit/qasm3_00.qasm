OPENQASM 3.0;
include "stdgates.inc";
gate ecr _gate_q_0, _gate_q_1 {
  s _gate_q_0;
  sx _gate_q_1;
  cx _gate_q_0, _gate_q_1;
  x _gate_q_0;
}
gate iswap _gate_q_0, _gate_q_1 {
  s _gate_q_0;
  s _gate_q_1;
  h _gate_q_0;
  cx _gate_q_0, _gate_q_1;
  cx _gate_q_1, _gate_q_0;
  h _gate_q_1;
}
gate rzx(p0) _gate_q_0, _gate_q_1 {
  h _gate_q_1;
  cx _gate_q_0, _gate_q_1;
  rz(p0) _gate_q_1;
  cx _gate_q_0, _gate_q_1;
  h _gate_q_1;
}
gate rxx(p0) _gate_q_0, _gate_q_1 {
  h _gate_q_0;
  h _gate_q_1;
  cx _gate_q_0, _gate_q_1;
  rz(p0) _gate_q_1;
  cx _gate_q_0, _gate_q_1;
  h _gate_q_1;
  h _gate_q_0;
}
gate sxdg _gate_q_0 {
  s _gate_q_0;
  h _gate_q_0;
  s _gate_q_0;
}
qubit[2] q;
ecr q[1], q[0];
iswap q[1], q[0];
U(-2.407419932045114, -2.5575453982276493, 2.102842957555529) q[0];
rzx(-0.3949689872772977) q[0], q[1];
crx(1.8301669620781338) q[1], q[0];
U(-1.5365347386772081, -1.0487738235156596, 2.2228273926519275) q[1];
iswap q[0], q[1];
U(-1.1913192472785457, -1.2534559649276107, -2.251135712231357) q[1];
cz q[0], q[1];
cu(-2.802165510679491, 2.8877984429892622, -1.4396627481342412, -2.585488509096607) q[0], q[1];
U(2.5402860956776836, 2.054761338841095, 2.3890387281472734) q[0];
rxx(0.1307406043244317) q[1], q[0];
sdg q[1];
cy q[0], q[1];
ry(1.767497830263455) q[0];
cry(-2.839819232026769) q[0], q[1];
tdg q[1];
cy q[0], q[1];
sxdg q[0];
U(-1.8038652571976221, -0.8486681921303889, 1.3895898373521636) q[0];
ry(0.3) q[0];
rx(0.9) q[0];
ry(0.5) q[1];
rx(0.8) q[1];
