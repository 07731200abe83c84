/* A good federation.yaml in parts, for the tests that write it differently. */
#ifndef QML_TESTS_CONFIG_GOOD_FILE_H
#define QML_TESTS_CONFIG_GOOD_FILE_H

#include <string.h>

#include "config/federation_file.h"

#define HEX8(x) x x x x x x x x
#define KEY(x) HEX8(x) HEX8(x) HEX8(x) HEX8(x) /* two digits, 32 times */

/* The parts of a good file; a test replaces one. */
#define HEAD           \
	"version: 1\n" \
	"name: demo\n" \
	"founded: 2026-11-22T09:00:00Z\n"
#define MEMBERS                                                                \
	"members:\n"                                                           \
	"  - name: alpha\n"                                                    \
	"    sign: \"" KEY("a1") "\"\n"                                        \
				 "    network: \"" KEY(                        \
				     "a2") "\"\n"                              \
					   "    address: alpha.example:7701\n" \
					   "  - name: beta\n"                  \
					   "    sign: \"" KEY(                 \
					       "b1") "\"\n"                    \
						     "    network: \"" KEY(    \
							 "b2") "\"\n"
#define SCHEMA                                         \
	"schema:\n"                                    \
	"  label: digit\n"                             \
	"  labels: [0, 1, \"two\"]\n"                  \
	"  columns:\n"                                 \
	"    - {name: x, unit: mm, range: [0, 2.5]}\n" \
	"    - {names: [y, z], range: [-1e-3, 16]}\n"
#define JOB              \
	"job:\n"         \
	"  task: vqc\n"  \
	"  qubits: 2\n"  \
	"  rounds: 20\n" \
	"  seed: \"" KEY("00") "\"\n"
#define GOOD HEAD MEMBERS SCHEMA JOB

static inline int
good_file_parse(struct federation *f, const char *text, struct config_error *e)
{
	e->file = "f.yaml";
	e->text[0] = '\0';
	return federation_file_parse(f, text, strlen(text), e);
}

#endif
