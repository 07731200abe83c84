/*
 * cmd_credential.c - qmlnode credential verify: is this document genuine, of
 * this federation, in time, and not revoked? Needs no daemon; where one
 * answers, the chain's word is asked as well.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/federation_draft.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/ctl.h"
#include "daemon/cli/founding.h"
#include "daemon/node/credential.h"
#include "proto/id.h"

static const char usage[] =
    "usage: qmlnode credential verify FILE [--home DIR] [--federation FILE]\n"
    "               [--challenge TEXT] [--socket PATH] [--offline] [--json]\n"
    "Is this credential, or presentation of one, genuine, by a member of the\n"
    "federation, in time and not revoked? The last is asked of the daemon, if\n"
    "one answers. --challenge: a presentation must have been made for it.\n"
    "Exit: 0 yes, 8 no.\n";

struct wish {
	const char *home, *federation, *challenge, *socket;
	bool offline, json;
};

/* What was found, in the order of looking. */
struct finding {
	struct federation f;
	struct credential_view view;
	const char *issuer, *subject; /* names of members; NULL: none */
	bool presented;
	char why[CREDENTIAL_ERR_LEN]; /* "": all is well */
	struct jv *chain; /* of credential.status; NULL: not known */
};

static struct jv *
read_document(const char *path)
{
	static char text[CREDENTIAL_BYTES_MAX + 1];
	FILE *f = fopen(path, "re");
	struct jv *v;
	char err[160];
	size_t n;

	if (f == NULL) {
		cli_error(CLI_NOT_FOUND, "%.200s: %s", path, strerror(errno));
		return NULL;
	}
	n = fread(text, 1, sizeof(text), f);
	(void)fclose(f);
	if (n == sizeof(text)) {
		cli_error(CLI_NOT_VERIFIED, "%.200s: larger than %u bytes",
		    path, CREDENTIAL_BYTES_MAX);
		return NULL;
	}
	v = jv_parse(text, n, err, sizeof(err));
	if (v == NULL)
		cli_error(CLI_NOT_VERIFIED, "%.200s: %s", path, err);
	return v;
}

static const char *
name_of(const struct federation *f, const struct sign_public *key)
{
	for (uint16_t i = 0; i < f->nmembers; i++)
		if (memcmp(&f->members[i].sign, key, sizeof(*key)) == 0)
			return f->members[i].name;
	return NULL;
}

static void
complain(struct finding *found, const char *what)
{
	if (found->why[0] == '\0')
		snprintf(found->why, sizeof(found->why), "%s", what);
}

/* What stands in the document alone. */
static void
look_at_document(struct finding *found, const struct jv *document,
    const struct wish *w)
{
	const struct jv *credential = document;
	char id[ID_TEXT_LEN];
	struct hash fid;

	found->presented = credential_is_presentation(document);
	if (found->presented &&
	    credential_check_presentation(document, w->challenge, &credential,
		found->why) < 0)
		return;
	if (!found->presented && w->challenge != NULL)
		complain(found,
		    "credential: it is no presentation, so it was made for no "
		    "challenge");
	if (found->why[0] != '\0' ||
	    credential_check(credential, (uint64_t)time(NULL), &found->view,
		found->why) < 0)
		return;
	found->issuer = name_of(&found->f, &found->view.issuer);
	found->subject = name_of(&found->f, &found->view.subject);
	if (found->issuer == NULL)
		complain(found,
		    "credential: its issuer is no member of this federation");
	if (federation_id(&found->f, &fid) < 0 ||
	    strcmp(jv_text(jv_get(jv_get(credential, "credentialSubject"),
			       "federation"),
		       ""),
		id_text(ID_FEDERATION, &fid, id)) != 0)
		complain(found, "credential: it is of another federation");
}

static bool
same_party(const struct jv *row, const char *key, const char *name,
    const struct sign_public *k)
{
	char hex[HASH_HEX_LEN];
	struct hash h;

	memcpy(h.b, k->b, sizeof(h.b));
	return strcmp(ctl_string(row, key),
		   name != NULL ? name : hash_hex(&h, hex)) == 0;
}

static void
look_at_chain(struct finding *found, const struct wish *w)
{
	struct ctl c = CTL_INIT;
	const struct jv *row;
	struct jv *p;
	char hex[HASH_HEX_LEN];
	int rc;

	c.home = w->home;
	c.socket = w->socket;
	rc = w->offline ? -ENOENT : ctl_find_socket(&c);
	if (rc == 0)
		rc = rpc_open(&c.rpc, c.path);
	if (rc < 0)
		return;
	p = jv_object();
	jv_put_string(p, "id", hash_hex(&found->view.id, hex));
	rc = rpc_call(&c.rpc, "credential.status", p, CTL_TIMEOUT_S * 1000,
	    &found->chain);
	rpc_close(&c.rpc);
	if (rc < 0)
		return;
	row = jv_get(found->chain, "credential");
	if (row == NULL)
		complain(found,
		    "credential: the chain does not have it, so it counts for "
		    "nothing there");
	else if (strcmp(ctl_string(row, "state"), "valid") != 0)
		complain(found,
		    strcmp(ctl_string(row, "state"), "revoked") == 0
			? "credential: its issuer has revoked it"
			: "credential: its time on the chain is over");
	else if (!same_party(row, "issuer", found->issuer,
		     &found->view.issuer) ||
	    !same_party(row, "subject", found->subject, &found->view.subject) ||
	    ctl_integer(row, "type") != found->view.type)
		complain(found, "credential: the chain has other facts of it");
}

