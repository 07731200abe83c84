#include "consensus/votes/payload.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS UINT32_C(86400000)
#define UPGRADE_AHEAD_MAX (UINT64_C(1) << 40)

struct param_row {
	const char *name;
	uint32_t lo, hi;
	const char *unit;
};

static const struct param_row params[PARAMS] = {
    [PARAM_COLLECT] = {"collect", 1, DAY_MS, " ms"},
    [PARAM_STRAGGLER] = {"straggler", 1, 7 * DAY_MS, " ms"},
    [PARAM_HEARTBEAT] = {"heartbeat", 1, DAY_MS, " ms"},
    [PARAM_PROPOSE] = {"propose", 1, DAY_MS, " ms"},
    [PARAM_PREVOTE] = {"prevote", 1, DAY_MS, " ms"},
    [PARAM_PRECOMMIT] = {"precommit", 1, DAY_MS, " ms"},
    [PARAM_ROUND_STEP] = {"round_step", 0, DAY_MS, " ms"},
    [PARAM_TIMEOUT_MAX] = {"timeout_max", 1, DAY_MS, " ms"},
    [PARAM_PRECISION] = {"precision", 1, DAY_MS, " ms"},
    [PARAM_DELAY] = {"delay", 1, DAY_MS, " ms"},
    [PARAM_INTERVAL] = {"interval", 1, DAY_MS, " ms"},
    [PARAM_ANSWERS_MIN] = {"answers_min", 0, FEDERATION_MAX_MEMBERS, ""},
};

const char *
payload_param_name(uint8_t id)
{
	return id < PARAMS ? params[id].name : NULL;
}

uint8_t
payload_param_named(const char *name)
{
	for (uint8_t i = 1; i < PARAMS; i++)
		if (strcmp(params[i].name, name) == 0)
			return i;
	return 0;
}

bool
payload_param_within(uint8_t id, uint32_t value, uint32_t *lo, uint32_t *hi)
{
	if (id == 0 || id >= PARAMS)
		return false;
	*lo = params[id].lo;
	*hi = params[id].hi;
	return value >= *lo && value <= *hi;
}

struct hash
payload_proof(const struct member *m)
{
	struct hash_stream s;

	hash_begin(&s, "qml.member");
	hash_add(&s, m->name, strlen(m->name) + 1);
	hash_add(&s, m->address, strlen(m->address) + 1);
	hash_add(&s, m->sign.b, sizeof(m->sign.b));
	hash_add(&s, m->network, sizeof(m->network));
	return hash_end(&s);
}

static void
member_put(struct bytes_writer *w, const struct payload *p)
{
	const struct member *m = &p->member.m;

	bytes_put_u8(w, p->member.op);
	if (p->member.op != PAYLOAD_MEMBER_ADD)
		bytes_put_hash(w, &p->member.seat);
	if (p->member.op == PAYLOAD_MEMBER_ADD ||
	    p->member.op == PAYLOAD_MEMBER_ROTATE) {
		bytes_put_string(w, m->name);
		bytes_put_string(w, m->address);
		bytes_put_raw(w, m->sign.b, SIGN_PUBLIC_LEN);
		bytes_put_raw(w, m->network, sizeof(m->network));
		signature_put(w, &p->member.proof);
	}
	if (p->member.op == PAYLOAD_MEMBER_ADD ||
	    p->member.op == PAYLOAD_MEMBER_POWER) {
		bytes_put_u32(w, m->power);
		bytes_put_u32(w, m->weight);
	}
}

