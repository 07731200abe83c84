/*
 * cmd_audit.c - qmlnode audit: yes or no, and what was proved.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/node.h"
#include "daemon/cli/audit.h"
#include "daemon/cli/audit_fork.h"
#include "daemon/cli/audit_proof.h"
#include "daemon/cli/audit_report.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/ctl.h"
#include "daemon/node/jv.h"
#include "proto/id.h"
#include "proto/sign.h"

#define NUMBER_LEN 32

static const char usage[] =
    "usage: qmlnode audit DIR|FILE [--federation ID] [--json]\n"
    "                     [--report OUT.html|OUT.json [--key node.key]]\n"
    "       qmlnode audit DIR|FILE --proof HEIGHT --out OUT [--key node.key]\n"
    "       qmlnode audit DIR|FILE --against DIR|FILE\n"
    "       qmlnode audit --verify REPORT.json|PROOF.json [--federation ID]\n"
    "Verify a chain from its files alone. DIR is a home or its chain folder,\n"
    "FILE its first segment, or a bundle of `qmlctl chain export`. Nothing\n"
    "is written unless asked.\n"
    "  --federation ID  the id it must have (qf1..., or 64 hex digits)\n"
    "  --report OUT     a dossier: the checks A1 to A20 by name, members,\n"
    "                   jobs, rounds, data, privacy, pay, votes, versions\n"
    "  --key FILE       sign the dossier with this node's key\n"
    "  --proof HEIGHT   that block's place in the chain, by the members'\n"
    "                   certificates; with --key as C2SP tlog-proof, its\n"
    "                   header in OUT.entry\n"
    "  --checkpoint C   a proof or checkpoint kept from before: the chain\n"
    "                   must contain it\n"
    "  --against OTHER  where two chains part, and who signed both\n"
    "  --verify         who signed a .json dossier and of which federation it\n"
    "                   is, or what a proof shows\n"
    "  --json           one JSON object on standard output\n"
    "Exit: 0 proved, 8 not, 5 no chain there, 1 it cannot be read.\n";

/* What was asked for. */
struct wish {
	const char *path, *federation, *checkpoint, *key, *against;
	struct audit_report report;
	struct audit_proof proof;
	bool json, verify;
	struct hash want; /* federation's id, when there is one */
};

/* 1234567 as "1,234,567". */
static const char *
with_commas(uint64_t v, char out[static NUMBER_LEN])
{
	char digits[NUMBER_LEN];
	int i, n = snprintf(digits, sizeof(digits), "%" PRIu64, v);
	char *p = out;

	for (i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			*p++ = ',';
		*p++ = digits[i];
	}
	*p = 0;
	return out;
}

/* A sentence's count: "44 of 44 what". */
static void
say_all(uint64_t n, const char *what)
{
	char text[NUMBER_LEN];

	with_commas(n, text);
	printf("  ✓ %s of %s %s\n", text, text, what);
}

static void
say_subject(const struct audit *a)
{
	char id[ID_TEXT_LEN], bytes[NUMBER_LEN];

	printf("chain       %s   %" PRIu64 " blocks after block 0, %s bytes "
	       "in %u file%s\n",
	    a->chain, a->nrecords ? a->nrecords - 1 : 0,
	    with_commas(a->bytes, bytes), a->nfiles, a->nfiles == 1 ? "" : "s");
	if (a->founded)
		printf("federation  %s   %s\n", a->name,
		    id_text(ID_FEDERATION, &a->federation, id));
	if (a->refounded.n > 0)
		printf("re-founded  behind block %" PRIu64
		       ", without %s, as\n            %s\n",
		    a->refounded.height, a->refounded.without,
		    id_text(ID_FEDERATION, &a->refounded.id, id));
}

/* What needs the updates. */
static void
say_again(const struct audit *a)
{
	say_all(a->npayloads, "updates match their signed hash and bounds");
	say_all(a->nattests,
	    "attestations signed; the answers used follow from them");
	say_all(a->naggregates, "aggregates and models computed again, exact");
	say_all(a->nblocks, "state roots computed again");
}

