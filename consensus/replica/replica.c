#include "consensus/replica/replica.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/replica/agree.h"
#include "consensus/replica/bodies.h"
#include "consensus/replica/gossip.h"
#include "consensus/replica/polka.h"
#include "consensus/replica/proofs.h"
#include "consensus/replica/queue.h"
#include "consensus/replica/recv.h"
#include "consensus/replica/round.h"
#include "consensus/replica/silence.h"
#include "consensus/replica/state.h"
#include "consensus/replica/sync.h"
#include "consensus/replica/wallclock.h"
#include "consensus/replica/txgossip.h"

int
replica_new(const struct replica_config *cfg, struct replica **out)
{
	struct bft_params params;
	struct replica *r;
	int rc;

	if (cfg->self != REPLICA_NOBODY &&
	    cfg->self >= cfg->federation->nmembers)
		return -EINVAL;
	r = malloc(sizeof(*r));
	if (r == NULL)
		return -ENOMEM;
	/* Around the core, which is most of it and empties itself. */
	memset(r, 0, offsetof(struct replica, bft));
	memset(&r->out, 0, sizeof(*r) - offsetof(struct replica, out));
	r->fed = cfg->federation;
	r->key = cfg->key;
	r->witness = cfg->witness;
	r->deciding = cfg->deciding;
	r->witness_arg = cfg->arg;
	r->self = cfg->self;
	r->reckless = cfg->reckless;
	r->n = cfg->federation->nmembers;
	rc = ledger_new(r->fed, &r->ledger);
	r->rules = cfg->rules > 0 ? cfg->rules : LEDGER_VERSIONS;
	if (rc == 0) {
		ledger_version_limit(r->ledger, r->rules);
		params = agree_params(r);
		rc = bft_init(&r->bft, &params);
	}
	if (rc < 0) {
		replica_free(r);
		return rc;
	}
	round_enter(r);
	*out = r;
	return 0;
}

void
replica_free(struct replica *r)
{
	if (r == NULL)
		return;
	while (r->qhead < r->qlen)
		replica_action_close(&r->queue[r->qhead++]);
	free(r->queue);
	while (r->phead < r->plen)
		free(r->pending[r->phead++].attest);
	free(r->pending);
	bodies_clear(r);
	round_clear(r);
	answer_unref(r->carried);
	sync_clear(r);
	recv_clear(r);
	txpool_clear(&r->txpool);
	proofs_clear(r);
	block_free(r->decided);
	block_free(r->applied);
	free(r->decided_commit);
	free(r->last_commit);
	free(r->records);
	polka_clear(r);
	ledger_free(r->ledger);
	free(r);
}

static void
start(struct replica *r)
{
	r->started = true;
	r->began_height = ledger_height(r->ledger);
	r->began_round = ledger_round(r->ledger)->number;
	agree_enter(r);
	if (r->halted)
		return;
	polka_replay(r);
	round_enter(r);
	round_progress(r);
	gossip_tell(r, REPLICA_ALL);
}

static void
peer_changed(struct replica *r, uint16_t peer, bool up)
{
	if (peer >= r->n)
		return;
	r->peers[peer] = (struct replica_peer){.up = up};
	if (up)
		gossip_tell(r, peer);
}

/* While we catch up the core's clock stands still: its time-outs would make
 * it vote at a height that others have left behind. */
static uint64_t
core_deadline(const struct replica *r)
{
	return sync_active(r) ? 0 : r->out.deadline_ms;
}

static void
tick(struct replica *r)
{
	struct bft_event ev = {.type = BFT_EV_TIME};

	/* Not before: what they lead to would be signed behind the others. */
	if (r->nvotes > 0 && !sync_active(r))
		polka_replay(r);
	if (core_deadline(r) != 0 && r->now.mono >= core_deadline(r))
		agree_feed(r, &ev);
	sync_ask(r);
	round_progress(r);
	gossip_tick(r);
}

void
replica_step(struct replica *r, const struct replica_event *ev)
{
	r->now = ev->now;
	switch (ev->type) {
	case REPLICA_EV_START:
		start(r);
		break;
	case REPLICA_EV_PEER_UP:
	case REPLICA_EV_PEER_DOWN:
		peer_changed(r, ev->peer, ev->type == REPLICA_EV_PEER_UP);
		break;
	case REPLICA_EV_MSG:
		if (r->started && !r->halted && ev->peer < r->n)
			recv_message(r, ev->peer, ev->msg.data, ev->msg.len);
		break;
	case REPLICA_EV_STORED:
		if (!r->halted)
			queue_stored(r, ev->seq);
		break;
	case REPLICA_EV_TRAINED:
		round_trained(r, ev->answer);
		break;
	case REPLICA_EV_TIME:
		if (r->started && !r->halted)
			tick(r);
		break;
	}
}

int
replica_submit(struct replica *r, const struct replica_now *now, struct tx *t)
{
	r->now = *now;
	return txgossip_submit(r, t);
}

const struct txpool *
replica_txpool(const struct replica *r)
{
	return &r->txpool;
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	if (a == 0 || (b != 0 && b < a))
		return b;
	return a;
}

uint64_t
replica_deadline(const struct replica *r)
{
	uint64_t at = r->status_ms + REPLICA_STATUS_MS;

	at = earlier(at, core_deadline(r));
	at = earlier(at, round_deadline(r));
	return at;
}

uint16_t
replica_self(const struct replica *r)
{
	return r->self;
}

const struct federation *
replica_founded(const struct replica *r)
{
	return r->fed;
}

const struct ledger *
replica_ledger(const struct replica *r)
{
	return r->ledger;
}

const struct bft *
replica_bft(const struct replica *r)
{
	return &r->bft;
}

struct replica_counts
replica_counts(const struct replica *r)
{
	return r->counts;
}

struct replica_progress
replica_progress(const struct replica *r)
{
	struct replica_progress p = {.fl_round = r->fl_round,
	    .answered = r->answers[r->self][0] != NULL,
	    .training = r->training,
	    .syncing = sync_active(r),
	    .target = sync_target(r),
	    .clock_off_ms = wallclock_off_ms(r),
	    .silent_until = silence_until(r),
	    .twin = r->twin};

	for (uint16_t i = 0; i < r->n; i++) {
		p.answers = (uint16_t)(p.answers + (r->answers[i][0] != NULL));
		p.attests = (uint16_t)(p.attests + (r->attests[i] != NULL));
	}
	return p;
}

bool
replica_holds_answer(const struct replica *r, uint16_t i)
{
	return i < r->n && r->answers[i][0] != NULL;
}

bool
replica_holds_attest(const struct replica *r, uint16_t i)
{
	return i < r->n && r->attests[i] != NULL;
}