void
payload_put(struct bytes_writer *w, uint8_t kind, const struct payload *p)
{
	switch (kind) {
	case PROPOSAL_PARAM:
		bytes_put_u8(w, p->param.n);
		for (uint8_t i = 0; i < p->param.n; i++) {
			bytes_put_u8(w, p->param.set[i].id);
			bytes_put_u32(w, p->param.set[i].value);
		}
		break;
	case PROPOSAL_RULE:
		job_combine_put(w, &p->rule.combine);
		decimal_put(w, &p->rule.clip);
		break;
	case PROPOSAL_PAUSE:
		bytes_put_u32(w, p->pause.blocks);
		break;
	case PROPOSAL_JOB:
		bytes_put_u8(w, p->job.op);
		bytes_put_hash(w, &p->job.job);
		break;
	case PROPOSAL_MEMBER:
		member_put(w, p);
		break;
	case PROPOSAL_UPGRADE:
		bytes_put_u16(w, p->upgrade.version);
		bytes_put_u64(w, p->upgrade.height);
		break;
	case PROPOSAL_ASSET:
		bytes_put_hash(w, &p->asset.asset);
		bytes_put_u8(w, p->asset.ban);
		break;
	case PROPOSAL_ETHICS:
		bytes_put_hash(w, &p->policy);
		break;
	case PROPOSAL_TREASURY:
		bytes_put_raw(w, p->spend.to.b, SIGN_PUBLIC_LEN);
		bytes_put_u64(w, p->spend.amount);
		break;
	default:
		break;
	}
}

static bool
param_get(struct bytes_reader *r, struct payload *out)
{
	uint8_t n = bytes_get_u8(r), last = 0;
	uint32_t lo, hi;

	if (n == 0 || n >= PARAMS)
		return false;
	out->param.n = n;
	for (uint8_t i = 0; i < n; i++) {
		struct payload_set *s = &out->param.set[i];

		s->id = bytes_get_u8(r);
		s->value = bytes_get_u32(r);
		if (s->id <= last ||
		    !payload_param_within(s->id, s->value, &lo, &hi))
			return false;
		last = s->id;
	}
	return true;
}

static bool
spend_get(struct bytes_reader *r, struct payload *out)
{
	static const struct sign_public nobody;

	bytes_get_raw(r, out->spend.to.b, SIGN_PUBLIC_LEN);
	out->spend.amount = bytes_get_u64(r);
	return memcmp(&out->spend.to, &nobody, sizeof(nobody)) != 0;
}

static void
newcomer_get(struct bytes_reader *r, struct payload *out)
{
	struct member *m = &out->member.m;

	bytes_get_string(r, m->name, sizeof(m->name));
	bytes_get_string(r, m->address, sizeof(m->address));
	bytes_get_raw(r, m->sign.b, SIGN_PUBLIC_LEN);
	bytes_get_raw(r, m->network, sizeof(m->network));
	m->id = member_id(&m->sign, m->network);
}

static bool
keys_get(struct bytes_reader *r, struct payload *out)
{
	const struct hash none = {{0}};
	const struct member *m = &out->member.m;
	struct hash digest;

	newcomer_get(r, out);
	signature_get(r, &out->member.proof);
	if (r->bad || !federation_name_ok(m->name) ||
	    (m->address[0] != '\0' && !federation_address_ok(m->address)))
		return false;
	digest = payload_proof(m);
	return sign_verify(&m->sign, PAYLOAD_PROOF_CONTEXT, &none, &digest,
	    &out->member.proof);
}

static bool
member_get(struct bytes_reader *r, struct payload *out)
{
	struct member *m = &out->member.m;
	uint8_t op = bytes_get_u8(r);

	*m = (struct member){.power = 1, .weight = 1};
	out->member.op = op;
	if (op < PAYLOAD_MEMBER_ADD || op > PAYLOAD_MEMBER_ROTATE)
		return false;
	if (op != PAYLOAD_MEMBER_ADD)
		out->member.seat = bytes_get_hash(r);
	if ((op == PAYLOAD_MEMBER_ADD || op == PAYLOAD_MEMBER_ROTATE) &&
	    !keys_get(r, out))
		return false;
	if (op == PAYLOAD_MEMBER_ADD || op == PAYLOAD_MEMBER_POWER) {
		m->power = bytes_get_u32(r);
		m->weight = bytes_get_u32(r);
	}
	return m->power >= 1 && m->power <= PAYLOAD_POWER_MAX &&
	    m->weight >= 1 && m->weight <= PAYLOAD_POWER_MAX;
}

