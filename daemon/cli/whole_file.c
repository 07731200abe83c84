#include "daemon/cli/whole_file.h"

#include <errno.h>
#include <unistd.h>

int
whole_file_open(struct whole_file *w, const char *place)
{
	int n = snprintf(w->beside, sizeof(w->beside), "%s.part", place);

	w->place = place;
	if (n < 0 || (size_t)n >= sizeof(w->beside))
		return -ENAMETOOLONG;
	w->f = fopen(w->beside, "w");
	return w->f == NULL ? -errno : 0;
}

int
whole_file_close(struct whole_file *w, int rc)
{
	if (rc == 0 && (fflush(w->f) != 0 || ferror(w->f)))
		rc = errno != 0 ? -errno : -EIO;
	/* Some files cannot be synced, as a pipe's end. */
	if (rc == 0 && fsync(fileno(w->f)) != 0 && errno != EINVAL &&
	    errno != EROFS)
		rc = -errno;
	if (fclose(w->f) != 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && rename(w->beside, w->place) != 0)
		rc = -errno;
	if (rc < 0)
		(void)remove(w->beside);
	return rc;
}
