#include "quietly.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define WORDS_MAX 16

int
quietly(int (*command)(int, char **), const char *const *words)
{
	int out = dup(1), err = dup(2), null = open("/dev/null", O_WRONLY);
	char *argv[WORDS_MAX + 1] = {NULL};
	int argc = 0, rc;

	assert_true(out >= 0 && err >= 0 && null >= 0);
	for (; words[argc] != NULL; argc++) {
		assert_true(argc < WORDS_MAX);
		argv[argc] = (char *)(uintptr_t)words[argc];
	}
	fflush(NULL);
	dup2(null, 1);
	dup2(null, 2);
	rc = command(argc, argv);
	fflush(NULL);
	dup2(out, 1);
	dup2(err, 2);
	close(out);
	close(err);
	close(null);
	return rc;
}
