/*
 * cmd_refound.c - qmlnode refound: go on without a quorum, from the last block
 * that was agreed on, with all who are left and nobody's word alone.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "consensus/bft/quorum.h"
#include "consensus/chain/votelog.h"
#include "consensus/ledger/image.h"
#include "consensus/ledger/seats.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/follow.h"
#include "daemon/cli/founding.h"
#include "daemon/cli/pasted.h"
#include "daemon/cli/refounded.h"
#include "daemon/node/home.h"
#include "proto/id.h"

static const char usage[] =
    "usage: qmlnode refound --with NAME,... --without NAME,... [--home DIR]\n"
    "       qmlnode refound 'LINE' [--home DIR]\n"
    "When so many members are lost for good that no block can come any more:\n"
    "those who are left go on from the last block, under another id. One of\n"
    "them names all (itself too), and all who are left out for good, and gets\n"
    "a line; each of the others runs the command with the line he was given,\n"
    "which adds his signature, and passes on the line that it prints; with\n"
    "the last one's line everybody runs it once more. Unless everybody is\n"
    "named it shows who would be left out, and signs nothing. No daemon may\n"
    "be running on the home.\n";

struct refounding {
	const char *home, *with, *without, *line;
	int lock;
	struct keys keys;
	struct audit_source source;
	struct follow chain;
	struct refound r;
	int self; /* our seat */
};

static int
open_chain(struct refounding *g)
{
	struct audit_fault damage = {0};
	struct audit_extent x;
	pid_t holder = 0;
	int rc = home_lock(g->home, &g->lock, &holder);

	if (rc == -EAGAIN)
		return cli_error(CLI_TEMPORARY,
		    "the daemon runs on %s (pid %ld)\n  Stop it first: "
		    "qmlctl stop --home %s",
		    g->home, (long)holder, g->home);
	if (rc == 0)
		rc = audit_source_open(&g->source, g->home, &damage);
	if (rc == -EBADMSG)
		return cli_error(CLI_DAMAGED, "block %" PRIu64 ": %s",
		    damage.height, damage.why);
	if (rc < 0)
		return cli_error(CLI_NOT_FOUND, "%s: there is no chain: %s",
		    g->home, strerror(-rc));
	x = audit_source_extent(&g->source);
	g->chain.source = &g->source;
	rc = follow_to(&g->chain, x.nrecords - 1);
	if (rc < 0)
		return cli_error(CLI_DAMAGED,
		    "%s: its chain cannot be followed: %s", g->home,
		    strerror(-rc));
	g->self = ledger_seat_of(g->chain.l, &g->keys.sign_public);
	if (g->self < 0)
		return cli_error(CLI_NOT_PERMITTED,
		    "this node is not a member after block %" PRIu64,
		    ledger_height(g->chain.l));
	return CLI_OK;
}

/* Whose seats does a list of names name? */
static int
read_list(const struct refounding *g, const char *list,
    bool in[static FEDERATION_MAX_MEMBERS])
{
	const struct ledger *l = g->chain.l;
	char name[FEDERATION_NAME_LEN];

	for (const char *p = list; *p != '\0';) {
		size_t len = strcspn(p, ",");
		uint16_t i = 0;

		snprintf(name, sizeof(name), "%.*s", len < 64 ? (int)len : 64,
		    p);
		while (i < ledger_nmembers(l) &&
		    (!ledger_active(l, i) ||
			strcmp(ledger_member(l, i)->name, name) != 0))
			i++;
		if (i == ledger_nmembers(l))
			return cli_error(CLI_NOT_FOUND,
			    "\"%s\" is not a member after block %" PRIu64, name,
			    ledger_height(l));
		in[i] = true;
		p += len + (p[len] == ',');
	}
	return CLI_OK;
}

/* Seats of those who go on, ascending. */
static int
read_names(struct refounding *g)
{
	bool in[FEDERATION_MAX_MEMBERS] = {false};
	const struct ledger *l = g->chain.l;
	int rc = read_list(g, g->with, in);

	if (rc != CLI_OK)
		return rc;
	if (!in[g->self])
		return cli_error(CLI_USAGE,
		    "name this node, too: who is not named does not go on");
	for (uint16_t i = 0; i < ledger_nmembers(l); i++)
		if (in[i])
			g->r.seat[g->r.n++] = i;
	return CLI_OK;
}

/* What the state would not go on by must not be signed: a home that has it
 * could not go back. */
