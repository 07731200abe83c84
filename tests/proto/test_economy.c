/* The economy's bytes: nothing for the default, one form for all else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/economy.h"

static void
test_default_has_no_bytes(void **state)
{
	const struct economy unsaid = {0}, said = ECONOMY_DEFAULT;
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct bytes_reader r;
	struct economy got;

	(void)state;
	economy_put(&w, &unsaid);
	economy_put(&w, &said);
	assert_int_equal(w.len, 0);
	r = bytes_reader_of(w.data, w.len);
	economy_get(&r, &got);
	assert_true(bytes_reader_done(&r));
	assert_true(got.cap == said.cap && got.voting_period == 100);
	bytes_writer_close(&w);
}

/* Every field is in the bytes, and comes back. */
static void
test_each_field(void **state)
{
	struct economy e[19], got;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < 19; i++)
		e[i] = ECONOMY_DEFAULT;
	e[n++].cap++;
	e[n++].opening++;
	e[n++].mint++;
	e[n++].half_life++;
	e[n++].fee++;
	e[n++].contributors++;
	e[n++].signers++;
	e[n++].assets++;
	e[n++].treasury++;
	e[n++].voting_period++;
	e[n++].voting_extension++;
	e[n++].voting_grace++;
	e[n++].voting_lock--;
	e[n++].worth_blocks++;
	e[n++].assets_needed = true;
	e[n++].validation_shards++;
	e[n++].validation_every++;
	e[n++].validation_root.b[31]++;
	e[n++].commit_updates = true;
	assert_int_equal(n, 19);
	for (size_t i = 0; i < n; i++) {
		struct bytes_writer w = BYTES_WRITER_INIT, again = w;
		struct bytes_reader r;

		assert_false(economy_is_default(&e[i]));
		economy_put(&w, &e[i]);
		assert_true(w.len > 0);
		r = bytes_reader_of(w.data, w.len);
		economy_get(&r, &got);
		assert_true(bytes_reader_done(&r));
		economy_put(&again, &got);
		assert_int_equal(again.len, w.len);
		assert_memory_equal(again.data, w.data, w.len);
		for (size_t k = 0; k < i; k++) {
			struct bytes_writer other = BYTES_WRITER_INIT;

			economy_put(&other, &e[k]);
			assert_memory_not_equal(other.data, w.data, w.len);
			bytes_writer_close(&other);
		}
		bytes_writer_close(&w);
		bytes_writer_close(&again);
	}
}

/* The default written out would be a second form of the same federation. */
static void
test_not_canonical(void **state)
{
	struct economy e = ECONOMY_DEFAULT, got;
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct bytes_reader r;

	(void)state;
	e.fee = 1001;
	economy_put(&w, &e);
	w.data[1 + 5 * 8 - 1]--; /* 1001 - 1 */
	r = bytes_reader_of(w.data, w.len);
	economy_get(&r, &got);
	assert_false(bytes_reader_done(&r));
	w.data[1 + 5 * 8 - 1]++;
	w.data[w.len - 33] = 2; /* a flag is 0 or 1 */
	r = bytes_reader_of(w.data, w.len);
	economy_get(&r, &got);
	assert_false(bytes_reader_done(&r));
	w.data[w.len - 33] = 0;
	r = bytes_reader_of(w.data, w.len - 1);
	economy_get(&r, &got);
	assert_false(bytes_reader_done(&r));
	bytes_writer_close(&w);
}

static void
expect(const struct economy *e, const char *want)
{
	char err[200] = "";

	assert_true(economy_check(e, 4, err, sizeof(err)) < 0);
	if (strstr(err, want) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err, want);
}

static void
test_ranges(void **state)
{
	const struct economy good = ECONOMY_DEFAULT;
	struct economy e = good;
	char err[200];

	(void)state;
	assert_int_equal(economy_check(&e, 100, err, sizeof(err)), 0);
	e.treasury = 0;
	expect(&e, "economy.treasury: contributors");
	e = good;
	e.half_life = 0;
	expect(&e, "economy.half_life: want 1");
	e = good;
	e.voting_lock = 101;
	expect(&e, "economy.voting_lock: want 0 to 100, got 101");
	e = good;
	e.opening = e.cap / 5 + 1;
	expect(&e, "economy.opening: ");
	e = good;
	e.validation_shards = 2;
	expect(&e, "economy.validation_root: want");
	e.validation_root.b[0] = 1;
	assert_int_equal(economy_check(&e, 100, err, sizeof(err)), 0);
	e.validation_every = 0;
	expect(&e, "economy.validation_every: want 1");
	e = good;
	e.validation_root.b[0] = 1;
	expect(&e, "economy.validation_root: want");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_default_has_no_bytes),
	    cmocka_unit_test(test_each_field),
	    cmocka_unit_test(test_not_canonical),
	    cmocka_unit_test(test_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
