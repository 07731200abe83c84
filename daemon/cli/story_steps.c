/*
 * story_steps.c - the steps of the story: founding, data, order and dossier.
 */
#include "daemon/cli/story.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/federation_file.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/process.h"
#include "daemon/cli/story_rows.h"

#define TRIAL_ROUNDS 2  /* of the job that the federation begins with */
#define ORDER_ROUNDS 40 /* of the one that is bought */
#define SHARDS "8"      /* of public rows; one values a round */
#define EVERY 1         /* rounds, one of which is valued */

/* 1: the founding */

/* Shards of public rows, sealed; a member whose labels say the opposite. */
static int
prepare(struct demo *d)
{
	char rows[DEMO_PATH_LEN], shards[DEMO_PATH_LEN], root[65], *text = NULL;
	char *argv[] = {d->qmlnode, (char *)"federation", (char *)"shards",
	    rows, (char *)"--shards", (char *)SHARDS, (char *)"--out", shards,
	    NULL};
	const char *at;
	int rc;

	demo_path(rows, d->rows, "public.csv");
	demo_path(shards, d->nodes[BUYER].home, "shards");
	rc = story_rows_divide(d->rows);
	if (rc == 0)
		rc = story_rows_poison(d->rows, POISONER);
	if (rc < 0)
		return cli_error(CLI_IO, "%s: %s", d->rows, strerror(-rc));
	rc = process_capture(argv, &text);
	at = rc == 0 ? strstr(text, "validation_root: \"") : NULL;
	if (at == NULL ||
	    sscanf(at, "validation_root: \"%64[0-9a-f]", root) != 1 ||
	    hash_from_hex(root, &d->federation.economy.validation_root) < 0) {
		free(text);
		return cli_error(CLI_FAILED, "cannot seal the public rows");
	}
	free(text);
	d->federation.economy.validation_shards =
	    (uint32_t)strtoul(SHARDS, NULL, 10);
	d->federation.economy.validation_every = EVERY;
	/* So that there is time to act while the order runs, and heights go
	 * on when it is over: votes and leases count them. */
	d->federation.timing.interval = 400;
	d->federation.timing.heartbeat = 500;
	return CLI_OK;
}

static bool
trial_over(struct story *s)
{
	struct jv *v = story_rpc(s, BUYER, "status", NULL);
	bool over = jv_true(jv_get(jv_get(v, "round"), "finished"));

	s->failed = s->failed || v == NULL;
	jv_free(v);
	return over;
}

