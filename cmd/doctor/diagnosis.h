/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What doctor found: rows of one table, and what is left to do. */
#ifndef SUBANK_CMD_DOCTOR_DIAGNOSIS_H
#define SUBANK_CMD_DOCTOR_DIAGNOSIS_H

#include "cmd/check/fitness.h"
#include "cmd/frame/env.h"

struct symptom {
	char *check;
	char *where; /* a cluster, a path, an account … */
	char *found;
	char *advice; /* "" when there is nothing to do */
	enum verdict verdict;
};

struct diagnosis {
	struct symptom *list;
	size_t count;
	bool failed; /* memory ran out */
};

/* Adds a row; texts are copied. [advice] may be NULL. */
void diagnose(struct diagnosis *diagnosis, enum verdict verdict, const char *check,
	      const char *where, const char *advice, const char *found, ...)
	__attribute__((format(printf, 6, 7)));

/* Adds a row for names, if there are any: how many, and the first of them. */
void diagnose_names(struct diagnosis *diagnosis, enum verdict verdict, const char *check,
		    const char *where, const char *advice, const char *const names[], size_t count);

/* Prints the table as the options ask and, for people, what is left to do. Returns the exit status:
 * EXIT_PART when something is bad. */
int diagnosis_print(struct env *env, const struct diagnosis *diagnosis);

void diagnosis_release(struct diagnosis *diagnosis);

#endif
