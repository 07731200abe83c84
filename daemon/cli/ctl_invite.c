/*
 * ctl_invite.c - somebody new, a machine that takes another's place, and this
 * node's own leaving.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/ctl_books.h"
#include "daemon/cli/join_line.h"
#include "daemon/cli/member_line.h"
#include "daemon/cli/pasted.h"

#define TERMS_MAX (1u << 20)

static const char usage[] =
    "usage: qmlctl invite [NAME] [--power P] [--weight W]\n"
    "       qmlctl invite [NAME] --replace NAME\n"
    "       qmlctl invite LINE ...\n"
    "Prints one line for qmlnode join on the new machine. It is secret: who "
    "pastes it\nfirst has his keys put to the members' vote by this node, "
    "once, within a week.\nWith the line of qmlnode init, the keys are put to "
    "the vote now, and the line\nthat is printed is no secret. --replace: "
    "their keys take the seat of a member.\n";

struct invite {
	const char *replace, *power, *weight;
	uint64_t power_n, weight_n; /* where they are given */
	const char *line;
	struct member who;
};

static void
put_terms(struct jv *p, const struct invite *v)
{
	if (v->replace != NULL)
		jv_put_string(p, "replace", v->replace);
	if (v->power != NULL)
		jv_put_integer(p, "power", (int64_t)v->power_n);
	if (v->weight != NULL)
		jv_put_integer(p, "weight", (int64_t)v->weight_n);
}

/* As in the founding: the ledger carries out no other. */
static int
read_number(const char *option, const char *text, uint64_t *out)
{
	if (text == NULL ||
	    (ctl_number(text, out) && *out >= 1 && *out <= TERMS_MAX))
		return CLI_OK;
	return cli_error(CLI_USAGE, "%s %.40s: want a number, 1 to %u", option,
	    text, TERMS_MAX);
}

static int
read_terms(struct invite *v)
{
	int rc = read_number("--power", v->power, &v->power_n);

	if (v->replace != NULL && (v->power != NULL || v->weight != NULL))
		return cli_error(CLI_USAGE,
		    "--replace: the seat keeps its power and weight\n  Change "
		    "them by another vote: qmlctl proposal new member TITLE "
		    "--member %.60s --power P",
		    v->replace);
	return rc == CLI_OK ? read_number("--weight", v->weight, &v->weight_n)
			    : rc;
}

/* The words of a line that has been checked. */
static struct jv *
params_of(const struct invite *v)
{
	char sign[80], network[80], proof[160], title[64];
	char line[MEMBER_LINE_LEN];
	struct jv *p = jv_object();

	if (!member_line_take(v->line, line) ||
	    sscanf(line, "%*s %*s %*s %79s %79s %159s", sign, network, proof) !=
		3) {
		jv_free(p);
		return NULL;
	}
	snprintf(title, sizeof(title), "%s %s",
	    v->replace != NULL ? "other keys:" : "a new member:", v->who.name);
	jv_put_string(p, "proposal", "member");
	jv_put_string(p, "title", title);
	jv_put_string(p, "name", v->who.name);
	jv_put_string(p, "address", v->who.address);
	jv_put_string(p, "sign", sign);
	jv_put_string(p, "network", network);
	jv_put_string(p, "proof", proof);
	put_terms(p, v);
	return p;
}

/* Whom the newcomer dials: this node, or else a member with an address. */
static const struct jv *
host_of(const struct jv *members)
{
	const struct jv *found = NULL;

	for (size_t i = 0; i < jv_len(members); i++) {
		const struct jv *m = jv_at(members, i);

		if (ctl_string(m, "address")[0] == '\0' ||
		    ctl_integer(m, "power") == 0)
			continue;
		if (found == NULL || jv_true(jv_get(m, "self")))
			found = m;
	}
	return found;
}

/* The line alone on the output; what to do with it beside it. */
static int
show_line(struct ctl *c, const char *line, const char *next)
{
	struct jv *o;
	int rc = CLI_OK;

	if (c->json) {
		o = jv_object();
		jv_put_string(o, "schema", "qml.invite_line/1");
		jv_put_string(o, "line", line);
		rc = ctl_print_json(o);
		jv_free(o);
	} else {
		puts(line);
		fflush(stdout);
		fputs(next, stderr);
	}
	return rc;
}

