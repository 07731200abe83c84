/*
 * test_unsent.c - the limit reaches the connections it is meant for.
 */
#define _GNU_SOURCE /* TCP_NOTSENT_LOWAT */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/node/unsent.h"

struct pair {
	int listener, dialed, accepted;
	char to[80], from[80]; /* where the listener is, where it was dialed */
};

static void
name(const struct sockaddr_storage *ss, char *out, size_t len)
{
	struct sockaddr_in in = {0};
	struct sockaddr_in6 in6 = {0};

	memcpy(&in, ss, sizeof(in));
	memcpy(&in6, ss, sizeof(in6));
	if (ss->ss_family == AF_INET)
		snprintf(out, len, "127.0.0.1:%u",
		    (unsigned)ntohs(in.sin_port));
	else
		snprintf(out, len, "[::1]:%u", (unsigned)ntohs(in6.sin6_port));
}

/* False: no such addresses on this machine. */
static bool
pair_open(struct pair *p, sa_family_t family)
{
	struct sockaddr_storage ss = {.ss_family = family};
	socklen_t len = sizeof(ss);

	if (family == AF_INET)
		((struct sockaddr_in *)&ss)->sin_addr.s_addr =
		    htonl(INADDR_LOOPBACK);
	else
		((struct sockaddr_in6 *)&ss)->sin6_addr = in6addr_loopback;
	p->listener = socket(family, SOCK_STREAM, 0);
	if (p->listener < 0)
		return false;
	if (bind(p->listener, (struct sockaddr *)&ss, len) < 0) {
		close(p->listener);
		return false;
	}
	assert_int_equal(listen(p->listener, 1), 0);
	assert_int_equal(getsockname(p->listener, (struct sockaddr *)&ss, &len),
	    0);
	name(&ss, p->to, sizeof(p->to));
	p->dialed = socket(family, SOCK_STREAM, 0);
	assert_true(p->dialed >= 0);
	assert_int_equal(connect(p->dialed, (struct sockaddr *)&ss, len), 0);
	len = sizeof(ss);
	assert_int_equal(getsockname(p->dialed, (struct sockaddr *)&ss, &len),
	    0);
	name(&ss, p->from, sizeof(p->from));
	p->accepted = accept(p->listener, NULL, NULL);
	assert_true(p->accepted >= 0);
	return true;
}

static void
pair_close(struct pair *p)
{
	close(p->listener);
	close(p->dialed);
	close(p->accepted);
}

static int
limit_of(int fd)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value,
			     &len),
	    0);
	return value;
}

static void
check(sa_family_t family)
{
	struct pair p = {0}, other = {0};
	int before;

	if (!pair_open(&p, family) || !pair_open(&other, family)) {
		print_message("# no addresses of family %u here\n", family);
		return;
	}
	before = limit_of(other.dialed);
	assert_int_equal(unsent_limit(p.to, 16384), 1);
	assert_int_equal(limit_of(p.dialed), 16384);
	assert_int_equal(limit_of(p.accepted), before);
	assert_int_equal(unsent_limit(p.from, 4096), 1);
	assert_int_equal(limit_of(p.accepted), 4096);
	assert_int_equal(limit_of(other.dialed), before);
	assert_int_equal(limit_of(other.accepted), before);
	pair_close(&p);
	/* Whoever was meant is gone. */
	assert_int_equal(unsent_limit(p.to, 16384), 0);
	pair_close(&other);
}

static void
test_ipv4(void **state)
{
	(void)state;
	check(AF_INET);
}

static void
test_ipv6(void **state)
{
	(void)state;
	check(AF_INET6);
}

static void
test_nobody(void **state)
{
	(void)state;
	assert_int_equal(unsent_limit("", 16384), 0);
	assert_int_equal(unsent_limit("?", 16384), 0);
	assert_int_equal(unsent_limit("127.0.0.1:1", 16384), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ipv4),
	    cmocka_unit_test(test_ipv6),
	    cmocka_unit_test(test_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
