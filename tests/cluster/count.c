#include "tests/cluster/count.h"

static const char *const texts[COUNTS] = {
#define COUNT_TEXT(name, text) [COUNT_##name] = text,
    COUNT_LIST(COUNT_TEXT)
#undef COUNT_TEXT
};

const char *
count_text(enum count c)
{
	return texts[c];
}
