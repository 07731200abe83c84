#include "daemon/node/ctl_payload.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/aggregate/combine.h"
#include "consensus/books/view.h"
#include "daemon/node/ctl_body.h"
#include "daemon/node/ctl_methods.h"
#include "proto/q24.h"

#define ERR 160

static bool
refuse(char *err, const char *why)
{
	snprintf(err, ERR, "%s", why);
	return false;
}

/* A number, or a duration like those of federation.yaml. */
static bool
value_of(const char *s, size_t len, uint32_t *out)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"m", 60000},
	    {"h", 3600000}};
	uint64_t v = 0;
	size_t i = 0;

	for (; i < len && s[i] >= '0' && s[i] <= '9' && v <= UINT32_MAX; i++)
		v = 10 * v + (uint64_t)(s[i] - '0');
	if (i == 0)
		return false;
	for (size_t k = 0; k < sizeof(units) / sizeof(units[0]); k++)
		if (strlen(units[k].name) == len - i &&
		    memcmp(s + i, units[k].name, len - i) == 0) {
			*out = (uint32_t)(v * units[k].ms);
			return v * units[k].ms <= UINT32_MAX;
		}
	return false;
}

static int
by_id(const void *a, const void *b)
{
	const struct payload_set *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* One "name=value" of len bytes. */
static bool
read_setting(const char *s, size_t len, struct payload_set *out, char *err)
{
	const char *eq = memchr(s, '=', len);
	uint32_t lo = 0, hi = 0;
	char name[32];

	snprintf(name, sizeof(name), "%.*s", (int)(eq ? eq - s : (int)len), s);
	out->id = payload_param_named(name);
	if (eq == NULL || out->id == 0) {
		snprintf(err, ERR,
		    "set: want NAME=VALUE with a timing of federation.yaml or "
		    "answers_min, got '%s'",
		    name);
		return false;
	}
	if (!value_of(eq + 1, len - (size_t)(eq + 1 - s), &out->value)) {
		snprintf(err, ERR,
		    "set: %s: want a number, or a duration like 500ms or 3s",
		    name);
		return false;
	}
	if (payload_param_within(out->id, out->value, &lo, &hi))
		return true;
	snprintf(err, ERR, "set: %s: want %u to %u, got %u", name, lo, hi,
	    out->value);
	return false;
}

static bool
read_set(const char *s, struct payload *p, char *err)
{
	while (*s != '\0') {
		size_t len = strcspn(s, ",");

		if (p->param.n == PARAMS - 1)
			return refuse(err, "set: too many settings");
		if (!read_setting(s, len, &p->param.set[p->param.n++], err))
			return false;
		s += len + (s[len] == ',');
	}
	if (p->param.n == 0)
		return refuse(err, "set: want NAME=VALUE,...");
	qsort(p->param.set, p->param.n, sizeof(p->param.set[0]), by_id);
	for (uint8_t i = 1; i < p->param.n; i++)
		if (p->param.set[i].id == p->param.set[i - 1].id)
			return refuse(err, "set: one name stands twice");
	return true;
}

/* "rule=arc+nnm+median,clip=0.5": what is not named stays as the running job
 * has it, but that only a plain mean knows weights. */
static bool
read_rule_setting(const char *s, struct payload *p, char *err)
{
	struct combine_settings how = combine_defaults();
	struct job_combine *c = &p->rule.combine;

	if (strncmp(s, "clip=", 5) == 0 &&
	    decimal_parse(s + 5, &p->rule.clip) == 0)
		return true;
	if (strncmp(s, "rule=", 5) != 0 || combine_parse(s + 5, &how) < 0 ||
	    how.npre > JOB_PRE_MAX) {
		snprintf(err, ERR,
		    "set: want rule=NAME as median or arc+nnm+trimmed_mean, "
		    "or clip=LENGTH, got '%.40s'",
		    s);
		return false;
	}
	c->rule = how.rule;
	memset(c->pre, 0, sizeof(c->pre));
	memcpy(c->pre, how.pre, how.npre);
	if (c->rule != JOB_MEAN || how.npre > 0)
		c->weighting = JOB_UNWEIGHTED;
	return true;
}

static bool
read_rule(const struct job *now, const char *s, struct payload *p, char *err)
{
	char one[120];

	p->rule.combine = now->combine;
	p->rule.clip = now->clip;
	if (*s == '\0')
		return refuse(err, "set: want rule=NAME, clip=LENGTH or both");
	while (*s != '\0') {
		size_t len = strcspn(s, ",");

		if (len >= sizeof(one))
			return refuse(err, "set: a setting is too long");
		snprintf(one, sizeof(one), "%.*s", (int)len, s);
		if (!read_rule_setting(one, p, err))
			return false;
		s += len + (s[len] == ',');
	}
	return true;
}

static bool
number_of(const struct jv *params, const char *key, uint64_t max, uint64_t *out,
    char *err)
{
	const struct ctl_number n = {key, 0, max};

	return ctl_want(params, &n, out, err, ERR);
}

static bool
hash_of(const struct jv *params, const char *key, struct hash *out, char *err)
{
	const char *s = jv_text(jv_get(params, key), "");

	if (hash_from_hex(s, out) == 0)
		return true;
	snprintf(err, ERR, "%s: want 64 hex digits", key);
	return false;
}

static bool
bytes_of(const struct jv *params, const char *key, uint8_t *out, size_t len,
    char *err)
{
	const char *s = jv_text(jv_get(params, key), "");
	struct hash part;

	for (size_t i = 0; i < len; i += HASH_LEN) {
		char hex[HASH_HEX_LEN];

		snprintf(hex, sizeof(hex), "%.64s", s);
		if (strlen(s) != 2 * (len - i) || hash_from_hex(hex, &part) < 0)
			break;
		memcpy(out + i, part.b, HASH_LEN);
		s += 2 * HASH_LEN;
		if (i + HASH_LEN == len)
			return true;
	}
	snprintf(err, ERR, "%s: want %zu hex digits", key, 2 * len);
	return false;
}

static bool
seat_named(const struct node *n, const char *name, struct payload *p, char *err)
{
	const struct federation *f = n->roster;

	for (uint16_t i = 0; i < f->nmembers; i++)
		if (f->members[i].power > 0 &&
		    strcmp(f->members[i].name, name) == 0) {
			p->member.seat = f->members[i].id;
			p->member.m.power = f->members[i].power;
			p->member.m.weight = f->members[i].weight;
			return true;
		}
	snprintf(err, ERR, "there is no member '%.60s': qmlctl members", name);
	return false;
}

/* What a line of qmlnode init says. */
static bool
read_keys(const struct jv *params, struct payload *p, char *err)
{
	struct member *m = &p->member.m;

	snprintf(m->name, sizeof(m->name), "%s",
	    jv_text(jv_get(params, "name"), ""));
	snprintf(m->address, sizeof(m->address), "%s",
	    jv_text(jv_get(params, "address"), ""));
	p->member.proof.alg = SIGN_ED25519;
	return bytes_of(params, "sign", m->sign.b, sizeof(m->sign.b), err) &&
	    bytes_of(params, "network", m->network, sizeof(m->network), err) &&
	    bytes_of(params, "proof", p->member.proof.b,
		sizeof(p->member.proof.b), err);
}

/* What is not said stays as it is. */
static bool
read_weights(const struct jv *params, struct member *m, char *err)
{
	uint64_t power = m->power, weight = m->weight;

	if (!number_of(params, "power", PAYLOAD_POWER_MAX, &power, err) ||
	    !number_of(params, "weight", PAYLOAD_POWER_MAX, &weight, err))
		return false;
	m->power = (uint32_t)power;
	m->weight = (uint32_t)weight;
	return (power > 0 && weight > 0) ||
	    refuse(err, "power, weight: want 1 or more");
}

/* remove=NAME; member=NAME with power, weight; or keys, with replace=NAME. */
static bool
read_member(const struct node *n, const struct jv *params, struct payload *p,
    char *err)
{
	const char *gone = jv_text(jv_get(params, "remove"), NULL);
	const char *name = jv_text(jv_get(params, "member"), NULL);
	const char *old = jv_text(jv_get(params, "replace"), NULL);
	const bool weighs =
	    jv_get(params, "power") != NULL || jv_get(params, "weight") != NULL;
	const char *seat = gone != NULL ? gone : name != NULL ? name : old;

	p->member.m.power = p->member.m.weight = 1;
	p->member.op = PAYLOAD_MEMBER_ADD;
	if (gone != NULL)
		p->member.op = PAYLOAD_MEMBER_REMOVE;
	else if (name != NULL)
		p->member.op = PAYLOAD_MEMBER_POWER;
	else if (old != NULL)
		p->member.op = PAYLOAD_MEMBER_ROTATE;
	if ((name != NULL && !weighs) ||
	    (seat == NULL && jv_get(params, "sign") == NULL))
		return refuse(err,
		    "member: want --remove NAME, or --member NAME with "
		    "--power P, --weight W or both; newcomers come by qmlctl "
		    "invite");
	if ((seat != NULL && !seat_named(n, seat, p, err)) ||
	    !read_weights(params, &p->member.m, err))
		return false;
	return gone != NULL || name != NULL || read_keys(params, p, err);
}

static bool
read_pause(const struct jv *params, struct payload *p, char *err)
{
	uint64_t blocks = 0;

	if (!number_of(params, "blocks", PAYLOAD_PAUSE_MAX, &blocks, err))
		return false;
	p->pause.blocks = (uint32_t)blocks;
	return blocks > 0 || refuse(err, "blocks: want 1 to 10000");
}

/* A height that is over before the vote takes effect makes it fail. */
static bool
read_upgrade(const struct ledger *l, const struct jv *params, struct payload *p,
    char *err)
{
	const struct proposal_calendar *c = books_calendar(ledger_books(l));
	const uint64_t lock = proposal_terms(PROPOSAL_UPGRADE)->time_lock;
	const uint64_t effect =
	    ledger_height(l) + 1 + c->period + lock * c->lock_percent / 100;
	uint64_t version = 0;

	if (!number_of(params, "version", UINT16_MAX, &version, err) ||
	    !number_of(params, "height", INT64_MAX, &p->upgrade.height, err))
		return false;
	p->upgrade.version = (uint16_t)version;
	if (version == 0)
		return refuse(err, "version: want a number from 1 on");
	if (p->upgrade.height > effect)
		return true;
	snprintf(err, ERR,
	    "height: the vote takes effect with block %" PRIu64
	    ": want a later one",
	    effect);
	return false;
}

static bool
read_ban(const struct jv *params, struct payload *p, char *err)
{
	uint64_t ban = 1;

	if (!number_of(params, "ban", 1, &ban, err))
		return false;
	p->asset.ban = ban != 0;
	return hash_of(params, "asset", &p->asset.asset, err);
}

static bool
read_spend(const struct node *n, const struct jv *params, struct payload *p,
    char *err)
{
	if (!number_of(params, "amount", INT64_MAX, &p->spend.amount, err))
		return false;
	return ctl_body_key(n, jv_text(jv_get(params, "to"), ""),
		   &p->spend.to) ||
	    refuse(err, "to: want a member's name or 64 hex digits");
}

static bool
read_words(const struct node *n, uint8_t kind, const struct jv *params,
    struct payload *p, char *err)
{
	const struct ledger *l = replica_ledger(n->replica);

	switch (kind) {
	case PROPOSAL_TEXT:
		return true;
	case PROPOSAL_PARAM:
		return read_set(jv_text(jv_get(params, "set"), ""), p, err);
	case PROPOSAL_RULE:
		return read_rule(ledger_job(l),
		    jv_text(jv_get(params, "set"), ""), p, err);
	case PROPOSAL_MEMBER:
		return read_member(n, params, p, err);
	case PROPOSAL_PAUSE:
		return read_pause(params, p, err);
	case PROPOSAL_JOB:
		p->job.op = PAYLOAD_JOB_CANCEL;
		p->job.job = ledger_round(l)->job;
		return true;
	case PROPOSAL_UPGRADE:
		return read_upgrade(l, params, p, err);
	case PROPOSAL_ASSET:
		return read_ban(params, p, err);
	case PROPOSAL_ETHICS:
		return hash_of(params, "policy", &p->policy, err);
	case PROPOSAL_TREASURY:
		return read_spend(n, params, p, err);
	default:
		return refuse(err, "this kind cannot be proposed here");
	}
}

bool
ctl_payload_put(const struct node *n, uint8_t kind, const struct jv *params,
    struct bytes_writer *w, char err[static 160])
{
	struct payload p = {.param = {0}};

	err[0] = '\0';
	if (!read_words(n, kind, params, &p, err))
		return false;
	payload_put(w, kind, &p);
	return true;
}

/* What combines the running job's updates, as --rule would say it. */
static void
put_rule(struct jv *o, const struct ledger_params *p)
{
	struct combine_settings s = combine_defaults();
	char name[96];

	s.rule = p->combine.rule;
	while (s.npre < JOB_PRE_MAX && p->combine.pre[s.npre] != 0) {
		s.pre[s.npre] = p->combine.pre[s.npre];
		s.npre++;
	}
	combine_name(&s, name, sizeof(name));
	jv_put_string(o, "rule", name);
	jv_put_number(o, "clip", (double)p->clip_q24 / Q24_ONE);
}

struct jv *
ctl_params_json(const struct ledger *l)
{
	const struct ledger_params *p = ledger_params(l);
	const struct timing *t = &p->timing;
	struct jv *o = jv_object();

	jv_put_integer(o, "collect", t->collect);
	jv_put_integer(o, "straggler", t->straggler);
	jv_put_integer(o, "heartbeat", t->heartbeat);
	jv_put_integer(o, "propose", t->propose);
	jv_put_integer(o, "prevote", t->prevote);
	jv_put_integer(o, "precommit", t->precommit);
	jv_put_integer(o, "round_step", t->round_step);
	jv_put_integer(o, "timeout_max", t->timeout_max);
	jv_put_integer(o, "precision", t->precision);
	jv_put_integer(o, "delay", t->delay);
	jv_put_integer(o, "interval", t->interval);
	jv_put_integer(o, "answers_min", p->answers_min);
	put_rule(o, p);
	jv_put_integer(o, "version", ledger_version(l));
	jv_put_integer(o, "next_version", p->next_version);
	jv_put_integer(o, "next_version_at", (int64_t)p->next_version_at);
	jv_put_integer(o, "paused_until", (int64_t)p->paused_until);
	return o;
}
