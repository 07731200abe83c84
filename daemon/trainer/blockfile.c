#include "daemon/trainer/blockfile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/refounded.h"
#include "daemon/trainer/tool.h"

static int
complain(const char *what, const char *why)
{
	fprintf(stderr, "qmltrain: replay: %s: %s\n", what, why);
	return TOOL_FAILED;
}

/* Splits DIR/chain into the disk's root and a name below it. */
int
blockfile_open(struct blockfile *c, const char *home, const char *chain)
{
	char root[BLOCKFILE_PATH_LEN], name[DISK_NAME_MAX] = SEGMENTS_DIR;
	struct segments_report report = {.verdict = RECORD_OK};
	const char *slash;
	size_t len;
	int rc;

	snprintf(root, sizeof(root), "%s", home ? home : chain);
	if (!home) {
		len = strlen(root);
		while (len > 1 && root[len - 1] == '/')
			root[--len] = '\0';
		slash = strrchr(root, '/');
		snprintf(name, sizeof(name), "%.127s",
		    slash ? slash + 1 : root);
		snprintf(root + (slash ? slash - root + 1 : 0), 2, "%s",
		    slash ? "" : ".");
	}
	memcpy(c->beside, root, sizeof(root));
	rc = disk_posix_open_readonly(&c->disk, root);
	if (rc == 0)
		rc = segments_open(&c->segments, &c->disk.disk, name,
		    SEGMENTS_READ, &report);
	if (rc == 0)
		return TOOL_DONE;
	if (rc == -EBADMSG)
		fprintf(stderr,
		    "qmltrain: replay: the chain is damaged at "
		    "block %" PRIu64 ": %s; `qmlnode audit` says more\n",
		    report.height, record_verdict_text(report.verdict));
	else
		complain(home ? home : chain, strerror(-rc));
	return rc == -ENOENT ? TOOL_NOT_FOUND : TOOL_FAILED;
}

/* Where those who were left went on without a quorum; beside the chain. */
static int
read_refounded(const struct blockfile *c, struct federation *f)
{
	char path[BLOCKFILE_PATH_LEN + 16];
	uint8_t *data = NULL;
	size_t len = 0;
	int rc;

	snprintf(path, sizeof(path), "%s/" REFOUNDED_FILE, c->beside);
	if (access(path, F_OK) != 0)
		return 0;
	rc = tool_load_file(path, REFOUNDED_BYTES_MAX, &data, &len);
	if (rc != TOOL_DONE)
		return -EIO;
	rc = federation_refound_all(f, data, len);
	free(data);
	return rc;
}

int
blockfile_ledger(struct blockfile *c, struct ledger **out)
{
	struct federation f = FEDERATION_INIT;
	struct bytes_reader reader;
	uint8_t *data = NULL;
	uint32_t len = 0;
	int rc;

	rc = segments_read(&c->segments, 0, &data, &len);
	if (rc < 0)
		return complain("block 0", strerror(-rc));
	reader = bytes_reader_of(data, len);
	federation_get(&reader, &f);
	rc = bytes_reader_done(&reader) ? read_refounded(c, &f) : -EBADMSG;
	if (rc == 0)
		rc = ledger_new(&f, out);
	free(data);
	federation_close(&f);
	return rc < 0 ? complain("block 0", strerror(-rc)) : TOOL_DONE;
}

struct block *
blockfile_block(struct blockfile *c, uint64_t height)
{
	struct bytes_reader reader;
	struct block *b;
	uint8_t *data = NULL;
	uint32_t len = 0;

	if (segments_read(&c->segments, height, &data, &len) < 0)
		return NULL;
	reader = bytes_reader_of(data, len);
	b = block_get_full(&reader, ANSWER_DIM_MAX);
	free(data);
	return b;
}

static int
no_such(const char *what, const char *name)
{
	(void)complain(what, name);
	return TOOL_NOT_FOUND;
}

static bool
seat_named(const struct ledger *l, const char *name, uint16_t *seat)
{
	for (uint16_t i = 0; i < ledger_nmembers(l); i++) {
		const struct member *m = ledger_member(l, i);

		if (m != NULL && strcmp(m->name, name) == 0) {
			*seat = i;
			return true;
		}
	}
	return false;
}

int
blockfile_seat(struct blockfile *c, const char *name, uint16_t *seat)
{
	const uint64_t head = segments_head(&c->segments);
	struct ledger *l = NULL;
	struct block *b;
	int rc = blockfile_ledger(c, &l);
	bool found;

	if (rc != TOOL_DONE)
		return rc;
	found = seat_named(l, name, seat);
	for (uint64_t h = 1; rc == 0 && !found && h <= head; h++) {
		b = blockfile_block(c, h);
		rc = b != NULL ? ledger_replay(l, b) : -EBADMSG;
		found = rc == 0 && seat_named(l, name, seat);
		block_free(b);
	}
	ledger_free(l);
	if (rc < 0)
		return complain("the chain", strerror(-rc));
	return found ? TOOL_DONE : no_such("no member has this name", name);
}

void
blockfile_close(struct blockfile *c)
{
	segments_close(&c->segments);
	disk_posix_close(&c->disk);
}
