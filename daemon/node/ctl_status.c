#include "daemon/node/ctl_methods.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/bft/quorum.h"
#include "consensus/bft/view.h"
#include "daemon/node/ctl_payload.h"
#include "daemon/node/diskwatch.h"
#include "gen/version.h"

static const struct ledger *
ledger(const struct node *n)
{
	return replica_ledger(n->replica);
}

static struct replica_progress
progress(const struct node *n)
{
	return replica_progress(n->replica);
}

static int
compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static struct jv *
latency_json(const struct node *n)
{
	size_t k = n->nlatencies < NODE_LATENCIES_KEPT ? (size_t)n->nlatencies
						       : NODE_LATENCIES_KEPT;
	uint32_t *v = malloc((k + 1) * sizeof(*v)), half, most;
	struct jv *o = jv_object();

	jv_put_integer(o, "rounds", (int64_t)k);
	if (v != NULL && k > 0) {
		memcpy(v, n->latency_us, k * sizeof(*v));
		qsort(v, k, sizeof(*v), compare_u32);
		half = v[k / 2];
		most = v[k * 99 / 100];
		jv_put_number(o, "p50_ms", half / 1000.0);
		jv_put_number(o, "p99_ms", most / 1000.0);
	}
	free(v);
	return o;
}

/* Resident pages of this process, in bytes. */
static int64_t
resident_bytes(void)
{
	size_t rss = 0;

	return uv_resident_set_memory(&rss) == 0 ? (int64_t)rss : -1;
}

/* Open ones of this process; -1: the system does not say. */
static int64_t
count_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int64_t n = -3; /* not ".", "..", nor this one */

	if (d == NULL)
		return -1;
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

static void
add_missing(const struct node *n, struct jv *o)
{
	const struct federation *f = n->roster;
	struct jv *answers = jv_array(), *attests = jv_array();

	for (uint16_t i = 0; i < f->nmembers; i++) {
		if (f->members[i].power == 0)
			continue;
		if (!replica_holds_answer(n->replica, i))
			jv_add(answers, jv_string(f->members[i].name));
		if (!replica_holds_attest(n->replica, i))
			jv_add(attests, jv_string(f->members[i].name));
	}
	jv_put(o, "answers_missing", answers);
	jv_put(o, "attests_missing", attests);
}

/* Who is on record for having signed two different things, how often. */
static struct jv *
evidence_json(const struct node *n)
{
	const struct federation *f = n->roster;
	struct jv *list = jv_array();

	for (uint16_t i = 0; i < f->nmembers; i++) {
		uint32_t times = conduct_times(ledger_conduct(ledger(n)), i);
		struct jv *o;

		if (times == 0)
			continue;
		o = jv_object();
		jv_put_string(o, "member", f->members[i].name);
		jv_put_integer(o, "times", times);
		jv_add(list, o);
	}
	return list;
}

static struct jv *
agreement_json(const struct node *n)
{
	static const char *const steps[] = {"propose", "prevote", "precommit"};
	const uint32_t *turns = ledger_turns(ledger(n));
	struct jv *o = jv_object(), *benched = jv_array();
	struct bft_status s;

	bft_status(replica_bft(n->replica), &s);
	for (uint16_t i = 0; i < n->roster->nmembers; i++)
		if (turns[i] == 0 && n->roster->members[i].power > 0)
			jv_add(benched, jv_string(n->roster->members[i].name));
	jv_put_integer(o, "height", (int64_t)s.height);
	jv_put_integer(o, "round", s.round);
	jv_put_string(o, "step", s.round < 0 ? "wait" : steps[s.step]);
	jv_put_string(o, "proposer", n->roster->members[s.proposer].name);
	jv_put_boolean(o, "has_proposal", s.have_proposal);
	jv_put_integer(o, "prevote_power", (int64_t)s.prevote_power);
	jv_put_integer(o, "precommit_power", (int64_t)s.precommit_power);
	jv_put_integer(o, "total_power", (int64_t)s.total_power);
	jv_put(o, "benched", benched);
	jv_put(o, "evidence", evidence_json(n));
	return o;
}

