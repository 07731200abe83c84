/* DATA.terms: never crashes, never leaks; every refusal says why, and what is
 * read allows nothing that it does not name. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "config/terms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct job job = {.main.kind = JOB_VQC};
	struct config_error e = {.file = "f"};
	struct terms t;
	char why[256];
	int rc = terms_parse(&t, data, len, &e);

	if (rc == 0) {
		const char *no = terms_refuse(&t, &job, why, sizeof(why));

		assert(terms_eps_milli(&t) <= 1000000);
		assert((t.epsilon.mant == 0) == (terms_eps_milli(&t) == 0));
		assert(t.delta_exp >= 1 && t.delta_exp <= 18);
		assert(t.tasks.n > 0 || no != NULL);
		assert(t.epsilon.mant == 0 || no != NULL);
	} else {
		assert(strncmp(e.text, "f", 1) == 0);
		assert(t.tasks.text == NULL);
	}
	terms_close(&t);
	return 0;
}
