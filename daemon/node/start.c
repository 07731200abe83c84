#include "daemon/node/start.h"
#include "daemon/node/txbox.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/log.h"

/* When everything that makes work is closed, storage may end. */
static void
stop_done(struct node *n)
{
	if (n->peers_open || n->trainer_open || n->control_open)
		return;
	if (n->storage_open)
		storage_stop(n->storage);
}

static void
peers_stopped_cb(void *arg)
{
	struct node *n = arg;

	n->peers_open = false;
	stop_done(n);
}

static void
trainer_stopped_cb(void *arg)
{
	struct node *n = arg;

	n->trainer_open = false;
	stop_done(n);
}

static void
control_stopped_cb(void *arg)
{
	struct node *n = arg;

	n->control_open = false;
	stop_done(n);
}

static void
storage_stopped_cb(void *arg)
{
	struct node *n = arg;

	n->storage_open = false;
	uv_stop(&n->loop);
}

void
node_stop(struct node *n, int exit_code)
{
	if (n->stopping)
		return;
	n->stopping = true;
	n->exit_code = exit_code;
	log_info("node.stop", "exit=%d", exit_code);
	if (n->timer_open) {
		uv_close((uv_handle_t *)&n->timer, NULL);
		trim_stop(&n->trim);
		uv_close((uv_handle_t *)&n->sigterm, NULL);
		uv_close((uv_handle_t *)&n->sigint, NULL);
		n->timer_open = false;
	}
	if (n->peers_open)
		peers_stop(n->peers, peers_stopped_cb, n);
	if (n->trainer_open)
		trainer_stop(n->trainer);
	if (n->control_open)
		control_stop(n->control, control_stopped_cb, n);
	stop_done(n);
}

static void
signal_cb(uv_signal_t *s, int signum)
{
	struct node *n = s->data;

	log_info("node.signal", "signal=%d", signum);
	node_stop(n, 0);
}

static const char *
part_name(enum store_part p)
{
	switch (p) {
	case STORE_CHAIN:
		return "chain";
	case STORE_POOL:
		return "pool";
	case STORE_VOTELOG:
		return "votes.wal";
	}
	return "?";
}

static int
explain_open(const struct node *n, int rc, const struct store_report *rep)
{
	const char *home = n->opt->home;

	if (rc == -ENOENT && rep->part == STORE_VOTELOG) {
		log_error("storage.votes_missing",
		    "file=%s/%s "
		    "why=\"the vote log is gone; without it this node could "
		    "sign a second, different vote, and fewer than four "
		    "members cannot say how far it had come\" mend=\"put "
		    "the file back; else qmlnode assert-never-voted --help, "
		    "or a new identity with qmlnode init in another home\"",
		    home, VOTELOG_NAME);
		return NODE_EXIT_DAMAGED;
	}
	if (rc == -EBADMSG && rep->part == STORE_CHAIN) {
		log_error("storage.chain_damaged",
		    "segment=%06u.seg "
		    "offset=%" PRIu64 " height=%" PRIu64 " why=\"%s\" "
		    "mend=\"qmlnode audit %s shows the place; put a copy of "
		    "the whole chain folder there, a backup or another "
		    "member's\"",
		    rep->chain.segment, rep->chain.offset, rep->chain.height,
		    record_verdict_text(rep->chain.verdict), home);
		return NODE_EXIT_DAMAGED;
	}
	if (rc == -EBADMSG) {
		log_error("storage.damaged",
		    "part=%s seq=%" PRIu64 " "
		    "why=\"both copies of a record are damaged\" "
		    "mend=\"restore the newest copy; else qmlnode "
		    "assert-never-voted --help\"",
		    part_name(rep->part), rep->log.seq);
		return NODE_EXIT_DAMAGED;
	}
	if (rc == -EEXIST) {
		log_error("storage.other_federation",
		    "home=%s why=\"the chain "
		    "here belongs to another federation\" mend=\"use "
		    "another home\"",
		    home);
		return NODE_EXIT_CONFLICT;
	}
	if (rc == -ENOSPC || rc == -EDQUOT) {
		log_error("storage.full",
		    "part=%s home=%s why=\"%s: no room "
		    "for the next block\" mend=\"make room on that disk, "
		    "then start the node again\"",
		    part_name(rep->part), home, log_why(rc));
		return NODE_EXIT_IO;
	}
	if (rc == -EINVAL && rep->part == STORE_VOTELOG) {
		log_error("storage.open",
		    "part=%s home=%s why=\"it belongs to another node.key\" "
		    "mend=\"put back the one of the two that was exchanged\"",
		    part_name(rep->part), home);
		return NODE_EXIT_CONFLICT;
	}
	log_error("storage.open", "part=%s home=%s why=\"%s\"",
	    part_name(rep->part), home, log_why(rc));
	return rc == -EINVAL ? NODE_EXIT_CONFLICT : NODE_EXIT_IO;
}

