#include "daemon/node/peers.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node/address.h"
#include "daemon/node/log.h"
#include "daemon/node/places.h"
#include "daemon/node/redial.h"

#define PEERS_TICK_MS 500
#define PEERS_LINKS_MAX (2 * PLACES_MAX + 4 * FEDERATION_MAX_MEMBERS)
#define PEERS_BAN_MAX_MS (10u * 60 * 1000)

struct peer {
	struct peers *all;
	uint16_t i;
	uint8_t network[32];  /* whom the links below were made with */
	struct link *link;    /* the one in use; NULL: down */
	struct link *dialing; /* dialed, not ready yet */
	struct stream_dialer *dialer;
	uint64_t redial_ms; /* not before */
	unsigned attempts;
	uint64_t up_ms, ups_ms; /* the last; and see places_may_come_up */
	uint64_t banned_ms;     /* until */
	uint32_t ban_ms;        /* of the last punishment */
	struct link_stats past; /* of links that are gone */
	struct peers_info info;
};

struct peers {
	struct peers_config config;
	struct link_env env;
	struct large large;
	uint8_t own[NOISE_KEY_LEN]; /* public key of config.secret */
	struct stream_hub *hub;
	struct stream_listener *listener;
	uv_timer_t timer;
	struct peer *peer;                   /* [FEDERATION_MAX_MEMBERS] */
	struct link *links[PEERS_LINKS_MAX]; /* every one not yet closed */
	size_t nlinks;
	bool stopping;
	unsigned nopen; /* hub and timer, until they are closed */
	void (*done)(void *arg);
	void *done_arg;
};

static void peers_arm(struct peers *p);

static uint64_t
now_ms(const struct peers *p)
{
	return uv_now(p->config.loop);
}

static void
peer_back_off(struct peer *peer)
{
	const struct peers *p = peer->all;
	const struct link_timing *t = &p->env.timing;
	bool yields = peer->i < p->config.self && p->config.listen != NULL;
	uint32_t random = 0, cap = redial_cap(t, peer->attempts);

	/* Any value will do when the system has none to give. */
	if (uv_random(NULL, NULL, &random, sizeof(random), 0, NULL) < 0)
		random = (uint32_t)uv_hrtime();
	peer->redial_ms =
	    now_ms(p) + redial_pause(t, peer->attempts, random, yields);
	peer->attempts++;
	if (peer->redial_ms < peer->banned_ms)
		peer->redial_ms = peer->banned_ms;
	if (peer->i < p->config.federation->nmembers)
		log_debug("peer.redial", "peer=%s cap_ms=%u wait_ms=%u",
		    p->config.federation->members[peer->i].name, cap,
		    (unsigned)(peer->redial_ms - now_ms(p)));
}

static bool
peer_wants_dial(const struct peer *peer)
{
	const struct federation *f = peer->all->config.federation;

	return peer->i != peer->all->config.self && peer->link == NULL &&
	    peer->dialing == NULL && peer->dialer == NULL &&
	    f->members[peer->i].address[0] != '\0';
}

static void
links_add(struct peers *p, struct link *l)
{
	assert(p->nlinks < PEERS_LINKS_MAX);
	p->links[p->nlinks++] = l;
}

static void
links_remove(struct peers *p, struct link *l)
{
	size_t i = 0;

	while (i < p->nlinks && p->links[i] != l)
		i++;
	assert(i < p->nlinks);
	/* In order of age, so that the oldest is found first. */
	memmove(&p->links[i], &p->links[i + 1],
	    (p->nlinks - i - 1) * sizeof(p->links[0]));
	p->nlinks--;
}

static void
past_add(struct link_stats *sum, const struct link_stats *s)
{
	sum->bytes_in += s->bytes_in;
	sum->bytes_out += s->bytes_out;
	sum->msgs_in += s->msgs_in;
	sum->msgs_out += s->msgs_out;
	sum->dropped += s->dropped;
}

static void
peer_down(struct peer *peer, int reason)
{
	struct peers *p = peer->all;
	struct link_stats s = link_stats(peer->link);

	past_add(&peer->past, &s);
	if (now_ms(p) - peer->up_ms > p->env.timing.retry_max)
		peer->attempts = 0;
	peer->link = NULL;
	peer->info.last_error = reason;
	peer_back_off(peer);
	if (!p->stopping && p->config.events.down != NULL)
		p->config.events.down(p->config.events.arg, peer->i, reason);
}

