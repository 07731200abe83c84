#include "tests/fuzz/whole.h"

#include <string.h>

#include "daemon/cli/pasted.h"

bool
whole_line(const char *text, const char *magic, const char *context, char *out,
    size_t len)
{
	const char *p = strstr(text, magic);
	char *last;
	size_t n = 0;

	if (p == NULL)
		return false;
	while (*p != '\0') {
		size_t word = strcspn(p, " \t\r\n");

		if (n + word + 2 + PASTED_CHECK_LEN >= len)
			return false;
		memcpy(out + n, p, word);
		n += word;
		p += word + strspn(p + word, " \t\r\n");
		out[n++] = ' ';
	}
	out[n - 1] = '\0';
	last = strrchr(out, ' ');
	if (last == NULL)
		return false;
	pasted_check(out, (size_t)(last - out), context, last + 1);
	return true;
}
