/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The entries that `subank journal` prints: its options, read and checked. */
#pragma once

#include "cmd/show/selection.h"
#include "ledger/books/entries.h"

struct journal_filter {
	const struct env *env;
	struct selection selection;
	struct settings clusters; /* only the clusters of --clusters */
	bool kinds[EVENT_KIND_END]; /* of --kind, if [some_kinds] */
	bool some_kinds;
	const char *actor; /* the name or number of a user or login; NULL: any */
	const char *ref; /* NULL: any */
	const char *user, *partition; /* of the entry's job; NULL: any, or no job */
	struct purses purses; /* those of the selection, if it has names */
	const char **names; /* the names of [purses] */
	struct entry_range range; /* accounts, numbers and times */
};

/* Reads arguments and options. Returns EXIT_DONE or, with a message, another status. The caller
 * calls journal_filter_release(). */
int journal_filter_read(struct env *env, int argc, const char *const argv[],
			struct journal_filter *ret);
void journal_filter_release(struct journal_filter *filter);

/* Checks the filter against the books: its accounts, and where its ref is. Prints a note when its
 * numbers or its ref do not exist. */
int journal_filter_check(struct env *env, struct books *books, struct journal_filter *filter,
			 struct sb_error *err);

/* Lists the purses whose entries to print once more, since purses may have been opened meanwhile.
 */
int journal_filter_purses(struct journal_filter *filter, struct books *books, struct sb_error *err);
/* Whether entries may be of other resources than SU. */
int journal_filter_has_resources(const struct journal_filter *filter, struct books *books,
				 bool *ret, struct sb_error *err);

/* Sets *ret to whether an entry of the range is to be printed. An entry that gives back the use of
 * a job counts as one about that job. */
int journal_filter_has(const struct journal_filter *filter, struct books *books,
		       const struct event *event, bool *ret, struct sb_error *err);
