/*
 * preload_powercut.c - a disk that forgets, for LD_PRELOAD under a daemon.
 *
 * Changes to files below POWERCUT_HOME go through to the real files, and what
 * they replaced is kept in memory until a sync makes them durable. At the cut
 * everything unsynced is taken back, except for what a seeded coin lets
 * survive, sector by sector, and the process is killed within the call.
 *
 *   POWERCUT_HOME  absolute path, no trailing slash; unset: nothing is done
 *   POWERCUT_SEED  of the coin; 0: nothing unsynced survives
 *   POWERCUT_AT    cut in the n-th write or sync; 0: never
 *   POWERCUT_FD    cut when this descriptor has a byte to read
 *   POWERCUT_SYNC_MS  a sync takes that much longer
 *   POWERCUT_LIE   syncs do nothing: a disk that does not keep its word
 *   POWERCUT_FULL  while a file of this name is there, nothing grows: ENOSPC
 *
 * Covered: write, pwrite, ftruncate and posix_fallocate, data and size; names
 * made and unlinked until their directory is synced (an unlinked file waits in
 * POWERCUT_HOME.powercut/, which must be there). Not covered: mmap, writev,
 * rename, O_SYNC; mkdir is durable at once. Children are not under the shim.
 */
#define _GNU_SOURCE /* open64 and friends, syscall */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SECTOR 512
#define PATH_LEN 1024

/* What a sector held before it was written; newest first. len 0: the size of
 * the file was `at`. */
struct undo {
	struct undo *next;
	dev_t dev;
	ino_t ino;
	char path[PATH_LEN];
	off_t at;
	size_t len;
	bool settled; /* this sector stays as it is */
	unsigned char old[SECTOR];
};

/* A name that is not durable: made (from is empty), or taken away (to is the
 * place where the file waits). */
