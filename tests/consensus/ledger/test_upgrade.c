/*
 * Rules of another version: the vote, the height, the switch; and a program
 * that does not have them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/ledger/enact.h"
#include "poll.h"
#include "proto/merkle.h"

static void
begin(struct town *t)
{
	poll_begin(t, &(struct town_setup){.n = 4, .rounds = 1000});
}

/* Up to the height it goes on, there it stops. */
static void
an_upgrade(void **state)
{
	const uint16_t unknown = LEDGER_VERSIONS + 1;
	struct payload p = {.upgrade = {unknown, 2300}};
	struct ledger_inputs in;
	struct hash missing;
	struct block *b;
	struct town t;
	uint64_t id;

	(void)state;
	begin(&t);
	id = poll_pass(&t, PROPOSAL_UPGRADE, &p);
	assert_int_equal(poll_wait(&t, id), PROPOSAL_EXECUTED);
	assert_int_equal(ledger_params(t.l)->next_version_at, 2300);
	assert_int_equal(ledger_version(t.l), 1);
	while (ledger_height(t.l) < 2298)
		poll_beat(&t);
	t.now_ms += TOWN_HEARTBEAT_MS;
	b = town_build(&t);
	b->header.app_version = unknown; /* too early */
	assert_int_equal(block_seal(b), 0);
	assert_int_equal(ledger_check(t.l, b), LEDGER_VERSION);
	block_free(b);
	poll_keep(&t, town_build(&t));
	assert_int_equal(ledger_height(t.l), 2299);
	assert_int_equal(ledger_version(t.l), unknown);
	assert_false(ledger_version_known(t.l));
	t.now_ms += TOWN_HEARTBEAT_MS;
	in = town_inputs(&t, 0);
	assert_int_equal(ledger_build(t.l, &in, &b, &missing), -EINVAL);
	poll_end(&t);
}

/* The block's leaf of the members by the rules of a version. */
static struct hash
members_leaf(const struct town *t)
{
	struct hash leaves[LEDGER_LEAVES];

	ledger_leaves(t->l, leaves);
	return leaves[2];
}

/* Vote, height, switch: who has the new rules goes on by them, who has not
 * stops before he could sign anything, and either reads what came before by
 * the rules of then. */
static void
rules_change(void **state)
{
	struct payload p = {.upgrade = {2, 2300}};
	struct hash before, root, leaves[LEDGER_LEAVES];
	struct ledger_inputs in;
	struct hash missing, both[2];
	struct ledger *old;
	struct block *b;
	struct town t;
	uint64_t id;

	(void)state;
	begin(&t);
	id = poll_pass(&t, PROPOSAL_UPGRADE, &p);
	assert_int_equal(poll_wait(&t, id), PROPOSAL_EXECUTED);
	while (ledger_height(t.l) < 2299)
		poll_beat(&t);
	assert_int_equal(poll_last()->header.app_version, 1);
	before = members_leaf(&t);
	assert_int_equal(ledger_clone(t.l, &old), 0);
	ledger_version_limit(old, 1);
	assert_false(ledger_version_known(old));
	assert_true(ledger_version_known(t.l));
	t.now_ms += TOWN_HEARTBEAT_MS;
	in = town_inputs(&t, 0);
	assert_int_equal(ledger_build(old, &in, &b, &missing), -EINVAL);
	b = town_build(&t);
	assert_int_equal(b->header.app_version, 2);
	assert_int_equal(ledger_check(old, b), LEDGER_VERSION);
	ledger_free(old);
	/* By the new rules, under the old version: neither. */
	b->header.app_version = 1;
	assert_int_equal(block_seal(b), 0);
	assert_int_equal(ledger_check(t.l, b), LEDGER_VERSION);
	b->header.app_version = 2;
	assert_int_equal(block_seal(b), 0);
	poll_keep(&t, b);
	/* The same members: only the rule is another. */
	both[0] = before;
	both[1] = t.fid;
	root = hash_bytes("qml.members2", both, sizeof(both));
	before = members_leaf(&t);
	assert_true(hash_equal(&before, &root));
	ledger_leaves(t.l, leaves);
	root = merkle_root_of(leaves, LEDGER_LEAVES);
	assert_true(hash_equal(&root, &b->header.state_root));
	/* A root by the rules of before does not pass. */
	t.now_ms += TOWN_HEARTBEAT_MS;
	b = town_build(&t);
	b->header.state_root.b[0] ^= 1;
	assert_int_equal(block_seal(b), 0);
	assert_int_equal(ledger_check(t.l, b), LEDGER_STATE);
	block_free(b);
	poll_beat(&t);
	poll_end(&t); /* all of it again, both versions */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_upgrade),
	    cmocka_unit_test(rules_change),
	};

	return sign_setup() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
