/*
 * ctl_credential.c - credentials as files: the daemon signs, the chain keeps
 * the hash, qmlnode verifies. No key is ever here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/ctl_books.h"
#include "daemon/cli/ctl_data.h"
#include "daemon/cli/process.h"

#define BYTES_MAX 49152 /* with its frame it fits into a line to the daemon */

/* A new file; what is there is somebody's. */
static int
write_new(const char *path, const struct jv *v)
{
	char *text = jv_dump(v);
	int fd, rc = CLI_OK;
	FILE *f;

	if (text == NULL)
		return cli_error(CLI_FAILED, "out of memory");
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (f == NULL)
		rc = cli_error(errno == EEXIST ? CLI_CONFLICT : CLI_FAILED,
		    "%s: %s%s", path, strerror(errno),
		    errno == EEXIST ? "; choose another -o" : "");
	else if (fprintf(f, "%s\n", text) < 0 || fclose(f) != 0)
		rc = cli_error(CLI_FAILED, "%s: it could not be written", path);
	free(text);
	return rc;
}

static struct jv *
read_json(const char *path)
{
	static char text[BYTES_MAX + 1];
	FILE *f = fopen(path, "re");
	char err[160];
	struct jv *v;
	size_t n;

	if (f == NULL) {
		cli_error(CLI_NOT_FOUND, "%.200s: %s", path, strerror(errno));
		return NULL;
	}
	n = fread(text, 1, sizeof(text), f);
	(void)fclose(f);
	if (n > BYTES_MAX) {
		cli_error(CLI_USAGE, "%.200s: larger than %d bytes", path,
		    BYTES_MAX);
		return NULL;
	}
	v = jv_parse(text, n, err, sizeof(err));
	if (v == NULL)
		cli_error(CLI_USAGE, "%.200s: %s", path, err);
	return v;
}

/* The document first: a hash on the chain whose document is lost is of no
 * use to anybody. */
static int
sign_and_send(struct ctl *c, struct jv *params, const char *out,
    int64_t expires_in)
{
	struct jv *made = NULL, *last = NULL, *tx;
	char name[64];
	int rc = ctl_call(c, "credential.sign", params, &made);

	if (rc != CLI_OK)
		return rc;
	snprintf(name, sizeof(name), "credential-%.8s.json",
	    ctl_string(made, "id"));
	if (out == NULL)
		out = name;
	rc = write_new(out, jv_get(made, "document"));
	tx = jv_object();
	jv_put_string(tx, "id", ctl_string(made, "id"));
	jv_put_string(tx, "subject", ctl_string(made, "subject"));
	jv_put_integer(tx, "type", ctl_integer(made, "type"));
	if (expires_in > 0)
		jv_put_integer(tx, "expires_in", expires_in);
	if (rc == CLI_OK) {
		rc = ctl_books_submit(c, "credential", tx, &last);
		if (rc != CLI_OK)
			fprintf(stderr,
			    "  %s is signed, but not on the chain\n", out);
	} else {
		jv_free(tx);
	}
	if (rc == CLI_OK && c->json) {
		jv_put_string(last, "file", out);
		jv_put_string(last, "credential", ctl_string(made, "id"));
		rc = ctl_print_json(last);
	} else if (rc == CLI_OK) {
		printf("wrote %s\nhash  %s, in block %lld\n"
		       "next: give the file to its subject; qmlctl credential "
		       "verify %s\n",
		    out, ctl_string(made, "id"),
		    (long long)ctl_integer(last, "height"), out);
	}
	jv_free(made);
	jv_free(last);
	return rc;
}

/* A number, if the option was given. */
static int
put_number(struct jv *p, const char *key, const char *text)
{
	uint64_t v;

	if (text == NULL)
		return CLI_OK;
	if (!ctl_number(text, &v) || v == 0)
		return cli_error(CLI_USAGE, "%s: \"%.40s\" is not a number",
		    key, text);
	jv_put_integer(p, key, (int64_t)v);
	return CLI_OK;
}

static int
issue(int argc, char **argv)
{
	const char *type = NULL, *days = NULL, *in = NULL, *name = NULL;
	const char *out = NULL;
	const struct cli_option own[] = {{"type", &type, NULL},
	    {"days", &days, NULL}, {"expires-in", &in, NULL},
	    {"name", &name, NULL}, {"out", &out, NULL}};
	const struct ctl_args a = {own, 5,
	    "usage: qmlctl credential issue SUBJECT --type TYPE [--days N]\n"
	    "              [--expires-in BLOCKS] [--name TEXT] [-o FILE]\n"
	    "Sign a W3C Verifiable Credential with this node's key and put its "
	    "hash on the\nchain. SUBJECT: a member, 64 hex digits or a "
	    "did:key.\nTYPE: membership, data-steward or auditor. FILE "
	    "must be new.\n",
	    2};
	struct jv *p = jv_object();
	uint64_t blocks = 0;
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc == CLI_OK && (argc != 3 || type == NULL))
		rc = cli_error(CLI_USAGE,
		    "credential issue: want SUBJECT --type "
		    "membership|data-steward|auditor");
	if (rc == CLI_OK && in != NULL &&
	    (!ctl_number(in, &blocks) || blocks == 0))
		rc = cli_error(CLI_USAGE,
		    "--expires-in: \"%.40s\" is not a number of blocks", in);
	if (rc == CLI_OK) {
		jv_put_string(p, "subject", argv[2]);
		jv_put_string(p, "type", type);
		if (name != NULL)
			jv_put_string(p, "name", name);
		rc = put_number(p, "days", days);
	}
	if (rc == CLI_OK)
		rc = sign_and_send(&c, p, out, (int64_t)blocks);
	else
		jv_free(p);
	ctl_close(&c);
	return rc < 0 ? CLI_OK : rc;
}

