/*
 * switch - n network namespaces with a seeded network between them.
 *
 * switch N SEED: makes N namespaces with one TUN device each, which only this
 * process holds, and carries packets between them (fabric.h). Says
 *
 *	node I FD ADDRESS	for each: /proc/PID/fd/FD is its namespace
 *	ready root | ready user	user: enter PID's user namespace first
 *
 * then takes commands (script.h) on stdin, a line each, and answers each with a
 * line. Ends at the end of stdin; the namespaces go when the last process in
 * them does. Exit 77 with a sentence on stderr: not possible on this machine.
 */
#define _GNU_SOURCE /* unshare, ppoll */

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fabric.h"
#include "script.h"

#define EXIT_IMPOSSIBLE 77
#define READS_IN_A_ROW 64
#define DEVICE "tun0"

static struct fabric fabric = FABRIC_INIT;
static int tun[FABRIC_NODES_MAX];

static int impossible(const char *what) __attribute__((warn_unused_result));

static int
impossible(const char *what)
{
	fprintf(stderr, "switch: %s: %s\n", what, strerror(errno));
	return EXIT_IMPOSSIBLE;
}

static uint64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static int __attribute__((format(printf, 2, 3)))
write_file(const char *path, const char *fmt, ...)
{
	char text[64];
	int fd = open(path, O_WRONLY | O_CLOEXEC), rc;
	va_list ap;

	if (fd < 0)
		return -1;
	va_start(ap, fmt);
	rc = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rc = write(fd, text, (size_t)rc) == rc ? 0 : -1;
	close(fd);
	return rc;
}

/* Who may not make network namespaces may in a user namespace of its own. */
static int
become_user_root(void)
{
	unsigned uid = (unsigned)geteuid(), gid = (unsigned)getegid();

	if (unshare(CLONE_NEWUSER) < 0)
		return -1;
	if (write_file("/proc/self/setgroups", "deny") < 0 ||
	    write_file("/proc/self/uid_map", "0 %u 1", uid) < 0)
		return -1;
	return write_file("/proc/self/gid_map", "0 %u 1", gid);
}

static int
set_up(int sock, const char *device, const char *address)
{
	struct ifreq r = {.ifr_mtu = FABRIC_MTU};
	struct sockaddr_in sin = {.sin_family = AF_INET};

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", device);
	if (address != NULL) {
		if (ioctl(sock, SIOCSIFMTU, &r) < 0)
			return -1;
		inet_pton(AF_INET, address, &sin.sin_addr);
		memcpy(&r.ifr_addr, &sin, sizeof(sin));
		if (ioctl(sock, SIOCSIFADDR, &r) < 0)
			return -1;
		inet_pton(AF_INET, "255.255.255.0", &sin.sin_addr);
		memcpy(&r.ifr_netmask, &sin, sizeof(sin));
		if (ioctl(sock, SIOCSIFNETMASK, &r) < 0)
			return -1;
	}
	if (ioctl(sock, SIOCGIFFLAGS, &r) < 0)
		return -1;
	r.ifr_flags = (short)(r.ifr_flags | IFF_UP | IFF_RUNNING);
	return ioctl(sock, SIOCSIFFLAGS, &r);
}

/* A namespace with lo and tun0; this process stays in it. */
static int
make_node(int i)
{
	char address[INET_ADDRSTRLEN];
	struct ifreq r = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	const char *path = getenv("QML_TUN");
	int sock, ns;

	if (unshare(CLONE_NEWNET) < 0)
		return impossible("no network namespaces");
	path = path != NULL ? path : "/dev/net/tun";
	tun[i] = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tun[i] < 0)
		return impossible(path);
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", DEVICE);
	if (ioctl(tun[i], TUNSETIFF, &r) < 0)
		return impossible("no TUN device");
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(address, sizeof(address), "%s.%d", FABRIC_NET, i + 1);
	if (sock < 0 || set_up(sock, "lo", NULL) < 0 ||
	    set_up(sock, DEVICE, address) < 0)
		return impossible("no addresses");
	close(sock);
	ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (ns < 0)
		return impossible("/proc/self/ns/net");
	printf("node %d %d %s\n", i, ns, address);
	return 0;
}

/* All commands that have come; false: no more will. */
static bool
obey(void)
{
	static char line[4096];
	static size_t len;
	char answer[SCRIPT_ANSWER_LEN], *end;
	ssize_t n = read(STDIN_FILENO, line + len, sizeof(line) - 1 - len);

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	len += (size_t)n;
	line[len] = '\0';
	while ((end = strchr(line, '\n')) != NULL) {
		size_t used = (size_t)(end + 1 - line);

		*end = '\0';
		script_run(&fabric, line, answer);
		printf("%s\n", answer);
		memmove(line, line + used, len + 1 - used);
		len -= used;
	}
	return fflush(stdout) == 0 && len < sizeof(line) - 1;
}

static void
take_from(uint16_t i)
{
	uint8_t ip[FABRIC_MTU + 1];

	for (int k = 0; k < READS_IN_A_ROW; k++) {
		ssize_t n = read(tun[i], ip, sizeof(ip));

		if (n <= 0)
			return;
		fabric_offer(&fabric, now_us(), i, ip, (size_t)n);
	}
}

/* A device that takes no more loses it, as a network card does. */
static void
deliver(void)
{
	const struct fabric_packet *p;

	while ((p = fabric_take(&fabric, now_us())) != NULL)
		(void)!write(tun[p->to], p->data, p->len);
}

static struct timespec
until(uint64_t due_us)
{
	uint64_t at = now_us(), us = due_us > at ? due_us - at : 0;

	return (struct timespec){.tv_sec = (time_t)(us / 1000000),
	    .tv_nsec = (long)(us % 1000000) * 1000};
}

static int
serve(uint16_t n)
{
	struct pollfd fds[FABRIC_NODES_MAX + 1];

	for (uint16_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){.fd = tun[i], .events = POLLIN};
	fds[n] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
	for (;;) {
		uint64_t due = fabric_due(&fabric);
		struct timespec wait = until(due);

		if (ppoll(fds, n + 1u, due == FABRIC_NEVER ? NULL : &wait,
			NULL) < 0 &&
		    errno != EINTR)
			return impossible("ppoll");
		for (uint16_t i = 0; i < n; i++)
			if (fds[i].revents != 0)
				take_from(i);
		deliver();
		if (fds[n].revents != 0 && !obey())
			return 0;
	}
}

int
main(int argc, char **argv)
{
	unsigned long n = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	bool user = false;
	int rc;

	if (n == 0 || n > FABRIC_NODES_MAX) {
		fprintf(stderr, "usage: switch N SEED\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	rc = fabric_init(&fabric, (uint16_t)n, strtoull(argv[2], NULL, 0));
	if (rc < 0)
		return 1;
	if (unshare(CLONE_NEWNET) < 0) {
		user = true;
		if (become_user_root() < 0)
			return impossible("no user namespaces");
	}
	for (int i = 0; i < (int)n; i++) {
		rc = make_node(i);
		if (rc != 0)
			return rc;
	}
	printf("ready %s\n", user ? "user" : "root");
	fflush(stdout);
	rc = serve((uint16_t)n);
	fabric_close(&fabric);
	return rc;
}