static void
say_proved(const struct audit *a, bool id_given)
{
	char id[ID_TEXT_LEN];

	if (!id_given)
		printf("            (from block 0: compare it with the id you "
		       "know, or give --federation ID)\n");
	say_all(a->nblocks, "blocks follow one another: ids, times, history");
	say_all(a->ncommit_signatures,
	    "certificate signatures; each block has a quorum");
	say_all(a->nanswers, "answers signed by their members");
	if (a->light) {
		say_all(a->nattests, "attestations signed");
		printf("            without the updates: no model, no state "
		       "and no payment was computed again\n");
	} else {
		say_again(a);
	}
	printf("            %" PRIu64 " rounds aggregated, %" PRIu64
	       " skipped, %" PRIu64 " heartbeats\n",
	    a->naggregates, a->nskips, a->nheartbeats);
	if (a->nblocks > 0)
		printf("model       %s\n", id_text(ID_MODEL, &a->model, id));
	printf("OK   nothing is missing between block 0 and block %" PRIu64
	       ".\n     It cannot show that the chain did not go on after "
	       "block %" PRIu64 ".\n",
	    a->nblocks, a->nblocks);
}

static void
say_fault(const struct audit *a)
{
	const struct audit_fault *f = &a->fault;
	char from[NUMBER_LEN], to[NUMBER_LEN];

	printf("  ✗ block %" PRIu64 "   %s\n", f->height, f->why);
	if (*f->file && f->end > f->offset)
		printf("    %s, bytes %s to %s\n", f->file,
		    with_commas(f->offset, from), with_commas(f->end, to));
	else if (*f->file)
		printf("    %s, byte %s\n", f->file,
		    with_commas(f->offset, from));
	if (f->height <= a->nblocks && a->founded &&
	    (f->height > 0 || f->check != CHECK_FOUNDING)) {
		printf("    The blocks are what their members signed; this is "
		       "check %s, %s.\nFAILED\n",
		    check_code(f->check), check_name(f->check));
		return;
	}
	if (f->height == 0 && a->founded && f->check == CHECK_FOUNDING) {
		printf(
		    "    Its id stands above. If that is the federation "
		    "that you know, the id that was\n    asked for is wrong; "
		    "if not, this is not its chain.\nFAILED\n");
		return;
	}
	if (f->height > 0 && a->founded)
		printf("    Blocks 0 to %" PRIu64 " are sound; ", a->nblocks);
	else
		printf("    ");
	printf("nothing from block %" PRIu64
	       " on can be trusted.\n    Ask another member for a copy of "
	       "the chain folder and audit that.\n",
	    f->height);
	printf("FAILED\n");
}

static struct jv *
fault_json(const struct audit_fault *f)
{
	struct jv *v = jv_object();

	jv_put_integer(v, "block", (int64_t)f->height);
	jv_put_string(v, "check", check_code(f->check));
	jv_put_string(v, "why", f->why);
	jv_put_string(v, "file", f->file);
	jv_put_integer(v, "offset", (int64_t)f->offset);
	jv_put_integer(v, "end", (int64_t)f->end);
	return v;
}

/* {"A1": "proved", ...} */
static struct jv *
checks_json(const struct checks *c)
{
	struct jv *v = jv_object();

	for (enum check_id id = CHECK_FOUNDING; id < CHECKS; id++)
		jv_put_string(v, check_code(id),
		    check_state_name(c->of[id].state));
	return v;
}

