/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What doctor found: the rows of one table, and what is left to do. */
#pragma once

#include "cmd/check/fitness.h"
#include "cmd/frame/env.h"

struct symptom {
	char *check;
	char *where; /* a cluster, a path, an account … */
	char *found;
	char *advice; /* "" when there is nothing to do */
	enum verdict verdict;
};

/* Starts with [env] alone; diagnosis_release() frees it. */
struct diagnosis {
	struct env *env;
	const char *where; /* of the rows that are added next */
	struct symptom *list;
	size_t count;
	bool failed; /* memory ran out */
};

/* Adds a row, with copies of the texts. If [advice] is NULL, VERDICT_WARN and VERDICT_BAD
 * become VERDICT_OK. */
void diagnose(struct diagnosis *rows, enum verdict verdict, const char *check, const char *advice,
	      const char *found, ...) __attribute__((format(printf, 5, 6)));

/* Adds a bad row: it could not be read, with the error as advice. */
void diagnose_unread(struct diagnosis *rows, const char *check, const struct sb_error *err);

/* Names for one row; zeroed, it is empty. */
struct names {
	char **list;
	size_t count;
};

/* Adds a copy of the name. */
void names_add(struct diagnosis *rows, struct names *names, const char *name);
void names_release(struct names *names);

/* Adds a row with the number of names and the first of them, if there are any. */
void diagnose_list(struct diagnosis *rows, enum verdict verdict, const char *check,
		   const char *advice, const char *const names[], size_t count);
/* The same; releases the names. */
void diagnose_names(struct diagnosis *rows, enum verdict verdict, const char *check,
		    const char *advice, struct names *names);

/* Prints the table as the options ask and, for people, what is left to do. Returns the exit status:
 * EXIT_PART when something is bad. */
int diagnosis_print(const struct diagnosis *rows);

void diagnosis_release(struct diagnosis *rows);
