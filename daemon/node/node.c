#include "daemon/node/node.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "consensus/ledger/merge.h"
#include "consensus/ledger/txs.h"
#include "daemon/node/diskwatch.h"
#include "daemon/node/invites.h"
#include "daemon/node/log.h"
#include "daemon/node/start.h"
#include "daemon/node/txbox.h"
#include "proto/id.h"

/* Bytes that wait for one peer before it is served no more old blocks. */
#define NODE_SERVE_QUEUED (16u << 20)

static void drive(struct node *n);
static void arm(struct node *n);

uint64_t
node_mono_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t
node_wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static struct replica_now
now(void)
{
	return (struct replica_now){node_mono_ms(), node_wall_ms()};
}

static const char *
member_name(const struct node *n, uint16_t i)
{
	const struct federation *f = n->roster;

	return i < f->nmembers ? f->members[i].name : "?";
}

/* One event in, everything that follows from it out. */
void
node_step(struct node *n, const struct replica_event *ev)
{
	struct replica_event e = *ev;

	e.now = now();
	replica_step(n->replica, &e);
	drive(n);
}

struct node_round
node_round_of(const struct ledger_round_summary *s)
{
	return (struct node_round){.round = s->round,
	    .height = s->height,
	    .time_ms = s->time_ms,
	    .duration_ms = s->duration_ms,
	    .kind = s->kind,
	    .task = s->task,
	    .control = s->control,
	    .nparts = s->nparts,
	    .nupdates = s->nupdates,
	    .rows = s->rows,
	    .correct = s->correct,
	    .loss_before_q24 = s->loss_before_q24,
	    .loss_after_q24 = s->loss_after_q24,
	    .control_correct = s->control_correct,
	    .control_loss_q24 = s->control_loss_q24,
	    .valid_rows = s->valid_rows,
	    .valid_correct = s->valid_correct,
	    .valid_loss_q24 = s->valid_loss_q24,
	    .valid_control_correct = s->valid_control_correct,
	    .valid_control_loss_q24 = s->valid_control_loss_q24};
}

void
node_note_round(struct node *n, const struct ledger_round_summary *s)
{
	n->rounds[n->nrounds++ % NODE_ROUNDS_KEPT] = node_round_of(s);
}

static void
note_txs(struct node *n, const struct block *b)
{
	const struct sign_public self = sign_key_public(n->opt->key);

	for (uint16_t i = 0; i < b->header.ntxs; i++)
		n->txs[n->ntxs++ % NODE_TXS_KEPT] =
		    (struct node_tx){b->txs[i]->id, b->header.height};
	txbox_drop_block(n->opt->home, b, &self);
	txbox_drop_gone(n->opt->home, replica_txpool(n->replica), &n->ngone);
}

uint64_t
node_tx_height(const struct node *n, const struct hash *id)
{
	uint64_t k = n->ntxs < NODE_TXS_KEPT ? n->ntxs : NODE_TXS_KEPT;

	while (k-- > 0)
		if (hash_equal(&n->txs[k].id, id))
			return n->txs[k].height;
	return 0;
}

/* Another job, or another clip, needs another trainer. */
static bool
follow_job(struct node *n)
{
	const struct ledger *l = replica_ledger(n->replica);
	const struct ledger_round *lr = ledger_round(l);

	if (hash_equal(&n->job, &lr->job) && n->job_first == lr->first &&
	    n->job_ruled == lr->ruled)
		return false;
	log_info(lr->ruled > lr->first ? "job.rule" : "job.start",
	    "round=%llu rounds=%u dim=%u",
	    (unsigned long long)(lr->ruled > lr->first ? lr->ruled : lr->first),
	    ledger_job(l)->rounds, ledger_dim(l));
	if (n->trainer != NULL && !n->stopping &&
	    trainer_follow(n->trainer, ledger_federation(l)) < 0) {
		log_error("trainer.memory", "round=%llu",
		    (unsigned long long)lr->first);
		trainer_stop(n->trainer);
	}
	n->job = lr->job;
	n->job_first = lr->first;
	n->job_ruled = lr->ruled;
	return true;
}

