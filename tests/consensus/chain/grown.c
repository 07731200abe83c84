#include "grown.h"

/* Its blocks are wanted here, not only the last one. */
/* NOLINTNEXTLINE(bugprone-suspicious-include) */
#include "tests/consensus/ledger/poll.c"

#include "consensus/chain/segments.h"
#include "consensus/ledger/seats.h"

static void
write_chain(struct simdisk *d, const struct town *t)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct segments log;

	federation_put(&w, &t->f);
	assert_int_equal(segments_create(&d->disk, SEGMENTS_DIR, &t->fid,
			     w.data, (uint32_t)w.len),
	    0);
	bytes_writer_close(&w);
	assert_int_equal(segments_open(&log, &d->disk, SEGMENTS_DIR,
			     SEGMENTS_REPAIR, NULL),
	    0);
	for (size_t i = 0; i < nchain; i++) {
		struct bytes_writer b = BYTES_WRITER_INIT;

		block_put_full(&b, chain[i]);
		commit_put(&b,
		    i + 1 < nchain ? chain[i + 1]->last_commit : &t->commit);
		assert_int_equal(segments_append(&log, &chain[i]->id, b.data,
				     (uint32_t)b.len),
		    0);
		bytes_writer_close(&b);
	}
	segments_close(&log);
}

void
grown_make(struct simdisk *d, struct town *t, uint16_t founders, uint16_t more)
{
	struct economy e = ECONOMY_DEFAULT;
	struct payload p;

	e.voting_period = 2;
	e.voting_extension = 1;
	e.voting_lock = 0;
	poll_begin(t,
	    &(struct town_setup){.n = founders, .rounds = 1000, .economy = &e});
	for (uint16_t i = 0; i < more; i++) {
		p = poll_newcomer(t, PAYLOAD_MEMBER_ADD, (uint8_t)(1 + i));
		assert_int_equal(poll_wait(t,
				     poll_pass(t, PROPOSAL_MEMBER, &p)),
		    PROPOSAL_EXECUTED);
	}
	poll_beat(t);
	assert_int_equal(seats_members(ledger_seats(t->l)), founders + more);
	write_chain(d, t);
}
