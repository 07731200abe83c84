/* The pipeline: its stages by hand, segments, state, sizes, refusals. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/aggregate/combine.h"

#define N 7
#define DIM 5
#define AT 3

static uint64_t rng = 0x853c49e6748fea9bu;

static int64_t
draw(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (int64_t)(rng >> 38) - (1 << 25);
}

struct sample {
	int64_t x[N][AT + DIM + 2];
	const int64_t *rows[N];
	struct combine_settings settings;
	struct hash seed;
	struct combine c;
};

static void
sample_draw(struct sample *s)
{
	*s = (struct sample){.settings = combine_defaults()};
	for (int i = 0; i < N; i++) {
		s->rows[i] = s->x[i];
		for (int j = 0; j < AT + DIM + 2; j++)
			s->x[i][j] = draw();
	}
	s->settings.f = 2;
	s->c = (struct combine){.settings = &s->settings,
	    .updates = s->rows,
	    .n = N,
	    .at = AT,
	    .dim = DIM,
	    .seed = &s->seed};
}

/* Runs with scratch of exactly the stated size: ASan sees one byte more. */
static int
run(struct sample *s, int64_t *state, int64_t *delta)
{
	char err[128];
	int rc;

	assert_int_equal(combine_check(&s->settings, err, sizeof(err)), 0);
	s->c.scratch =
	    malloc(combine_scratch_len(&s->settings, s->c.n, s->c.dim));
	assert_non_null(s->c.scratch);
	rc = combine_run(&s->c, state, delta);
	free(s->c.scratch);
	s->c.scratch = NULL;
	return rc;
}

/* ARC, NNM and the trimmed mean one after the other. */
static void
stages_in_order(void **state)
{
	int64_t a[N][DIM], b[N][DIM], *pa[N], *pb[N], got[DIM], want[DIM];
	struct aggregate_scratch *scratch = malloc(sizeof(*scratch));
	const int64_t *rows[N];
	struct sample s;

	(void)state;
	assert_non_null(scratch);
	for (int round = 0; round < 50; round++) {
		struct aggregate_input in = {.updates = rows,
		    .scratch = scratch,
		    .n = N,
		    .f = 2,
		    .dim = DIM};

		sample_draw(&s);
		s.settings.rule = AGGREGATE_TRIMMED_MEAN;
		s.settings.npre = 2;
		s.settings.pre[0] = PRE_ARC;
		s.settings.pre[1] = PRE_NNM;
		assert_int_equal(run(&s, NULL, got), 0);
		for (int i = 0; i < N; i++) {
			rows[i] = s.x[i] + AT;
			pa[i] = a[i];
			pb[i] = b[i];
		}
		assert_int_equal(pre_run(PRE_ARC, &in, pa), N);
		for (int i = 0; i < N; i++)
			rows[i] = a[i];
		assert_int_equal(pre_run(PRE_NNM, &in, pb), N);
		for (int i = 0; i < N; i++)
			rows[i] = b[i];
		assert_int_equal(aggregate_run(AGGREGATE_TRIMMED_MEAN, &in,
				     want),
		    0);
		assert_memory_equal(got, want, sizeof(want));
	}
	free(scratch);
}

/* Bits of mask: the four pre-aggregators, then FedNova. */
static struct combine_settings
settings_of(uint8_t rule, unsigned mask)
{
	struct combine_settings s = combine_defaults();

	s.rule = rule;
	s.f = 1;
	s.server.id = (uint8_t)(1 + mask % 5);
	s.server.beta1 = Q24_ONE / 2;
	s.server.tau = 1000;
	for (uint8_t p = 1; p <= 4; p++)
		if (mask >> (p - 1) & 1)
			s.pre[s.npre++] = p;
	s.nova = mask >> 4;
	s.nova_cap = 5;
	return s;
}

/* Two rounds with the updates as they are and turned round. */
static void
turn_round(struct sample *s)
{
	uint32_t steps[N] = {1, 2, 3, 4, 5, 6, 7};
	uint32_t back[N] = {7, 6, 5, 4, 3, 2, 1};
	int64_t x[3 * DIM], y[3 * DIM], a[DIM], b[DIM];
	size_t len = combine_state_len(&s->settings, DIM);
	const int64_t *turned[N];

	for (int i = 0; i < N; i++)
		turned[i] = s->rows[N - 1 - i];
	assert_true(len <= 3 * DIM);
	combine_state_start(&s->settings, DIM, x);
	combine_state_start(&s->settings, DIM, y);
	for (int t = 0; t < 2; t++) {
		s->c.updates = s->rows;
		s->c.steps = steps;
		assert_int_equal(run(s, len ? x : NULL, a), 0);
		s->c.updates = turned;
		s->c.steps = back;
		assert_int_equal(run(s, len ? y : NULL, b), 0);
		assert_memory_equal(a, b, sizeof(a));
		assert_memory_equal(x, y, len * sizeof(*x));
	}
}