/* Empty for the founders' job, which nobody ordered. */
static void
put_hash(struct jv *o, const char *key, const struct hash *h)
{
	char hex[HASH_HEX_LEN];

	jv_put_string(o, key, hash_is_zero(h) ? "" : hash_hex(h, hex));
}

static struct jv *
round_json(const struct node *n)
{
	const struct ledger_round *lr = ledger_round(ledger(n));
	struct replica_progress p = progress(n);
	struct jv *o = jv_object();

	jv_put_integer(o, "number", (int64_t)lr->number);
	jv_put_integer(o, "first", (int64_t)lr->first);
	jv_put_integer(o, "job_round", (int64_t)ledger_job_round(ledger(n)));
	jv_put_integer(o, "of", ledger_job(ledger(n))->rounds);
	put_hash(o, "job", &lr->job);
	put_hash(o, "order", &lr->order);
	jv_put_boolean(o, "finished", lr->finished);
	jv_put_integer(o, "opened_ms", (int64_t)lr->opened_ms);
	jv_put_integer(o, "collect_at_ms", (int64_t)lr->collect_at_ms);
	jv_put_integer(o, "answers", p.answers);
	jv_put_integer(o, "attests", p.attests);
	jv_put_boolean(o, "answered", p.answered);
	jv_put_boolean(o, "training", p.training);
	jv_put_integer(o, "aggregated", (int64_t)lr->aggregated);
	jv_put_integer(o, "skipped", (int64_t)lr->skipped);
	if (!lr->finished)
		add_missing(n, o);
	return o;
}

static struct jv *
trainer_json(const struct node *n)
{
	static const char *const names[] = {[TRAINER_NONE] = "none",
	    [TRAINER_STARTING] = "starting",
	    [TRAINER_IDLE] = "idle",
	    [TRAINER_BUSY] = "training",
	    [TRAINER_REFUSED] = "refused",
	    [TRAINER_WAITING] = "restarting"};
	struct jv *o = jv_object();

	if (n->trainer == NULL) {
		jv_put_string(o, "state", "none");
		return o;
	}
	jv_put_string(o, "state", names[trainer_state(n->trainer)]);
	jv_put_string(o, "problem",
	    n->unused != NULL ? n->unused : trainer_text(n->trainer));
	jv_put_integer(o, "rows", trainer_ready(n->trainer)->rows);
	jv_put_boolean(o, "confined", trainer_ready(n->trainer)->confined);
	return o;
}

static struct jv *
counts_json(const struct node *n)
{
	struct replica_counts c = replica_counts(n->replica);
	struct jv *o = jv_object();

	jv_put_integer(o, "bad_messages", (int64_t)c.bad_messages);
	jv_put_integer(o, "stale", (int64_t)c.stale);
	jv_put_integer(o, "equivocations", (int64_t)c.equivocations);
	jv_put_integer(o, "synced", (int64_t)c.synced);
	jv_put_integer(o, "dropped", (int64_t)c.dropped);
	jv_put_integer(o, "storage_queue", (int64_t)storage_depth(n->storage));
	jv_put_integer(o, "resident_bytes", resident_bytes());
	jv_put_integer(o, "descriptors", count_descriptors());
	return o;
}

/* For machines: what stands in the way, of whom, since when. */
static struct jv *
waiting_json(const struct node *n)
{
	const struct why *w = &n->why;
	const uint64_t mono = node_mono_ms();
	const uint64_t last =
	    n->last_block_ms != 0 ? n->last_block_ms : n->started_ms;
	struct jv *o = jv_object(), *of = jv_array();

	for (uint16_t i = 0; i < n->roster->nmembers; i++)
		if (w->of[i])
			jv_add(of, jv_string(n->roster->members[i].name));
	jv_put_string(o, "reason", why_word(w->reason));
	jv_put(o, "members", of);
	jv_put_boolean(o, "late", w->late);
	jv_put_integer(o, "height", (int64_t)w->height);
	jv_put_integer(o, "attempt", w->attempt + 1);
	jv_put_string(o, "step", why_step(n));
	jv_put_integer(o, "since_ms", (int64_t)w->since_wall_ms);
	jv_put_integer(o, "for_ms", (int64_t)(mono - w->since_ms));
	jv_put_integer(o, "no_block_for_ms", (int64_t)(mono - last));
	return o;
}

