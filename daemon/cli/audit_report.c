#include "daemon/cli/audit_report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/node.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/ctl.h"
#include "daemon/cli/ctl_text.h"
#include "daemon/cli/dossier.h"
#include "daemon/cli/dossier_html.h"
#include "daemon/cli/history_proof.h"
#include "daemon/cli/whole_file.h"
#include "daemon/node/home.h"
#include "daemon/node/jcs.h"
#include "daemon/node/jv.h"
#include "proto/id.h"

#define REPORT_BYTES_MAX (64u << 20)

static bool
ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);

	return n > k && strcmp(name + n - k, end) == 0;
}

int
audit_report_name(const char *out)
{
	if (ends_in(out, ".html") || ends_in(out, ".json"))
		return CLI_OK;
	return cli_error(CLI_USAGE,
	    "--report %s: want a name that ends in .html or .json", out);
}

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000;
}

int
audit_report_key(struct keys *k, const char *path)
{
	char err[KEYS_ERR_LEN];
	int rc = keys_load(k, path, err, sizeof(err));

	if (rc == 0)
		return CLI_OK;
	return cli_error(rc == -EPERM ? CLI_KEY_PERMISSIONS : CLI_FAILED, "%s",
	    err);
}

static int
sign(struct jv *document, const char *path, uint64_t when)
{
	struct keys k = KEYS_INIT;
	int rc = audit_report_key(&k, path);

	if (rc != CLI_OK)
		return rc;
	rc = dossier_sign(document, k.sign, when);
	keys_close(&k);
	return rc < 0 ? cli_error(CLI_FAILED, "the report cannot be signed: %s",
			    strerror(-rc))
		      : CLI_OK;
}

/* The canonical form is what is signed, so that is what is written. */
static int
put_json(FILE *f, const struct jv *document)
{
	char *text;
	size_t len;
	int rc = jcs_text(document, &text, &len);

	if (rc < 0)
		return rc;
	fwrite(text, 1, len, f);
	fputc('\n', f);
	free(text);
	return 0;
}

static int
put_file(const char *out, const struct jv *document)
{
	struct whole_file w;
	int rc = whole_file_open(&w, out);

	if (rc < 0)
		return rc;
	if (ends_in(out, ".json"))
		rc = put_json(w.f, document);
	else
		dossier_html(w.f, document);
	return whole_file_close(&w, rc);
}

int
audit_report_run(struct audit *a, const struct audit_order *o,
    const struct audit_report *r, int *code)
{
	uint64_t when = now_ms();
	struct jv *document;
	int rc = dossier_make(a, o, when, &document);
	int put;

	*code = CLI_OK;
	if (!document)
		return rc;
	if (r->key)
		*code = sign(document, r->key, when);
	if (*code == CLI_OK) {
		put = put_file(r->out, document);
		if (put < 0)
			*code =
			    cli_error(CLI_IO, "%s: %s", r->out, strerror(-put));
	}
	jv_free(document);
	return rc;
}

static int
print_verified(struct jv *o)
{
	int rc = ctl_print_json(o);

	jv_free(o);
	return rc;
}

static int
verify_dossier(const char *path, const struct jv *document,
    const struct hash *want, bool json)
{
	char by[CREDENTIAL_DID_LEN], err[CREDENTIAL_ERR_LEN], id[ID_TEXT_LEN];
	const struct jv *v = jv_get(document, "verdict");
	bool light = jv_true(jv_get(v, "light"));
	char verdict[CTL_TEXT_LEN], of[ID_TEXT_LEN];
	struct jv *o;

	ctl_text_clean(jv_text(jv_get(v, "chain"), "?"), verdict,
	    sizeof(verdict));
	ctl_text_clean(ctl_string(jv_get(document, "federation"), "id"), of,
	    sizeof(of));
	if (dossier_verify(document, by, err) < 0)
		return cli_error(CLI_NOT_VERIFIED, "%s: %s", path, err);
	if (want && strcmp(id_text(ID_FEDERATION, want, id), of) != 0)
		return cli_error(CLI_NOT_VERIFIED,
		    "%s: it is of another federation, %s", path, of);
	if (!json) {
		printf("signed by %s\nof        %s\nverdict   %s%s\n", by, of,
		    verdict, light ? ", without the updates" : "");
		return CLI_OK;
	}
	o = jv_object();
	jv_put_string(o, "schema", "qml.verified/1");
	jv_put_string(o, "signed_by", by);
	jv_put_string(o, "federation", of);
	jv_put_string(o, "verdict", verdict);
	jv_put_boolean(o, "light", light);
	return print_verified(o);
}

