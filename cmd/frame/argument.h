/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words that stand for values in the tables of verbs and options ("ACCOUNT", "TIME|ENTRY"):
 * what they mean, for the manual, and what a shell may put in their place. */
#ifndef SUBANK_CMD_FRAME_ARGUMENT_H
#define SUBANK_CMD_FRAME_ARGUMENT_H

#include <stdbool.h>
#include <stddef.h>

enum argument_from {
	FROM_NOWHERE, /* nobody but the user knows it */
	FROM_WORDS,
	FROM_KINDS, /* of entries */
	FROM_VERBS,
	FROM_ACCOUNTS, /* of the bank */
	FROM_CLUSTERS, /* of the settings and the bank */
	FROM_FILES,
	FROM_FOLDERS,
};

struct argument {
	const char *name;
	enum argument_from from;
	bool list; /* several, with commas between them */
	const char *words; /* FROM_WORDS: with spaces between them */
	const char *meaning; /* a phrase (prose.h) */
};

/* By place in the table, and by name; NULL when there is none. */
const struct argument *argument_at(size_t place);
const struct argument *argument_find(const char *name, size_t len);

/* The next word of a text like "ACCOUNT [SU|PERCENT%|all]" from *text on, which is moved behind it;
 * 0 when there is none. Returns its length, and its begin in *ret. Capitals stand for values, other
 * words for themselves. */
size_t argument_word(const char **text, const char **ret);
bool argument_is_value(const char *word);

#endif