/* Every rule behind every pre-aggregator with every server, and FedNova, does
 * not depend on the order and keeps within its scratch. */
static void
all_together(void **state)
{
	struct sample s;

	(void)state;
	sample_draw(&s);
	for (size_t i = 0; aggregate_at(i); i++)
		for (unsigned mask = 0; mask < 32; mask++) {
			s.settings = settings_of(aggregate_at(i)->id, mask);
			turn_round(&s);
		}
}

static void
other_segments_do_not_matter(void **state)
{
	int64_t a[DIM], b[DIM];
	struct sample s;

	(void)state;
	sample_draw(&s);
	s.settings.rule = AGGREGATE_KRUM;
	assert_int_equal(run(&s, NULL, a), 0);
	for (int i = 0; i < N; i++) {
		s.x[i][0] = draw() * 1000;
		s.x[i][AT + DIM] = draw() * 1000;
	}
	assert_int_equal(run(&s, NULL, b), 0);
	assert_memory_equal(a, b, sizeof(a));
}

static void
centered_clipping_remembers(void **state)
{
	int64_t moment[2 * DIM], delta[DIM], before[DIM];
	struct sample s;

	(void)state;
	sample_draw(&s);
	s.settings.rule = AGGREGATE_CENTERED_CLIPPING;
	s.settings.server.id = SERVER_FEDAVGM;
	s.settings.knobs.iterations = 1;
	assert_int_equal(combine_state_len(&s.settings, DIM), 2 * DIM);
	combine_state_start(&s.settings, DIM, moment);
	assert_int_equal(run(&s, moment, delta), 0);
	/* beta1 0: the step is the aggregate, and so is what is remembered. */
	assert_memory_equal(moment, delta, sizeof(delta));
	memcpy(before, moment, sizeof(before));
	assert_int_equal(run(&s, moment, delta), 0);
	assert_memory_not_equal(moment, before, sizeof(before));
}

static void
weights_count_for_the_mean_only(void **state)
{
	uint32_t weights[N] = {1, 1, 1, 1, 1, 1, 50};
	int64_t plain[DIM], heavy[DIM];
	struct sample s;

	(void)state;
	for (size_t i = 0; aggregate_at(i); i++) {
		sample_draw(&s);
		s.settings.rule = aggregate_at(i)->id;
		if (combine_state_len(&s.settings, DIM) > 0)
			continue;
		assert_int_equal(run(&s, NULL, plain), 0);
		s.c.weights = weights;
		assert_int_equal(run(&s, NULL, heavy), 0);
		if (s.settings.rule == AGGREGATE_MEAN)
			assert_memory_not_equal(plain, heavy, sizeof(plain));
		else
			assert_memory_equal(plain, heavy, sizeof(plain));
		s.settings.npre = 1; /* mixed: nobody's weight is left */
		s.settings.pre[0] = PRE_NNM;
		assert_int_equal(run(&s, NULL, heavy), 0);
		s.c.weights = NULL;
		assert_int_equal(run(&s, NULL, plain), 0);
		assert_memory_equal(plain, heavy, sizeof(plain));
	}
}

static void
how_many(void **state)
{
	struct combine_settings s = combine_defaults();

	(void)state;
	s.f = 2;
	assert_int_equal(combine_minimum(&s), 1); /* mean */
	s.rule = AGGREGATE_TRIMMED_MEAN;
	assert_int_equal(combine_minimum(&s), 5);
	assert_int_equal(combine_maximum(&s), AGGREGATE_MAX_UPDATES);
	s.rule = AGGREGATE_KRUM;
	assert_int_equal(combine_minimum(&s), 5);
	assert_int_equal(combine_proved(&s), 7);
	s.npre = 1;
	s.pre[0] = PRE_BUCKETING;
	assert_int_equal(combine_minimum(&s), 9); /* 5 buckets of 2 */
	s.rule = AGGREGATE_MDA;
	assert_int_equal(combine_maximum(&s), 2 * AGGREGATE_MDA_MAX);
	s.rule = AGGREGATE_MEAN;
	s.pre[0] = PRE_NNM;
	assert_int_equal(combine_minimum(&s), 3);
}

#define MANY 24

/* Each number of updates, by these settings. */
static void
each_number(struct sample *s, const int64_t *const *rows)
{
	int64_t delta[DIM], state[DIM];

	s->c.updates = rows;
	for (uint16_t n = 0; n <= MANY; n++) {
		bool takes = combine_takes(&s->settings, n);

		memset(state, 0, sizeof(state));
		s->c.n = n;
		assert_int_equal(run(s, state, delta), takes ? 0 : -EINVAL);
	}
}

/* A round is only closed by updates that can be combined: the one who says so
 * and the one who does it agree. */