static const char *const rules[] = {
    [JOB_MEAN] = "mean",
    [JOB_TRIMMED_MEAN] = "trimmed_mean",
    [JOB_MEDIAN] = "median",
    [JOB_KRUM] = "krum",
    [JOB_MULTI_KRUM] = "multi_krum",
    [JOB_GEOMETRIC_MEDIAN] = "geometric_median",
    [JOB_CENTERED_CLIPPING] = "centered_clipping",
    [JOB_MDA] = "mda",
    [JOB_MEAMED] = "meamed",
};
static const char *const befores[] = {
    [0] = "",
    [JOB_CLIP] = "clip+",
    [JOB_ARC] = "arc+",
    [JOB_NNM] = "nnm+",
    [JOB_BUCKETING] = "bucketing+",
};

/* What has a name here; job_check says whether it fits together. */
static bool
rule_get(struct bytes_reader *r, struct payload *out)
{
	const struct job_combine *c = &out->rule.combine;

	job_combine_get(r, &out->rule.combine);
	decimal_get(r, &out->rule.clip);
	for (unsigned i = 0; i < JOB_PRE_MAX; i++)
		if (c->pre[i] > JOB_BUCKETING)
			return false;
	return c->rule >= JOB_MEAN && c->rule <= JOB_MEAMED;
}

static bool
get_by_kind(struct bytes_reader *r, uint8_t kind, struct payload *out)
{
	switch (kind) {
	case PROPOSAL_TEXT:
		return true;
	case PROPOSAL_PARAM:
		return param_get(r, out);
	case PROPOSAL_RULE:
		return rule_get(r, out);
	case PROPOSAL_PAUSE:
		out->pause.blocks = bytes_get_u32(r);
		return out->pause.blocks >= 1 &&
		    out->pause.blocks <= PAYLOAD_PAUSE_MAX;
	case PROPOSAL_JOB:
		out->job.op = bytes_get_u8(r);
		out->job.job = bytes_get_hash(r);
		return out->job.op == PAYLOAD_JOB_CANCEL;
	case PROPOSAL_MEMBER:
		return member_get(r, out);
	case PROPOSAL_UPGRADE:
		out->upgrade.version = bytes_get_u16(r);
		out->upgrade.height = bytes_get_u64(r);
		return out->upgrade.version >= 1 &&
		    out->upgrade.height < UPGRADE_AHEAD_MAX;
	case PROPOSAL_ASSET:
		out->asset.asset = bytes_get_hash(r);
		out->asset.ban = bytes_get_u8(r);
		return out->asset.ban <= 1;
	case PROPOSAL_ETHICS:
		out->policy = bytes_get_hash(r);
		return true;
	case PROPOSAL_TREASURY:
		return spend_get(r, out);
	default:
		return false;
	}
}

bool
payload_get(uint8_t kind, const uint8_t *data, uint32_t len,
    struct payload *out)
{
	struct bytes_reader r = bytes_reader_of(data, len);

	*out = (struct payload){.param = {0}};
	return get_by_kind(&r, kind, out) && bytes_reader_done(&r);
}

bool
payload_newcomer(const uint8_t *data, uint32_t len, struct payload *out)
{
	struct bytes_reader r = bytes_reader_of(data, len);

	*out = (struct payload){.param = {0}};
	out->member.op = bytes_get_u8(&r);
	if (out->member.op == PAYLOAD_MEMBER_ROTATE)
		out->member.seat = bytes_get_hash(&r);
	else if (out->member.op != PAYLOAD_MEMBER_ADD)
		return false;
	newcomer_get(&r, out);
	return !r.bad;
}

static void
param_text(const struct payload *p, char out[static PAYLOAD_TEXT])
{
	size_t at = 0;

	for (uint8_t i = 0; i < p->param.n && at < PAYLOAD_TEXT; i++) {
		const struct payload_set *s = &p->param.set[i];
		int n = snprintf(out + at, PAYLOAD_TEXT - at, "%s %s to %u%s",
		    i == 0 ? "sets" : ",", params[s->id].name, s->value,
		    params[s->id].unit);

		if (n > 0)
			at += (size_t)n;
	}
}

static void
asset_text(const struct payload *p, char out[static PAYLOAD_TEXT])
{
	char hex[HASH_HEX_LEN];

	snprintf(out, PAYLOAD_TEXT, "%s data asset %s",
	    p->asset.ban ? "bans" : "lifts the ban on",
	    hash_hex(&p->asset.asset, hex));
}