static int
present(int argc, char **argv)
{
	const char *challenge = NULL, *out = NULL;
	const struct cli_option own[] = {{"challenge", &challenge, NULL},
	    {"out", &out, NULL}};
	const struct ctl_args a = {own, 2,
	    "usage: qmlctl credential present FILE [--challenge TEXT] "
	    "[-o OUT]\n"
	    "A presentation of this node's own credential, signed with its "
	    "key: what it\ngives to whoever asked with that challenge. OUT "
	    "must be new; without it the\npresentation goes to standard "
	    "output.\n",
	    2};
	struct jv *p = jv_object(), *v = NULL, *document = NULL;
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc == CLI_OK && argc != 3)
		rc = cli_error(CLI_USAGE, "credential present: want a FILE");
	if (rc == CLI_OK && (document = read_json(argv[2])) == NULL)
		rc = CLI_USAGE;
	jv_put(p, "document", document);
	if (challenge != NULL)
		jv_put_string(p, "challenge", challenge);
	if (rc == CLI_OK)
		rc = ctl_call(&c, "credential.present", p, &v);
	else
		jv_free(p);
	if (rc == CLI_OK && out != NULL)
		rc = write_new(out, jv_get(v, "presentation"));
	else if (rc == CLI_OK)
		rc = ctl_print_json(jv_get(v, "presentation"));
	if (rc == CLI_OK && out != NULL && c.json)
		rc = ctl_print_json(v);
	else if (rc == CLI_OK && out != NULL)
		printf("wrote %s\nnext: who gets it says qmlctl credential "
		       "verify %s%s\n",
		    out, out, challenge != NULL ? " --challenge TEXT" : "");
	jv_free(v);
	ctl_close(&c);
	return rc < 0 ? CLI_OK : rc;
}

/* This program verifies no signature: qmlnode does, so it becomes that. */
static int
verify(int argc, char **argv)
{
	const char *challenge = NULL, *federation = NULL;
	bool offline = false;
	const struct cli_option own[] = {{"challenge", &challenge, NULL},
	    {"federation", &federation, NULL}, {"offline", NULL, &offline}};
	const struct ctl_args a = {own, 3,
	    "usage: qmlctl credential verify FILE [--challenge TEXT]\n"
	    "              [--federation FILE] [--offline]\n"
	    "Done by the qmlnode beside this program: proof, issuer, times, "
	    "and what the\nchain says if the daemon answers. Exit 8: it is not "
	    "valid.\n",
	    2};
	char program[PROCESS_PATH_LEN], home_buf[HOME_PATH_LEN];
	char *words[16] = {(char *)"qmlnode", (char *)"credential",
	    (char *)"verify"};
	struct ctl c;
	size_t n = 3;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc != CLI_OK)
		return rc < 0 ? CLI_OK : rc;
	if (argc != 3)
		return cli_error(CLI_USAGE, "credential verify: want a FILE");
	const char *const pairs[][2] = {{"--home",
					    c.home != NULL
						? c.home
						: home_default(home_buf,
						      sizeof(home_buf))},
	    {"--socket", c.socket}, {"--challenge", challenge},
	    {"--federation", federation}};
	words[n++] = argv[2];
	for (size_t i = 0; i < 4; i++) {
		if (pairs[i][1] == NULL)
			continue;
		words[n++] = (char *)(uintptr_t)pairs[i][0];
		words[n++] = (char *)(uintptr_t)pairs[i][1];
	}
	if (offline)
		words[n++] = (char *)"--offline";
	if (c.json)
		words[n++] = (char *)"--json";
	words[n] = NULL;
	ctl_close(&c);
	if (process_beside("qmlnode", program, sizeof(program)) < 0)
		return cli_error(CLI_FAILED, "a path is too long");
	if (fflush(stdout) == 0)
		execv(program, words);
	return cli_error(CLI_FAILED, "%s: %s", program, strerror(errno));
}

int
ctl_cmd_credential(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "issue") == 0)
			return issue(argc, argv);
		if (strcmp(argv[i], "present") == 0)
			return present(argc, argv);
		if (strcmp(argv[i], "verify") == 0)
			return verify(argc, argv);
	}
	return ctl_books_command("credential", argc, argv);
}
