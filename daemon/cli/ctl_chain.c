/*
 * ctl_chain.c - the chain in one file, to hand to somebody.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consensus/chain/verify.h"
#include "daemon/cli/audit_source.h"
#include "daemon/cli/ctl.h"
#include "daemon/cli/follow.h"
#include "daemon/cli/whole_file.h"

static const char usage[] =
    "usage: qmlctl chain export FILE [--without-payloads] [--home DIR|CHAIN]\n"
    "The chain of a node, read from its files (the daemon may be at work), as\n"
    "one file for `qmlnode audit FILE --federation ID`. Without the payloads\n"
    "of updates it is small and shows who signed what, but nothing can be\n"
    "computed again from it. An existing FILE is replaced when the new one is\n"
    "whole.\n";

/* A block without its updates' payloads. *changes: others vote on the next. */
static int
strip(uint8_t **data, uint32_t *len, bool *changes)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct block *b;
	struct commit c;
	int rc;

	if (verify_decode(*data, *len, ANSWER_DIM_MAX, &b, &c) != VERIFY_OK)
		return -EBADMSG;
	*changes =
	    !hash_equal(&b->header.validators, &b->header.next_validators);
	block_put_heads(&w, b);
	commit_put(&w, &c);
	block_free(b);
	rc = w.error;
	if (rc == 0) {
		free(*data);
		*len = (uint32_t)w.len;
		*data = malloc(w.len + 1);
		if (*data)
			memcpy(*data, w.data, w.len);
		else
			rc = -ENOMEM;
	}
	bytes_writer_close(&w);
	return rc;
}

/* Who votes from the next height on, behind a block that announces others. */
static int
put_seats(struct follow *o, uint64_t height, bool changes, FILE *f)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	struct verify_seats voters;
	uint32_t len;
	const uint8_t *data = audit_source_seats(o->source, height, &len);
	int rc = 0;

	if (data) {
		bundle_put(f, BUNDLE_SEATS, data, len);
		return 0;
	}
	if (changes)
		rc = follow_to(o, height - 1);
	if (rc == 0 && changes) {
		follow_announced(o->l, &voters);
		verify_put_seats(&w, &voters);
		rc = w.error;
	}
	if (rc == 0 && changes)
		bundle_put(f, BUNDLE_SEATS, w.data, (uint32_t)w.len);
	bytes_writer_close(&w);
	return rc;
}

/* Behind the last block of a federation that others went on with; of several,
 * those that were re-founded before their first block, too. */
static int
put_refound(const struct federation *f, uint64_t height, FILE *to)
{
	struct bytes_writer w = BYTES_WRITER_INIT;
	int rc = 0;

	for (uint16_t i = 0; i < f->nrefounded && rc == 0; i++) {
		if (f->refounded[i].height != height)
			continue;
		refound_put(&w, &f->refounded[i]);
		rc = w.error;
	}
	if (rc == 0 && w.len > 0)
		bundle_put(to, BUNDLE_REFOUND, w.data, (uint32_t)w.len);
	bytes_writer_close(&w);
	return rc;
}

/* What was written. */
struct written {
	uint64_t n;    /* parts that are whole */
	bool stripped; /* some without their updates */
	bool ours;     /* what failed was the file, not the chain */
};

static int
put_block(struct follow *o, uint64_t height, bool light, FILE *f)
{
	bool stripped = audit_source_light(o->source, height), changes = false;
	enum bundle_kind kind = BUNDLE_BLOCK;
	uint8_t *data = NULL;
	uint32_t len;
	int rc = audit_source_read(o->source, height, &data, &len);

	if (height == 0)
		kind = BUNDLE_FOUNDING;
	else if (light || stripped)
		kind = BUNDLE_HEADS;
	if (rc == 0 && kind == BUNDLE_HEADS && !stripped)
		rc = strip(&data, &len, &changes);
	if (rc == 0)
		bundle_put(f, kind, data, len);
	if (rc == 0 && kind == BUNDLE_HEADS)
		rc = put_seats(o, height, changes, f);
	if (rc == 0 && height == 0)
		rc = follow_begin(o, data, len);
	if (rc == 0 && height > 0)
		rc = put_refound(&o->f, height, f);
	free(data);
	return rc;
}