static int
say_json(const struct audit *a, int rc)
{
	struct jv *v = jv_object();
	char id[ID_TEXT_LEN];
	int printed;

	jv_put_string(v, "schema", "qml.audit/1");
	jv_put_string(v, "audit", rc == 0 ? "ok" : "failed");
	jv_put_string(v, "chain", a->chain);
	if (a->founded) {
		jv_put_string(v, "name", a->name);
		jv_put_string(v, "federation",
		    id_text(ID_FEDERATION, &a->federation, id));
	}
	if (a->refounded.n > 0) {
		struct jv *x = jv_object();

		jv_put_string(x, "id",
		    id_text(ID_FEDERATION, &a->refounded.id, id));
		jv_put_integer(x, "block", (int64_t)a->refounded.height);
		jv_put_string(x, "without", a->refounded.without);
		jv_put(v, "refounded", x);
	}
	jv_put_integer(v, "records", (int64_t)a->nrecords);
	jv_put_integer(v, "blocks", (int64_t)a->nblocks);
	jv_put_integer(v, "commit_signatures", (int64_t)a->ncommit_signatures);
	jv_put_integer(v, "answers", (int64_t)a->nanswers);
	jv_put_integer(v, "payloads", (int64_t)a->npayloads);
	jv_put_integer(v, "attests", (int64_t)a->nattests);
	jv_put_integer(v, "aggregates", (int64_t)a->naggregates);
	jv_put_integer(v, "skips", (int64_t)a->nskips);
	jv_put_integer(v, "heartbeats", (int64_t)a->nheartbeats);
	if (a->nblocks > 0)
		jv_put_string(v, "model", id_text(ID_MODEL, &a->model, id));
	jv_put_boolean(v, "light", a->light);
	jv_put(v, "checks", checks_json(&a->checks));
	if (rc < 0)
		jv_put(v, "fault", fault_json(&a->fault));
	printed = ctl_print_json(v);
	jv_free(v);
	return printed;
}

static int
parse_federation(const char *text, struct hash *out)
{
	if (id_parse(ID_FEDERATION, text, out) == 0 ||
	    hash_from_hex(text, out) == 0)
		return CLI_OK;
	return cli_error(CLI_USAGE,
	    "--federation %s: not a federation id (qf1...); "
	    "qmlnode federation show prints it",
	    text);
}

static int
report(const struct audit *a, int rc, bool json, bool id_given)
{
	int code = rc == 0 ? CLI_OK : CLI_NOT_VERIFIED;

	if (json)
		return say_json(a, rc) == CLI_OK ? code : CLI_FAILED;
	say_subject(a);
	if (rc == 0)
		say_proved(a, id_given);
	else
		say_fault(a);
	return code;
}

/* What verifiers of others are configured with; malloc'd, NULL: memory. */
static char *
verifier_of(const char *key, const char *origin)
{
	struct keys k = KEYS_INIT;
	char *text = NULL;
	size_t len;
	FILE *f;

	if (audit_report_key(&k, key) != CLI_OK)
		return NULL;
	f = open_memstream(&text, &len);
	if (f) {
		tlog_put_verifier(f, origin, &k.sign_public);
		if (fclose(f) != 0) {
			free(text);
			text = NULL;
		}
	}
	keys_close(&k);
	return text;
}

static int
say_proof(const struct wish *w, const struct tlog *l)
{
	char *verifier = w->key ? verifier_of(w->key, l->origin) : NULL;
	struct jv *o;
	int rc;

	if (w->key && !verifier)
		return CLI_FAILED;
	fprintf(stderr, "wrote %s%s\n", w->proof.out,
	    w->key ? ", and the header beside it"
		   : "; check it: qmlnode audit --verify FILE --federation ID");
	if (!w->json) {
		if (verifier)
			fputs(verifier, stdout);
		free(verifier);
		return CLI_OK;
	}
	o = jv_object();
	jv_put_string(o, "schema", "qml.proof_export/1");
	jv_put_string(o, "file", w->proof.out);
	jv_put_string(o, "block", w->proof.height);
	if (verifier) {
		verifier[strcspn(verifier, "\n")] = '\0';
		jv_put_string(o, "verifier", verifier);
	}
	rc = ctl_print_json(o);
	jv_free(o);
	free(verifier);
	return rc;
}

static int
choose(struct audit *a, const struct wish *w, struct audit_order *o, int *code)
{
	*code = CLI_OK;
	if (w->proof.height)
		return audit_proof_run(a, o, &w->proof, code);
	if (w->report.out)
		return audit_report_run(a, o, &w->report, code);
	return audit_watch(a, o, NULL);
}

