/*
 * tool_hostile.c - strangers at a listener, many of them, from a seed.
 *
 * tool_hostile port PORT FEDERATION.yaml MEMBER [OPTION=N...]
 * tool_hostile socket PATH [OPTION=N...]
 *
 * Options: count (connections in all), at_once, hold_ms (how long one waits
 * to be hung up on), rate (new ones a second; 0: as fast as it goes), seed,
 * way (only this one). Prints one JSON object.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "config/federation_file.h"
#include "tests/e2e/hostile_bytes.h"

#define AT_ONCE_MAX 512
#define SLOW_MS 30 /* between two bytes of a slow one */

struct options {
	uint64_t count, at_once, hold_ms, rate, seed, way;
};

struct stranger {
	int fd; /* -1: free */
	const struct hostile_way *way;
	uint8_t *bytes;
	size_t len, at;
	uint64_t born_ms, next_ms;
};

struct crowd {
	struct options opt;
	const struct hostile_way *ways;
	struct hostile_target target;
	struct sockaddr_in in;
	struct sockaddr_un un;
	bool local;
	bool full; /* just now nobody else can wait at the socket */
	uint64_t rng;
	uint64_t opened, refused, hung_up, left, sent, heard;
	uint64_t by_way[HOSTILE_NWAYS];
	struct stranger one[AT_ONCE_MAX];
};

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int
open_socket(struct crowd *c)
{
	/* Many hosts, so that the ports of one do not run out. */
	struct sockaddr_in from = {.sin_family = AF_INET};
	const struct sockaddr *to = (const struct sockaddr *)&c->in;
	socklen_t len = sizeof(c->in);
	int fd, rc;

	if (c->local) {
		to = (const struct sockaddr *)&c->un;
		len = sizeof(c->un);
	}
	fd = socket(to->sa_family, SOCK_STREAM, 0);
	if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		perror("tool_hostile: socket");
		exit(1);
	}
	from.sin_addr.s_addr =
	    htonl(0x7f000002u + (uint32_t)(hostile_next(&c->rng) % 200));
	if (!c->local)
		(void)!bind(fd, (const struct sockaddr *)&from, sizeof(from));
	rc = connect(fd, to, len);
	c->full = rc < 0 && errno == EAGAIN; /* a backlog: come again */
	if (rc < 0 && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
begin(struct crowd *c, struct stranger *s)
{
	size_t k = (size_t)(hostile_next(&c->rng) % HOSTILE_NWAYS);

	if (c->opt.way < HOSTILE_NWAYS)
		k = (size_t)c->opt.way;
	s->fd = open_socket(c);
	if (s->fd < 0) {
		c->refused += !c->full;
		return;
	}
	s->way = &c->ways[k];
	s->bytes = s->way->make(&c->target, &c->rng, &s->len);
	if (s->bytes == NULL) {
		fprintf(stderr, "tool_hostile: out of memory\n");
		exit(1);
	}
	s->at = 0;
	s->born_ms = s->next_ms = now_ms();
	c->opened++;
	c->by_way[k]++;
}

static void
end(struct stranger *s, bool reset)
{
	const struct linger now = {1, 0};

	if (reset)
		(void)!setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now,
		    sizeof(now));
	close(s->fd);
	free(s->bytes);
	*s = (struct stranger){.fd = -1};
}

