/* federation.yaml: every mistake, where it is and what to do about it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/config/good_file.h"

static const struct {
	const char *text, *message;
} bad[] = {
    {HEAD MEMBERS SCHEMA JOB "  qbits: 3\n",
	"f.yaml:23:3: unknown key \"job.qbits\"\n  did you mean "
	"\"qubits\"?"},
    /* It would be read and then be the default. */
    {GOOD "job.rate: 0.1\n",
	"f.yaml:23:1: job.rate: want two levels\n  write job: and below it, "
	"indented, rate:"},
    {HEAD MEMBERS SCHEMA, "f.yaml: job.task is missing"},
    {HEAD "members:\n  - name: a\n", "f.yaml: job.task is missing"},
    {HEAD MEMBERS "schema: {columns: [{name: b, range: [0, 1]}]}\n" JOB,
	"f.yaml:12:9: schema.labels: want 2 to 256, or a label_range"},
    {HEAD MEMBERS "schema: {label: a, label_range: [2, 1], columns: [{name: "
		  "b, range: [0, 1]}]}\n" JOB,
	"f.yaml:12:33: schema.label_range: want [lowest, highest]"},
    {HEAD MEMBERS "schema: {label: a, label_range: [2, x], columns: [{name: "
		  "b, range: [0, 1]}]}\n" JOB,
	"f.yaml:12:37: schema.label_range: want two decimal numbers, got 'x'"},
    {HEAD "members:\n  - name: a\n" SCHEMA JOB,
	"f.yaml:5:5: members[0].sign is missing\n  it is Ed25519 public key"},
    {HEAD "members:\n  - nam: a\n" SCHEMA JOB,
	"f.yaml:5:5: unknown key \"members[0].nam\"\n  did you mean "
	"\"name\"?"},
    {HEAD MEMBERS "    power: 0\n" SCHEMA JOB,
	"f.yaml:12:12: members[1].power: want an integer, 1 to 1048576, got "
	"'0'"},
    {HEAD MEMBERS "    address: beta\n" SCHEMA JOB,
	"f.yaml:12:14: members[1].address: want host:port, got 'beta'"},
    {HEAD MEMBERS "    address: alpha.example:7701\n" SCHEMA JOB,
	"f.yaml:12:14: members: 'beta' has the same address as 'alpha'"},
    {HEAD MEMBERS "  - name: alpha\n    sign: \"" KEY(
	 "c1") "\"\n"
	       "    network: \"" KEY("c2") "\"\n" SCHEMA JOB,
	"f.yaml:12:11: members: 'alpha' has the same name as 'alpha'"},
    {HEAD MEMBERS "  - name: gamma\n    sign: \"" KEY(
	 "a1") "\"\n"
	       "    network: \"" KEY("c2") "\"\n" SCHEMA JOB,
	"f.yaml:13:11: members: 'gamma' has the same sign key as 'alpha'"},
    {HEAD MEMBERS "  - name: gamma\n    sign: \"" KEY(
	 "c1") "\"\n"
	       "    network: \"" KEY("a2") "\"\n" SCHEMA JOB,
	"f.yaml:14:14: members: 'gamma' has the same network key as "
	"'alpha'"},
    {HEAD MEMBERS "  - name: ga mma\n    sign: \"" KEY(
	 "c1") "\"\n"
	       "    network: \"" KEY("c2") "\"\n" SCHEMA JOB,
	"f.yaml:12:11: members[2].name: want letters"},
    {HEAD MEMBERS "  - name: g\n    sign: \"" KEY(
	 "g1") "\"\n"
	       "    network: \"" KEY("c2") "\"\n" SCHEMA JOB,
	"f.yaml:13:11: members[2].sign: want 64 hex digits"},
    {HEAD MEMBERS "  - name: g\n    sign: \"a1\"\n"
		  "    network: \"" KEY("c2") "\"\n" SCHEMA JOB,
	"f.yaml:13:11: members[2].sign: want a text of 64 to 64 bytes, got "
	"\"a1\"\n  Ed25519 public key, 64 hex digits"},
    {HEAD MEMBERS "    id: qn1qqqq\n" SCHEMA JOB,
	"f.yaml:12:9: members[1].id: want a node id, qn1..., got 'qn1qqqq'"},
    {HEAD MEMBERS
	"    id: "
	"qn1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqZERO\n" SCHEMA
	    JOB,
	"f.yaml:12:9: members[1].id: want a node id, qn1..., got"},
    {HEAD "members: {a: 1}\n" SCHEMA JOB,
	"f.yaml:4:10: members: want a list, got a map"},
    {HEAD "members: [a]\n" SCHEMA JOB,
	"f.yaml:4:11: members: want `- name: ...` entries, got 'a'"},
    {HEAD "members:\n" SCHEMA JOB,
	"f.yaml:4:9: members: want at least one\n  qmlnode federation add"},
    {HEAD SCHEMA JOB, "f.yaml: members: want at least one"},
    {"version: 1\nname: a b\nfounded: 2026-11-22T09:00:00Z\n" MEMBERS SCHEMA
	    JOB,
	"f.yaml:2:7: name: want letters, digits"},
    {"version: 1\nname: a\nfounded: 2026-02-30T09:00:00Z\n" MEMBERS SCHEMA JOB,
	"f.yaml:3:10: founded: want a UTC time like 2026-11-22T09:00:00Z, "
	"got '2026-02-30T09:00:00Z'"},
    {HEAD MEMBERS SCHEMA JOB "timing: {collect: 60}\n",
	"f.yaml:23:19: timing.collect: want a duration, 1ms to 24h, like "
	"500ms, 2s, 5m or 1h, got '60'"},
    {HEAD MEMBERS SCHEMA JOB "timing: {collect: 0s}\n",
	"f.yaml:23:19: timing.collect: want a duration"},
    {HEAD MEMBERS SCHEMA JOB "timing: {collect: 6m}\n",
	"f.yaml:23:9: timing.straggler: want 360000 to"},
    {HEAD MEMBERS SCHEMA JOB "timing: {collect: 6m, straggler: 6s}\n",
	"f.yaml:23:34: timing.straggler: want 360000 to"},
    {GOOD "economy: {mint: many}\n",
	"f.yaml:23:17: economy.mint: want an integer, 0 to"},
    {GOOD "economy: {mints: 1}\n",
	"f.yaml:23:11: unknown key \"economy.mints\"\n  did you mean \"mint"},
    {GOOD "economy: {contributors: 700001}\n",
	"f.yaml:23:10: economy.treasury: contributors, signers, assets and"},
    {GOOD "economy:\n  opening: 400\n  cap: 1000\n",
	"f.yaml:24:12: economy.opening: 400 for each of 2 members and as"},
    {HEAD MEMBERS SCHEMA JOB "answers_min: 3\n",
	"f.yaml:23:14: answers_min: want 0 to 2, got 3"},
    {HEAD MEMBERS SCHEMA JOB "  rate: fast\n",
	"f.yaml:23:9: job.rate: want a decimal number, got 'fast'"},
    {HEAD MEMBERS SCHEMA JOB "  rate: nan\n", "f.yaml:23:9: job.rate: want"},
    {HEAD MEMBERS SCHEMA JOB "  rate: 100\n",
	"f.yaml:23:9: job.rate: want 1e-9 to 10, got 100"},
    {HEAD MEMBERS SCHEMA JOB "  rate_last: 0.5\n",
	"f.yaml:23:14: job.rate_last: want at most job.rate, 0.04, got 0.5"},
    {HEAD MEMBERS SCHEMA JOB "  rule: mode\n",
	"f.yaml:23:9: job.rule: want mean, trimmed_mean, median, krum"},
    {HEAD MEMBERS SCHEMA JOB "  rule: trimmed_mean\n  faults: 1\n",
	"f.yaml:24:11: job.faults: want less than half of 2 members, got 1"},
    {HEAD MEMBERS SCHEMA JOB "  faults: many\n",
	"f.yaml:23:11: job.faults: want an integer, 0 to 49, or auto"},
    {HEAD MEMBERS SCHEMA JOB "  before: arc arm\n",
	"f.yaml:23:11: job.before: want up to three of clip, arc, nnm and"},
    {HEAD MEMBERS SCHEMA JOB "  before: arc arc\n",
	"f.yaml:23:11: job.before: want clip, arc, nnm or bucketing, each"},
    {HEAD MEMBERS SCHEMA JOB "  encoding: zz\n",
	"f.yaml:20:11: job.qubits: want enough for 3 columns"},
    {HEAD MEMBERS SCHEMA JOB "  landmarks: 3\n",
	"f.yaml:23:3: job.landmarks: a vqc task has none\n  remove this"},
    {HEAD MEMBERS SCHEMA JOB "  circuit: OPENQASM\n",
	"f.yaml:23:12: job.circuit: nothing here uses it"},
    {HEAD MEMBERS SCHEMA JOB "  circuit: \"\"\n",
	"f.yaml:23:12: job.circuit: want lines of text, at most 65536 bytes"},
    {HEAD MEMBERS SCHEMA JOB "stage: {components: 2}\n",
	"f.yaml:23:9: stage.components: there is no stage\n  say stage.task"},
    {HEAD MEMBERS SCHEMA JOB "stage: {task: qpca, rounds: 20}\n",
	"f.yaml:23:29: stage.rounds: want 1 to job.rounds - 1, got 20"},
    {HEAD MEMBERS SCHEMA JOB "control: {task: vqc}\n",
	"f.yaml:23:17: control.task: want none or linear, got 'vqc'"},
    {HEAD MEMBERS SCHEMA JOB "control: {task: linear, rate: 11}\n",
	"f.yaml:23:31: control.rate: want 1e-9 to 10, got 11"},
    {HEAD MEMBERS SCHEMA JOB "  carry_rounds: 2\n",
	"f.yaml:23:17: job.carry_rounds: want 0 to 0, got 2"},
    {HEAD MEMBERS SCHEMA JOB "  stragglers: carry\n  carry_rounds: 9\n",
	"f.yaml:24:17: job.carry_rounds: want an integer, 0 to 8, got '9'"},
    {HEAD MEMBERS SCHEMA JOB "  scaffold: true\n  stragglers: carry\n",
	"f.yaml:24:15: job.stragglers: want drop: what a job with scaffold"},
    {HEAD MEMBERS SCHEMA
	"job: {task: linear, rounds: 3, qubits: 2, seed: \"" KEY("00") "\"}\n",
	"f.yaml:18:32: job.qubits: a linear task has none"},
    {HEAD MEMBERS SCHEMA
	"job: {task: vqc, rounds: 3, qubits: 2, seed: \"" KEY("0x") "\"}\n",
	"f.yaml:18:46: job.seed: want 64 hex digits"},
    {HEAD MEMBERS "schema: {label: a, labels: [x], columns: [{name: b, range: "
		  "[0, 1]}]}\n" JOB,
	"f.yaml:12:28: schema.labels: want a list of 2 to 256 texts, got a "
	"list"},
    {HEAD MEMBERS "schema: {label: a, labels: [x, x], columns: [{name: b, "
		  "range: [0, 1]}]}\n" JOB,
	"f.yaml:12:28: schema.labels: 'x' stands twice"},
    {HEAD MEMBERS "schema: {label: a, labels: [x, y], columns: [{name: a, "
		  "range: [0, 1]}]}\n" JOB,
	"f.yaml:12:9: schema: two columns are named 'a'"},
    {HEAD MEMBERS "schema: {label: a, labels: [x, y], columns: [{name: b, "
		  "range: [1, 1]}]}\n" JOB,
	"f.yaml:12:63: schema.columns[0].range: want [lowest, highest], got "
	"[1, 1]"},
    {HEAD MEMBERS "schema: {label: a, labels: [x, y], columns: [{name: b, "
		  "range: [0, big]}]}\n" JOB,
	"f.yaml:12:67: schema.columns[0].range: want two decimal numbers, "
	"got 'big'"},
    {HEAD MEMBERS "schema: {label: a, labels: [x, y], columns: [{name: b, "
		  "range: [0]}]}\n" JOB,
	"f.yaml:12:63: schema.columns[0].range"
	": want a list of 2 to 2 texts"},
    {HEAD MEMBERS "schema: {label: a, labels: [x, y], columns: [{name: b, "
		  "names: [c], range: [0, 1]}]}\n" JOB,
	"f.yaml:12:46: schema.columns[0].name: want either name or names"},
    {HEAD MEMBERS "schema: {label: a, labels: [x, y], columns: [b]}\n" JOB,
	"f.yaml:12:46: schema.columns: want {name: ..., range: [lo, hi]}, got "
	"'b'"},
    {HEAD MEMBERS "schema: {label: a, labels: [x, y], columns: []}\n" JOB,
	"f.yaml:12:45: schema.columns: want a list of columns, got a list"},
};

static void
test_mistakes(void **state)
{
	struct federation f;
	struct config_error e;
	size_t i, wrong = 0;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(good_file_parse(&f, bad[i].text, &e), -EINVAL);
		assert_null(f.members);
		if (strncmp(e.text, bad[i].message, strlen(bad[i].message)) ==
		    0)
			continue;
		print_error("case %zu: want '%s'\n  got '%s'\n", i,
		    bad[i].message, e.text);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mistakes),
	};

	if (sign_setup() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