static const char *
revocation(const struct finding *found)
{
	const struct jv *row = jv_get(found->chain, "credential");

	if (found->chain == NULL)
		return "unknown";
	return row != NULL ? ctl_string(row, "state") : "not on the chain";
}

static void
print_text(const struct finding *found)
{
	char from[FEDERATION_TIME_LEN], until[FEDERATION_TIME_LEN];
	char did[CREDENTIAL_DID_LEN], hex[HASH_HEX_LEN];
	const struct credential_view *v = &found->view;

	if (v->type != 0 && v->until_s != 0) {
		printf("%s%s\n", credential_type_name(v->type),
		    found->presented ? ", presented by its holder" : "");
		printf("subject   %s\n",
		    found->subject != NULL ? found->subject
					   : credential_did(&v->subject, did));
		printf("issuer    %s\n",
		    found->issuer != NULL ? found->issuer
					  : credential_did(&v->issuer, did));
		printf("valid     %s to %s\n",
		    federation_time_text(v->from_s * 1000, from),
		    federation_time_text(v->until_s * 1000, until));
		printf("hash      %s\n", hash_hex(&v->id, hex));
		if (found->chain != NULL)
			printf("chain     %s, as of block %" PRId64 "\n",
			    revocation(found),
			    ctl_integer(found->chain, "height"));
		else
			printf("chain     not asked: no daemon answers, so a "
			       "revocation cannot be known\n");
	}
	if (found->why[0] == '\0')
		puts("OK");
	else
		printf("FAILED    %s\n", found->why);
}

static int
print_json(const struct finding *found)
{
	char did[CREDENTIAL_DID_LEN], hex[HASH_HEX_LEN];
	struct jv *o = jv_object();
	int rc;

	jv_put_string(o, "schema", "qml.credential_verify/1");
	jv_put_boolean(o, "ok", found->why[0] == '\0');
	jv_put_string(o, "why", found->why);
	jv_put_boolean(o, "presentation", found->presented);
	jv_put_string(o, "id", hash_hex(&found->view.id, hex));
	if (found->view.type != 0)
		jv_put_string(o, "type",
		    credential_type_name(found->view.type));
	jv_put_string(o, "issuer", found->issuer != NULL ? found->issuer : "");
	jv_put_string(o, "issuer_did",
	    credential_did(&found->view.issuer, did));
	jv_put_string(o, "subject",
	    found->subject != NULL ? found->subject : "");
	jv_put_string(o, "subject_did",
	    credential_did(&found->view.subject, did));
	jv_put_string(o, "revocation", revocation(found));
	if (found->chain != NULL)
		jv_put_integer(o, "height",
		    ctl_integer(found->chain, "height"));
	rc = ctl_print_json(o);
	jv_free(o);
	return rc;
}

static int
verify(const char *file, const struct wish *w)
{
	struct finding found = {.f = FEDERATION_INIT};
	char home_buf[HOME_PATH_LEN], path[HOME_PATH_LEN];
	struct wish wish = *w;
	struct jv *document;
	int rc = CLI_OK;

	if (wish.home == NULL)
		wish.home = home_default(home_buf, sizeof(home_buf));
	if (wish.federation != NULL)
		snprintf(path, sizeof(path), "%s", wish.federation);
	else if (home_path(wish.home, HOME_FEDERATION, path, sizeof(path)) < 0)
		return cli_error(CLI_USAGE, "--home: the path is too long");
	document = read_document(file);
	if (document == NULL)
		return CLI_NOT_VERIFIED;
	rc = founding_federation(path, false, &found.f);
	if (rc == CLI_OK) {
		look_at_document(&found, document, &wish);
		if (found.why[0] == '\0')
			look_at_chain(&found, &wish);
		if (wish.json)
			rc = print_json(&found);
		else
			print_text(&found);
		if (rc == CLI_OK && found.why[0] != '\0')
			rc = CLI_NOT_VERIFIED;
		federation_close(&found.f);
	}
	jv_free(found.chain);
	jv_free(document);
	return rc;
}

int
cmd_credential(int argc, char **argv)
{
	struct wish w = {.home = NULL};
	const struct cli_option options[] = {{"home", &w.home, NULL},
	    {"federation", &w.federation, NULL},
	    {"challenge", &w.challenge, NULL}, {"socket", &w.socket, NULL},
	    {"offline", NULL, &w.offline}, {"json", NULL, &w.json}};
	const struct cli_options o = {options, 6, usage, 2};
	int rc = cli_parse(&o, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	if (argc != 3 || strcmp(argv[1], "verify") != 0)
		return cli_error(CLI_USAGE, "credential: want verify FILE\n%s",
		    usage);
	return verify(argv[2], &w);
}
