/* Tallies against the reference's vectors, proposals against random histories
 * that are judged a second time from the list of what was said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/votes/proposal.h"

static uint64_t rng = 0x2545f4914f6cdd1du;

static uint64_t
draw(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng;
}

/* Reference trust.md 4.2. */
static void
test_tally_vectors(void **state)
{
	static const struct {
		uint64_t yes, no, veto, abstain;
		enum ballots_result want;
	} v[] = {
	    {334, 0, 0, 0, BALLOTS_PASSED},
	    {333, 0, 0, 0, BALLOTS_NO_QUORUM},
	    {200, 200, 0, 0, BALLOTS_REJECTED},
	    {201, 200, 0, 0, BALLOTS_PASSED},
	    {0, 0, 0, 400, BALLOTS_ALL_ABSTAIN},
	    {500, 100, 301, 0, BALLOTS_VETOED},
	    {500, 100, 300, 1, BALLOTS_PASSED},
	    {0, 0, 0, 0, BALLOTS_NO_QUORUM},
	};
	const struct ballots_rule rule = {334000, 500000, 334000};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++) {
		struct ballots t = {.count = {[VOTE_YES] = v[i].yes,
					[VOTE_NO] = v[i].no,
					[VOTE_VETO] = v[i].veto,
					[VOTE_ABSTAIN] = v[i].abstain},
		    .total = 1000};

		assert_int_equal(ballots_close(&t, &rule), v[i].want);
	}
}

/* Early: no way of filling in the silent ones may undo it. */
static void
test_decided_means_decided(void **state)
{
	(void)state;
	for (int run = 0; run < 20000; run++) {
		struct ballots_rule rule = {(uint32_t)(draw() % 1000001),
		    (uint32_t)(500000 + draw() % 500000),
		    (uint32_t)(1 + draw() % 1000000)};
		struct ballots t = {.total = 0};
		uint64_t silent = draw() % 8;
		bool decided;

		for (int o = VOTE_YES; o <= VOTE_ABSTAIN; o++)
			t.count[o] = draw() % 8;
		t.total = ballots_cast(&t) + silent;
		decided = ballots_decided(&t, &rule);
		for (int fill = 0; fill < 20; fill++) {
			struct ballots end = t;

			for (uint64_t k = draw() % (silent + 1); k > 0; k--)
				end.count[1 + draw() % 4]++;
			if (decided)
				assert_int_equal(ballots_close(&end, &rule),
				    BALLOTS_PASSED);
		}
	}
}

static const struct proposal_calendar calendar = {.period = 20,
    .extension = 5,
    .grace = 10,
    .lock_percent = 10};

static void
proposal_make(struct decision *p, uint8_t kind, uint16_t n)
{
	memset(p, 0, sizeof(*p));
	p->id = 1;
	p->kind = kind;
	p->nvoters = n;
	for (uint16_t i = 0; i < n; i++) {
		p->seats[i] = 1;
		p->tokens[i] = 100 * (uint64_t)(i + 1);
	}
	proposal_open(p, &calendar, 100);
}

static bool
vote_at(struct decision *p, uint16_t voter, enum vote_option o, uint64_t height)
{
	return proposal_vote(p, &calendar, voter, o, height);
}