static void
takes_what_it_combines(void **state)
{
	const int64_t *rows[MANY];
	struct sample s;

	(void)state;
	sample_draw(&s);
	for (int i = 0; i < MANY; i++)
		rows[i] = s.x[i % N];
	for (unsigned k = 0; k < 9u * 25 * 3 * 2; k++) {
		unsigned pres = k / 9 % 25;

		s.settings.rule = (uint8_t)(AGGREGATE_MEAN + k % 9);
		s.settings.pre[0] = (uint8_t)(pres % 5);
		s.settings.pre[1] = (uint8_t)(pres / 5);
		s.settings.npre =
		    (uint8_t)((pres % 5 > 0) + (pres % 5 > 0 && pres / 5 > 0));
		if (pres % 5 == pres / 5 && s.settings.npre == 2)
			continue; /* each at most once */
		s.settings.f = (uint16_t)(k / 225 % 3);
		s.settings.knobs.bucket = (uint8_t)(2 + k / 675);
		each_number(&s, rows);
	}
}

static void
too_few_change_nothing(void **state)
{
	int64_t delta[DIM] = {1, 2, 3}, kept[DIM] = {1, 2, 3};
	int64_t m[DIM] = {4, 5, 6}, m_kept[DIM] = {4, 5, 6};
	struct sample s;

	(void)state;
	sample_draw(&s);
	s.settings.rule = AGGREGATE_MEDIAN;
	s.settings.server.id = SERVER_FEDAVGM;
	s.c.n = 4;
	assert_int_equal(run(&s, m, delta), -EINVAL);
	assert_memory_equal(delta, kept, sizeof(kept));
	assert_memory_equal(m, m_kept, sizeof(m));
	s.settings.rule = AGGREGATE_MDA;
	s.c.n = AGGREGATE_MDA_MAX + 1;
	assert_int_equal(combine_run(&s.c, m, delta), -EINVAL);
}

static void
names(void **state)
{
	struct combine_settings s = combine_defaults();
	char text[64];

	(void)state;
	assert_int_equal(combine_parse("arc+nnm+trimmed_mean", &s), 0);
	assert_int_equal(s.npre, 2);
	assert_int_equal(s.pre[0], PRE_ARC);
	assert_int_equal(s.pre[1], PRE_NNM);
	assert_int_equal(s.rule, AGGREGATE_TRIMMED_MEAN);
	combine_name(&s, text, sizeof(text));
	assert_string_equal(text, "arc+nnm+trimmed_mean");
	assert_int_equal(combine_parse("krum", &s), 0);
	combine_name(&s, text, sizeof(text));
	assert_string_equal(text, "krum");
	assert_int_equal(combine_parse("", &s), -EINVAL);
	assert_int_equal(combine_parse("krum+mean", &s), -EINVAL);
	assert_int_equal(combine_parse("nnm+", &s), -EINVAL);
	assert_int_equal(combine_parse("nnm+nothing", &s), -EINVAL);
	assert_int_equal(combine_parse("arc+arc+arc+arc+arc+mean", &s),
	    -EINVAL);
}

static void
bad_settings(void **state)
{
	struct combine_settings good = combine_defaults(), s;
	char err[128];

	(void)state;
	assert_int_equal(combine_check(&good, err, sizeof(err)), 0);
#define BAD(change)                                                   \
	do {                                                          \
		s = good;                                             \
		change;                                               \
		err[0] = '\0';                                        \
		assert_int_equal(combine_check(&s, err, sizeof(err)), \
		    -EINVAL);                                         \
		assert_true(strlen(err) > 10);                        \
	} while (0)
	BAD(s.rule = 0);
	BAD(s.rule = 200);
	BAD(s.f = 50);
	BAD(s.npre = 5);
	BAD((s.npre = 1, s.pre[0] = 9));
	BAD((s.npre = 2, s.pre[0] = s.pre[1] = PRE_NNM));
	BAD((s.npre = 1, s.pre[0] = PRE_CLIP, s.knobs.clip = 0));
	BAD((s.npre = 1, s.pre[0] = PRE_BUCKETING, s.knobs.bucket = 0));
	BAD(s.knobs.tau = 0);
	BAD(s.knobs.nu = -1);
	BAD(s.knobs.iterations = 0);
	BAD(s.knobs.iterations = 65);
	BAD((s.nova = true, s.nova_cap = 0));
	BAD(s.server.rate = 0);
#undef BAD
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(stages_in_order),
	    cmocka_unit_test(all_together),
	    cmocka_unit_test(other_segments_do_not_matter),
	    cmocka_unit_test(centered_clipping_remembers),
	    cmocka_unit_test(weights_count_for_the_mean_only),
	    cmocka_unit_test(how_many),
	    cmocka_unit_test(takes_what_it_combines),
	    cmocka_unit_test(too_few_change_nothing),
	    cmocka_unit_test(names),
	    cmocka_unit_test(bad_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
