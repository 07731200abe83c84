/* The k-th allocation fails, k = 1, 2, ... until none does: a clear error,
 * nothing leaked (the sanitizers look), the ledger as good as before. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "tests/oom.h"

/* Runs op with the k-th allocation failing; true when it got through. */
static bool
survived(size_t k, int (*op)(struct town *t), struct town *t)
{
	int rc;
	bool through;

	oom_arm(k);
	rc = op(t);
	through = !oom_disarm();
	assert_int_equal(rc, through ? 0 : -ENOMEM);
	return through;
}

static int
op_new(struct town *t)
{
	struct ledger *l = NULL;
	int rc = ledger_new(&t->f, &l);

	assert_int_equal(l == NULL, rc < 0);
	ledger_free(l);
	return rc;
}

static int
op_clone(struct town *t)
{
	struct ledger *l = NULL;
	int rc = ledger_clone(t->l, &l);

	assert_int_equal(l == NULL, rc < 0);
	ledger_free(l);
	return rc;
}

static int
op_build(struct town *t)
{
	struct ledger_inputs in = town_inputs(t, 0);
	struct hash missing;
	struct block *b = NULL;
	int rc = ledger_build(t->l, &in, &b, &missing);

	assert_int_equal(b == NULL, rc < 0);
	oom_pause(true); /* what was built is looked at with memory enough */
	if (b)
		assert_int_equal(ledger_check(t->l, b), LEDGER_OK);
	oom_pause(false);
	block_free(b);
	return rc;
}

static void
every_allocation(void **state)
{
	static int (*const ops[])(struct town *) = {op_new, op_clone, op_build};
	struct town t;

	(void)state;
	town_open(&t, &(struct town_setup){.n = 4, .rounds = 9});
	town_all(&t, ANSWER_UPDATE);
	t.now_ms += 100;
	town_step(&t);
	town_all(&t, ANSWER_UPDATE);
	t.now_ms += 100;
	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		size_t k = 1;

		while (!survived(k, ops[i], &t))
			k++;
		assert_true(k > 3);
	}
	assert_int_equal(town_step(&t), BLOCK_AGGREGATE);
	town_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