static int
run(const struct wish *w, struct audit_order *o)
{
	struct audit a;
	int code, said, rc = choose(&a, w, o, &code);

	if (code == CLI_USAGE)
		return code;
	if (rc == -ENOENT)
		return cli_error(CLI_NOT_FOUND,
		    "%s: there is no chain here\n  Give a node's home, its "
		    "chain folder, its first segment, 000001.seg, or a bundle "
		    "of qmlctl chain export.",
		    w->path);
	if (rc < 0 && rc != -EBADMSG)
		return cli_error(CLI_FAILED, "%s: %s", a.chain, strerror(-rc));
	if (w->proof.height && rc == 0)
		return code == CLI_OK ? say_proof(w, o->log) : code;
	said = report(&a, rc, w->json, o->federation != NULL);
	if (code == CLI_OK && w->report.out && a.founded)
		fprintf(stderr, "wrote %s%s\n", w->report.out,
		    w->report.key ? "" : " (not signed: no --key)");
	return code == CLI_OK ? said : code;
}

/* One that nobody can read says nothing of the chain. */
static int
read_checkpoint(const char *path, char **out)
{
	struct config_error e = {0};
	struct tlog_checkpoint c;
	const char *at;
	void *data;
	size_t len;
	int rc = config_read(path, TLOG_TEXT_MAX, &data, &len, &e);

	/* Longer than one can be, such as a proof without a key. */
	if (rc < 0 && rc != -EINVAL)
		return cli_error(rc == -ENOENT ? CLI_NOT_FOUND : CLI_FAILED,
		    "%s: %s", path, strerror(-rc));
	if (rc == 0) {
		*out = strndup(data, len);
		free(data);
		if (!*out)
			return cli_error(CLI_FAILED, "out of memory");
		if (tlog_checkpoint_get(*out, &c, &at) == 0)
			return CLI_OK;
	}
	return cli_error(CLI_USAGE,
	    "--checkpoint %s: not in the form of C2SP\n  audit --proof HEIGHT "
	    "--key node.key makes one",
	    path);
}

static int
run_with_checkpoint(const struct wish *w)
{
	struct tlog log = TLOG_INIT;
	struct audit_order o = {.path = w->path,
	    .federation = w->federation ? &w->want : NULL,
	    .log = &log};
	char *text = NULL;
	int rc = CLI_OK;

	if (w->checkpoint)
		rc = read_checkpoint(w->checkpoint, &text);
	o.checkpoint = text;
	if (rc == CLI_OK)
		rc = w->against ? audit_fork_run(&o, w->against, w->json)
				: run(w, &o);
	tlog_close(&log);
	free(text);
	return rc;
}

/* Options that need one another. */
static int
check_wish(struct wish *w)
{
	w->report.key = w->proof.key = w->key;
	if (w->report.out && w->proof.height)
		return cli_error(CLI_USAGE, "--report or --proof, not both");
	if (w->proof.height && !w->proof.out)
		return cli_error(CLI_USAGE, "--proof needs --out FILE");
	if (w->against && (w->report.out || w->proof.height || w->checkpoint))
		return cli_error(CLI_USAGE,
		    "--against goes with --federation and --json alone");
	if (w->key && !w->report.out && !w->proof.height)
		return cli_error(CLI_USAGE,
		    "--key signs a --report or --proof");
	if (w->report.out)
		return audit_report_name(w->report.out);
	return CLI_OK;
}

int
cmd_audit(int argc, char **argv)
{
	struct wish w = {0};
	const struct cli_option options[] = {
	    {"federation", &w.federation, NULL},
	    {"report", &w.report.out, NULL},
	    {"key", &w.key, NULL},
	    {"proof", &w.proof.height, NULL},
	    {"out", &w.proof.out, NULL},
	    {"checkpoint", &w.checkpoint, NULL},
	    {"against", &w.against, NULL},
	    {"verify", NULL, &w.verify},
	    {"json", NULL, &w.json},
	};
	const struct cli_options all = {options, 9, usage, 1};
	int rc = cli_parse(&all, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	if (argc < 2)
		return cli_error(CLI_USAGE, "audit what?\n%s", usage);
	w.path = argv[1];
	if (w.federation)
		rc = parse_federation(w.federation, &w.want);
	if (rc == CLI_OK)
		rc = check_wish(&w);
	if (rc != CLI_OK)
		return rc;
	if (sign_setup() < 0)
		return cli_error(CLI_FAILED, "libsodium cannot start");
	return w.verify
	    ? audit_report_verify(w.path, w.federation ? &w.want : NULL, w.json)
	    : run_with_checkpoint(&w);
}