static int
deal(struct demo *d)
{
	const char *data = d->data, *tmp = getenv("TMPDIR");
	char path[DEMO_PATH_LEN];
	int rc, fd;

	demo_path(path, tmp != NULL ? tmp : "/tmp", "qmlnode-story-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return cli_error(CLI_IO, "%s: %s", path, strerror(errno));
	close(fd);
	rc = story_rows_parity(data, path);
	if (rc < 0)
		rc = cli_error(CLI_FAILED, "%s: %s", data, strerror(-rc));
	d->data = path;
	d->heldout = "0.4";
	d->rounds = TRIAL_ROUNDS;
	d->prepare = prepare;
	if (rc == CLI_OK)
		rc = demo_found(d);
	d->data = data;
	unlink(path);
	return rc;
}

static int
found(struct story *s)
{
	struct demo *d = s->d;
	int rc = deal(d);

	if (rc != CLI_OK)
		return rc;
	for (unsigned i = 0; i < d->nnodes; i++)
		story_say(s, "%-6s %4u rows%s", d->nodes[i].name,
		    d->nodes[i].rows,
		    i == POISONER ? ", every label wrong: it will try to spoil "
				    "the model"
				  : "");
	story_say(s, "federation %s", d->id);
	rc = demo_launch(d);
	if (rc == CLI_OK)
		rc = story_wait(s, "the end of the first job", trial_over);
	if (rc == CLI_OK)
		story_say(s,
		    "Four daemons agree; a trial job of %d rounds is "
		    "over and the chain waits for orders.",
		    TRIAL_ROUNDS);
	return rc;
}

/* 2: data with terms */

static int
take_assets(struct story *s)
{
	struct jv *rows = story_rows(s, BUYER, "assets");
	int rc = rows != NULL ? CLI_OK : CLI_FAILED;

	for (unsigned i = 0; i < STORY_NODES && rc == CLI_OK; i++) {
		const struct jv *a =
		    story_find(rows, "owner", s->d->nodes[i].name);

		if (a == NULL)
			rc = story_fail(s, "%s has no data on the ledger",
			    s->d->nodes[i].name);
		snprintf(s->asset[i], STORY_ID_LEN, "%s",
		    jv_text(jv_get(a, "id"), ""));
	}
	jv_free(rows);
	return rc;
}

static int
offer(struct story *s)
{
	char name[64];
	int rc = CLI_OK;

	for (unsigned i = 0; i < STORY_NODES && rc == CLI_OK; i++) {
		snprintf(name, sizeof(name), "rows of %s", s->d->nodes[i].name);
		rc = story_do(s, i,
		    WORDS("data", "register", name, "--tasks", "vqc",
			"--purpose", "research", "--licence", "CC-BY-4.0",
			"--price", "0.5", "--epsilon-milli", "8000",
			"--delta-exp", "5"));
	}
	if (rc == CLI_OK)
		rc = take_assets(s);
	if (rc == CLI_OK)
		story_say(s,
		    "On the chain: four salted Merkle roots and their terms: "
		    "vqc only, half a token a\n    round, epsilon 8 at delta "
		    "1e-5 in all. No row left its site.");
	return rc;
}

/* 3: a job is ordered */

/* The groups of federation.yaml that say what is trained. */
static int
write_order(struct story *s, char path[static DEMO_PATH_LEN])
{
	struct federation f = s->d->federation; /* borrows what it points to */
	char *text = NULL, *from, *to;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int rc = -ENOMEM;

	demo_path(path, s->d->home, "order.yaml");
	f.job.rounds = ORDER_ROUNDS;
	f.job.local.steps = 20;
	f.job.control = (struct job_task){0}; /* it would cost budget too */
	f.job.privacy = (struct job_privacy){.noise = {5, 0},
	    .rate = {2, -1},
	    .clip = {1, 0},
	    .min_rows = 50};
	if (out != NULL) {
		rc = federation_file_write(&f, out);
		rc = fclose(out) != 0 ? -EIO : rc;
	}
	from = rc == 0 ? strstr(text, "\njob:\n") : NULL;
	to = from != NULL ? strstr(from, "\neconomy:") : NULL;
	out = to != NULL ? fopen(path, "w") : NULL;
	if (out != NULL) {
		*to = '\0';
		rc = fprintf(out, "%s\n", from + 1) < 0 ? -EIO : 0;
		rc = fclose(out) != 0 ? -EIO : rc;
	} else if (rc == 0) {
		rc = -EIO;
	}
	free(text);
	return rc == 0 ? CLI_OK : story_fail(s, "%s: %s", path, strerror(-rc));
}

static bool
order_running(struct story *s)
{
	struct jv *rows = story_rows(s, BUYER, "orders");
	const struct jv *o = story_find(rows, "id", s->order);
	bool running = strcmp(jv_text(jv_get(o, "state"), ""), "running") == 0;

	s->failed = s->failed || rows == NULL;
	jv_free(rows);
	return running;
}

static int
order(struct story *s)
{
	char path[DEMO_PATH_LEN], all[5 * STORY_ID_LEN];
	struct jv *sent;
	int rc = write_order(s, path);

	if (rc != CLI_OK)
		return rc;
	snprintf(all, sizeof(all), "%s,%s,%s,%s", s->asset[0], s->asset[1],
	    s->asset[2], s->asset[3]);
	rc = story_refused(s, BUYER,
	    WORDS("job", "order", path, "--assets", all, "--price", "2",
		"--escrow", "80", "--purpose", "advertising"),
	    "purpose");
	if (rc != CLI_OK)
		return rc;
	sent = story_ctl(s, BUYER,
	    WORDS("job", "order", path, "--assets", all, "--price", "2",
		"--escrow", "80", "--purpose", "research"));
	snprintf(s->order, sizeof(s->order), "%s",
	    jv_text(jv_get(sent, "id"), ""));
	rc = sent != NULL ? CLI_OK : CLI_FAILED;
	jv_free(sent);
	for (unsigned i = 0; i < STORY_NODES && rc == CLI_OK; i++)
		rc = story_do(s, i, WORDS("job", "accept", s->order));
	if (rc == CLI_OK)
		rc = story_wait(s, "the order runs", order_running);
	if (rc == CLI_OK)
		story_say(s,
		    "80 tokens wait in escrow; the job runs because "
		    "every owner said yes.");
	return rc;
}

/* 10: the proof */

/* qmlnode WORDS..., shown and run; what it said, by line, if said is true. */
static int
run_node(struct story *s, const char *const *words, bool said)
{
	char *argv[STORY_WORDS_MAX + 2] = {s->d->qmlnode}, *text = NULL, *rest;
	size_t n = 1;
	int rc;

	story_show(s, BUYER, "qmlnode", words);
	for (; *words != NULL && n < STORY_WORDS_MAX; words++)
		argv[n++] = (char *)(uintptr_t)*words;
	rc = process_capture(argv, &text);
	if (rc != 0)
		rc = story_fail(s, "qmlnode %s failed (%d)", argv[1], rc);
	for (char *line = rc == 0 && said ? strtok_r(text, "\n", &rest) : NULL;
	     line != NULL; line = strtok_r(NULL, "\n", &rest))
		story_say(s, "%s", line);
	free(text);
	return rc;
}

static struct jv *
read_dossier(struct story *s, const char *path)
{
	char *text = NULL, why[128] = "";
	FILE *f = fopen(path, "r");
	size_t cap = 0;
	ssize_t len = f != NULL ? getdelim(&text, &cap, '\0', f) : -1;
	struct jv *v =
	    len > 0 ? jv_parse(text, (size_t)len, why, sizeof(why)) : NULL;

	if (v == NULL)
		story_fail(s, "%s: %s", path, len > 0 ? why : "cannot be read");
	if (f != NULL)
		fclose(f);
	free(text);
	return v;
}

static int
count_checks(struct story *s, const struct jv *v)
{
	const struct jv *checks = jv_get(v, "checks");
	int64_t proved = 0, unknown = 0;

	for (size_t i = 0; i < jv_len(checks); i++) {
		const char *state =
		    jv_text(jv_get(jv_at(checks, i), "state"), "");

		proved += strcmp(state, "proved") == 0;
		unknown += strcmp(state, "cannot be known") == 0;
	}
	story_fact(s, "proved", proved);
	story_fact(s, "unknown", unknown);
	if (proved == 0 || (size_t)(proved + unknown) != jv_len(checks))
		return story_fail(s, "a check of the audit failed");
	story_say(s,
	    "%" PRId64 " of %zu checks proved from the chain's bytes; %" PRId64
	    " that no chain can show, by name.",
	    proved, jv_len(checks), unknown);
	return CLI_OK;
}

static int
dossier(struct story *s)
{
	struct demo *d = s->d;
	char key[DEMO_PATH_LEN], page[DEMO_PATH_LEN], file[DEMO_PATH_LEN];
	struct jv *v;
	int rc = demo_finish(d);

	if (rc != CLI_OK)
		return rc;
	if (!d->heads_equal || !d->models_equal)
		return story_fail(s, "the nodes do not agree");
	demo_path(key, d->nodes[BUYER].home, "node.key");
	demo_path(page, d->home, "dossier.html");
	demo_path(file, d->home, "dossier.json");
	rc = run_node(s,
	    WORDS("audit", d->nodes[1].home, "--federation", d->id, "--report",
		page, "--key", key),
	    false);
	if (rc == CLI_OK)
		rc = run_node(s,
		    WORDS("audit", d->nodes[1].home, "--federation", d->id,
			"--report", file, "--key", key),
		    false);
	v = rc == CLI_OK ? read_dossier(s, file) : NULL;
	rc = v != NULL ? count_checks(s, v) : CLI_FAILED;
	jv_free(v);
	if (rc == CLI_OK)
		rc = run_node(s, WORDS("audit", "--verify", file), true);
	if (rc == CLI_OK)
		story_say(s,
		    "dossier.html is for people, dossier.json for "
		    "programs.");
	return rc;
}

const struct story_step story_steps[] = {
    {"found", "Four members found a federation", found},
    {"register", "Each says on what terms its rows may be used", offer},
    {"order", "One of them orders a model, and pays for the data", order},
    {"train_private", "All train, with noise that hides single rows",
	story_train},
    {"pay", "Work is valued and paid", story_pay},
    {"poisoner", "Whoever spoils the model earns nothing", story_poison},
    {"withdraw", "Consent is withdrawn, and honoured", story_leave},
    {"vote", "A vote changes a parameter", story_vote},
    {"version", "A version is minted, and changes hands", story_version},
    {"dossier", "The dossier is written, and verified", dossier},
    {NULL, NULL, NULL},
};