static int
check_those(const struct refounding *g)
{
	const struct ledger *l = g->chain.l;
	uint64_t power = 0, total = 0;

	for (uint16_t i = 0; i < ledger_nmembers(l); i++) {
		total += ledger_powers(l)[i];
		if (refound_find(&g->r, i) < 0)
			continue;
		if (ledger_seats(l)->state[i] != SEAT_MEMBER)
			return cli_error(CLI_CONFLICT,
			    "%s gives up its seat by a vote, with block "
			    "%" PRIu64 ": it cannot go on\n  Begin without it",
			    ledger_member(l, i)->name, ledger_height(l) + 2);
		power += ledger_powers(l)[i];
	}
	if (quorum_reached(power, total))
		return cli_error(CLI_CONFLICT,
		    "those are a quorum: leave out who is lost by a vote\n  "
		    "qmlctl proposal new member TITLE --remove NAME");
	return CLI_OK;
}

static void
say_members(const struct refounding *g)
{
	const struct ledger *l = g->chain.l;
	char id[ID_TEXT_LEN];
	struct hash h = refound_id(&g->r);

	fprintf(stderr, "goes on from block %" PRIu64 " as\n  %s\n",
	    g->r.height, id_text(ID_FEDERATION, &h, id));
	for (uint16_t i = 0; i < ledger_nmembers(l); i++) {
		int k = refound_find(&g->r, i);

		if (ledger_active(l, i))
			fprintf(stderr, "  %-16s %s\n",
			    ledger_member(l, i)->name,
			    k < 0 ? "is left out for good"
				: g->r.consent[k].alg != 0
				? "goes on, has signed"
				: "goes on, has to sign");
	}
}

/* A name that was forgotten cannot be mended once this is signed: whoever draws
 * it up must say of everybody on which side he is. */
static int
check_without(const struct refounding *g)
{
	const struct ledger *l = g->chain.l;
	bool out[FEDERATION_MAX_MEMBERS] = {false};
	int rc = read_list(g, g->without != NULL ? g->without : "", out);

	if (rc != CLI_OK)
		return rc;
	for (uint16_t i = 0; i < ledger_nmembers(l); i++) {
		const char *name =
		    ledger_active(l, i) ? ledger_member(l, i)->name : NULL;
		bool goes_on = refound_find(&g->r, i) >= 0;

		if (name != NULL && goes_on && out[i])
			return cli_error(CLI_USAGE,
			    "%s is named in --with and in --without", name);
		if (name == NULL || goes_on || out[i])
			continue;
		say_members(g);
		return cli_error(CLI_USAGE,
		    "%s would be left out for good: nothing was signed\n  "
		    "If that is so, name all who are left out: --without "
		    "%s,...\n  Else name it in --with",
		    name, name);
	}
	return CLI_OK;
}