static void
test_life_of_a_proposal(void **state)
{
	struct decision p;

	(void)state;
	proposal_make(&p, PROPOSAL_JOB, 4);
	assert_false(vote_at(&p, 0, VOTE_YES, 100)); /* the snapshot's block */
	assert_true(vote_at(&p, 0, VOTE_NO, 101));
	assert_true(vote_at(&p, 0, VOTE_YES, 102)); /* replaced */
	assert_true(vote_at(&p, 1, VOTE_YES, 103));
	assert_false(vote_at(&p, 4, VOTE_YES, 104)); /* nobody */
	assert_false(vote_at(&p, 2, VOTE_NONE, 104));
	assert_false(proposal_cancel(&p));
	assert_false(proposal_step(&p, &calendar, 119));
	assert_int_equal(p.state, PROPOSAL_OPEN);
	assert_false(proposal_step(&p, &calendar, 120));
	assert_int_equal(p.state, PROPOSAL_QUEUED);
	assert_int_equal(p.eta, 140); /* 200 blocks, of which 10 percent */
	assert_false(vote_at(&p, 2, VOTE_VETO, 121));
	assert_false(proposal_step(&p, &calendar, 139));
	assert_true(proposal_step(&p, &calendar, 140));
	proposal_done(&p, true);
	assert_int_equal(p.state, PROPOSAL_EXECUTED);
	assert_false(proposal_step(&p, &calendar, 141)); /* never twice */
}

static void
test_other_ends(void **state)
{
	struct decision p;

	(void)state;
	proposal_make(&p, PROPOSAL_TEXT, 4);
	assert_true(proposal_cancel(&p));
	assert_false(proposal_step(&p, &calendar, 200));
	assert_int_equal(p.state, PROPOSAL_CANCELLED);

	proposal_make(&p, PROPOSAL_JOB, 4);
	assert_true(vote_at(&p, 0, VOTE_YES, 101));
	assert_false(proposal_step(&p, &calendar, 120));
	assert_int_equal(p.state, PROPOSAL_NO_QUORUM);

	proposal_make(&p, PROPOSAL_JOB, 4);
	for (uint16_t i = 0; i < 4; i++)
		assert_true(vote_at(&p, i, i < 2 ? VOTE_YES : VOTE_VETO, 101));
	assert_false(proposal_step(&p, &calendar, 120));
	assert_int_equal(p.state, PROPOSAL_VETOED);

	proposal_make(&p, PROPOSAL_JOB, 4);
	for (uint16_t i = 0; i < 4; i++)
		assert_true(vote_at(&p, i, VOTE_YES, 101));
	assert_false(proposal_step(&p, &calendar, 120));
	assert_false(proposal_step(&p, &calendar, 151)); /* eta 140, grace 10 */
	assert_int_equal(p.state, PROPOSAL_EXPIRED);
}

/* The fourth member's veto would come too late if the third could close it. */
static void
test_late_quorum_moves_the_end(void **state)
{
	struct decision p;

	(void)state;
	proposal_make(&p, PROPOSAL_MEMBER, 4);
	assert_true(vote_at(&p, 0, VOTE_YES, 101));
	assert_true(vote_at(&p, 1, VOTE_YES, 120));
	assert_int_equal(p.end, 125);
	assert_false(proposal_step(&p, &calendar, 120));
	assert_true(vote_at(&p, 2, VOTE_VETO, 124));
	assert_int_equal(p.end, 125); /* once */
	assert_false(proposal_step(&p, &calendar, 125));
	assert_int_equal(p.state, PROPOSAL_REJECTED); /* 2 of 3, not over */
}

static void
test_pause_passes_early(void **state)
{
	struct decision p;

	(void)state;
	proposal_make(&p, PROPOSAL_PAUSE, 4);
	assert_true(vote_at(&p, 0, VOTE_YES, 101));
	assert_true(vote_at(&p, 1, VOTE_YES, 101));
	assert_false(proposal_step(&p, &calendar, 101));
	assert_true(vote_at(&p, 2, VOTE_YES, 102));
	assert_true(proposal_step(&p, &calendar, 102));
	proposal_done(&p, false);
	assert_int_equal(p.state, PROPOSAL_FAILED);
}

