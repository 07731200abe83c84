/*
 * guest.c - a link to the member that the invitation names: the founding comes
 * over it and proves itself by the federation's id, and how the vote stands.
 */
#include "daemon/cli/guest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "consensus/replica/roster.h"
#include "consensus/votes/payload.h"
#include "consensus/votes/proposal.h"
#include "daemon/cli/cli.h"
#include "daemon/cli/ctl_text.h"
#include "daemon/cli/founding.h"
#include "daemon/cli/join_line.h"
#include "daemon/cli/refounded.h"
#include "daemon/node/home.h"
#include "daemon/node/jv.h"
#include "daemon/node/link.h"
#include "daemon/node/peers.h"
#include "proto/wire.h"

#define ASK_MS 500
#define SILENCE_MS 3000  /* without a link: say so */
#define PHASE_MS 5000    /* with the ticket, then with our own keys */
#define REFUSED_MS 20000 /* hung up on for so long: it is meant */
#define REPEAT_MS 60000  /* how the vote stands is said again */

/* How the vote stood, and when that was said. */
struct guest_vote {
	uint64_t end;
	uint16_t yes, no;
	uint8_t state;
	bool any;
	uint64_t said_ms;           /* 0: nothing was */
	uint64_t height, height_ms; /* the first that was heard of */
};

struct guest {
	const struct guest_options *o;
	struct join_line line;
	struct config_node config;
	struct keys keys;
	uint8_t psk[32];
	struct federation host; /* the one member that we know */
	char path[HOME_PATH_LEN];
	uv_loop_t loop;
	uv_timer_t timer;
	struct peers *peers;
	bool up, told, founded, ending;
	bool refused;            /* it answers at that address, and hangs up */
	bool showing;            /* the link is the ticket's */
	bool passed;             /* the members said yes */
	bool submitted;          /* our keys are put to the vote */
	bool paused;             /* this link is to end, another follows */
	uint64_t started, until; /* 0: no end */
	uint64_t refused_ms;     /* since when, with either key */
	struct guest_vote said;  /* what was printed */
	int code;
};

static void
stopped(void *arg)
{
	struct guest *g = arg;

	uv_close((uv_handle_t *)&g->timer, NULL);
}

static void
end(struct guest *g, int code)
{
	if (g->ending)
		return;
	g->ending = true;
	g->code = code;
	if (!g->paused)
		peers_stop(g->peers, stopped, g);
}

static void
pause_link(struct guest *g)
{
	if (g->ending || g->paused)
		return;
	g->paused = true;
	peers_stop(g->peers, stopped, g);
}

/* Who we are, as in the line of qmlnode init. */
static void
introduce(const struct guest *g, struct wire_join *j)
{
	const struct hash none = {{0}};
	struct hash digest;

	*j = (struct wire_join){.proof = {.alg = 0}};
	memcpy(j->m.name, g->config.name, sizeof(j->m.name));
	founding_address(&g->config, j->m.address);
	j->m.sign = g->keys.sign_public;
	memcpy(j->m.network, g->keys.network_public, sizeof(j->m.network));
	digest = payload_proof(&j->m);
	sign_message(g->keys.sign, PAYLOAD_PROOF_CONTEXT, &none, &digest,
	    &j->proof);
}

static void
ask(struct guest *g)
{
	struct wire_msg m = {.type = WIRE_BLOCK_REQ};
	uint8_t *data;
	size_t len;

	m.u.range.count = 1;
	if (g->showing) {
		m.type = WIRE_JOIN;
		introduce(g, &m.u.join);
	}
	if (g->up && wire_encode(&m, &data, &len) == 0)
		peers_send(g->peers, 0, LINK_SYNC, data, len);
}

/* Once, when nobody has spoken to us for a while. */
static void
tell_silence(struct guest *g, int why)
{
	const struct member *host = &g->line.host;

	if (g->told || uv_now(&g->loop) < g->started + SILENCE_MS)
		return;
	g->told = true;
	if (!g->refused)
		fprintf(stderr,
		    "no answer from %s at %s yet: %s\n  Is it running there, "
		    "and may this machine dial it? Tries on; ^C ends it.\n",
		    host->name, host->address,
		    why != 0 ? link_reason(why) : "nothing was heard");
	else if (g->submitted && !g->said.any)
		fprintf(stderr,
		    "waits for the block in which %s puts this node to the "
		    "vote\n",
		    host->name);
	else
		g->told = false; /* the other key may be known */
}

