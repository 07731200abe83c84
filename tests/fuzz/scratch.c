#include "tests/fuzz/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_LEN 512

static char folder[PATH_LEN / 2];

static void
remove_folder(void)
{
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			(void)unlink(scratch_path(e->d_name));
	if (d != NULL)
		closedir(d);
	(void)rmdir(folder);
}

const char *
scratch_dir(void)
{
	const char *in = getenv("TMPDIR");

	if (folder[0] != '\0')
		return folder;
	if (access("/dev/shm", W_OK) == 0)
		in = "/dev/shm";
	else if (in == NULL)
		in = "/tmp";
	snprintf(folder, sizeof(folder), "%.200s/qml-fuzz-XXXXXX", in);
	if (mkdtemp(folder) == NULL)
		abort();
	atexit(remove_folder);
	return folder;
}

const char *
scratch_path(const char *name)
{
	static char path[PATH_LEN];

	snprintf(path, sizeof(path), "%s/%.250s", scratch_dir(), name);
	return path;
}

const char *
scratch_put(const char *name, const void *data, size_t len)
{
	const char *path = scratch_path(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || (len > 0 && write(fd, data, len) != (ssize_t)len))
		abort();
	close(fd);
	return path;
}

char *
scratch_get(const char *name, size_t *len)
{
	int fd = open(scratch_path(name), O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *data;

	if (fd < 0 || fstat(fd, &st) < 0) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	data = calloc(1, (size_t)st.st_size + 1);
	if (data == NULL || read(fd, data, (size_t)st.st_size) != st.st_size)
		abort();
	close(fd);
	*len = (size_t)st.st_size;
	return data;
}
