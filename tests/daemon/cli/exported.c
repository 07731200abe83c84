#include "exported.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/cli/ctl.h"
#include "daemon/node/jv.h"
#include "quietly.h"

void
export_chain(const struct rich *r, const char *name, bool light,
    char path[static PATH_LEN])
{
	snprintf(path, PATH_LEN, "%s/%s", r->root, name);
	assert_int_equal(quietly(ctl_cmd_chain,
			     (const char *[]){"chain", "export", path, "--home",
				 r->root, light ? "--without-payloads" : NULL,
				 NULL}),
	    0);
}

char *
proof_of(const char *path, uint64_t height)
{
	struct tlog log = TLOG_INIT;
	const struct audit_order o = {.path = path, .log = &log};
	struct audit_watch watch;
	struct history_proof p;
	struct audit a;
	struct jv *v;
	char *text;

	history_proof_open(&p, height);
	watch = history_proof_watch(&p);
	assert_int_equal(audit_watch(&a, &o, &watch), 0);
	v = history_proof_json(&p);
	history_proof_close(&p);
	tlog_close(&log);
	text = jv_dump(v);
	jv_free(v);
	assert_non_null(text);
	return text;
}

int
check_proof(const char *text, struct history_claim *c)
{
	char err[160], why[HISTORY_PROOF_WHY_LEN] = "";
	struct jv *v = jv_parse(text, strlen(text), err, sizeof(err));
	int rc = v ? history_proof_check(v, c, why) : -EBADMSG;

	jv_free(v);
	return rc;
}