/* It knows neither the ticket nor us, again and again. */
static int
turned_away(const struct guest *g)
{
	const struct member *host = &g->line.host;

	if (g->said.any)
		return cli_error(CLI_FAILED,
		    "%s does not know this machine any more: the vote is over "
		    "without it\n  See qmlctl proposal list there, and ask for "
		    "another line",
		    host->name);
	return cli_error(CLI_NOT_PERMITTED,
	    "%s answers at %s and hangs up: it does not know this %s.\n  A "
	    "line of qmlctl invite is good once, for a week and one "
	    "federation,\n  and the vote that it led to may be over (qmlctl "
	    "proposal list there).\n  Ask for another line",
	    host->name, host->address,
	    g->line.has_ticket ? "line, nor this machine" : "machine");
}

static void
look_at_link(struct guest *g)
{
	const uint64_t now = uv_now(&g->loop);
	struct peers_info info;

	peers_info(g->peers, 0, &info);
	g->refused = info.last_error == -ECONNRESET;
	if (!g->refused || g->passed || (g->submitted && !g->said.any))
		g->refused_ms = 0;
	else if (g->refused_ms == 0)
		g->refused_ms = now;
	tell_silence(g, info.last_error);
	if (g->refused_ms != 0 && now >= g->refused_ms + REFUSED_MS)
		end(g, turned_away(g));
}

static void
tick(uv_timer_t *t)
{
	struct guest *g = t->data;

	if (!g->showing)
		ask(g);
	if (!g->up && !g->ending && !g->paused)
		look_at_link(g);
	if (!g->up && g->until != 0 && uv_now(&g->loop) >= g->until)
		pause_link(g);
}

static void
peer_up(void *arg, uint16_t i)
{
	struct guest *g = arg;

	(void)i;
	g->up = true;
	g->refused_ms = 0;
	ask(g);
}

static void
peer_down(void *arg, uint16_t i, int reason)
{
	struct guest *g = arg;

	(void)i, (void)reason;
	g->up = false;
}

/* For the node, which dials him too: the line, without its secret. */
static int
note_host(const struct guest *g)
{
	struct join_line host = g->line;
	char marker[HOME_PATH_LEN], text[JOIN_LINE_LEN];

	host.has_ticket = false;
	join_line_make(&host, text);
	if (home_path(g->o->home, HOME_INVITED, marker, sizeof(marker)) == 0 &&
	    (access(marker, F_OK) == 0 ||
		home_write_new(marker, 0644, text, strlen(text)) == 0))
		return CLI_OK;
	return cli_error(CLI_IO, "%s: cannot be written", marker);
}

/* Whoever sent it: only the federation that was named has this id. */
static int
take_founding(struct guest *g, const struct wire_founding *w)
{
	struct bytes_reader r = bytes_reader_of(w->data, w->len);
	struct federation f = FEDERATION_INIT;
	struct hash id;
	int rc = CLI_OK;

	federation_get(&r, &f);
	if (!bytes_reader_done(&r) ||
	    federation_refound_all(&f, w->again, w->again_len) < 0 ||
	    federation_id_now(&f, &id) != 0 ||
	    !hash_equal(&id, &g->line.federation))
		rc = cli_error(CLI_NOT_VERIFIED,
		    "%s sent the founding of another federation than the "
		    "invitation names",
		    g->line.host.name);
	/* First: without them the founding has another name. */
	if (rc == CLI_OK && f.nrefounded > 0 &&
	    refounded_save(g->o->home, &f) < 0)
		rc = cli_error(CLI_IO,
		    "%s/" REFOUNDED_FILE ": cannot be written", g->o->home);
	if (rc == CLI_OK)
		rc = founding_replace(g->path, &f);
	if (rc == CLI_OK)
		rc = note_host(g);
	if (rc == CLI_OK)
		fprintf(stderr, "federation \"%s\", founded by %u members\n",
		    f.name, f.nmembers);
	federation_close(&f);
	g->founded = rc == CLI_OK;
	return rc;
}

