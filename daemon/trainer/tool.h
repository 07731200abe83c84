/*
 * tool.h - the commands of qmltrain that work on files.
 *
 * Each takes argv from its own name on and returns the exit status. Sentences
 * for people go to stdout, complaints to stderr; --json prints one object on
 * one line instead.
 */
#ifndef QML_DAEMON_TRAINER_TOOL_H
#define QML_DAEMON_TRAINER_TOOL_H

#include <stdint.h>

#include "daemon/trainer/session.h"
#include "proto/federation.h"

enum tool_exit {
	TOOL_DONE = 0,
	TOOL_FAILED = 1,
	TOOL_USAGE = 2,
	TOOL_NOT_FOUND = 5,
	TOOL_DIFFERS = 8, /* verification failed */
};

int tool_check(int argc, char **argv);
int tool_inspect(int argc, char **argv);
int tool_split(int argc, char **argv);
int tool_convert(int argc, char **argv);
int tool_baseline(int argc, char **argv);
int tool_train(int argc, char **argv);
int tool_score(int argc, char **argv);
int tool_predict(int argc, char **argv);
int tool_export(int argc, char **argv);
int tool_replay(int argc, char **argv);
int tool_drill(int argc, char **argv);
int tool_sweep(int argc, char **argv);
int tool_privacy(int argc, char **argv);

/* What several commands need. All complain on stderr and return an exit
 * status. */

/* A federation from its YAML file or its canonical bytes. */
int tool_load_federation(const char *path, struct federation *f);
/* A whole file, at most max bytes; *data is malloc'd. */
int tool_load_file(const char *path, size_t max, uint8_t **data, size_t *len);
/* A model: big-endian Q24, or the JSON that `qmlctl model export` writes. The
 * job that such a file carries takes the place of f's; without one the model
 * is of f's own. *model is malloc'd: [f->job.dim]. */
int tool_load_model(const char *path, struct federation *f, int64_t **model);
/* As session_open, for the owner of the rows at a terminal. */
int tool_open_session(struct session *s, const struct federation *f,
    const struct session_source *source, struct table *t);
/* For session_trial_seed: of 64 hex digits; NULL: drawn. */
int tool_seed_from(const char *hex, struct hash *from);

#endif