static void
peer_use(struct peer *peer, struct link *l)
{
	struct peers *p = peer->all;

	peer->link = l;
	peer->up_ms = now_ms(p);
	peer->info.connects++;
	if (p->config.events.up != NULL)
		p->config.events.up(p->config.events.arg, peer->i);
}

/* Of two links the one that the smaller index opened stays, so that both
 * sides choose alike; of two from one side, the newer: the other is a ghost. */
static bool
link_better(const struct peers *p, const struct link *new,
    const struct link *old)
{
	bool self_is_smaller = p->config.self < link_peer(new);

	if (link_dialed(new) == link_dialed(old))
		return true;
	return link_dialed(new) == self_is_smaller;
}

static void
env_ready(void *arg, struct link *l)
{
	struct peers *p = arg;
	uint16_t i = link_peer(l);
	struct peer *peer = &p->peer[i == LINK_GUEST ? 0 : i];
	struct link *old = peer->link;

	if (i == LINK_GUEST) {
		places_take_guest(p->links, p->nlinks, l);
		return;
	}
	if (peer->dialing == l)
		peer->dialing = NULL;
	/* The seat went to other keys while this one was on its way. */
	if (!p->config.plain && memcmp(link_key(l), peer->network, 32) != 0) {
		link_close(l, -EACCES);
		return;
	}
	if (now_ms(p) < peer->banned_ms ||
	    !places_may_come_up(&peer->ups_ms, now_ms(p))) {
		if (link_dialed(l))
			peer_back_off(peer);
		link_close(l, -EACCES);
		return;
	}
	if (old != NULL && !link_better(p, l, old)) {
		link_spare(l);
		return;
	}
	if (old != NULL) {
		peer_down(peer, 0);
		link_close(old, 0);
	}
	if (p->stopping)
		return;
	peer_use(peer, l);
}

static void
env_msg(void *arg, struct link *l, uint8_t *data, size_t len)
{
	struct peers *p = arg;
	uint16_t i = link_peer(l);
	bool guest = i == LINK_GUEST;
	bool asks = guest && link_stats(l).msgs_in <= PLACES_GUEST_MSGS;

	if (guest && !asks)
		link_close(l, -EPROTO);
	if (asks && !p->stopping)
		p->config.events.guest(p->config.events.arg, l, data, len);
	else if (guest || p->stopping || p->peer[i].link != l ||
	    p->config.events.msg == NULL)
		free(data);
	else
		p->config.events.msg(p->config.events.arg, i, data, len);
}

static void
env_closed(void *arg, struct link *l, int reason)
{
	struct peers *p = arg;
	uint16_t i = link_peer(l);

	links_remove(p, l);
	if (i == LINK_NOBODY || i == LINK_GUEST) {
		if (!p->stopping && p->config.events.refused != NULL)
			p->config.events.refused(p->config.events.arg,
			    link_address(l), reason);
		return;
	}
	if (p->peer[i].dialing == l) {
		p->peer[i].dialing = NULL;
		p->peer[i].info.last_error = reason;
		peer_back_off(&p->peer[i]);
	}
	if (p->peer[i].link == l)
		peer_down(&p->peer[i], reason);
	peers_arm(p);
}

static void
accepted(void *arg, struct stream *s)
{
	struct peers *p = arg;
	struct link *l;

	if (p->stopping || p->nlinks == PEERS_LINKS_MAX) {
		stream_close(s);
		return;
	}
	places_take(p->links, p->nlinks, stream_address(s));
	l = link_new(&p->env, s, LINK_NOBODY);
	if (l != NULL)
		links_add(p, l);
}

static void
dialed(void *arg, struct stream *s, int rc)
{
	struct peer *peer = arg;
	struct peers *p = peer->all;

	peer->dialer = NULL;
	/* They were faster, and ours would lose. */
	if (s != NULL && (peer->link != NULL || p->nlinks == PEERS_LINKS_MAX)) {
		stream_close(s);
		s = NULL;
	}
	if (s != NULL) {
		peer->dialing = link_new(&p->env, s, peer->i);
		rc = peer->dialing == NULL ? -ENOMEM : 0;
	}
	if (peer->dialing != NULL) {
		links_add(p, peer->dialing);
	} else {
		peer->info.last_error = rc;
		peer_back_off(peer);
	}
	peers_arm(p);
}

static void
peer_dial(struct peer *peer)
{
	struct peers *p = peer->all;
	struct stream_dial d = {
	    .address = p->config.federation->members[peer->i].address,
	    .timeout_ms = p->env.timing.handshake,
	    .cb = dialed,
	    .arg = peer,
	};
	int rc = stream_dial(p->hub, &d, &peer->dialer);

	if (rc == 0)
		return;
	peer->info.last_error = rc;
	peer_back_off(peer);
}

