#include "daemon/cli/findings.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "consensus/books/body.h"
#include "proto/bytes.h"

#define PHONE_DIGITS 8
#define NAME_LEN 48

static bool
name_char(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == '_' || c == '-' ||
	    c == '+';
}

/* something@name.word */
static bool
has_address(const char *text)
{
	const char *at = text;

	while ((at = strchr(at, '@')) != NULL) {
		const char *p = at + 1;

		while (isalnum((unsigned char)*p) || *p == '-')
			p++;
		if (at > text && name_char(at[-1]) && p > at + 1 && *p == '.' &&
		    isalnum((unsigned char)p[1]))
			return true;
		at++;
	}
	return false;
}

/* +41 44 123 45 67, whatever stands between the digits. */
static bool
has_phone(const char *text)
{
	const char *plus = text;

	while ((plus = strchr(plus, '+')) != NULL) {
		unsigned digits = 0;
		const char *p;

		for (p = plus + 1; *p && strchr("0123456789 -()/.", *p); p++)
			digits += isdigit((unsigned char)*p) != 0;
		if (digits >= PHONE_DIGITS && isdigit((unsigned char)plus[1]) &&
		    (plus == text || !isalnum((unsigned char)plus[-1])))
			return true;
		plus++;
	}
	return false;
}

bool
findings_personal(const char *text)
{
	return has_address(text) || has_phone(text);
}

struct texts {
	const char *of[3];
	unsigned n;
};

/* The bodies whose decoders were used before, by the ledger. */
union body {
	struct body_transfer transfer;
	struct body_asset asset;
	struct body_order order;
	struct body_propose propose;
};

static struct texts
texts_of(const struct tx *t, union body *u)
{
	struct bytes_reader r = bytes_reader_of(t->body, t->len);

	switch (t->kind) {
	case TX_TRANSFER:
		body_transfer_get(&r, &u->transfer);
		return (struct texts){{u->transfer.memo}, 1};
	case TX_ASSET_REGISTER:
		body_asset_get(&r, &u->asset);
		return (struct texts){{u->asset.name, u->asset.purpose,
					  u->asset.licence},
		    3};
	case TX_ORDER:
		body_order_get(&r, &u->order);
		return (struct texts){{u->order.purpose}, 1};
	case TX_PROPOSE:
		body_propose_get(&r, &u->propose);
		return (struct texts){{u->propose.title}, 1};
	default:
		return (struct texts){{NULL}, 0};
	}
}

static void
look_at_texts(struct findings *f, const struct block *b, struct checks *out)
{
	for (uint16_t i = 0; i < b->header.ntxs; i++) {
		const struct tx *t = b->txs[i];
		union body u;
		struct texts words = texts_of(t, &u);

		f->ntexts += words.n;
		for (unsigned k = 0; k < words.n; k++) {
			char why[CHECK_WHY_LEN];

			if (!findings_personal(words.of[k]))
				continue;
			snprintf(why, sizeof(why),
			    "a text of transaction %u (%s) looks like an "
			    "e-mail address or a telephone number; a chain "
			    "cannot forget it",
			    i + 1u, tx_kind_name(t->kind));
			checks_fail(out, CHECK_PERSONAL, b->header.height, why);
		}
	}
}

/* Without the updates the state stands still: who came later has no name. */
static const char *
name_of(const struct ledger *l, uint16_t seat, char out[static NAME_LEN])
{
	const struct member *m = ledger_member(l, seat);

	if (m)
		snprintf(out, NAME_LEN, "%s", m->name);
	else
		snprintf(out, NAME_LEN, "the member at seat %u", seat);
	return out;
}