/* "now 2006, about 17 min": at the pace of the blocks since the first look. */
static void
tell_when(const struct guest *g, uint64_t height, uint64_t end)
{
	const struct guest_vote *v = &g->said;
	const uint64_t blocks = height - v->height;
	const uint64_t ms = uv_now(&g->loop) - v->height_ms;
	char span[CTL_TEXT_LEN];

	printf(" (now %" PRIu64, height);
	if (blocks > 0 && end > height && ms > 0)
		printf(", in about %s",
		    ctl_text_span((int64_t)((end - height) * ms / blocks),
			span));
	printf(")\n");
}

static void
say_vote(const struct guest *g, const struct wire_founding *w)
{
	if (w->member) {
		printf("voted in, as of block %" PRIu64 "\n", w->height);
	} else if (w->state == PROPOSAL_OPEN) {
		printf("waits for votes: %u yes, %u no, of %u; more than two "
		       "thirds of those cast decide, with block %" PRIu64,
		    w->yes, w->no, w->of, w->end);
		tell_when(g, w->height, w->end);
	} else if (w->state == PROPOSAL_QUEUED ||
	    w->state == PROPOSAL_EXECUTED) {
		printf("the members said yes (%u of %u); in force from block "
		       "%" PRIu64 " on",
		    w->yes, w->of, w->end + 2);
		tell_when(g, w->height, w->end + 2);
	} else if (w->state < UINT8_MAX) {
		printf("the proposal is %s\n",
		    proposal_state_name((enum proposal_state)w->state));
	} else {
		printf("no proposal names this machine\n");
	}
	fflush(stdout);
}

/* What is new, and the rest once a minute: votes may take hours. */
static void
tell_vote(struct guest *g, const struct wire_founding *w)
{
	struct guest_vote *v = &g->said;
	const uint64_t now = uv_now(&g->loop);
	const bool same = v->any && !w->member && v->state == w->state &&
	    v->yes == w->yes && v->no == w->no && v->end == w->end;

	if (same && now < v->said_ms + REPEAT_MS)
		return;
	if (!v->any) {
		v->height = w->height;
		v->height_ms = now;
	}
	v->any = true;
	v->end = w->end;
	v->yes = w->yes;
	v->no = w->no;
	v->state = w->state;
	v->said_ms = now;
	say_vote(g, w);
}

static void
judge(struct guest *g, const struct wire_founding *w)
{
	if (w->state == PROPOSAL_QUEUED || w->state == PROPOSAL_EXECUTED)
		g->passed = true;
	/* A candidate for another one's seat: that it sat by itself is over,
	 * and the member has not seen yet whose link this is now. */
	if (g->passed && !w->member && w->state == UINT8_MAX)
		return;
	tell_vote(g, w);
	if (w->member || g->o->no_wait) {
		fprintf(stderr,
		    "Next:\n  qmlnode check --home %s\n  qmlnode run --home "
		    "%s\n",
		    g->o->home, g->o->home);
		end(g, CLI_OK);
	} else if (w->state != PROPOSAL_OPEN && w->state != PROPOSAL_QUEUED &&
	    w->state != PROPOSAL_EXECUTED) {
		end(g,
		    cli_error(CLI_FAILED,
			"this node was not voted in; who invited can do it "
			"again: qmlctl invite"));
	}
}

static void
take_joined(struct guest *g, const struct wire_joined *j)
{
	if (!j->ok) {
		end(g,
		    cli_error(CLI_FAILED, "%s: %s", g->line.host.name,
			j->text));
		return;
	}
	g->submitted = true;
	printf("%s puts this node to the vote\n", g->line.host.name);
	fflush(stdout);
	pause_link(g);
}

static void
peer_msg(void *arg, uint16_t i, uint8_t *data, size_t len)
{
	struct guest *g = arg;
	struct wire_msg m;
	int rc = CLI_OK;

	(void)i;
	if (wire_decode(data, len, ANSWER_DIM_MAX, &m) == WIRE_OK) {
		if (m.type == WIRE_JOINED && g->showing && !g->ending)
			take_joined(g, &m.u.joined);
		if (m.type == WIRE_FOUNDING && !g->ending) {
			if (!g->founded)
				rc = take_founding(g, &m.u.founding);
			if (rc == CLI_OK)
				judge(g, &m.u.founding);
			else
				end(g, rc);
		}
		wire_msg_close(&m);
	}
	free(data);
}