static void
peers_tick(uv_timer_t *timer)
{
	struct peers *p = timer->data;
	uint64_t now = now_ms(p);

	for (size_t i = 0; i < p->nlinks; i++)
		link_tick(p->links[i], now);
	for (uint16_t i = 0; i < p->config.federation->nmembers; i++) {
		if (peer_wants_dial(&p->peer[i]) && now >= p->peer[i].redial_ms)
			peer_dial(&p->peer[i]);
	}
	peers_arm(p);
}

/* To the next redial, or the next look at the time-outs. */
static void
peers_arm(struct peers *p)
{
	uint64_t now = now_ms(p), wait = PEERS_TICK_MS;
	int rc;

	if (p->stopping)
		return;
	for (uint16_t i = 0; i < p->config.federation->nmembers; i++) {
		const struct peer *peer = &p->peer[i];

		if (!peer_wants_dial(peer) || peer->redial_ms >= now + wait)
			continue;
		wait = peer->redial_ms > now ? peer->redial_ms - now : 0;
	}
	rc = uv_timer_start(&p->timer, peers_tick, wait, 0);
	assert(rc == 0);
}

static void
set_default(uint32_t *value, uint32_t fallback)
{
	if (*value == 0)
		*value = fallback;
}

static int
peers_init(struct peers *p, const struct peers_config *c)
{
	const struct federation *f = c->federation;

	p->config = *c;
	if (!c->plain)
		noise_public(c->secret, p->own);
	p->env = (struct link_env){
	    .loop = c->loop,
	    .identity =
		{
		    .federation = f,
		    .self = c->self,
		    .secret = c->secret,
		    .own = p->own,
		    .psk = c->psk,
		    .plain = c->plain,
		    .invited = c->events.invited,
		    .arg = c->events.arg,
		},
	    .timing = c->timing,
	    .large = &p->large,
	    .arg = p,
	    .ready = env_ready,
	    .msg = env_msg,
	    .closed = env_closed,
	};
	set_default(&p->env.timing.handshake, 5000);
	set_default(&p->env.timing.ping, 10000);
	set_default(&p->env.timing.dead, 30000);
	set_default(&p->env.timing.retry, 200);
	set_default(&p->env.timing.retry_max, 5000);
	set_default(&p->env.timing.ban, 10000);
	set_default(&p->env.timing.hold, LARGE_HOLD_MS);
	p->large.hold_ms = p->env.timing.hold;
	p->large.nmembers = f->nmembers;
	p->peer = calloc(FEDERATION_MAX_MEMBERS, sizeof(*p->peer));
	if (p->peer == NULL)
		return -ENOMEM;
	for (uint16_t i = 0; i < FEDERATION_MAX_MEMBERS; i++) {
		p->peer[i].all = p;
		p->peer[i].i = i;
		if (i < f->nmembers)
			memcpy(p->peer[i].network, f->members[i].network, 32);
		peer_back_off(&p->peer[i]);
		p->peer[i].attempts = 0;
	}
	if (c->federation_id != NULL) {
		p->env.identity.federation_id = *c->federation_id;
		return 0;
	}
	return federation_id(f, &p->env.identity.federation_id);
}

void
peers_follow(struct peers *p, uint16_t self)
{
	const struct federation *f = p->config.federation;

	p->config.self = p->env.identity.self = self;
	p->large.nmembers = f->nmembers;
	for (uint16_t i = 0; i < f->nmembers; i++) {
		struct peer *peer = &p->peer[i];

		if (memcmp(peer->network, f->members[i].network, 32) == 0)
			continue;
		memcpy(peer->network, f->members[i].network, 32);
		peer->attempts = 0;
		peer->banned_ms = peer->redial_ms = 0;
		peer->ban_ms = 0;
		if (peer->link != NULL)
			link_close(peer->link, -EACCES);
		if (peer->dialing != NULL)
			link_close(peer->dialing, -EACCES);
	}
	peers_arm(p);
}

static void
peers_free(struct peers *p)
{
	free(p->peer);
	free(p);
}

static void
part_closed(struct peers *p)
{
	void (*done)(void *arg) = p->done;
	void *arg = p->done_arg;

	if (--p->nopen > 0)
		return;
	peers_free(p);
	if (done != NULL)
		done(arg);
}

static void
hub_closed(void *arg)
{
	part_closed(arg);
}