static int
put_all(struct audit_source *s, bool light, const char *out, struct written *x)
{
	struct follow o = {.source = s};
	struct whole_file w;
	int rc = whole_file_open(&w, out);

	*x = (struct written){.ours = rc < 0};
	if (rc < 0)
		return rc;
	fputs(BUNDLE_MAGIC, w.f);
	while (rc == 0 && audit_source_has(s, x->n)) {
		x->stripped |=
		    x->n > 0 && (light || audit_source_light(s, x->n));
		rc = put_block(&o, x->n, light, w.f);
		x->n += rc == 0;
		if (rc == 0 && ftello(w.f) > (off_t)BUNDLE_BYTES_MAX)
			rc = -EFBIG;
	}
	follow_close(&o);
	x->ours = rc == 0;
	return whole_file_close(&w, rc);
}

static int
say_export(const struct ctl *c, const char *out, const struct written *x)
{
	struct jv *o;
	int rc;

	if (!c->json) {
		fprintf(stderr,
		    "wrote %s: blocks 0 to %" PRIu64 "%s\n"
		    "Check it: qmlnode audit %s --federation ID\n",
		    out, x->n - 1, x->stripped ? ", without the updates" : "",
		    out);
		return CLI_OK;
	}
	o = jv_object();
	jv_put_string(o, "schema", "qml.bundle_export/1");
	jv_put_string(o, "file", out);
	jv_put_integer(o, "blocks", (int64_t)x->n - 1);
	jv_put_boolean(o, "payloads", !x->stripped);
	rc = ctl_print_json(o);
	jv_free(o);
	return rc;
}

/* Which of the two did not work. */
static int
say_failed(const char *from, const char *out, const struct written *x, int rc)
{
	if (x->ours)
		return cli_error(CLI_IO, "%s: %s", out, strerror(-rc));
	if (rc == -EBADMSG)
		return cli_error(CLI_DAMAGED,
		    "%s: block %" PRIu64 " cannot be read, or what lies beside "
		    "the chain is not of it; nothing was written\n  qmlnode "
		    "audit %s says more",
		    from, x->n, from);
	if (rc == -EFBIG)
		return cli_error(CLI_FAILED,
		    "%s: up to block %" PRIu64 " it is more than the %zu GiB "
		    "that an audit reads from one file; nothing was "
		    "written\n  Hand over the chain folder, or leave the "
		    "updates out: --without-payloads",
		    from, x->n - 1, BUNDLE_BYTES_MAX >> 30);
	return cli_error(CLI_IO, "%s: block %" PRIu64 ": %s", from, x->n,
	    strerror(-rc));
}

static int export(const struct ctl *c, const char *out, bool light)
{
	const char *from = c->home;
	struct audit_source s = AUDIT_SOURCE_INIT;
	struct audit_fault damage = {0};
	struct written x = {.n = 0};
	int rc = audit_source_open(&s, from, &damage), code = CLI_OK;

	if (rc == -EBADMSG)
		code = cli_error(CLI_DAMAGED, "%s: block %" PRIu64 ": %s", from,
		    damage.height, damage.why);
	else if (rc < 0)
		code = cli_error(rc == -ENOENT ? CLI_NOT_FOUND : CLI_FAILED,
		    "%s: there is no chain here: %s\n  --home names the home "
		    "of a node, or its chain folder",
		    from, strerror(-rc));
	else if (!audit_source_has(&s, 0))
		code = cli_error(CLI_NOT_FOUND,
		    "%s: block 0 is not in it: give the home of a node, or its "
		    "chain folder",
		    from);
	if (code == CLI_OK) {
		rc = put_all(&s, light, out, &x);
		code = rc < 0 ? say_failed(from, out, &x, rc)
			      : say_export(c, out, &x);
	}
	audit_source_close(&s);
	return code;
}

int
ctl_cmd_chain(int argc, char **argv)
{
	bool light = false;
	const struct cli_option options[] = {
	    {"without-payloads", NULL, &light},
	};
	const struct ctl_args a = {options, 1, usage, 2};
	char home[HOME_PATH_LEN];
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	if (argc < 3 || strcmp(argv[1], "export") != 0)
		return cli_error(CLI_USAGE, "chain export FILE\n%s", usage);
	if (!c.home)
		c.home = home_default(home, sizeof(home));
	return export(&c, argv[2], light);
}
