#include "daemon/cli/audit_fork.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/node/jv.h"
#include "proto/id.h"

void
audit_marks_close(struct audit_marks *m)
{
	free(m->at);
	free(m->voters);
	*m = AUDIT_MARKS_INIT;
}

static void
see_voters(void *arg, const struct ledger *l, uint64_t from,
    const struct verify_seats *s)
{
	struct audit_marks *m = arg;
	struct audit_voters *v =
	    realloc(m->voters, (m->nvoters + 1) * sizeof(*v));
	const struct member *x;

	m->failed |= !v;
	if (!v)
		return;
	m->voters = v;
	v += m->nvoters++;
	*v = (struct audit_voters){.from = from, .n = s->n};
	for (uint16_t i = 0; i < s->n; i++) {
		x = ledger_member(l, i);
		v->power[i] = s->power[i];
		if (x)
			memcpy(v->names[i], x->name, sizeof(x->name));
		else
			snprintf(v->names[i], sizeof(v->names[i]), "seat-%u",
			    i);
	}
}

const struct audit_voters *
audit_marks_voters(const struct audit_marks *m, uint64_t height)
{
	size_t i = m->nvoters;

	while (i > 1 && m->voters[i - 1].from > height)
		i--;
	return i > 0 ? &m->voters[i - 1] : NULL;
}

static void
see_block(void *arg, const struct ledger *l, const struct block *b,
    const struct commit *c)
{
	struct audit_marks *m = arg;
	struct audit_mark *at;

	(void)l;
	if (!b || m->failed)
		return;
	if (m->n == m->cap) {
		size_t cap = m->cap ? 2 * m->cap : 64;

		at = realloc(m->at, cap * sizeof(*at));
		m->failed = !at;
		if (!at)
			return;
		m->at = at;
		m->cap = cap;
	}
	at = &m->at[m->n++];
	*at = (struct audit_mark){.id = b->id,
	    .federation = b->header.federation,
	    .round = c->round};
	for (uint16_t i = 0; i < c->nsigs; i++)
		at->signers[c->validators[i]] = true;
}

static void
see_end(void *arg, const struct ledger *l)
{
	(void)arg;
	(void)l;
}

struct audit_watch
audit_marks_watch(struct audit_marks *m)
{
	return (struct audit_watch){see_block, see_end, m, see_voters};
}

uint64_t
audit_fork_height(const struct audit_marks *a, const struct audit_marks *b)
{
	for (size_t i = 0; i < a->n && i < b->n; i++)
		if (!hash_equal(&a->at[i].id, &b->at[i].id))
			return i + 1;
	return 0;
}

bool
audit_fork_refounded(const struct audit_marks *a, const struct audit_marks *b,
    uint64_t height)
{
	return !hash_equal(&a->at[height - 1].federation,
	    &b->at[height - 1].federation);
}

bool
audit_fork_one_view(const struct audit_marks *a, const struct audit_marks *b,
    uint64_t height)
{
	return a->at[height - 1].round == b->at[height - 1].round;
}

uint16_t
audit_fork_signers(const struct audit_marks *a, const struct audit_marks *b,
    uint64_t height, uint16_t who[static FEDERATION_MAX_MEMBERS])
{
	const struct audit_mark *x = &a->at[height - 1];
	const struct audit_mark *y = &b->at[height - 1];
	uint16_t n = 0;

	if (audit_fork_refounded(a, b, height))
		return 0;
	for (uint16_t i = 0; i < audit_marks_voters(a, height)->n; i++)
		if (x->signers[i] && y->signers[i])
			who[n++] = i;
	return n;
}

static void
say_json(const struct audit_marks *a, const struct audit_marks *b,
    uint64_t height)
{
	uint16_t who[FEDERATION_MAX_MEMBERS], n = 0;
	struct jv *o = jv_object(), *list = jv_array();
	char id[ID_TEXT_LEN];
	char *line;

	jv_put_string(o, "schema", "qml.fork/1");
	jv_put_boolean(o, "fork", height > 0);
	if (height > 0) {
		n = audit_fork_signers(a, b, height, who);
		jv_put_integer(o, "block", (int64_t)height);
		jv_put_string(o, "one",
		    id_text(ID_BLOCK, &a->at[height - 1].id, id));
		jv_put_string(o, "other",
		    id_text(ID_BLOCK, &b->at[height - 1].id, id));
		jv_put_integer(o, "one_view", a->at[height - 1].round);
		jv_put_integer(o, "other_view", b->at[height - 1].round);
		jv_put_boolean(o, "refounded",
		    audit_fork_refounded(a, b, height));
		jv_put_boolean(o, "same_view",
		    audit_fork_one_view(a, b, height));
	}
	for (uint16_t i = 0; i < n; i++)
		jv_add(list,
		    jv_string(audit_marks_voters(a, height)->names[who[i]]));
	jv_put(o, "signed_both", list);
	line = jv_dump(o);
	jv_free(o);
	if (line)
		printf("%s\n", line);
	free(line);
}

