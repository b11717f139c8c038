/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The accounts that a verb is about: its arguments and --accounts together. */
#ifndef SUBANK_CMD_SHOW_SELECTION_H
#define SUBANK_CMD_SHOW_SELECTION_H

#include "cmd/frame/env.h"
#include "ledger/books/books.h"

struct selection {
	char (*names)[NAME_SIZE]; /* folded, by name, each once */
	const char **list; /* the same as pointers */
	size_t count; /* 0: all accounts */
	size_t missing; /* names that selection_find() left out */
};

/* Reads them. Returns EXIT_DONE or, with a message, EXIT_USAGE. selection_release() it. */
int selection_read(struct env *env, int argc, const char *const argv[], struct selection *ret);
/* Leaves out names of no account and says them, so that the others are shown all the same; then the
 * verb gives EXIT_REFUSED. SB_ENOTFOUND when none is of an account. */
int selection_find(struct selection *selection, struct env *env, struct books *books,
		   struct sb_error *err);
bool selection_has(const struct selection *selection, const char *name);
void selection_release(struct selection *selection);

#endif