/* What opening had to mend. Both are a crash's ordinary traces; of a disk that
 * loses data they are the first sign. */
static void
tell_mended(const struct store_report *rep)
{
	char votes[DISK_NAME_MAX];

	votelog_name(rep->log_number, votes);
	if (rep->cut)
		log_error("storage.chain_cut",
		    "segment=%06u.seg offset=%" PRIu64 " height=%" PRIu64
		    " why=\"%s\" next=\"the blocks from there on come from "
		    "the other members; the old bytes lie in %s/*.damaged-*, "
		    "and the disk is not to be trusted\"",
		    rep->chain.segment, rep->chain.offset, rep->chain.height,
		    record_verdict_text(rep->chain.verdict), SEGMENTS_DIR);
	if (rep->log_error != 0)
		log_error("storage.quarantine",
		    "file=%s seq=%" PRIu64 " why=\"the vote log before it is "
		    "%s: what this node signed is not known\" next=\"it "
		    "signs nothing until the others have said how far they "
		    "are, and two blocks more\"",
		    votes, rep->log_lost,
		    rep->log_error == -ENOENT ? "gone" : "damaged");
	if (rep->chain.cut_bytes > 0)
		log_warn("storage.tail_cut",
		    "segment=%06u.seg offset=%" PRIu64 " bytes=%" PRIu64
		    " height=%" PRIu64 " why=\"the last write was not "
		    "finished: %s\" next=\"the block comes from the other "
		    "members\"",
		    rep->chain.segment, rep->chain.offset, rep->chain.cut_bytes,
		    rep->chain.height, record_verdict_text(rep->chain.verdict));
	if (rep->log.nmended > 0 || rep->log.torn)
		log_warn("storage.votes_mended",
		    "file=%s pages=%u torn=%s "
		    "why=\"a copy of a record was unfinished or damaged; "
		    "nothing that was sent is lost\"",
		    votes, rep->log.nmended, rep->log.torn ? "yes" : "no");
}

/* One line per vote, for a witness that collects the logs of all nodes. */
static void
witness(void *arg, const struct vote *v)
{
	char block[HASH_HEX_LEN];

	(void)arg;
	log_debug("vote.seen",
	    "height=%" PRIu64 " round=%u type=%u validator=%u block=%s",
	    v->height, v->round, v->type, v->validator,
	    hash_hex(&v->block, block));
}

static void
deciding(void *arg, const struct ledger *l, const struct block *b)
{
	struct node *n = arg;

	worth_deciding(n->worth, l, b);
}

static void
recall_round(void *arg, const struct ledger_round_summary *s)
{
	node_note_round(arg, s);
}

/* The last rounds before this start; they come newest first. */
static void
recall_rounds(struct node *n)
{
	const struct past_visit v = {NODE_ROUNDS_RECALLED, recall_round, n};

	storage_recent(n->storage, &v);
	for (size_t i = 0, j = n->nrounds; i + 1 < j; i++) {
		struct node_round r = n->rounds[i];

		n->rounds[i] = n->rounds[--j];
		n->rounds[j] = r;
	}
}

void
node_follow(struct node *n)
{
	const struct seats *s = ledger_seats(replica_ledger(n->replica));
	bool changed = roster_follow(&n->who, replica_ledger(n->replica));
	uint16_t self = replica_self(n->replica);

	/* A candidate's own seat, or one that was left, so that it does not
	 * dial itself. */
	for (uint16_t i = 0; self == ROSTER_NOBODY && i < s->n; i++) {
		struct hash id = member_id(&s->m[i].sign, s->m[i].network);

		if (s->state[i] != SEAT_FREE && hash_equal(&id, &n->opt->id))
			self = i;
	}
	if (self == n->self && !changed)
		return;
	n->self = self;
	if (n->peers_open)
		peers_follow(n->peers, n->self);
	log_info("members.changed", "seats=%u members=%u", s->n,
	    seats_members(s));
}

