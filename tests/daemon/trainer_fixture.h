/*
 * trainer_fixture.h - federations made of the repository's tables, for tests
 * that train. Everything aborts on failure.
 */
#ifndef QML_TESTS_DAEMON_TRAINER_FIXTURE_H
#define QML_TESTS_DAEMON_TRAINER_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/federation.h"

#define FIXTURE_PATH_LEN 512

/* n members; schema and vqc job fitting the table, with few layers. The key
 * of the member at index i is fixture_key(f, i). */
struct federation fixture_federation(const char *csv, uint16_t n,
    uint16_t layers);
struct sign_key *fixture_key(const struct federation *f, uint16_t i);
/* Canonical bytes into a file. */
void fixture_write_federation(const struct federation *f, const char *path);
void fixture_write(const char *path, const char *text);
/* A fresh directory under TMPDIR; removed with its files by _remove. */
void fixture_make_dir(char dir[static FIXTURE_PATH_LEN]);
void fixture_remove_dir(const char *dir);
/* Runs $QML_BUILD/qmltrain with the words of argv (NULL-terminated, argv[0]
 * is the command); stdout and stderr together into out. Its exit status. */
int fixture_run(const char *const *argv, char *out, size_t size);
/* The program under test. */
const char *fixture_program(void);

#endif
