/*
 * ctl_methods.h - what the control socket answers: a table of methods.
 */
#ifndef QML_DAEMON_NODE_CTL_METHODS_H
#define QML_DAEMON_NODE_CTL_METHODS_H

#include <stdbool.h>

#include "daemon/node/ctl_line.h"
#include "daemon/node/node.h"

struct ctl_method {
	const char *name;
	bool writes; /* needs more than the right to look */
	/* The result, owned by the caller; NULL with *code and err set. */
	struct jv *(*run)(struct node *n, const struct jv *params,
	    enum ctl_error *code, char *err, size_t errlen);
	const char *help;
};

/* NULL: no such method. */
const struct ctl_method *ctl_method_find(const char *name);

struct jv *ctl_round_json(const struct node *n,
    const struct ledger_round_summary *s);

#endif
