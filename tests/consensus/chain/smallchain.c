#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/bytes.h"
#include "smallchain.h"

void
smallchain_open(struct smallchain *c, struct disk *d, uint16_t n,
    uint32_t rounds)
{
	struct town_setup setup = {.n = n, .rounds = rounds};
	struct bytes_writer w = BYTES_WRITER_INIT;

	town_open(&c->town, &setup);
	federation_put(&w, &c->town.f);
	assert_int_equal(w.error, 0);
	assert_int_equal(segments_create(d, SEGMENTS_DIR, &c->town.fid, w.data,
			     (uint32_t)w.len),
	    0);
	bytes_writer_close(&w);
	assert_int_equal(segments_open(&c->log, d, SEGMENTS_DIR,
			     SEGMENTS_REPAIR, NULL),
	    0);
}

void
smallchain_close(struct smallchain *c)
{
	segments_close(&c->log);
	town_close(&c->town);
}

struct block *
smallchain_next(struct smallchain *c)
{
	struct town *t = &c->town;
	uint64_t height = ledger_height(t->l) + 1;
	uint16_t i, n = t->f.nmembers;
	struct block *b;

	t->now_ms = ledger_time_ms(t->l) + 500;
	if (ledger_round(t->l)->finished || height % 7 == 0) {
		t->now_ms += TOWN_HEARTBEAT_MS;
	} else if (height % 5 == 0) { /* nobody could: a skip */
		t->now_ms += 9 * TOWN_STRAGGLER_MS;
		town_all(t, ANSWER_NO_UPDATE);
	} else {
		/* The last member refuses now and then. */
		for (i = 0; i < n; i++)
			town_answer(t, i,
			    i + 1 == n && height % 3 == 0 ? ANSWER_NO_UPDATE
							  : ANSWER_UPDATE);
		for (i = 0; i < n; i++)
			town_attest(t, i, UINT64_MAX);
	}
	b = town_build(t);
	town_commit(t, b);
	return b;
}

void
smallchain_append(struct smallchain *c, const struct block *b)
{
	struct bytes_writer w = BYTES_WRITER_INIT;

	block_put_full(&w, b);
	commit_put(&w, &c->town.commit);
	assert_int_equal(w.error, 0);
	assert_int_equal(segments_append(&c->log, &b->id, w.data,
			     (uint32_t)w.len),
	    0);
	bytes_writer_close(&w);
}

void
smallchain_step(struct smallchain *c)
{
	struct block *b = smallchain_next(c);

	smallchain_append(c, b);
	block_free(b);
}