static void
timer_closed(uv_handle_t *handle)
{
	part_closed(handle->data);
}

int
peers_start(const struct peers_config *config, struct peers **out)
{
	struct peers *p;
	int rc =
	    channel_plain_ok(config->plain, config->federation, config->listen);

	if (rc < 0)
		return rc;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	rc = peers_init(p, config);
	if (rc == 0)
		rc = stream_hub_new(config->loop, &p->hub);
	if (rc < 0) {
		peers_free(p);
		return rc;
	}
	rc = uv_timer_init(config->loop, &p->timer);
	assert(rc == 0);
	p->timer.data = p;
	p->nopen = 2;
	if (config->listen != NULL)
		rc = stream_listen(p->hub, config->listen, accepted, p,
		    &p->listener);
	if (rc < 0) {
		peers_stop(p, NULL, NULL);
		return rc;
	}
	peers_arm(p);
	*out = p;
	return 0;
}

void
peers_stop(struct peers *p, void (*done)(void *arg), void *arg)
{
	assert(!p->stopping);
	p->stopping = true;
	p->done = done;
	p->done_arg = arg;
	if (p->listener != NULL)
		stream_listener_close(p->listener);
	for (uint16_t i = 0; i < p->config.federation->nmembers; i++) {
		if (p->peer[i].dialer != NULL)
			stream_dialer_close(p->peer[i].dialer);
	}
	for (size_t i = 0; i < p->nlinks; i++)
		link_close(p->links[i], -ECANCELED);
	uv_close((uv_handle_t *)&p->timer, timer_closed);
	stream_hub_free(p->hub, hub_closed, p);
}

void
peers_send(struct peers *p, uint16_t i, enum link_class cls, uint8_t *data,
    size_t len)
{
	struct peer *peer = &p->peer[i];
	struct outbox_buf *buf;

	assert(i < p->config.federation->nmembers);
	buf = outbox_buf_new(data, len);
	if (buf == NULL || peer->link == NULL || p->stopping)
		peer->past.dropped++;
	else
		link_send(peer->link, cls, buf);
	outbox_buf_unref(buf);
}

void
peers_broadcast(struct peers *p, enum link_class cls, uint8_t *data, size_t len)
{
	struct outbox_buf *buf = outbox_buf_new(data, len);

	for (uint16_t i = 0; i < p->config.federation->nmembers; i++) {
		struct peer *peer = &p->peer[i];

		if (i == p->config.self)
			continue;
		if (buf == NULL || peer->link == NULL || p->stopping)
			peer->past.dropped++;
		else
			link_send(peer->link, cls, buf);
	}
	outbox_buf_unref(buf);
}

void
peers_punish(struct peers *p, uint16_t i)
{
	struct peer *peer = &p->peer[i];
	uint32_t first = p->env.timing.ban;

	assert(i < p->config.federation->nmembers);
	peer->ban_ms = peer->ban_ms == 0 ? first : 2 * peer->ban_ms;
	if (peer->ban_ms > PEERS_BAN_MAX_MS)
		peer->ban_ms = PEERS_BAN_MAX_MS;
	peer->banned_ms = now_ms(p) + peer->ban_ms;
	peer->info.punished++;
	if (peer->link != NULL)
		link_close(peer->link, -EPROTO);
}

bool
peers_up(const struct peers *p, uint16_t i)
{
	return p->peer[i].link != NULL;
}

uint64_t
peers_queued(const struct peers *p, uint16_t i)
{
	return peers_up(p, i) ? link_queued(p->peer[i].link) : 0;
}

void
peers_info(const struct peers *p, uint16_t i, struct peers_info *out)
{
	const struct peer *peer = &p->peer[i];
	struct link_stats sum = peer->past, now = {0};

	assert(i < p->config.federation->nmembers);
	*out = peer->info;
	if (peer->link != NULL) {
		now = link_stats(peer->link);
		past_add(&sum, &now);
		out->up = true;
		out->dialed = link_dialed(peer->link);
		out->since_ms = peer->up_ms;
		out->queued_bytes = link_queued(peer->link);
	}
	out->rtt_us = now.rtt_us;
	out->bytes_in = sum.bytes_in;
	out->bytes_out = sum.bytes_out;
	out->msgs_in = sum.msgs_in;
	out->msgs_out = sum.msgs_out;
	out->dropped = sum.dropped;
}

uint16_t
peers_port(const struct peers *p)
{
	return p->listener == NULL ? 0 : stream_listener_port(p->listener);
}