static int
print_line(struct ctl *c, const struct jv *status, const struct jv *members)
{
	const struct jv *host = host_of(jv_get(members, "members"));
	char line[JOIN_LINE_LEN];
	struct join_line j = {0};
	struct hash network;

	if (host == NULL ||
	    id_parse(ID_FEDERATION, ctl_string(status, "federation"),
		&j.federation) < 0 ||
	    hash_from_hex(ctl_string(host, "network"), &network) < 0)
		return cli_error(CLI_FAILED, "no member can be dialed");
	snprintf(j.host.name, sizeof(j.host.name), "%s",
	    ctl_string(host, "name"));
	snprintf(j.host.address, sizeof(j.host.address), "%s",
	    ctl_string(host, "address"));
	memcpy(j.host.network, network.b, sizeof(network.b));
	join_line_make(&j, line);
	return show_line(c, line,
	    "On the new machine:\n  qmlnode join 'LINE'\n");
}

static bool
is_member(const struct jv *members, const char *name)
{
	for (size_t i = 0; i < jv_len(members); i++)
		if (strcmp(ctl_string(jv_at(members, i), "name"), name) == 0 &&
		    ctl_integer(jv_at(members, i), "power") > 0)
			return true;
	return false;
}

/* Said now, and not weeks later by a vote that cannot be carried out. */
static int
check_names(struct ctl *c, const struct invite *v, const char *name)
{
	struct jv *got = NULL;
	const struct jv *members;
	int rc = ctl_call(c, "members", jv_object(), &got);

	members = jv_get(got, "members");
	if (rc == CLI_OK && v->replace != NULL &&
	    !is_member(members, v->replace))
		rc = cli_error(CLI_NOT_FOUND,
		    "--replace: there is no member \"%.40s\": qmlctl members",
		    v->replace);
	else if (rc == CLI_OK && v->replace == NULL && is_member(members, name))
		rc = cli_error(CLI_CONFLICT,
		    "%s is a member already\n  For other keys or another "
		    "machine in its seat: qmlctl invite NAME --replace %s",
		    name, name);
	jv_free(got);
	return rc;
}

static int
invite(struct ctl *c, struct invite *v)
{
	struct jv *last = NULL, *status = NULL, *members = NULL, *params;
	char err[200], title[64];
	int rc;

	if (member_line_parse(v->line, &v->who, err, sizeof(err)) < 0)
		return cli_error(CLI_USAGE, "%s", err);
	rc = check_names(c, v, v->who.name);
	if (rc != CLI_OK)
		return rc;
	params = params_of(v);
	if (params == NULL)
		return cli_error(CLI_USAGE, "the line has too few words");
	snprintf(title, sizeof(title), "%s", ctl_string(params, "title"));
	rc = ctl_books_submit(c, "propose", params, &last);
	if (rc == CLI_OK)
		rc = ctl_call(c, "status", jv_object(), &status);
	if (rc == CLI_OK)
		rc = ctl_call(c, "members", jv_object(), &members);
	if (rc == CLI_OK)
		rc = print_line(c, status, members);
	if (rc == CLI_OK)
		ctl_books_ask_votes(
		    ctl_books_proposal(c, title, ctl_integer(last, "height")));
	jv_free(last);
	jv_free(status);
	jv_free(members);
	return rc;
}

static int
print_ticket(struct ctl *c, const struct jv *got, struct join_line *j)
{
	char line[JOIN_LINE_LEN];
	struct hash key, secret;

	if (id_parse(ID_FEDERATION, ctl_string(got, "federation"),
		&j->federation) < 0 ||
	    hash_from_hex(ctl_string(got, "network"), &key) < 0 ||
	    hash_from_hex(ctl_string(got, "ticket"), &secret) < 0)
		return cli_error(CLI_FAILED, "the daemon's answer is odd");
	snprintf(j->host.name, sizeof(j->host.name), "%s",
	    ctl_string(got, "name"));
	snprintf(j->host.address, sizeof(j->host.address), "%s",
	    ctl_string(got, "address"));
	memcpy(j->host.network, key.b, sizeof(key.b));
	memcpy(j->ticket, secret.b, sizeof(secret.b));
	join_line_make(j, line);
	return show_line(c, line,
	    "Send it by a channel you trust: it is good for one machine, once, "
	    "for a week.\nThere, one line does the rest:\n"
	    "  qmlnode join 'LINE' [--data ROWS.csv]\n"
	    "Then the members vote: qmlctl proposal list\n");
}

