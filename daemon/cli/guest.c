/*
 * guest.c - a link to the member that the invitation names: the founding comes
 * over it and proves itself by the federation's id, and how the vote stands.
 */
#include "daemon/cli/guest.h"

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
#include "daemon/cli/founding.h"
#include "daemon/cli/join_line.h"
#include "daemon/cli/refounded.h"
#include "daemon/node/home.h"
#include "daemon/node/jv.h"
#include "daemon/node/peers.h"
#include "proto/wire.h"

#define ASK_MS 500
#define SILENCE_MS 3000 /* without a link: say so */
#define PHASE_MS 5000   /* with the ticket, then with our own keys */

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
	bool showing;            /* the link is the ticket's */
	bool passed;             /* the members said yes */
	bool submitted;          /* our keys are put to the vote */
	bool paused;             /* this link is to end, another follows */
	uint64_t started, until; /* 0: no end */
	char last[160];          /* what was printed */
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

static void
tick(uv_timer_t *t)
{
	struct guest *g = t->data;

	if (!g->showing)
		ask(g);
	if (!g->up && g->until != 0 && uv_now(&g->loop) >= g->until)
		pause_link(g);
	if (g->up || g->told || uv_now(&g->loop) < g->started + SILENCE_MS)
		return;
	g->told = true;
	fprintf(stderr, "no answer from %s at %s yet: is it running, %s?\n",
	    g->line.host.name, g->line.host.address,
	    g->showing ? "and the invitation not used or a week old"
		       : "and does its proposal name this machine's keys");
}

static void
peer_up(void *arg, uint16_t i)
{
	struct guest *g = arg;

	(void)i;
	g->up = true;
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
	    refounded_get(w->again, w->again_len, &f) < 0 ||
	    federation_id_now(&f, &id) != 0 ||
	    !hash_equal(&id, &g->line.federation))
		rc = cli_error(CLI_NOT_VERIFIED,
		    "%s sent the founding of another federation than the "
		    "invitation names",
		    g->line.host.name);
	if (rc == CLI_OK)
		rc = founding_replace(g->path, &f);
	if (rc == CLI_OK && f.nrefounded > 0 &&
	    refounded_save(g->o->home, &f) < 0)
		rc = cli_error(CLI_IO,
		    "%s/" REFOUNDED_FILE ": cannot be written", g->o->home);
	if (rc == CLI_OK)
		rc = note_host(g);
	if (rc == CLI_OK)
		fprintf(stderr, "federation \"%s\", founded by %u members\n",
		    f.name, f.nmembers);
	federation_close(&f);
	g->founded = rc == CLI_OK;
	return rc;
}

static void
tell_vote(struct guest *g, const struct wire_founding *w)
{
	char text[sizeof(g->last)];

	if (w->member)
		snprintf(text, sizeof(text), "voted in at block %" PRIu64,
		    w->height);
	else if (w->state == PROPOSAL_OPEN)
		snprintf(text, sizeof(text),
		    "waits for votes: %u yes, %u no, of %u; more than two "
		    "thirds of those cast decide, at block %" PRIu64,
		    w->yes, w->no, w->of, w->end);
	else if (w->state == PROPOSAL_QUEUED || w->state == PROPOSAL_EXECUTED)
		snprintf(text, sizeof(text),
		    "the members said yes (%u of %u); in force from block "
		    "%" PRIu64 " on",
		    w->yes, w->of, w->end + 2);
	else if (w->state < UINT8_MAX)
		snprintf(text, sizeof(text), "the proposal is %s",
		    proposal_state_name((enum proposal_state)w->state));
	else
		snprintf(text, sizeof(text), "no proposal names this machine");
	if (strcmp(text, g->last) == 0)
		return;
	memcpy(g->last, text, sizeof(text));
	printf("%s\n", text);
	fflush(stdout);
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
		end(g, CLI_FAILED);
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
	if (peers_start(&c, &g->peers) == 0) {
		g->code = CLI_OK;
	} else {
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
	if (rc == CLI_OK)
		rc = check_home(&g);
	if (rc == CLI_OK)
		rc = run(&g);
	keys_close(&g.keys);
	config_node_close(&g.config);
	return rc;
}