/* Of the seats that have power: who left, and who is not voted in yet, is no
 * member. */
struct members_now {
	uint32_t power[FEDERATION_MAX_MEMBERS]; /* heaviest first */
	uint16_t n, up;
};

static struct members_now
count_members(const struct node *n)
{
	struct members_now m = {.n = 0};

	for (uint16_t i = 0; i < n->roster->nmembers; i++) {
		const uint32_t power = n->roster->members[i].power;
		uint16_t k = m.n;

		if (power == 0)
			continue;
		for (; k > 0 && m.power[k - 1] < power; k--)
			m.power[k] = m.power[k - 1];
		m.power[k] = power;
		m.n++;
		m.up =
		    (uint16_t)(m.up + (i == n->self || peers_up(n->peers, i)));
	}
	return m;
}

/* However they are chosen: so many have less than a third of the power. */
static uint16_t
tolerated(const struct members_now *m)
{
	uint64_t total = 0, faulty = 0;
	uint16_t k = 0;

	for (uint16_t i = 0; i < m->n; i++)
		total += m->power[i];
	while (k < m->n && 3 * (faulty + m->power[k]) < total)
		faulty += m->power[k++];
	return k;
}

static uint16_t
rules_known(const struct node *n)
{
	return n->opt->rules > 0 ? n->opt->rules : LEDGER_VERSIONS;
}

struct jv *
ctl_status(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct federation *f = n->roster;
	const struct member *me = &f->members[n->self];
	const struct members_now m = count_members(n);
	struct jv *o = ctl_object("qml.status/1");

	(void)params, (void)code, (void)err, (void)errlen;
	jv_put_string(o, "version", QML_VERSION);
	jv_put_string(o, "name", me->name);
	ctl_put_id(o, "node", ID_NODE, &me->id);
	jv_put_string(o, "federation_name", f->name);
	ctl_put_id(o, "federation", ID_FEDERATION, &n->federation_id);
	jv_put_integer(o, "members", m.n);
	jv_put_integer(o, "connected", m.up);
	jv_put_integer(o, "tolerates", tolerated(&m));
	jv_put_string(o, "note",
	    tolerated(&m) == 0 ? "tolerates 0 faulty members" : "");
	why_look(n, true);
	jv_put_string(o, "why", n->why.text);
	jv_put(o, "waiting", waiting_json(n));
	jv_put_integer(o, "height", (int64_t)ledger_height(ledger(n)));
	ctl_put_id(o, "head", ID_BLOCK, ledger_head(ledger(n)));
	jv_put_integer(o, "head_time_ms", (int64_t)ledger_time_ms(ledger(n)));
	ctl_put_id(o, "model", ID_MODEL, &ledger_round(ledger(n))->base_model);
	jv_put_integer(o, "uptime_ms",
	    (int64_t)(node_mono_ms() - n->started_ms));
	jv_put_integer(o, "ready_after_ms",
	    (int64_t)(n->ready_ms - n->started_ms));
	jv_put_string(o, "halted", n->halted != NULL ? n->halted : "");
	jv_put_boolean(o, "syncing", progress(n).syncing);
	jv_put_boolean(o, "silent",
	    n->full || progress(n).twin || progress(n).silent_until > 0);
	jv_put(o, "round", round_json(n));
	jv_put(o, "params", ctl_params_json(ledger(n)));
	jv_put_integer(o, "rules_known", rules_known(n));
	jv_put(o, "agreement", agreement_json(n));
	jv_put(o, "trainer", trainer_json(n));
	jv_put(o, "commit_latency", latency_json(n));
	jv_put(o, "counts", counts_json(n));
	return o;
}