/* To somebody whose keys nobody knows yet. */
static int
ticket(struct ctl *c, const struct invite *v, const char *name)
{
	struct jv *p, *got = NULL;
	struct join_line j = {.has_ticket = true};
	int rc = check_names(c, v, name);

	if (rc != CLI_OK)
		return rc;
	p = jv_object();
	jv_put_string(p, "name", name);
	put_terms(p, v);
	snprintf(j.who, sizeof(j.who), "%s", name);
	rc = ctl_call(c, "invite", p, &got);
	if (rc == CLI_OK)
		rc = print_ticket(c, got, &j);
	jv_free(got);
	return rc;
}

/* A name, or a line of qmlnode init and nobody else's. */
static int
choose(struct ctl *c, struct invite *v)
{
	const char *whose = pasted_whose(v->line);

	if (strstr(v->line, MEMBER_LINE_MAGIC) != NULL)
		return invite(c, v);
	if (whose != NULL)
		return cli_error(CLI_USAGE, "%s", whose);
	return ticket(c, v, v->line);
}

int
ctl_cmd_invite(int argc, char **argv)
{
	struct invite v = {0};
	const struct cli_option own[] = {{"replace", &v.replace, NULL},
	    {"power", &v.power, NULL}, {"weight", &v.weight, NULL}};
	const struct ctl_args a = {own, 3, usage, 1};
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc == CLI_OK && argc > 2)
		rc = cli_error(CLI_USAGE,
		    "want a name, or one line in quotes\n%s", usage);
	if (rc == CLI_OK)
		rc = read_terms(&v);
	if (rc == CLI_OK) {
		v.line = argc == 2 ? argv[1] : "";
		rc = choose(&c, &v);
	}
	ctl_close(&c);
	return rc < 0 ? CLI_OK : rc;
}

static const char usage_leave[] =
    "usage: qmlctl leave\n"
    "Puts to the vote that this node leaves. It goes on until that is carried "
    "out, and\nthen only looks.\n";

static const char *
own_name(const struct jv *members)
{
	for (size_t i = 0; i < jv_len(members); i++)
		if (jv_true(jv_get(jv_at(members, i), "self")) &&
		    ctl_integer(jv_at(members, i), "power") > 0)
			return ctl_string(jv_at(members, i), "name");
	return NULL;
}

static int
print_leaving(struct ctl *c, int64_t number)
{
	struct jv *o;
	int rc = CLI_OK;

	if (c->json) {
		o = jv_object();
		jv_put_string(o, "schema", "qml.leave/1");
		jv_put_integer(o, "proposal", number);
		rc = ctl_print_json(o);
		jv_free(o);
	} else {
		printf("proposal %lld\n", (long long)number);
	}
	return rc;
}

static int
leave(struct ctl *c)
{
	struct jv *members = NULL, *p, *last = NULL;
	const char *name;
	char title[64];
	int64_t number;
	int rc = ctl_call(c, "members", jv_object(), &members);

	if (rc != CLI_OK)
		return rc;
	name = own_name(jv_get(members, "members"));
	if (name == NULL) {
		jv_free(members);
		return cli_error(CLI_CONFLICT, "this node is no member");
	}
	snprintf(title, sizeof(title), "%s leaves", name);
	number = ctl_books_proposal(c, title, 0);
	if (number == 0) {
		p = jv_object();
		jv_put_string(p, "proposal", "member");
		jv_put_string(p, "title", title);
		jv_put_string(p, "remove", name);
		rc = ctl_books_submit(c, "propose", p, &last);
		if (rc == CLI_OK)
			number = ctl_books_proposal(c, title,
			    ctl_integer(last, "height"));
	}
	if (rc == CLI_OK)
		rc = print_leaving(c, number);
	if (rc == CLI_OK)
		ctl_books_ask_votes(number);
	jv_free(last);
	jv_free(members);
	return rc;
}

int
ctl_cmd_leave(int argc, char **argv)
{
	const struct ctl_args a = {NULL, 0, usage_leave, 0};
	struct ctl c;
	int rc = ctl_parse(&c, &a, &argc, argv);

	if (rc == CLI_OK)
		rc = leave(&c);
	ctl_close(&c);
	return rc < 0 ? CLI_OK : rc;
}
