/*
 * exported.h - what a member gives away of a rich chain, and who is shown it.
 */
#ifndef QML_TESTS_DAEMON_CLI_EXPORTED_H
#define QML_TESTS_DAEMON_CLI_EXPORTED_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/cli/history_proof.h"
#include "rich.h"

#define PATH_LEN (RICH_ROOT_LEN + 32)

/* Runs qmlctl's command; what it says is thrown away. light: without payloads.
 * path: of the bundle, in the chain's folder. */
void export_chain(const struct rich *r, const char *name, bool light,
    char path[static PATH_LEN]);

/* The document that proves a block, out of a home or a bundle; to be freed. */
char *proof_of(const char *path, uint64_t height);
/* As history_proof_check says of its text. */
int check_proof(const char *text, struct history_claim *c);

#endif