/* False: the other side hung up. Strangers who flood do not read. */
static bool
hear(struct crowd *c, struct stranger *s)
{
	char buf[4096];
	ssize_t n;

	if (c->local && s->way->end == HOSTILE_CLOSE && s->at < s->len)
		return true;
	n = recv(s->fd, buf, sizeof(buf), 0);
	if (n > 0)
		c->heard += (uint64_t)n;
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool
say(struct crowd *c, struct stranger *s, uint64_t now)
{
	size_t want = s->way->slow ? 1 : s->len - s->at;
	ssize_t n;

	if (s->at == s->len || now < s->next_ms)
		return true;
	n = send(s->fd, s->bytes + s->at, want, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR || errno == ENOTCONN;
	s->at += (size_t)n;
	s->next_ms = now + (s->way->slow ? SLOW_MS : 0);
	c->sent += (uint64_t)n;
	return true;
}

static void
turn(struct crowd *c, struct stranger *s, const struct pollfd *p)
{
	const uint64_t now = now_ms();
	bool stays = true;

	if ((p->revents & (POLLERR | POLLHUP | POLLIN)) != 0)
		stays = hear(c, s);
	if (stays && (p->revents & POLLOUT) != 0)
		stays = say(c, s, now);
	if (!stays) {
		c->hung_up++;
		end(s, false);
		return;
	}
	if ((s->at == s->len && s->way->end != HOSTILE_WAIT &&
		(p->revents & POLLOUT) != 0) ||
	    now - s->born_ms > c->opt.hold_ms) {
		c->left++;
		end(s, s->way->end == HOSTILE_RESET);
	}
}

static bool
may_begin(const struct crowd *c, uint64_t started_ms)
{
	const uint64_t tried = c->opened + c->refused;

	if (tried >= c->opt.count || c->full)
		return false;
	return c->opt.rate == 0 ||
	    tried * 1000 <= c->opt.rate * (now_ms() - started_ms);
}

/* Returns how many are there. */
static size_t
gather(struct crowd *c, struct pollfd *p, uint64_t started_ms)
{
	size_t n = 0;

	c->full = false;
	for (size_t i = 0; i < c->opt.at_once; i++) {
		struct stranger *s = &c->one[i];

		if (s->fd < 0 && may_begin(c, started_ms))
			begin(c, s);
		p[i] = (struct pollfd){.fd = s->fd, .events = POLLIN};
		if (s->fd < 0)
			continue;
		n++;
		/* A slow one whose time has not come would spin. */
		if (s->at == 0 || (s->at < s->len && now_ms() >= s->next_ms))
			p[i].events |= POLLOUT;
	}
	return n;
}

static void
run(struct crowd *c)
{
	static struct pollfd p[AT_ONCE_MAX];
	const uint64_t started = now_ms();

	for (size_t i = 0; i < AT_ONCE_MAX; i++)
		c->one[i].fd = -1;
	while (gather(c, p, started) > 0 ||
	    c->opened + c->refused < c->opt.count) {
		if (poll(p, (nfds_t)c->opt.at_once, 10) < 0 && errno != EINTR)
			break;
		for (size_t i = 0; i < c->opt.at_once; i++)
			if (c->one[i].fd >= 0)
				turn(c, &c->one[i], &p[i]);
	}
	printf("{\"opened\": %llu, \"refused\": %llu, \"hung_up\": %llu, "
	       "\"left\": %llu, \"sent\": %llu, \"heard\": %llu, \"ms\": %llu, "
	       "\"ways\": {",
	    (unsigned long long)c->opened, (unsigned long long)c->refused,
	    (unsigned long long)c->hung_up, (unsigned long long)c->left,
	    (unsigned long long)c->sent, (unsigned long long)c->heard,
	    (unsigned long long)(now_ms() - started));
	for (size_t i = 0; i < HOSTILE_NWAYS; i++)
		printf("%s\"%s\": %llu", i > 0 ? ", " : "", c->ways[i].name,
		    (unsigned long long)c->by_way[i]);
	printf("}}\n");
}

static void
set_option(struct options *o, const char *arg)
{
	const struct {
		const char *name;
		uint64_t *value;
	} known[] = {
	    {"count=", &o->count},
	    {"at_once=", &o->at_once},
	    {"hold_ms=", &o->hold_ms},
	    {"rate=", &o->rate},
	    {"seed=", &o->seed},
	    {"way=", &o->way},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const size_t n = strlen(known[i].name);

		if (strncmp(arg, known[i].name, n) != 0)
			continue;
		*known[i].value = strtoull(arg + n, NULL, 10);
		return;
	}
	fprintf(stderr, "tool_hostile: unknown option %s\n", arg);
	exit(2);
}

static void
aim_at_port(struct crowd *c, char **argv)
{
	struct config_error e;
	struct federation f;
	const char *name = argv[4];
	uint16_t i = 0;

	if (federation_file_load(&f, argv[3], false, &e) < 0 ||
	    federation_id(&f, &c->target.federation) < 0) {
		fprintf(stderr, "tool_hostile: %s cannot be read\n", argv[3]);
		exit(1);
	}
	while (i < f.nmembers && strcmp(f.members[i].name, name) != 0)
		i++;
	if (i == f.nmembers) {
		fprintf(stderr, "tool_hostile: no member %s\n", name);
		exit(1);
	}
	memcpy(c->target.network, f.members[i].network, 32);
	federation_close(&f);
	c->ways = hostile_peer;
	c->in.sin_family = AF_INET;
	c->in.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	c->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

int
main(int argc, char **argv)
{
	static struct crowd c = {.opt = {.count = 1000,
				     .at_once = 100,
				     .hold_ms = 2000,
				     .seed = 1,
				     .way = HOSTILE_NWAYS}};
	int first = 5;

	signal(SIGPIPE, SIG_IGN);
	if (argc > 4 && strcmp(argv[1], "port") == 0) {
		aim_at_port(&c, argv);
	} else if (argc > 2 && strcmp(argv[1], "socket") == 0) {
		c.local = true;
		c.ways = hostile_local;
		c.un.sun_family = AF_UNIX;
		snprintf(c.un.sun_path, sizeof(c.un.sun_path), "%s", argv[2]);
		first = 3;
	} else {
		fprintf(stderr, "tool_hostile: see the head of its source\n");
		return 2;
	}
	for (int i = first; i < argc; i++)
		set_option(&c.opt, argv[i]);
	if (c.opt.at_once == 0 || c.opt.at_once > AT_ONCE_MAX)
		c.opt.at_once = AT_ONCE_MAX;
	c.rng = c.opt.seed;
	run(&c);
	return 0;
}
