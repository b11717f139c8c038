/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The placeholders for values in the tables of verbs and options, such as ACCOUNT and TIME: their
 * meanings for the manual, and their values for shell completion. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Where shell completion finds the values. */
enum argument_from {
	FROM_NOWHERE, /* only the user knows the value */
	FROM_WORDS,
	FROM_KINDS, /* the kinds of entries */
	FROM_VERBS,
	FROM_ACCOUNTS, /* of the bank */
	FROM_CLUSTERS, /* of the settings and the bank */
	FROM_RESOURCES, /* [words], and other resources of the bank */
	FROM_FILES,
	FROM_FOLDERS,
};

struct argument {
	const char *name;
	enum argument_from from;
	bool list; /* several values, separated by commas */
	const char *words; /* FROM_WORDS, FROM_RESOURCES: separated by spaces */
	const char *meaning; /* a phrase (prose.h) */
};

/* Return NULL when there is no such placeholder. */
const struct argument *argument_at(size_t place);
const struct argument *argument_find(const char *name, size_t len);

/* Finds the next word of *text, such as "ACCOUNT [SU|PERCENT%|all]". Sets *ret to its first byte
 * and moves *text past it. Returns its length; 0 when there is none. */
size_t argument_word(const char **text, const char **ret);

/* True if the word is a placeholder, in capitals, and not a word that is typed literally. */
bool argument_is_value(const char *word);
