#include "tests/fuzz/village.h"

#include <assert.h>

/* NOLINTNEXTLINE(bugprone-suspicious-include) */
#include "tests/consensus/replica/village.c"

const struct village *
village_get(void)
{
	static struct village v;
	int rc;

	if (v.keys[0] != NULL)
		return &v;
	rc = sign_setup();
	assert(rc == 0);
	village_found(&v.f, VILLAGE_N, v.keys);
	rc = federation_id(&v.f, &v.id);
	assert(rc == 0);
	return &v;
}