static void
tell_loaded(const struct node *n)
{
	const struct checkpoint_report *c = storage_checkpoint(n->storage);

	if (c->passed > 0)
		log_warn("chain.checkpoint",
		    "passed_over=%u why=\"damaged, or not of this chain\" "
		    "mend=\"none is needed: the chain was read instead\"",
		    c->passed);
	log_info("chain.loaded", "height=%" PRIu64 " from=%" PRIu64,
	    ledger_height(replica_ledger(n->replica)), c->height);
}

static int
open_replica(struct node *n)
{
	const struct node_options *o = n->opt;
	const struct replica_config cfg = {.federation = o->federation,
	    .key = o->key,
	    .self = o->self,
	    .witness = witness,
	    .deciding = deciding,
	    .rules = o->rules,
	    .arg = n};
	struct store_report rep;
	uint64_t height = 0;
	int rc;

	rc = storage_open(&n->storage, o->home, o->federation, &o->id, &rep);
	if (rc < 0)
		return explain_open(n, rc, &rep);
	tell_mended(&rep);
	rc = worth_open(&n->worth, n);
	if (rc == 0)
		rc = replica_new(&cfg, &n->replica);
	if (rc == 0)
		rc = storage_load(n->storage, n->replica, &height);
	if (rc == 0) {
		tell_loaded(n);
		recall_rounds(n);
		node_follow(n);
		return 0;
	}
	if (rc == -EBADMSG && height == 0)
		log_error("storage.chain_lost",
		    "why=\"the vote log is ahead "
		    "of the chain: blocks were lost\" mend=\"copy the "
		    "chain folder from another member\"");
	else
		log_error("storage.load", "height=%" PRIu64 " why=\"%s\"",
		    height, log_why(rc));
	return rc == -EBADMSG ? NODE_EXIT_DAMAGED : NODE_EXIT_FAILED;
}

static int
open_links(struct node *n)
{
	const struct node_options *o = n->opt;
	const struct peers_config cfg = {.loop = &n->loop,
	    .federation = n->roster,
	    .federation_id = &n->federation_id,
	    .self = n->self,
	    .secret = o->network_secret,
	    .psk = o->psk,
	    .listen = o->listen,
	    .plain = o->plain_links,
	    .events = node_peers_events(n)};
	int rc = peers_start(&cfg, &n->peers);

	/* NNG knows no name for an address of another machine. That of a tunnel
	 * may come up after us: a restart is right. */
	if (rc == -EINVAL && !o->plain_links) {
		log_error("links.listen",
		    "address=%s why=\"this machine does not have that "
		    "address, or not yet\" mend=\"change listen in "
		    "qmlnode.yaml, or bring that network up\"",
		    o->listen != NULL ? o->listen : "none");
		return NODE_EXIT_TEMPORARY;
	}
	if (rc < 0) {
		log_error("links.listen",
		    "address=%s why=\"%s\" "
		    "mend=\"change listen in qmlnode.yaml, or stop the "
		    "program that has the port\"",
		    o->listen != NULL ? o->listen : "none", log_why(rc));
		return rc == -EADDRINUSE ? NODE_EXIT_TEMPORARY
					 : NODE_EXIT_FAILED;
	}
	n->peers_open = true;
	return 0;
}

static int
open_trainer(struct node *n)
{
	const struct node_options *o = n->opt;
	struct trainer_config cfg = {.command = o->trainer_command,
	    .data = o->data,
	    .threads = o->threads,
	    .confine = o->confine,
	    .federation = ledger_federation(replica_ledger(n->replica))};
	struct trainer_callbacks cb = node_trainer_callbacks(n);
	int rc;

	n->job = *ledger_job_id(replica_ledger(n->replica));
	n->job_first = ledger_round(replica_ledger(n->replica))->first;
	n->job_ruled = ledger_round(replica_ledger(n->replica))->ruled;
	/* A vqe has no rows. */
	if (!trainer_has_data(&o->data) &&
	    ledger_job(replica_ledger(n->replica))->main.kind != JOB_VQE)
		return 0;
	memcpy(cfg.salt, o->salt, sizeof(cfg.salt));
	cb.stopped = trainer_stopped_cb;
	rc = trainer_start(&n->trainer, &n->loop, &cfg, &cb);
	if (rc < 0) {
		log_error("trainer.start", "why=\"%s\"", log_why(rc));
		return NODE_EXIT_FAILED;
	}
	n->trainer_open = true;
	return 0;
}

