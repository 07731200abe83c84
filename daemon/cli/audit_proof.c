#include "daemon/cli/audit_proof.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/audit_report.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/history_proof.h"
#include "daemon/cli/whole_file.h"
#include "daemon/node/home.h"
#include "daemon/node/jv.h"

/* The entry of one height, as it passes. */
struct seek {
	uint64_t height;
	struct bytes_writer entry;
};

static void
see_block(void *arg, const struct ledger *l, const struct block *b,
    const struct commit *c)
{
	struct seek *s = arg;

	(void)c;
	if (!b && s->height == 0)
		federation_put(&s->entry, ledger_federation(l));
	else if (b && b->header.height == s->height)
		header_put(&s->entry, &b->header);
}

static void
see_end(void *arg, const struct ledger *l)
{
	(void)arg;
	(void)l;
}

static int
put_entry(const char *out, const struct bytes_writer *w)
{
	char path[HOME_PATH_LEN];
	struct whole_file file;
	int rc;

	if (snprintf(path, sizeof(path), "%s.entry", out) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	rc = whole_file_open(&file, path);
	if (rc < 0)
		return rc;
	fwrite(w->data, 1, w->len, file.f);
	return whole_file_close(&file, 0);
}

static int
put_proof(const struct audit_proof *p, const struct tlog *l, uint64_t height,
    const struct keys *k)
{
	struct whole_file file;
	int rc = whole_file_open(&file, p->out);

	if (rc < 0)
		return rc;
	tlog_put_proof(file.f, l, (size_t)height, k->sign);
	return whole_file_close(&file, 0);
}

static int
put_files(const struct audit_proof *p, const struct tlog *l,
    const struct seek *s)
{
	struct keys k = KEYS_INIT;
	int code = audit_report_key(&k, p->key), rc;

	if (code != CLI_OK)
		return code;
	rc = put_proof(p, l, s->height, &k);
	if (rc == 0)
		rc = put_entry(p->out, &s->entry);
	keys_close(&k);
	return rc < 0 ? cli_error(CLI_IO, "%s: %s", p->out, strerror(-rc))
		      : CLI_OK;
}

static int
parse_height(const char *text, uint64_t *out)
{
	char rest;

	if (text[strspn(text, "0123456789")] == '\0' &&
	    sscanf(text, "%" SCNu64 "%c", out, &rest) == 1)
		return CLI_OK;
	return cli_error(CLI_USAGE, "--proof %s: want a block's height", text);
}

static int
put_text(const char *out, const char *text)
{
	struct whole_file file;
	int rc = whole_file_open(&file, out);

	if (rc < 0)
		return rc;
	fprintf(file.f, "%s\n", text);
	return whole_file_close(&file, 0);
}

/* By the certificates of the members, without anybody's key. */
static int
run_native(struct audit *a, const struct audit_order *o,
    const struct audit_proof *p, uint64_t height, int *code)
{
	struct history_proof h;
	struct audit_watch watch;
	struct jv *document;
	char *text;
	int rc, put;

	history_proof_open(&h, height);
	watch = history_proof_watch(&h);
	rc = audit_watch(a, o, &watch);
	if (rc == 0) {
		document = history_proof_json(&h);
		text = jv_dump(document);
		put = text ? put_text(p->out, text) : 0;
		if (!text && h.failed)
			*code = cli_error(CLI_FAILED,
			    "--proof %s: the proof cannot be made from this: "
			    "out of memory, or a re-founding while members "
			    "changed, and no updates\n  Make it from a home or "
			    "from a bundle with the updates",
			    p->height);
		else if (!text)
			*code = cli_error(CLI_NOT_FOUND,
			    "--proof %s: want a block from 1 to the last but "
			    "one, %" PRIu64,
			    p->height, a->nblocks - (a->nblocks > 0));
		else if (put < 0)
			*code =
			    cli_error(CLI_IO, "%s: %s", p->out, strerror(-put));
		free(text);
		jv_free(document);
	}
	history_proof_close(&h);
	return rc;
}

int
audit_proof_run(struct audit *a, const struct audit_order *o,
    const struct audit_proof *p, int *code)
{
	struct seek s = {0, BYTES_WRITER_INIT};
	const struct audit_watch watch = {see_block, see_end, &s, NULL};
	int rc;

	*code = parse_height(p->height, &s.height);
	if (*code != CLI_OK)
		return 0;
	if (!p->key)
		return run_native(a, o, p, s.height, code);
	rc = audit_watch(a, o, &watch);
	if (rc == 0 && s.height > a->nblocks)
		*code = cli_error(CLI_NOT_FOUND,
		    "--proof %s: the chain ends with block %" PRIu64, p->height,
		    a->nblocks);
	else if (rc == 0 && s.entry.error == 0)
		*code = put_files(p, o->log, &s);
	else if (rc == 0)
		rc = s.entry.error;
	bytes_writer_close(&s.entry);
	return rc;
}