static void
handle_applied(struct node *n, const struct replica_action *a)
{
	const struct block *b = a->block;
	const struct ledger *l = replica_ledger(n->replica);
	const struct ledger_round *lr = ledger_round(l);
	uint64_t mono = node_mono_ms();
	char id[ID_TEXT_LEN];
	bool opened;

	opened = follow_job(n) || b->header.kind != BLOCK_ORDINARY;
	node_follow(n);
	if (b->header.kind != BLOCK_ORDINARY && ledger_last_round(l) != NULL)
		node_note_round(n, ledger_last_round(l));
	n->last_block_ms = mono;
	log_info("block.commit",
	    "height=%llu kind=%u round=%llu answers=%u txs=%u "
	    "id=%s",
	    (unsigned long long)a->height, b->header.kind,
	    (unsigned long long)b->header.fl_round, b->header.nanswers,
	    b->header.ntxs, id_text(ID_BLOCK, &b->id, id));
	note_txs(n, b);
	if (b->header.kind != BLOCK_ORDINARY && n->answer_ms != 0) {
		n->latency_us[n->nlatencies++ % NODE_LATENCIES_KEPT] =
		    (uint32_t)((mono - n->answer_ms) * 1000);
		n->answer_ms = 0;
		n->nanswers = 0;
	}
	if (n->control_open)
		control_block_committed(n->control, b);
	if (n->control_open && opened && !lr->finished)
		control_round_opened(n->control, lr->number);
	worth_turn(n->worth);
}

/* Would the others take an update of our data in this round? Asked before the
 * rows are: what is not taken need not be spent. NULL, or why not. */
static const char *
consent(const struct node *n)
{
	const struct ledger *l = replica_ledger(n->replica);
	enum books_verdict v;

	if (hash_is_zero(&trainer_ready(n->trainer)->data_asset))
		return NULL; /* not known yet */
	v = txs_consent(l, n->self, &trainer_ready(n->trainer)->data_asset);
	return v == BOOKS_OK ? NULL : books_verdict_text(v);
}

static void
handle_train(struct node *n, const struct replica_action *a)
{
	const struct ledger *l = replica_ledger(n->replica);
	const uint64_t used = ledger_round(l)->bases.used[n->self];
	struct replica_event ev = {.type = REPLICA_EV_TRAINED};

	n->unused = n->trainer != NULL ? consent(n) : NULL;
	if (n->unused != NULL)
		log_warn("data.unused", "round=%llu why=\"%s\"",
		    (unsigned long long)a->fl_round, n->unused);
	if (n->trainer != NULL && !n->stopping && n->unused == NULL) {
		struct merge_asked asked;
		const uint16_t place = ledger_place(l, n->self, &asked);
		const struct trainwire_model m = {.round = a->fl_round -
			n->job_first,
		    .member = n->self,
		    .place = place,
		    .asked = place < asked.n ? asked.n : 0,
		    .faults = asked.faults,
		    .aggregated = ledger_round(l)->aggregated,
		    .kept = used > 0 ? used - n->job_first : 0,
		    .dim = ledger_dim(l),
		    .model = (int64_t *)(uintptr_t)ledger_model(l)};

		trainer_train(n->trainer, &m);
		return;
	}
	ev.answer = answer_new(0);
	if (ev.answer == NULL)
		return;
	ev.answer->kind = ANSWER_NO_UPDATE;
	ev.answer->reason =
	    n->unused != NULL ? ANSWER_REASON_DECLINED : ANSWER_REASON_NO_DATA;
	ev.answer->round = a->fl_round;
	node_step(n, &ev);
}

static void
handle(struct node *n, struct replica_action *a)
{
	static const enum link_class classes[] = {
	    [REPLICA_CLASS_VOTE] = LINK_VOTE,
	    [REPLICA_CLASS_STATUS] = LINK_STATUS,
	    [REPLICA_CLASS_ANSWER] = LINK_DATA,
	    [REPLICA_CLASS_TX] = LINK_SYNC,
	    [REPLICA_CLASS_SYNC] = LINK_SYNC,
	};

	/* On the way out only what was decided still counts. */
	if (n->stopping && a->type != REPLICA_STORE &&
	    a->type != REPLICA_APPLIED)
		return;
	switch (a->type) {
	case REPLICA_SEND:
		if (a->peer == REPLICA_ALL)
			peers_broadcast(n->peers, classes[a->class], a->data,
			    a->len);
		else
			peers_send(n->peers, a->peer,
			    a->class == REPLICA_CLASS_ANSWER
				? LINK_REPAIR
				: classes[a->class],
			    a->data, a->len);
		a->data = NULL;
		break;
	case REPLICA_SERVE:
		/* Who does not take what he asked for asks again later. */
		if (peers_queued(n->peers, a->peer) > NODE_SERVE_QUEUED)
			break;
		storage_submit(n->storage, a);
		break;
	case REPLICA_STORE:
		storage_submit(n->storage, a);
		break;
	case REPLICA_TRAIN:
		handle_train(n, a);
		break;
	case REPLICA_CANCEL:
		if (n->trainer != NULL)
			trainer_cancel(n->trainer);
		break;
	case REPLICA_APPLIED:
		handle_applied(n, a);
		break;
	case REPLICA_PUNISH:
		log_info("peer.punish", "peer=%s why=\"%s\"",
		    member_name(n, a->peer), a->text);
		peers_punish(n->peers, a->peer);
		break;
	case REPLICA_NOTICE:
		log_warn("replica.notice", "member=%s what=\"%s\"",
		    member_name(n, a->peer), a->text);
		break;
	case REPLICA_HALT:
		n->halted = a->text;
		log_error("replica.halt", "why=\"%s\"", a->text);
		node_stop(n,
		    ledger_version_known(replica_ledger(n->replica))
			? NODE_EXIT_SOFTWARE
			: NODE_EXIT_CONFIG);
		break;
	}
}