static void
test_both_houses(void **state)
{
	struct decision p;

	(void)state;
	/* All seats but one for it; that one holds nearly all tokens. */
	proposal_make(&p, PROPOSAL_RULE, 4);
	p.tokens[3] = 100000;
	for (uint16_t i = 0; i < 4; i++)
		assert_true(vote_at(&p, i, i < 3 ? VOTE_YES : VOTE_NO, 101));
	assert_false(proposal_step(&p, &calendar, 120));
	assert_int_equal(p.state, PROPOSAL_REJECTED);
	p.tokens[3] = 1;
	proposal_open(&p, &calendar, 200);
	for (uint16_t i = 0; i < 4; i++)
		assert_true(vote_at(&p, i, i < 3 ? VOTE_YES : VOTE_NO, 201));
	assert_false(proposal_step(&p, &calendar, 220));
	assert_int_equal(p.state, PROPOSAL_QUEUED);
}

/* What was said, for the second opinion. */
struct said {
	uint16_t voter;
	enum vote_option option;
};

/* The last word of every voter, added up by another road. */
static void
oracle_tally(const struct decision *p, const struct said *log, size_t n,
    struct ballots *out)
{
	*out = (struct ballots){.total = 0};
	for (uint16_t v = 0; v < p->nvoters; v++) {
		uint8_t last = VOTE_NONE;

		for (size_t i = n; i > 0 && last == VOTE_NONE; i--)
			if (log[i - 1].voter == v)
				last = (uint8_t)log[i - 1].option;
		out->total += p->tokens[v];
		if (last)
			out->count[last] += p->tokens[v];
	}
}

/* A few words in one block; those that were heard go to the log. */
static size_t
some_votes(struct decision *p, uint64_t height, struct said *log, size_t n)
{
	bool open = p->state == PROPOSAL_OPEN;

	for (unsigned k = draw() % 4; k > 0; k--) {
		struct said s = {(uint16_t)(draw() % (p->nvoters + 1u)),
		    (enum vote_option)(draw() % 6)};

		if (!vote_at(p, s.voter, s.option, height))
			continue;
		assert_true(open);
		log[n++] = s;
	}
	return n;
}

static void
test_random_histories(void **state)
{
	struct said log[400];

	(void)state;
	for (int run = 0; run < 3000; run++) {
		struct decision p;
		struct ballots want;
		struct ballots got;
		uint64_t height = 100;
		size_t n = 0;
		unsigned due = 0;

		proposal_make(&p, PROPOSAL_PARAM,
		    (uint16_t)(1 + draw() % PROPOSAL_VOTERS_MAX));
		for (; height < 160; height++) {
			n = some_votes(&p, height, log, n);
			if (proposal_step(&p, &calendar, height)) {
				assert_true(height >= p.eta);
				due++;
				proposal_done(&p, draw() % 2);
			}
		}
		oracle_tally(&p, log, n, &want);
		proposal_tally(&p, HOUSE_TOKENS, &got);
		assert_memory_equal(&got, &want, sizeof(got));
		assert_true(ballots_cast(&got) <= got.total);
		assert_true(
		    p.end <= 100 + calendar.period + calendar.extension);
		assert_int_equal(due,
		    ballots_close(&want,
			&proposal_terms(PROPOSAL_PARAM)->rule) ==
			BALLOTS_PASSED);
	}
}

static void
test_kinds_have_names(void **state)
{
	(void)state;
	assert_null(proposal_terms(0));
	assert_null(proposal_terms(PROPOSAL_KINDS));
	assert_int_equal(proposal_kind_named("nonsense"), 0);
	for (uint8_t k = 1; k < PROPOSAL_KINDS; k++) {
		assert_int_equal(proposal_kind_named(proposal_terms(k)->name),
		    k);
		assert_true(proposal_terms(k)->houses >= HOUSE_SEATS);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tally_vectors),
	    cmocka_unit_test(test_decided_means_decided),
	    cmocka_unit_test(test_life_of_a_proposal),
	    cmocka_unit_test(test_other_ends),
	    cmocka_unit_test(test_late_quorum_moves_the_end),
	    cmocka_unit_test(test_pause_passes_early),
	    cmocka_unit_test(test_both_houses),
	    cmocka_unit_test(test_random_histories),
	    cmocka_unit_test(test_kinds_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