static void
print_claim(const struct history_claim *c, bool compared)
{
	const struct hash block = header_id(&c->block);
	char id[ID_TEXT_LEN];

	printf("block     %" PRIu64 "   %s\n", c->block.height,
	    id_text(ID_BLOCK, &block, id));
	printf("is in the chain of   %s\n",
	    id_text(ID_FEDERATION, &c->federation, id));
	if (!hash_equal(&c->federation, &c->founded))
		printf("re-founded from      %s\n",
		    id_text(ID_FEDERATION, &c->founded, id));
	printf("by        %u signatures under block %" PRIu64 "\n", c->nsigners,
	    c->head.height);
	if (!compared)
		puts("          (compare its id with the one you know, or give "
		     "--federation ID)");
}

static struct jv *
claim_json(const struct history_claim *c)
{
	const struct hash block = header_id(&c->block);
	struct jv *o = jv_object();
	char id[ID_TEXT_LEN];

	jv_put_string(o, "schema", "qml.verified/1");
	jv_put_integer(o, "block", (int64_t)c->block.height);
	jv_put_string(o, "id", id_text(ID_BLOCK, &block, id));
	jv_put_string(o, "federation",
	    id_text(ID_FEDERATION, &c->federation, id));
	jv_put_string(o, "founded", id_text(ID_FEDERATION, &c->founded, id));
	jv_put_integer(o, "signatures", c->nsigners);
	jv_put_integer(o, "under", (int64_t)c->head.height);
	return o;
}

static int
verify_proof(const char *path, const struct jv *document,
    const struct hash *want, bool json)
{
	char id[ID_TEXT_LEN], why[HISTORY_PROOF_WHY_LEN];
	struct history_claim c;
	int rc = history_proof_check(document, &c, why);

	if (rc == -ENOMEM)
		return cli_error(CLI_FAILED, "out of memory");
	if (rc < 0)
		return cli_error(CLI_NOT_VERIFIED, "%s: %s", path, why);
	if (want && !hash_equal(want, &c.federation))
		return cli_error(CLI_NOT_VERIFIED,
		    hash_equal(want, &c.founded)
			? "%s: that federation was re-founded since, as %s; if "
			  "that is what you know of, give this id"
			: "%s: it is of another federation, %s",
		    path, id_text(ID_FEDERATION, &c.federation, id));
	if (json)
		return print_verified(claim_json(&c));
	print_claim(&c, want != NULL);
	return CLI_OK;
}

int
audit_report_verify(const char *path, const struct hash *want, bool json)
{
	char err[CREDENTIAL_ERR_LEN];
	struct config_error e = {0};
	struct jv *document;
	void *text;
	size_t len;
	int rc = config_read(path, REPORT_BYTES_MAX, &text, &len, &e);

	if (rc < 0)
		return cli_error(rc == -ENOENT ? CLI_NOT_FOUND : CLI_FAILED,
		    "%s: %s", path, strerror(-rc));
	document = jv_parse(text, len, err, sizeof(err));
	free(text);
	if (!document)
		return cli_error(CLI_NOT_VERIFIED, "%s: not JSON: %s", path,
		    err);
	if (strcmp(jv_text(jv_get(document, "schema"), ""), "qml.proof/1") == 0)
		rc = verify_proof(path, document, want, json);
	else
		rc = verify_dossier(path, document, want, json);
	jv_free(document);
	return rc;
}