/* Whoever relayed it, an answer is its author's. */
static void
tell_answers(struct node *n, uint64_t round)
{
	if (n->held_round != round)
		memset(n->held, 0, sizeof(n->held));
	n->held_round = round;
	for (uint16_t i = 0; i < n->roster->nmembers; i++) {
		if (n->held[i] || !replica_holds_answer(n->replica, i))
			continue;
		n->held[i] = true;
		if (n->control_open)
			control_answer_received(n->control, round, i);
	}
}

/* When the number of answers grows, latency to the block counts from now. */
static void
note_answers(struct node *n)
{
	struct replica_progress p = replica_progress(n->replica);

	if (p.answers == n->nanswers)
		return;
	if (p.answers > n->nanswers)
		n->answer_ms = node_mono_ms();
	n->nanswers = p.answers;
	tell_answers(n, p.fl_round);
}

static void
drive(struct node *n)
{
	struct replica_action a;

	if (n->driving)
		return; /* the outer call goes on until nothing is left */
	n->driving = true;
	note_answers(n);
	while (replica_next(n->replica, &a)) {
		handle(n, &a);
		replica_action_close(&a);
	}
	n->driving = false;
	arm(n);
}

int
node_submit(struct node *n, struct tx *t)
{
	struct replica_now at = now();
	int rc = replica_submit(n->replica, &at, t);

	drive(n);
	return rc;
}

/* Once each time that it goes wrong, and when it is right again. */
static void
tell_clock(struct node *n)
{
	const int64_t off = replica_progress(n->replica).clock_off_ms;

	if ((off != 0) == n->clock_off)
		return;
	n->clock_off = off != 0;
	if (off != 0)
		log_error("clock.off",
		    "ms=%" PRId64 " why=\"this machine's clock is %s those of "
		    "the others: a block of ours would be refused, so none is "
		    "proposed\" mend=\"set the clock (NTP); the node goes on "
		    "by itself\"",
		    off, off > 0 ? "ahead of" : "behind");
	else
		log_info("clock.right",
		    "why=\"the clock is that of the others again\"");
}

static void
timer_cb(uv_timer_t *t)
{
	node_step(t->data, &(struct replica_event){.type = REPLICA_EV_TIME});
	tell_clock(t->data);
	why_look(t->data, false);
}

static void
arm(struct node *n)
{
	uint64_t at = replica_deadline(n->replica), mono = node_mono_ms();

	if (!n->timer_open || n->stopping)
		return;
	uv_update_time(&n->loop);
	uv_timer_start(&n->timer, timer_cb, at > mono ? at - mono : 0, 0);
}

/* storage */

static void
stored_cb(void *arg, uint64_t seq)
{
	struct node *n = arg;

	node_step(n,
	    &(struct replica_event){.type = REPLICA_EV_STORED, .seq = seq});
}

static void
served_cb(void *arg, uint16_t peer, uint8_t *data, size_t len)
{
	struct node *n = arg;

	if (n->stopping)
		free(data);
	else
		peers_send(n->peers, peer, LINK_SYNC, data, len);
}

static void
answered_cb(void *arg, void *ticket, struct past_answer *a)
{
	control_answered(arg, ticket, a);
}

/* trainer */

static void
ready_cb(void *arg, const struct trainwire_ready *r)
{
	struct node *n = arg;

	log_info("trainer.ready", "rows=%u dim=%u confined=%u", r->rows, r->dim,
	    r->confined);
	worth_restarted(n->worth);
}

static void
worthed_cb(void *arg, const struct trainwire_worthed *x)
{
	struct node *n = arg;

	worth_answered(n->worth, x);
}

static void
refused_cb(void *arg, const char *text)
{
	(void)arg;
	log_error("trainer.refused", "why=\"%s\"", text);
}