struct named {
	struct named *next;
	char from[PATH_LEN], to[PATH_LEN];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char home[PATH_LEN], full[PATH_LEN];
static uint64_t coin_state, cut_at, calls;
static int sync_ms;
static int cut_fd = -1;
static bool lie;
static unsigned ngraves;
static struct undo *undos;
static struct named *nameds;

static void *
need(size_t n)
{
	void *p = calloc(1, n);

	if (p == NULL)
		abort();
	return p;
}

/* Past our own functions, straight to the kernel. */
static int
raw_open(int dir, const char *name, int flags, mode_t mode)
{
	return (int)syscall(SYS_openat, dir, name, flags, mode);
}

static ssize_t
raw_pwrite(int fd, const void *buf, size_t len, off_t at)
{
	return syscall(SYS_pwrite64, fd, buf, len, at);
}

static int
raw_move(const char *from, const char *to)
{
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static int
raw_fallocate(int fd, off_t at, off_t len)
{
	return syscall(SYS_fallocate, fd, 0, at, len) < 0 ? errno : 0;
}

/* --- the coin and the cut ------------------------------------------------- */

static bool
coin(void)
{
	if (coin_state == 0)
		return false;
	coin_state ^= coin_state << 13;
	coin_state ^= coin_state >> 7;
	coin_state ^= coin_state << 17;
	return (coin_state >> 40 & 1) != 0;
}

static bool
same_sector(const struct undo *a, const struct undo *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->len > 0 &&
	    b->len > 0 && a->at / SECTOR == b->at / SECTOR;
}

static void
take_back(struct undo *u)
{
	int fd;

	/* Whether this write of the sector made it, all before it did too. */
	if (u->settled || coin()) {
		for (struct undo *o = u->next; o != NULL; o = o->next)
			if (same_sector(o, u))
				o->settled = true;
		return;
	}
	fd = raw_open(AT_FDCWD, u->path, O_WRONLY, 0);
	if (fd < 0)
		return; /* its name is not durable either */
	if (u->len == 0)
		(void)!syscall(SYS_ftruncate, fd, u->at);
	else
		(void)!raw_pwrite(fd, u->old, u->len, u->at);
	close(fd);
}

static void
take_back_name(const struct named *n)
{
	if (coin())
		return;
	if (n->from[0] == '\0')
		syscall(SYS_unlinkat, AT_FDCWD, n->to, 0);
	else
		raw_move(n->to, n->from);
}

/* Called with the lock held, so no write is under way. Never returns. */
static void
cut(void)
{
	unsigned n = 0;
	char text[96];

	for (struct undo *u = undos; u != NULL; u = u->next, n++)
		if (u->len > 0)
			take_back(u);
	for (struct undo *u = undos; u != NULL; u = u->next)
		if (u->len == 0)
			take_back(u);
	for (const struct named *m = nameds; m != NULL; m = m->next)
		take_back_name(m);
	snprintf(text, sizeof(text),
	    "powercut: in call %llu, %u sectors unsynced\n",
	    (unsigned long long)calls, n);
	(void)!syscall(SYS_write, STDERR_FILENO, text, strlen(text));
	for (;;)
		kill(getpid(), SIGKILL);
}

static void
count_call(void)
{
	if (++calls == cut_at)
		cut();
}

static void *
wait_for_cut(void *arg)
{
	ssize_t n;
	char c;

	do
		n = read(cut_fd, &c, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		return arg; /* whoever could have cut is gone */
	pthread_mutex_lock(&lock);
	cut();
	return arg;
}

/* --- which files ---------------------------------------------------------- */

static bool
below_home(const char *path)
{
	size_t n = strlen(home);

	return n > 0 && strncmp(path, home, n) == 0 &&
	    (path[n] == '/' || path[n] == '\0');
}

/* Is fd a plain file of the home, or a directory of it? The log is not. */
static bool
ours(int fd, char path[static PATH_LEN], struct stat *st)
{
	char link[64];
	ssize_t n;

	if (home[0] == '\0' || fd <= STDERR_FILENO || fstat(fd, st) < 0 ||
	    !(S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)))
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_LEN - 1);
	if (n < 0)
		return false;
	path[n] = '\0';
	return below_home(path);
}

/* The absolute path of name, taken at dir. */
static bool
absolute(int dir, const char *name, char path[static PATH_LEN])
{
	char base[PATH_LEN];
	struct stat st;

	if (name[0] == '/')
		return snprintf(path, PATH_LEN, "%s", name) < PATH_LEN &&
		    below_home(path);
	if (dir == AT_FDCWD || !ours(dir, base, &st))
		return false;
	return snprintf(path, PATH_LEN, "%s/%s", base, name) < PATH_LEN;
}

/* --- what is not durable -------------------------------------------------- */

static struct undo *
add_undo(const struct stat *st, const char *path, off_t at)
{
	struct undo *u = need(sizeof(*u));

	u->dev = st->st_dev;
	u->ino = st->st_ino;
	u->at = at;
	snprintf(u->path, sizeof(u->path), "%s", path);
	u->next = undos;
	undos = u;
	return u;
}

static void
note_size(const struct stat *st, const char *path)
{
	for (struct undo *u = undos; u != NULL; u = u->next)
		if (u->len == 0 && u->dev == st->st_dev && u->ino == st->st_ino)
			return;
	add_undo(st, path, st->st_size);
}

/* The bytes from at to end, sector by sector, before they are written over;
 * zeros behind the end of the file. */
static void
note_data(const struct stat *st, const char *path, off_t at, off_t end)
{
	struct undo *u;
	off_t stop;
	int fd = raw_open(AT_FDCWD, path, O_RDONLY, 0);

	for (; at < end; at = stop) {
		stop = (at / SECTOR + 1) * SECTOR;
		if (stop > end)
			stop = end;
		u = add_undo(st, path, at);
		u->len = (size_t)(stop - at);
		if (pread(fd, u->old, u->len, at) < 0)
			abort();
	}
	close(fd);
}

static void
note_name(const char *from, const char *to)
{
	struct named *n = need(sizeof(*n));

	snprintf(n->from, sizeof(n->from), "%s", from);
	snprintf(n->to, sizeof(n->to), "%s", to);
	n->next = nameds;
	nameds = n;
}

/* Undo records follow their file to its new name. */
static void
follow(const char *from, const char *to)
{
	for (struct undo *u = undos; u != NULL; u = u->next)
		if (strcmp(u->path, from) == 0)
			snprintf(u->path, sizeof(u->path), "%s", to);
}

static void
settle_file(const struct stat *st)
{
	for (struct undo **p = &undos, *u; (u = *p) != NULL;) {
		if (u->dev == st->st_dev && u->ino == st->st_ino) {
			*p = u->next;
			free(u);
		} else {
			p = &u->next;
		}
	}
}

static bool
in_dir(const char *path, const char *dir)
{
	const char *slash = strrchr(path, '/');
	size_t n = strlen(dir);

	return slash != NULL && (size_t)(slash - path) == n &&
	    strncmp(path, dir, n) == 0;
}

static void
settle_dir(const char *dir)
{
	for (struct named **p = &nameds, *n; (n = *p) != NULL;) {
		if (!in_dir(n->from[0] != '\0' ? n->from : n->to, dir)) {
			p = &n->next;
			continue;
		}
		if (strstr(n->to, ".powercut/") != NULL)
			syscall(SYS_unlinkat, AT_FDCWD, n->to, 0);
		*p = n->next;
		free(n);
	}
}

/* --- the calls ------------------------------------------------------------ */

static bool
no_room(const struct stat *st, off_t end)
{
	return full[0] != '\0' && end > st->st_size && access(full, F_OK) == 0;
}

/* Of a file of ours: at < 0 is the end or the position, as write has it. */
static ssize_t
write_call(int fd, const void *buf, size_t len, off_t at)
{
	bool here = at < 0;
	char path[PATH_LEN];
	struct stat st;
	ssize_t n;

	if (!ours(fd, path, &st))
		return here ? syscall(SYS_write, fd, buf, len)
			    : raw_pwrite(fd, buf, len, at);
	if (here)
		at = (fcntl(fd, F_GETFL) & O_APPEND) != 0
		    ? st.st_size
		    : lseek(fd, 0, SEEK_CUR);
	if (no_room(&st, at + (off_t)len)) {
		errno = ENOSPC;
		return -1;
	}
	pthread_mutex_lock(&lock);
	note_data(&st, path, at, at + (off_t)len);
	if (at + (off_t)len > st.st_size)
		note_size(&st, path);
	n = here ? syscall(SYS_write, fd, buf, len)
		 : raw_pwrite(fd, buf, len, at);
	count_call();
	pthread_mutex_unlock(&lock);
	return n;
}

ssize_t
pwrite(int fd, const void *buf, size_t len, off_t at)
{
	return write_call(fd, buf, len, at);
}

ssize_t
write(int fd, const void *buf, size_t len)
{
	return write_call(fd, buf, len, -1);
}

static int
sync_call(int fd, long number)
{
	char path[PATH_LEN];
	struct stat st;
	int rc = 0;

	if (!ours(fd, path, &st))
		return (int)syscall(number, fd);
	if (sync_ms > 0)
		(void)!poll(NULL, 0, sync_ms); /* a slow disk */
	pthread_mutex_lock(&lock);
	count_call();
	if (!lie)
		rc = (int)syscall(number, fd);
	if (rc == 0 && !lie && S_ISDIR(st.st_mode))
		settle_dir(path);
	else if (rc == 0 && !lie)
		settle_file(&st);
	pthread_mutex_unlock(&lock);
	return rc;
}

int
fdatasync(int fd)
{
	return sync_call(fd, SYS_fdatasync);
}

int
fsync(int fd)
{
	return sync_call(fd, SYS_fsync);
}

int
ftruncate(int fd, off_t size)
{
	char path[PATH_LEN];
	struct stat st;
	int rc;

	if (!ours(fd, path, &st))
		return (int)syscall(SYS_ftruncate, fd, size);
	pthread_mutex_lock(&lock);
	note_size(&st, path);
	note_data(&st, path, size, st.st_size);
	rc = (int)syscall(SYS_ftruncate, fd, size);
	count_call();
	pthread_mutex_unlock(&lock);
	return rc;
}

int
posix_fallocate(int fd, off_t at, off_t len)
{
	char path[PATH_LEN];
	struct stat st;
	int rc;

	if (!ours(fd, path, &st))
		return raw_fallocate(fd, at, len);
	if (no_room(&st, at + len))
		return ENOSPC;
	pthread_mutex_lock(&lock);
	if (at + len > st.st_size)
		note_size(&st, path);
	rc = raw_fallocate(fd, at, len);
	count_call();
	pthread_mutex_unlock(&lock);
	return rc;
}

static int
open_call(int dir, const char *name, int flags, mode_t mode)
{
	char path[PATH_LEN];
	bool made;
	int fd;

	if (!(flags & O_CREAT) || !absolute(dir, name, path))
		return raw_open(dir, name, flags, mode);
	pthread_mutex_lock(&lock);
	made = access(path, F_OK) < 0;
	fd = raw_open(dir, name, flags, mode);
	if (fd >= 0 && made)
		note_name("", path);
	pthread_mutex_unlock(&lock);
	return fd;
}

int
open(const char *name, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return open_call(AT_FDCWD, name, flags, mode);
}

int
openat(int dir, const char *name, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return open_call(dir, name, flags, mode);
}

/* The file waits beside the home until its directory is synced. */
int
unlinkat(int dir, const char *name, int flags)
{
	char path[PATH_LEN], grave[PATH_LEN];
	int rc;

	if (flags != 0 || !absolute(dir, name, path))
		return (int)syscall(SYS_unlinkat, dir, name, flags);
	pthread_mutex_lock(&lock);
	snprintf(grave, sizeof(grave), "%.900s.powercut/%d-%u", home,
	    (int)getpid(), ngraves++);
	rc = raw_move(path, grave);
	if (rc == 0) {
		note_name(path, grave);
		follow(path, grave);
	}
	count_call();
	pthread_mutex_unlock(&lock);
	return rc;
}

int
unlink(const char *name)
{
	return unlinkat(AT_FDCWD, name, 0);
}

/* The same with 64-bit offsets, which are all there are here. */
#define ALIAS(fn) __attribute__((alias(#fn)))
ssize_t pwrite64(int fd, const void *buf, size_t len, off64_t at) ALIAS(pwrite);
int ftruncate64(int fd, off64_t size) ALIAS(ftruncate);
int posix_fallocate64(int fd, off64_t at, off64_t len) ALIAS(posix_fallocate);
int open64(const char *name, int flags, ...) ALIAS(open);
int openat64(int dir, const char *name, int flags, ...) ALIAS(openat);

static uint64_t
setting(const char *name)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : 0;
}

static void
start_watch(void)
{
	sigset_t all, old;
	pthread_t thread;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (pthread_create(&thread, NULL, wait_for_cut, NULL) != 0)
		abort();
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

__attribute__((constructor)) static void
begin(void)
{
	const char *text = getenv("POWERCUT_HOME");

	unsetenv("LD_PRELOAD"); /* not for the children */
	if (text == NULL)
		return;
	coin_state = setting("POWERCUT_SEED");
	cut_at = setting("POWERCUT_AT");
	sync_ms = (int)setting("POWERCUT_SYNC_MS");
	lie = getenv("POWERCUT_LIE") != NULL;
	if (getenv("POWERCUT_FULL") != NULL)
		snprintf(full, sizeof(full), "%s", getenv("POWERCUT_FULL"));
	snprintf(home, sizeof(home), "%s", text);
	if (getenv("POWERCUT_FD") != NULL) {
		cut_fd = (int)setting("POWERCUT_FD");
		fcntl(cut_fd, F_SETFD, FD_CLOEXEC);
		start_watch();
	}
}