static void
spend_text(const struct payload *p, char out[static PAYLOAD_TEXT])
{
	char hex[HASH_HEX_LEN];
	struct hash to;

	memcpy(to.b, p->spend.to.b, sizeof(to.b));
	snprintf(out, PAYLOAD_TEXT, "pays %llu units to %s",
	    (unsigned long long)p->spend.amount, hash_hex(&to, hex));
}

static void
rule_text(const struct payload *p, char out[static PAYLOAD_TEXT])
{
	char clip[DECIMAL_TEXT_LEN], radius[DECIMAL_TEXT_LEN], f[24] = "auto";
	const struct job_combine *c = &p->rule.combine;

	if (c->faults != JOB_FAULTS_AUTO)
		snprintf(f, sizeof(f), "%u", c->faults);
	snprintf(out, PAYLOAD_TEXT,
	    "combines the running job's updates by %s%s%s%s, faults %s, "
	    "radius %s, %s, server %u, clip %s, from a new round on",
	    befores[c->pre[0]], befores[c->pre[1]], befores[c->pre[2]],
	    rules[c->rule], f, decimal_text(&c->radius, radius),
	    c->weighting == JOB_REGISTERED ? "by registered weights"
					   : "all alike",
	    c->server, decimal_text(&p->rule.clip, clip));
}

static void
member_text(const struct payload *p, char out[static PAYLOAD_TEXT])
{
	const struct member *m = &p->member.m;
	char hex[HASH_HEX_LEN];

	hash_hex(&p->member.seat, hex);
	switch ((enum payload_member_op)p->member.op) {
	case PAYLOAD_MEMBER_ADD:
		snprintf(out, PAYLOAD_TEXT,
		    "adds %s at %s with power %u and weight %u", m->name,
		    m->address[0] != '\0' ? m->address : "no address", m->power,
		    m->weight);
		break;
	case PAYLOAD_MEMBER_REMOVE:
		snprintf(out, PAYLOAD_TEXT, "removes member %s", hex);
		break;
	case PAYLOAD_MEMBER_POWER:
		snprintf(out, PAYLOAD_TEXT,
		    "gives member %s power %u and weight %u", hex, m->power,
		    m->weight);
		break;
	case PAYLOAD_MEMBER_ROTATE:
		snprintf(out, PAYLOAD_TEXT,
		    "gives the seat of member %s to %s's new keys at %s", hex,
		    m->name, m->address[0] != '\0' ? m->address : "no address");
		break;
	}
}

void
payload_text(uint8_t kind, const struct payload *p,
    char out[static PAYLOAD_TEXT])
{
	char hex[HASH_HEX_LEN];

	out[0] = '\0';
	switch (kind) {
	case PROPOSAL_PARAM:
		param_text(p, out);
		break;
	case PROPOSAL_RULE:
		rule_text(p, out);
		break;
	case PROPOSAL_PAUSE:
		snprintf(out, PAYLOAD_TEXT, "closes no round for %u blocks",
		    p->pause.blocks);
		break;
	case PROPOSAL_JOB:
		snprintf(out, PAYLOAD_TEXT, "ends the running job %s",
		    hash_hex(&p->job.job, hex));
		break;
	case PROPOSAL_MEMBER:
		member_text(p, out);
		break;
	case PROPOSAL_UPGRADE:
		snprintf(out, PAYLOAD_TEXT,
		    "rules of version %u from height %llu on",
		    p->upgrade.version, (unsigned long long)p->upgrade.height);
		break;
	case PROPOSAL_ASSET:
		asset_text(p, out);
		break;
	case PROPOSAL_ETHICS:
		snprintf(out, PAYLOAD_TEXT,
		    "makes %s the ethics policy in force",
		    hash_hex(&p->policy, hex));
		break;
	case PROPOSAL_TREASURY:
		spend_text(p, out);
		break;
	default:
		snprintf(out, PAYLOAD_TEXT, "changes nothing by itself");
		break;
	}
}