static void
trained_cb(void *arg, const struct trainwire_trained *t)
{
	struct node *n = arg;
	struct replica_event ev = {.type = REPLICA_EV_TRAINED};
	struct answer *a = answer_new(t->dim);

	if (a == NULL) {
		log_error("trainer.memory", "round=%llu",
		    (unsigned long long)t->round);
		return;
	}
	a->kind = ANSWER_UPDATE;
	a->round = t->round + n->job_first;
	a->flags = t->flags;
	a->data_asset = trainer_ready(n->trainer)->data_asset;
	a->trainer_state = t->trainer_state;
	a->seed_commit = t->seed_commit;
	if (!hash_is_zero(&t->seed_commit))
		a->privacy = job_claim(ledger_job(replica_ledger(n->replica)));
	a->rows = t->rows;
	a->correct = t->correct;
	a->loss_before_q24 = t->loss_before_q24;
	a->loss_after_q24 = t->loss_after_q24;
	a->steps = t->steps;
	a->control_loss_q24 = t->control_loss_q24;
	a->control_correct = t->control_correct;
	a->valid_rows = t->valid_rows;
	a->valid_loss_q24 = t->valid_loss_q24;
	a->valid_correct = t->valid_correct;
	a->valid_control_loss_q24 = t->valid_control_loss_q24;
	a->valid_control_correct = t->valid_control_correct;
	memcpy(a->delta, t->delta, t->dim * sizeof(*a->delta));
	ev.answer = a;
	node_step(n, &ev);
}

static void
train_failed_cb(void *arg, uint64_t round, uint8_t reason, const char *text)
{
	struct node *n = arg;
	struct replica_event ev = {.type = REPLICA_EV_TRAINED};
	unsigned long long at = round + n->job_first;

	log_warn("trainer.no_update", "round=%llu why=\"%s\"", at, text);
	ev.answer = answer_new(0);
	if (ev.answer == NULL)
		return;
	ev.answer->kind = ANSWER_NO_UPDATE;
	ev.answer->reason = reason;
	ev.answer->round = at;
	node_step(n, &ev);
}

/* links */

static void
peer_up_cb(void *arg, uint16_t i)
{
	struct node *n = arg;

	log_info("peer.up", "peer=%s", member_name(n, i));
	node_step(n,
	    &(struct replica_event){.type = REPLICA_EV_PEER_UP, .peer = i});
}

static void
peer_down_cb(void *arg, uint16_t i, int reason)
{
	struct node *n = arg;

	log_info("peer.down", "peer=%s why=\"%s\"", member_name(n, i),
	    link_reason(reason));
	if (!peers_up(n->peers, i))
		node_step(n,
		    &(struct replica_event){.type = REPLICA_EV_PEER_DOWN,
			.peer = i});
}

static void
peer_msg_cb(void *arg, uint16_t i, uint8_t *data, size_t len)
{
	struct node *n = arg;
	struct replica_event ev = {.type = REPLICA_EV_MSG, .peer = i};

	ev.msg.data = data;
	ev.msg.len = len;
	node_step(n, &ev);
	free(data);
}

/* Strangers come in floods: one line a second says how many. */
static void
peer_refused_cb(void *arg, const char *address, int reason)
{
	struct node *n = arg;
	uint64_t ms = node_mono_ms();

	n->nrefused++;
	if (n->refused_ms != 0 && ms < n->refused_ms + 1000)
		return;
	log_info("peer.refused", "address=%s why=\"%s\" count=%llu", address,
	    link_reason(reason), (unsigned long long)n->nrefused);
	n->refused_ms = ms;
	n->nrefused = 0;
}

struct storage_callbacks
node_storage_callbacks(struct node *n)
{
	return (struct storage_callbacks){.arg = n,
	    .stored = stored_cb,
	    .served = served_cb,
	    .answered = answered_cb,
	    .full = diskwatch_full,
	    .scrubbed = diskwatch_scrubbed,
	    .tables = diskwatch_tables,
	    .failed = diskwatch_failed};
}

struct trainer_callbacks
node_trainer_callbacks(struct node *n)
{
	return (struct trainer_callbacks){.arg = n,
	    .ready = ready_cb,
	    .refused = refused_cb,
	    .trained = trained_cb,
	    .failed = train_failed_cb,
	    .worthed = worthed_cb};
}

struct peers_events
node_peers_events(struct node *n)
{
	return (struct peers_events){.arg = n,
	    .up = peer_up_cb,
	    .down = peer_down_cb,
	    .msg = peer_msg_cb,
	    .guest = invites_guest_cb,
	    .invited = invites_known_cb,
	    .refused = peer_refused_cb};
}