static int
open_control(struct node *n)
{
	const char *path = n->opt->socket;
	int rc = control_start(&n->control, n, path);

	if (rc == 0) {
		n->control_open = true;
		return 0;
	}
	if (rc == -ENAMETOOLONG) {
		log_error("control.path",
		    "socket=%s bytes=%zu why=\"the system takes at most %d "
		    "bytes\" mend=\"set control.socket in qmlnode.yaml to a "
		    "shorter path, such as /run/qmlnode/qmlnode.sock\"",
		    path, strlen(path), CONTROL_PATH_MAX);
		return NODE_EXIT_CONFIG;
	}
	if (rc == -ENOTSOCK) {
		log_error("control.path",
		    "socket=%s why=\"something else than a socket lies "
		    "there\" mend=\"move it away, or set control.socket in "
		    "qmlnode.yaml\"",
		    path);
		return NODE_EXIT_CONFIG;
	}
	/* libuv says EACCES for a folder that is not there, too. */
	if (rc == -EACCES || rc == -ENOENT) {
		log_error("control.path",
		    "socket=%s why=\"its folder is not there, or this user "
		    "may not write to it\" mend=\"make it, or set "
		    "control.socket in qmlnode.yaml\"",
		    path);
		return NODE_EXIT_CONFIG;
	}
	log_error("control.start", "socket=%s why=\"%s\"", path,
	    rc == -EADDRINUSE ? "another daemon answers there" : log_why(rc));
	return rc == -EADDRINUSE ? NODE_EXIT_TEMPORARY : NODE_EXIT_FAILED;
}

static int
open_rest(struct node *n)
{
	struct storage_callbacks cb = node_storage_callbacks(n);
	int rc;

	cb.stopped = storage_stopped_cb;
	storage_scrub_every(n->storage, n->opt->scrub_ms);
	rc = storage_start(n->storage, &n->loop, &cb);
	if (rc < 0) {
		log_error("storage.start", "why=\"%s\"", log_why(rc));
		return NODE_EXIT_FAILED;
	}
	n->storage_open = true;
	return open_control(n);
}

static void
open_signals(struct node *n)
{
	uv_timer_init(&n->loop, &n->timer);
	trim_start(&n->trim, &n->loop);
	uv_signal_init(&n->loop, &n->sigterm);
	uv_signal_init(&n->loop, &n->sigint);
	n->timer.data = n->sigterm.data = n->sigint.data = n;
	uv_signal_start(&n->sigterm, signal_cb, SIGTERM);
	uv_signal_start(&n->sigint, signal_cb, SIGINT);
	signal(SIGPIPE, SIG_IGN);
	n->timer_open = true;
}

/* What was given to this node and had no block when it ended. */
static void
resend(void *arg, struct tx *t)
{
	struct node *n = arg;
	struct hash id = t->id;
	int rc = node_submit(n, t);

	if (rc != 0 && rc != -ENOMEM)
		txbox_drop(n->opt->home, &id);
}

int
node_run(const struct node_options *opt)
{
	struct node *n = calloc(1, sizeof(*n));
	int rc;

	if (n == NULL || uv_loop_init(&n->loop) < 0) {
		free(n);
		log_error("node.memory", "why=\"out of memory\"");
		return NODE_EXIT_FAILED;
	}
	n->opt = opt;
	n->started_ms = node_mono_ms();
	roster_open(&n->who, opt->federation, &opt->id);
	if (opt->host != NULL)
		roster_expect(&n->who, opt->host);
	n->roster = &n->who.f;
	n->self = opt->self;
	rc = federation_id_now(opt->federation, &n->federation_id) < 0
	    ? NODE_EXIT_FAILED
	    : open_replica(n);
	if (rc == 0) {
		open_signals(n);
		rc = open_rest(n);
		if (rc == 0)
			rc = open_links(n);
		if (rc == 0)
			rc = open_trainer(n);
		if (rc == 0) {
			n->ready_ms = node_mono_ms();
			log_info("node.ready", "listen=%s ms=%" PRIu64,
			    opt->listen != NULL ? opt->listen : "none",
			    n->ready_ms - n->started_ms);
			node_step(n,
			    &(struct replica_event){.type = REPLICA_EV_START});
			txbox_load(opt->home, resend, n);
		} else {
			node_stop(n, rc);
		}
		if (n->storage_open)
			uv_run(&n->loop, UV_RUN_DEFAULT);
		rc = n->exit_code;
	}
	/* Close callbacks of what was closed last. */
	uv_run(&n->loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&n->loop);
	trainer_free(n->trainer);
	worth_close(n->worth);
	storage_free(n->storage);
	replica_free(n->replica);
	free(n);
	return rc;
}