static void
say_fork(const struct audit_marks *a, const struct audit_marks *b,
    uint64_t height)
{
	uint16_t who[FEDERATION_MAX_MEMBERS];
	uint16_t n = audit_fork_signers(a, b, height, who);
	const struct audit_voters *v = audit_marks_voters(a, height);
	uint64_t power = 0, total = 0;
	char id[ID_TEXT_LEN];

	assert(a->at && b->at && height <= a->n && height <= b->n);
	for (uint16_t i = 0; i < v->n; i++)
		total += v->power[i];
	for (uint16_t i = 0; i < n; i++)
		power += v->power[who[i]];
	printf("FORK at block %" PRIu64 ": two blocks, each with a certificate "
	       "of more than two thirds\n",
	    height);
	printf("  %s   decided in view %u\n",
	    id_text(ID_BLOCK, &a->at[height - 1].id, id),
	    a->at[height - 1].round);
	printf("  %s   decided in view %u\n",
	    id_text(ID_BLOCK, &b->at[height - 1].id, id),
	    b->at[height - 1].round);
	printf("signed both (%" PRIu64 " of the power %" PRIu64 "):", power,
	    total);
	for (uint16_t i = 0; i < n; i++)
		printf(" %s", v->names[who[i]]);
	if (audit_fork_one_view(a, b, height))
		printf("\nAn honest member never does, in one view: their keys "
		       "or machines are not their own,\nor they broke the "
		       "rules.\n");
	else
		printf(
		    "\nMembers with more than a third of the power broke the "
		    "rules. These are two views: one of\nthe above may be "
		    "honest, if it was shown that more than two thirds "
		    "wanted the later\nblock. Who is guilty, the prevotes "
		    "of the views in between tell, not these two chains.\n");
}

/* Two federations, one chain up to there: nobody is to blame. */
static void
say_refounded(const struct audit_marks *a, const struct audit_marks *b,
    uint64_t height)
{
	const struct hash *one = &a->at[height - 1].federation;
	const struct hash *other = &b->at[height - 1].federation;
	char id[ID_TEXT_LEN];

	printf("PARTED behind block %" PRIu64 ": a re-founding, and two "
	       "federations since then\n",
	    height - 1);
	printf("  one goes on as    %s\n", id_text(ID_FEDERATION, one, id));
	printf("  the other one as  %s\n", id_text(ID_FEDERATION, other, id));
	printf("What was signed for the one is nothing in the other: this "
	       "shows no fault of anybody's.\n");
}

/* Links and signatures of one side. */
static int
read_side(const struct audit_order *o, const char *path, struct audit *a,
    struct audit_marks *m)
{
	struct tlog log = TLOG_INIT;
	const struct audit_order side = {.path = path,
	    .federation = o->federation,
	    .log = &log,
	    .light = true};
	const struct audit_watch watch = audit_marks_watch(m);
	int rc = audit_watch(a, &side, &watch);

	tlog_close(&log);
	if (rc == 0 && m->failed)
		rc = -ENOMEM;
	if (rc == -EBADMSG)
		return cli_error(CLI_NOT_VERIFIED, "%s: block %" PRIu64 ": %s",
		    path, a->fault.height, a->fault.why);
	if (rc < 0)
		return cli_error(rc == -ENOENT ? CLI_NOT_FOUND : CLI_FAILED,
		    "%s: %s", path, strerror(-rc));
	return CLI_OK;
}

static int
compare(const struct audit_marks *m, const struct audit *a, bool json)
{
	uint64_t height;

	if (!hash_equal(&a[0].federation, &a[1].federation))
		return cli_error(CLI_NOT_VERIFIED,
		    "these are chains of two federations");
	height = audit_fork_height(&m[0], &m[1]);
	if (json)
		say_json(&m[0], &m[1], height);
	else if (height > 0 && audit_fork_refounded(&m[0], &m[1], height))
		say_refounded(&m[0], &m[1], height);
	else if (height > 0)
		say_fork(&m[0], &m[1], height);
	else
		printf("no fork: the first %zu blocks are the same\n",
		    m[0].n < m[1].n ? m[0].n : m[1].n);
	return height > 0 ? CLI_NOT_VERIFIED : CLI_OK;
}

int
audit_fork_run(const struct audit_order *o, const char *other, bool json)
{
	struct audit_marks m[2] = {AUDIT_MARKS_INIT, AUDIT_MARKS_INIT};
	struct audit *a = calloc(2, sizeof(*a));
	int code;

	if (!a)
		return cli_error(CLI_FAILED, "out of memory");
	code = read_side(o, o->path, &a[0], &m[0]);
	if (code == CLI_OK)
		code = read_side(o, other, &a[1], &m[1]);
	if (code == CLI_OK)
		code = compare(m, a, json);
	audit_marks_close(&m[0]);
	audit_marks_close(&m[1]);
	free(a);
	return code;
}
