/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which entries `subank journal` prints: its options, read and checked. */
#ifndef SUBANK_CMD_SHOW_JOURNAL_FILTER_H
#define SUBANK_CMD_SHOW_JOURNAL_FILTER_H

#include "cmd/show/selection.h"
#include "ledger/books/entries.h"

struct journal_filter {
	const struct env *env;
	struct selection selection;
	struct settings clusters; /* those of --clusters, and nothing else */
	bool kinds[EVENT_KIND_END]; /* when [some_kinds] */
	bool some_kinds;
	const char *actor; /* a user's or login's name or number; NULL: anybody */
	const char *ref; /* NULL: whatever it is */
	const char *user, *partition; /* of a job that the entry is about; NULL: any, or none */
	struct entry_range range; /* accounts, numbers and times */
};

/* Reads arguments and options. Returns EXIT_DONE or, with a message, another status.
 * journal_filter_release() it. */
int journal_filter_read(struct env *env, int argc, const char *const argv[],
			struct journal_filter *ret);
void journal_filter_release(struct journal_filter *filter);

/* Checks what only the books know: accounts, and where the ref is. Tells whoever asks for numbers
 * or a ref that are not there. */
int journal_filter_check(struct env *env, struct books *books, struct journal_filter *filter,
			 struct sb_error *err);

/* Whether an entry of the range is to be printed. What gives a job's use back is about the job. */
int journal_filter_has(const struct journal_filter *filter, struct books *books,
		       const struct event *event, bool *ret, struct sb_error *err);

#endif
