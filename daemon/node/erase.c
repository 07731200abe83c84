#include "daemon/node/erase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "daemon/node/home.h"
#include "daemon/node/keys.h"

#define SECRET_MAX 4096 /* bytes of one */

static void
look_at(int fd, struct erase_report *out)
{
	static const struct {
		uint32_t magic;
		struct erase_report report;
	} known[] = {
	    {0xef53, {"ext", true}},
	    {0x58465342, {"xfs", true}},
	    {0x01021994, {"tmpfs", true}},
	    {0x9123683e, {"btrfs", false}},
	    {0x2fc12fc1, {"zfs", false}},
	    {0xf2f52010, {"f2fs", false}},
	    {0x794c7630, {"overlay", false}},
	    {0x6969, {"nfs", false}},
	};
	struct statfs s;

	*out = (struct erase_report){"unknown", false};
	if (fstatfs(fd, &s) < 0)
		return;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if ((uint32_t)s.f_type == known[i].magic)
			*out = known[i].report;
}

static int
overwrite(int fd, size_t len, bool with_zeroes)
{
	uint8_t bytes[SECRET_MAX] = {0};
	ssize_t n;

	if (!with_zeroes)
		keys_random(bytes, len);
	n = pwrite(fd, bytes, len, 0);
	if (n < 0)
		return -errno;
	if ((size_t)n != len)
		return -EIO;
	return fsync(fd) < 0 ? -errno : 0;
}

int
erase_file(const char *path, struct erase_report *out)
{
	int rc = 0, fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	*out = (struct erase_report){"unknown", false};
	if (fd < 0)
		return -errno;
	look_at(fd, out);
	if (fstat(fd, &st) < 0)
		rc = -errno;
	else if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_size < 1 ||
	    st.st_size > SECRET_MAX)
		rc = -EINVAL;
	if (rc == 0)
		rc = overwrite(fd, (size_t)st.st_size, false);
	if (rc == 0)
		rc = overwrite(fd, (size_t)st.st_size, true);
	close(fd);
	if (rc == 0 && unlink(path) < 0)
		rc = -errno;
	return rc == 0 ? home_sync_folder(path) : rc;
}
