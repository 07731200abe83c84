/*
 * source.h - where rows come from: a file of some kind, or a command.
 *
 * A file is what its first bytes say: CSV, .npy, .npz, IDX, each also packed
 * by gzip. CSV is handed out as bytes; the others as arrays of numbers, with
 * the labels in an array of their own (.npz: "y" beside "X"; IDX and .npy: a
 * second file) or in the last column. Packed and binary files are read whole,
 * at most SOURCE_BYTES_MAX; plain CSV of any length is streamed. A sentence
 * about what is wrong never quotes a cell.
 */
#ifndef QML_DAEMON_TRAINER_SOURCE_H
#define QML_DAEMON_TRAINER_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/trainer/feeder.h"
#include "daemon/trainer/matrix.h"

#define SOURCE_BYTES_MAX ((size_t)1 << 31) /* of a file, unpacked */
#define SOURCE_ERR_LEN 1024

/* Borrowed. Exactly one of path, command and text. */
struct source_spec {
	const char *path;
	const char *labels;   /* file of the labels, or NULL */
	char *const *command; /* NULL-terminated */
	const uint8_t *text;  /* CSV that is here already */
	size_t text_len;
};

enum source_kind { SOURCE_TEXT, SOURCE_ARRAYS };

struct source {
	enum source_kind kind;
	const char *name; /* for sentences: the path, or the program */
	int fd;           /* SOURCE_TEXT of a plain file */
	struct feeder feeder;
	uint8_t *data[2]; /* whole files, unpacked; owned */
	size_t len[2];
	size_t at;              /* in data[0], while it is handed out as text */
	struct matrix features; /* SOURCE_ARRAYS */
	struct matrix labels;   /* [rows][1] */
	bool has_labels;
};

#define SOURCE_INIT                             \
	{                                       \
		.fd = -1, .feeder = FEEDER_INIT \
	}

/* -EINVAL: not such a file; -errno; -ENOMEM, all said in err. */
int source_open(struct source *s, const struct source_spec *spec,
    char err[static SOURCE_ERR_LEN]) __attribute__((warn_unused_result));
/* The next bytes of CSV; 0 at the end. */
ssize_t source_read(struct source *s, void *data, size_t len)
    __attribute__((warn_unused_result));
/* After the last byte: did the command end well? As source_open. */
int source_finish(struct source *s, char err[static SOURCE_ERR_LEN])
    __attribute__((warn_unused_result));
/* The sentence for what source_read() returned. */
void source_explain(const struct source *s, int rc,
    char err[static SOURCE_ERR_LEN]);
void source_close(struct source *s); /* accepts SOURCE_INIT */

/* The labels beside images, by the names that MNIST uses: "images" becomes
 * "labels", "idx3" "idx1". -EINVAL: the name has no "images"; -ENAMETOOLONG. */
int source_labels_path(const char *images, char *out, size_t size)
    __attribute__((warn_unused_result));

#endif