static bool
add_check(struct jv *a, const char *name, bool ok, const char *why)
{
	struct jv *c = jv_object();

	jv_put_string(c, "check", name);
	jv_put_boolean(c, "ok", ok);
	jv_put_string(c, "why", ok ? "" : why);
	jv_add(a, c);
	return ok;
}

/* Links to so many that a vote is possible? */
static bool
sees_quorum(const struct node *n)
{
	const uint32_t *power = ledger_powers(ledger(n));
	uint64_t up = 0, total = 0;

	for (uint16_t i = 0; i < ledger_nmembers(ledger(n)); i++) {
		total += power[i];
		if (i == n->self || peers_up(n->peers, i))
			up += power[i];
	}
	return quorum_reached(up, total);
}

/* It stops before rules that it does not know: time to install a newer one. */
static bool
check_rules(struct jv *a, const struct node *n)
{
	const struct ledger_params *p = ledger_params(ledger(n));
	char why[160];

	snprintf(why, sizeof(why),
	    "from block %" PRIu64 " on the members run rules of version %u, "
	    "and this program knows up to %u: install a newer one",
	    p->next_version_at, p->next_version, rules_known(n));
	return add_check(a, "rules", p->next_version <= rules_known(n), why);
}

static bool
check_signing(struct jv *a, const struct node *n)
{
	const struct why *w = &n->why;
	const bool told = w->reason == WHY_DISK_FULL ||
	    w->reason == WHY_KEY_TWICE || w->reason == WHY_QUARANTINE ||
	    w->reason == WHY_SILENT;

	return add_check(a, "signing",
	    !n->full && !progress(n).twin && progress(n).silent_until == 0,
	    told ? w->text
		 : "stored data were lost, the disk is full, or the key is in "
		   "use elsewhere: see status");
}

struct jv *
ctl_health(struct node *n, const struct jv *params, CTL_ERR_ARGS)
{
	const struct why *w = &n->why;
	struct jv *o = ctl_object("qml.health/1"), *a = jv_array();
	enum trainer_state t =
	    n->trainer != NULL ? trainer_state(n->trainer) : TRAINER_IDLE;
	const char *trouble = diskwatch_trouble(n);
	bool ok;

	(void)params, (void)code, (void)err, (void)errlen;
	why_look(n, true);
	ok = add_check(a, "voting",
	    n->halted == NULL && w->reason != WHY_NO_SEAT,
	    n->halted != NULL ? n->halted : w->text);
	ok &= add_check(a, "quorum", sees_quorum(n),
	    w->reason == WHY_NO_QUORUM
		? w->text
		: "links to members of more than two thirds of the power are "
		  "needed");
	ok &= add_check(a, "blocks", !why_stuck(n), w->text);
	ok &= add_check(a, "synced", !progress(n).syncing,
	    "blocks are being fetched");
	ok &= check_signing(a, n);
	ok &= add_check(a, "clock", !n->clock_off,
	    "this machine's clock is not that of the others: see status");
	ok &= add_check(a, "stored", trouble == NULL, trouble);
	ok &= check_rules(a, n);
	ok &= add_check(a, "trainer",
	    t != TRAINER_REFUSED && t != TRAINER_WAITING,
	    n->trainer != NULL ? trainer_text(n->trainer) : "");
	jv_put_boolean(o, "ok", ok);
	jv_put(o, "checks", a);
	return o;
}

struct jv *
ctl_committed_json(const struct node *n, const struct block *b)
{
	static const char *const kinds[] = {"ordinary", "aggregate", "skip"};
	const struct ledger_round_summary *s = ledger_last_round(ledger(n));
	struct jv *p = jv_object();

	jv_put_integer(p, "height", (int64_t)b->header.height);
	ctl_put_id(p, "id", ID_BLOCK, &b->id);
	jv_put_string(p, "kind", kinds[b->header.kind]);
	jv_put_integer(p, "time_ms", (int64_t)b->header.time_ms);
	jv_put_string(p, "proposer",
	    n->roster->members[b->header.proposer].name);
	if (b->header.kind != BLOCK_ORDINARY && s != NULL)
		jv_put(p, "round", ctl_round_json(n, s));
	return p;
}