/* One home, one federation, for ever. */
static int
check_home(struct guest *g)
{
	struct federation f;
	struct hash id;
	bool same;
	int rc;

	if (home_path(g->o->home, HOME_FEDERATION, g->path, sizeof(g->path)) <
	    0)
		return cli_error(CLI_CONFIG, "the home path is too long");
	if (access(g->path, F_OK) != 0)
		return CLI_OK;
	rc = founding_federation(g->path, false, &f);
	if (rc != CLI_OK)
		return rc;
	same = refounded_load(g->o->home, &f) == 0 &&
	    federation_id_now(&f, &id) == 0 &&
	    hash_equal(&id, &g->line.federation);
	federation_close(&f);
	if (!same)
		return cli_error(CLI_CONFLICT,
		    "%s belongs to another federation already", g->o->home);
	g->founded = home_has(g->o->home, HOME_INVITED);
	return CLI_OK;
}

static int
read_psk(struct guest *g, const uint8_t **psk)
{
	char path[HOME_PATH_LEN];

	*psk = NULL;
	if (g->config.psk_file[0] == '\0')
		return CLI_OK;
	if (home_path(g->o->home, g->config.psk_file, path, sizeof(path)) < 0 ||
	    home_read_secret(path, g->psk, sizeof(g->psk)) < 0)
		return cli_error(CLI_CONFIG,
		    "%s: want a file of 32 bytes and mode 0600", path);
	*psk = g->psk;
	return CLI_OK;
}

/* One link: by the ticket, until our keys are put to the vote, or by our own,
 * which are known from then on. */
static int
meet(struct guest *g, const uint8_t *psk)
{
	struct peers_config c = {.loop = &g->loop,
	    .federation = &g->host,
	    .federation_id = &g->line.federation,
	    .self = ROSTER_NOBODY,
	    .secret = g->showing ? g->line.ticket : g->keys.network,
	    .psk = psk,
	    .events = {.arg = g,
		.up = peer_up,
		.down = peer_down,
		.msg = peer_msg}};
	int rc;

	if (uv_loop_init(&g->loop) < 0)
		return cli_error(CLI_FAILED, "out of memory");
	g->up = g->paused = false;
	g->started = uv_now(&g->loop);
	g->until = 0;
	if (g->line.has_ticket && !g->submitted)
		g->until = g->started + PHASE_MS;
	uv_timer_init(&g->loop, &g->timer);
	g->timer.data = g;
	uv_timer_start(&g->timer, tick, ASK_MS, ASK_MS);
	rc = peers_start(&c, &g->peers);
	if (rc == 0) {
		g->code = CLI_OK;
	} else {
		g->code = cli_error(CLI_FAILED, "%s: no link can be made: %s",
		    g->line.host.address, strerror(-rc));
		g->ending = true;
		uv_close((uv_handle_t *)&g->timer, NULL);
	}
	uv_run(&g->loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&g->loop);
	return g->code;
}

static int
run(struct guest *g)
{
	const uint8_t *psk;
	int rc = read_psk(g, &psk);

	g->host = (struct federation){.nmembers = 1, .members = &g->line.host};
	while (rc == CLI_OK && !g->ending) {
		g->showing = g->line.has_ticket && !g->submitted && !g->showing;
		rc = meet(g, psk);
	}
	return rc;
}

int
guest_join(const struct guest_options *o)
{
	struct guest g = {.o = o, .keys = KEYS_INIT, .code = CLI_FAILED};
	char err[200];
	int rc;

	if (join_line_parse(o->line, &g.line, err, sizeof(err)) < 0)
		return cli_error(CLI_USAGE, "%s", err);
	rc = founding_config(o->home, &g.config);
	if (rc == CLI_OK)
		rc = founding_keys(o->home, &g.keys);
	if (rc == CLI_OK && !join_line_for(&g.line, g.config.name))
		rc = cli_error(CLI_FAILED,
		    "the invitation is for %s, but this node is %s: change "
		    "name in %s/qmlnode.yaml, or ask for a line for %s",
		    g.line.who, g.config.name, o->home, g.config.name);
	if (rc == CLI_OK)
		rc = check_home(&g);
	if (rc == CLI_OK)
		rc = run(&g);
	keys_close(&g.keys);
	config_node_close(&g.config);
	return rc;
}