/* Members of a vqe compute the same terms: there, equal updates are meant. */
static void
look_at_updates(struct findings *f, const struct ledger *l,
    const struct block *b, struct checks *out)
{
	struct findings now = {0};

	if (ledger_job(l)->main.kind == JOB_VQE ||
	    b->header.kind == BLOCK_ORDINARY)
		return;
	for (uint16_t i = 0; i < b->header.nanswers; i++) {
		const struct answer *a = b->answers[i];
		const struct findings *seen[] = {&now, f};

		if (a->kind != ANSWER_UPDATE)
			continue;
		for (unsigned k = 0; k < 2 * (now.n + f->n); k++) {
			const struct findings *s = seen[k % 2];
			char why[CHECK_WHY_LEN], who[NAME_LEN], had[NAME_LEN];

			if (k / 2 >= s->n ||
			    !hash_equal(&s->payload[k / 2], &a->payload))
				continue;
			f->nrepeated++;
			snprintf(why, sizeof(why),
			    "%s sent in round %llu the update that %s had "
			    "sent in %s",
			    name_of(l, a->member, who),
			    (unsigned long long)a->round,
			    name_of(l, s->member[k / 2], had),
			    s == f ? "the round before" : "the same round");
			checks_fail(out, CHECK_UNUSUAL, b->header.height, why);
			break;
		}
		now.member[now.n] = a->member;
		now.payload[now.n++] = a->payload;
	}
	f->n = now.n;
	memcpy(f->member, now.member, sizeof(now.member));
	memcpy(f->payload, now.payload, sizeof(now.payload));
}

void
findings_block(struct findings *f, const struct ledger *l,
    const struct block *b, struct checks *out)
{
	look_at_texts(f, b, out);
	look_at_updates(f, l, b, out);
}

static bool
house_passed(const struct decision *p, enum proposal_house house,
    const struct ballots_rule *rule)
{
	struct ballots t;

	proposal_tally(p, house, &t);
	return ballots_close(&t, rule) == BALLOTS_PASSED;
}

const char *
findings_motion(const struct motion *m)
{
	const struct proposal_terms *terms = proposal_terms(m->p.kind);
	const struct decision *p = &m->p;
	struct hash payload =
	    hash_bytes("qml.payload", m->payload->data, m->payload->len);
	bool passed = p->state == PROPOSAL_QUEUED ||
	    p->state == PROPOSAL_EXECUTED || p->state == PROPOSAL_FAILED ||
	    p->state == PROPOSAL_EXPIRED;

	if (!terms)
		return "a proposal is of no known kind";
	if (!hash_equal(&payload, &p->payload))
		return "what a proposal would carry out is not what was voted";
	if (!passed)
		return NULL;
	for (unsigned h = HOUSE_SEATS; h <= HOUSE_TOKENS; h++)
		if ((terms->houses & h) &&
		    !house_passed(p, (enum proposal_house)h, &terms->rule))
			return "a proposal was carried out that had not passed";
	return p->eta <= p->submitted
	    ? "a proposal took effect before it could be voted on"
	    : NULL;
}

const char *
findings_token(const struct token *t, uint16_t nmembers, const struct books *b)
{
	const struct token *before;
	bool has_parent = hash_is_zero(&t->parent);
	uint64_t sum = 0;

	for (uint16_t i = 0; i < t->nshares; i++) {
		if (t->shares[i].member >= nmembers)
			return "a version has a share of nobody";
		sum += t->shares[i].ppm;
	}
	if (sum != BALLOTS_PPM)
		return "the shares of a version do not add up to 10^6";
	if (t->round_from > t->round_to)
		return "a version ends before it begins";
	for (size_t i = 0; (before = books_token_at(b, i)) != NULL; i++) {
		if (hash_equal(&before->id, &t->id))
			break;
		has_parent = has_parent || hash_equal(&before->id, &t->parent);
	}
	return has_parent ? NULL : "a version's parent is not before it";
}

const char *
findings_asset(const struct asset *a)
{
	const struct rdp_target *t = &a->terms.privacy;
	uint32_t order;

	if (t->eps_milli == 0)
		return NULL;
	if (rdp_epsilon_nano(&a->privacy.spent, t->delta_exp, &order) >
	    (int64_t)t->eps_milli * 1000000)
		return "the privacy spent on a data asset is past its budget";
	return NULL;
}

void
findings_books(const struct books *b, uint16_t nmembers, uint64_t height,
    struct checks *out)
{
	const struct motion *m;
	const struct token *t;
	const struct asset *a;
	const char *why;

	for (size_t i = 0; (m = books_motion_at(b, i)) != NULL; i++)
		if ((why = findings_motion(m)) != NULL)
			checks_fail(out, CHECK_VOTES, height, why);
	for (size_t i = 0; (t = books_token_at(b, i)) != NULL; i++)
		if ((why = findings_token(t, nmembers, b)) != NULL)
			checks_fail(out, CHECK_VERSIONS, height, why);
	for (size_t i = 0; (a = books_asset_at(b, i)) != NULL; i++)
		if ((why = findings_asset(a)) != NULL)
			checks_fail(out, CHECK_PRIVACY, height, why);
}
