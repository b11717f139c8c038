/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The accounts that a verb is about: its arguments and those of --accounts. */
#pragma once

#include "cmd/frame/env.h"
#include "ledger/books/books.h"

struct selection {
	char (*names)[NAME_SIZE]; /* folded, by name, each once */
	const char **list; /* the same as pointers */
	size_t count; /* 0: all accounts */
	size_t missing; /* how many names selection_find() removed */
};

/* Reads the names. Returns EXIT_DONE or, with a message, EXIT_USAGE. The caller calls
 * selection_release(). */
int selection_read(struct env *env, int argc, const char *const argv[], struct selection *ret);

/* Reports and removes names of no account, so that the others can be printed; the verb then ends
 * with EXIT_REFUSED. Fails with SB_ENOTFOUND when none is left. */
int selection_find(struct selection *selection, struct env *env, struct books *books,
		   struct sb_error *err);

/* Whether the selection has the account, or is empty. */
bool selection_has(const struct selection *selection, const char *name);

void selection_release(struct selection *selection);
