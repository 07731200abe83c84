#define _GNU_SOURCE /* TCP_NOTSENT_LOWAT */

#include "daemon/node/unsent.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Is fd connected to this host:port? */
static bool
is_to(int fd, const char *address)
{
	char host[INET6_ADDRSTRLEN] = "", text[INET6_ADDRSTRLEN + 16];
	struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
	const struct sockaddr_in *in = (const struct sockaddr_in *)&ss;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&ss;
	socklen_t len = sizeof(ss);

	if (getpeername(fd, (struct sockaddr *)&ss, &len) < 0)
		return false;
	if (ss.ss_family == AF_INET) {
		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		snprintf(text, sizeof(text), "%s:%u", host,
		    (unsigned)ntohs(in->sin_port));
	} else if (ss.ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		snprintf(text, sizeof(text), "[%s]:%u", host,
		    (unsigned)ntohs(in6->sin6_port));
	} else {
		return false;
	}
	return strcmp(text, address) == 0;
}

int
unsent_limit(const char *address, int bytes)
{
	DIR *d = opendir("/proc/self/fd");
	const struct dirent *e;
	int n = 0;

	if (d == NULL)
		return -errno;
	while ((e = readdir(d)) != NULL) {
		char *end;
		long fd = strtol(e->d_name, &end, 10);

		if (end == e->d_name || *end != '\0' ||
		    !is_to((int)fd, address))
			continue;
		if (setsockopt((int)fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes,
			sizeof(bytes)) == 0)
			n++;
	}
	(void)closedir(d);
	return n;
}
