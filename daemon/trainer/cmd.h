/*
 * cmd.h - the commands of qmltrain that work on files.
 *
 * Each takes argv from its own name on and returns the exit status. Sentences
 * for people go to stdout, complaints to stderr; --json prints one object on
 * one line instead.
 */
#ifndef QML_DAEMON_TRAINER_CMD_H
#define QML_DAEMON_TRAINER_CMD_H

#include <stdint.h>

#include "daemon/trainer/session.h"
#include "proto/federation.h"

enum cmd_exit {
	CMD_DONE = 0,
	CMD_FAILED = 1,
	CMD_USAGE = 2,
	CMD_NOT_FOUND = 5,
	CMD_DIFFERS = 8, /* verification failed */
};

int cmd_check(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_split(int argc, char **argv);
int cmd_baseline(int argc, char **argv);
int cmd_train(int argc, char **argv);
int cmd_score(int argc, char **argv);
int cmd_predict(int argc, char **argv);
int cmd_replay(int argc, char **argv);

/* What several commands need. All complain on stderr and return an exit
 * status. */

/* A federation from its YAML file or its canonical bytes. */
int cmd_load_federation(const char *path, struct federation *f);
/* A whole file, at most max bytes; *data is malloc'd. */
int cmd_load_file(const char *path, size_t max, uint8_t **data, size_t *len);
/* A model of dim parameters: big-endian Q24, or the JSON that `qmlctl model
 * export` writes. *model is malloc'd. */
int cmd_load_model(const char *path, uint32_t dim, int64_t **model);
/* As session_open, for the owner of the rows at a terminal. */
int cmd_open_session(struct session *s, const struct federation *f,
	const struct session_source *source, struct table *t);

#endif