static int
draw_up(struct refounding *g)
{
	const struct ledger *l = g->chain.l;
	struct timespec now;
	int rc;

	g->r = (struct refound){.federation = *ledger_federation_id(l),
	    .height = ledger_height(l),
	    .block = *ledger_head(l),
	    .state = ledger_state(l)};
	if (clock_gettime(CLOCK_REALTIME, &now) < 0 || g->r.height == 0)
		return cli_error(CLI_CONFLICT,
		    "there is no block yet: found another federation");
	g->r.at_ms =
	    (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	rc = read_names(g);
	if (rc == CLI_OK)
		rc = check_those(g);
	return rc == CLI_OK ? check_without(g) : rc;
}

static int
parse_line(struct refounding *g)
{
	const char *whose = pasted_whose(g->line);

	if (refounded_parse(g->line, &g->r) == 0)
		return CLI_OK;
	if (whose != NULL && strstr(g->line, REFOUNDED_MAGIC) == NULL)
		return cli_error(CLI_USAGE, "%s", whose);
	return cli_error(CLI_USAGE,
	    "this is not a whole line of qmlnode refound: a character is wrong "
	    "or missing\n  Ask for it again");
}

/* Complete in this home already; NULL: it is not. */
static const struct refound *
complete_here(const struct refounding *g, const struct hash *want)
{
	const struct federation *f = &g->chain.f;

	for (uint16_t i = 0; i < f->nrefounded; i++) {
		struct hash id = refound_id(&f->refounded[i]);

		if (hash_equal(&id, want))
			return &f->refounded[i];
	}
	return NULL;
}

static const struct refound *
completed(const struct refounding *g)
{
	const struct hash id = refound_id(&g->r);

	return complete_here(g, &id);
}

static int
print_line(const struct refound *r)
{
	char *line = refounded_line(r);

	if (line == NULL)
		return cli_error(CLI_FAILED, "out of memory");
	puts(line);
	fflush(stdout);
	free(line);
	return CLI_OK;
}

/* Somebody lost the line that all have signed: it is in this home. */
static int
say_again(const struct refounding *g, const struct refound *r)
{
	int rc = print_line(r);

	if (rc == CLI_OK)
		fprintf(stderr,
		    "This node goes on by it already; the line is for those "
		    "who do not yet.\n  qmlnode run --home %s\n",
		    g->home);
	return rc;
}

/* What somebody else drew up, against our own chain. */
static int
look_at(struct refounding *g)
{
	const struct ledger *l = g->chain.l;
	struct hash state = ledger_state(l);

	if (!hash_equal(&g->r.federation, ledger_federation_id(l)))
		return cli_error(CLI_NOT_VERIFIED,
		    "the line is of another federation, or of an earlier time "
		    "of this one");
	if (g->r.height != ledger_height(l))
		return cli_error(CLI_CONFLICT,
		    "the line goes on from block %" PRIu64
		    ", but the chain here ends with block %" PRIu64
		    "\n  Run the daemons of all who are left until they are at "
		    "one block, stop them, and begin there",
		    g->r.height, ledger_height(l));
	if (!hash_equal(&g->r.block, ledger_head(l)) ||
	    !hash_equal(&g->r.state, &state))
		return cli_error(CLI_NOT_VERIFIED,
		    "block %" PRIu64 " of the line is another one than here: "
		    "compare both with qmlnode audit DIR --against DIR",
		    g->r.height);
	for (uint16_t i = 0; i < g->r.n; i++) {
		const struct member *m = ledger_member(l, g->r.seat[i]);

		if (!ledger_active(l, g->r.seat[i]))
			return cli_error(CLI_NOT_VERIFIED,
			    "the line names seat %u, which is nobody's",
			    g->r.seat[i]);
		if (g->r.consent[i].alg != 0 &&
		    !refound_signed(&g->r, i, &m->sign))
			return cli_error(CLI_NOT_VERIFIED,
			    "the signature of %s does not hold", m->name);
	}
	return check_those(g);
}

/* What this node has signed; all zero: nothing, or nobody can read what. */
static struct hash
signed_before(const char *path)
{
	char had[HASH_HEX_LEN] = "";
	struct hash was = {{0}};
	FILE *f = fopen(path, "r");

	if (f != NULL && fgets(had, sizeof(had), f) != NULL &&
	    hash_from_hex(had, &was) < 0)
		was = (struct hash){{0}};
	if (f != NULL)
		fclose(f);
	return was;
}

/* One re-founding of a federation, never two: each could go on. One that is
 * complete may have left its file, if the node died just then. */
static int
agree(struct refounding *g)
{
	struct hash id = refound_id(&g->r), was;
	char path[HOME_PATH_LEN], hex[HASH_HEX_LEN];
	int rc = home_path(g->home, REFOUNDED_AGREED, path, sizeof(path));

	if (rc < 0)
		return cli_error(CLI_CONFIG, "the home path is too long");
	was = signed_before(path);
	if (complete_here(g, &was) != NULL && unlink(path) < 0)
		rc = -errno;
	if (rc == 0 && access(path, F_OK) == 0) {
		if (!hash_equal(&was, &id))
			return cli_error(CLI_CONFLICT,
			    "%s: this node has signed another one\n  Two could "
			    "both go on. Only if you know that nobody will "
			    "complete the other one, remove that file",
			    path);
	} else if (rc == 0) {
		hash_hex(&id, hex);
		rc = home_write_new(path, 0644, hex, strlen(hex));
	}
	if (rc == 0)
		rc = home_sync_folder(path);
	return rc < 0 ? cli_error(CLI_IO, "%s: %s", path, strerror(-rc))
		      : CLI_OK;
}

/* The number of the log that comes after what is there, lost as it may be:
 * what the old one binds this key to is the old federation's, whose id is
 * under each signature. -EOVERFLOW: there were too many. */
static int
next_log(struct disk *d, unsigned *number)
{
	int rc = votelog_newest(d, number);

	if (rc < 0 && rc != -ENOENT)
		return rc;
	return ++*number > VOTELOG_LATER_MAX ? -EOVERFLOW : 0;
}

/* Before anything is signed that could not be completed here. */
static int
check_votes(const struct refounding *g)
{
	struct disk_posix disk = DISK_POSIX_INIT;
	unsigned number;
	int rc = disk_posix_open(&disk, g->home);

	if (rc == 0)
		rc = next_log(&disk.disk, &number);
	disk_posix_close(&disk);
	if (rc == -EOVERFLOW)
		return cli_error(CLI_FAILED,
		    "%s has had too many vote logs: nothing was signed\n  "
		    "Go on without this node, or with a new one by a vote "
		    "afterwards",
		    g->home);
	return rc < 0 ? cli_error(CLI_IO, "%s: %s", g->home, strerror(-rc))
		      : CLI_OK;
}

/* Nothing was signed for the new federation yet, and nothing will be below its
 * first height. */
static int
new_votes(const struct refounding *g)
{
	const struct votelog_record floor = {.type = VOTELOG_HEIGHT,
	    .floor = g->r.height + 1};
	struct disk_posix disk = DISK_POSIX_INIT;
	struct votelog log = VOTELOG_INIT;
	char name[DISK_NAME_MAX];
	struct votelog_open_args a = {.name = name, .node = g->keys.id};
	unsigned number;
	int rc = disk_posix_open(&disk, g->home);

	if (rc == 0)
		rc = next_log(&disk.disk, &number);
	if (rc == 0) {
		votelog_name(number, name);
		rc = votelog_create(&disk.disk, name, &a.node);
	}
	if (rc == 0)
		rc = votelog_open(&log, &disk.disk, &a);
	if (rc == 0)
		rc = votelog_append(&log, &floor);
	votelog_close(&log);
	disk_posix_close(&disk);
	return rc;
}

/* The votes first: who dies in between has agreed, and does not run. */
static int
complete(struct refounding *g)
{
	char path[HOME_PATH_LEN];
	int rc = new_votes(g);

	if (rc == 0)
		rc = federation_refound(&g->chain.f, &g->r);
	if (rc == 0)
		rc = refounded_save(g->home, &g->chain.f);
	if (rc == 0)
		rc = home_path(g->home, REFOUNDED_AGREED, path, sizeof(path));
	if (rc == 0 && unlink(path) < 0)
		rc = -errno;
	if (rc < 0)
		return cli_error(CLI_IO, "%s: %s", g->home, strerror(-rc));
	fprintf(stderr,
	    "All have signed. Everybody who goes on runs this with the line "
	    "above, then:\n  qmlnode run --home %s\n"
	    "Show it to those who are left out, too: what they have ends "
	    "with block %" PRIu64 ".\n",
	    g->home, g->r.height);
	return CLI_OK;
}

static int
refound(struct refounding *g)
{
	int i, rc = g->line != NULL ? parse_line(g) : draw_up(g);

	if (rc == CLI_OK && g->line != NULL && completed(g) != NULL)
		return say_again(g, completed(g));
	if (rc == CLI_OK && g->line != NULL)
		rc = look_at(g);
	if (rc != CLI_OK)
		return rc;
	i = refound_find(&g->r, (uint16_t)g->self);
	if (i < 0) {
		say_members(g);
		return cli_error(CLI_NOT_PERMITTED,
		    "it leaves this node out: nothing was signed");
	}
	rc = check_votes(g);
	if (rc == CLI_OK)
		rc = agree(g);
	if (rc != CLI_OK)
		return rc;
	refound_sign(&g->r, (uint16_t)i, g->keys.sign);
	say_members(g);
	rc = print_line(&g->r);
	if (rc != CLI_OK)
		return rc;
	if (refound_complete(&g->r))
		return complete(g);
	fprintf(stderr,
	    "This node signs nothing for the old federation any more. Next, "
	    "at each of those who have to sign, one after the other:\n"
	    "  qmlnode refound 'LINE'\n");
	return CLI_OK;
}

int
cmd_refound(int argc, char **argv)
{
	struct refounding *g = calloc(1, sizeof(*g));
	char home[HOME_PATH_LEN];
	int rc;

	if (g == NULL)
		return cli_error(CLI_FAILED, "out of memory");
	const struct cli_option options[] = {{"home", &g->home, NULL},
	    {"with", &g->with, NULL}, {"without", &g->without, NULL}};
	const struct cli_options o = {options, 3, usage, PASTED_WORDS_MAX};
	char *text = NULL;

	g->lock = -1;
	g->keys = KEYS_INIT;
	g->source = AUDIT_SOURCE_INIT;
	rc = cli_parse(&o, &argc, argv);
	if (rc == CLI_OK &&
	    ((argc >= 2) == (g->with != NULL) ||
		(g->with == NULL && g->without != NULL)))
		rc =
		    cli_error(CLI_USAGE, "want --with, or one line\n%s", usage);
	if (rc == CLI_OK && g->with == NULL) {
		g->line = text = pasted_words(argc, argv);
		if (text == NULL)
			rc = cli_error(CLI_FAILED, "out of memory");
	}
	if (rc == CLI_OK) {
		if (g->home == NULL)
			g->home = home_default(home, sizeof(home));
		rc = founding_keys(g->home, &g->keys);
	}
	if (rc == CLI_OK)
		rc = open_chain(g);
	if (rc == CLI_OK)
		rc = refound(g);
	follow_close(&g->chain);
	audit_source_close(&g->source);
	keys_close(&g->keys);
	if (g->lock >= 0)
		close(g->lock);
	free(text);
	free(g);
	return rc < 0 ? CLI_OK : rc;
}
