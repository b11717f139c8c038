/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The accounts that a verb is about: its arguments and those of --accounts. Verbs that show amounts
 * also take purses (ledger/account/purse.h): an account's name stands for all of its purses or,
 * with --resource, for the one of that resource. */
#pragma once

#include "cmd/frame/env.h"
#include "ledger/books/books.h"

struct selection {
	char (*names)[NAME_SIZE]; /* folded, by name, each once */
	const char **list; /* the same as pointers */
	size_t count; /* 0: all accounts */
	size_t missing; /* how many names selection_find() removed */
	bool users; /* shares of users are selected, too; otherwise only those that are named */
	char resource[RESOURCE_SIZE]; /* "": any; else only its purses are selected, and [names] are
					 names of such purses */
};

/* Reads the names. Returns EXIT_DONE or, with a message, EXIT_USAGE. The caller calls
 * selection_release(). */
int selection_read(struct env *env, int argc, const char *const argv[], struct selection *ret);

/* The same for a verb that takes purses and may have --resource. */
int selection_read_purses(struct env *env, int argc, const char *const argv[],
			  struct selection *ret);
/* Reads one account or purse and, if the verb has it, --resource. Returns EXIT_DONE or, with a
 * message, EXIT_USAGE. */
int purse_argument(struct env *env, const char *text, char ret[NAME_SIZE]);
/* Reads --resource alone: "" without it. Fails with SB_EINVAL. */
int resource_option(const struct env *env, char ret[RESOURCE_SIZE], struct sb_error *err);
/* --resource of verbs that show something. */
#define SHOWN_RESOURCE_OPTION                                                                      \
	{                                                                                          \
		"resource", 0, "TRES", "only budgets of gres/gpu, cpu ...; billing: of SU"         \
	}

/* Reports and removes names of no account, so that the others can be printed; the verb then ends
 * with EXIT_REFUSED. Fails with SB_ENOTFOUND when none is left. */
int selection_find(struct selection *selection, struct env *env, struct books *books,
		   struct sb_error *err);

/* Lists the accounts and purses of a selection whose names exist, loaded as by books_account().
 * They are in the order of purse_order(). SB_ENOTFOUND if no account has a purse of --resource. The
 * caller calls purses_release(). */
int selection_purses(const struct selection *selection, struct books *books, struct purses *ret,
		     struct sb_error *err);
/* Whether one of them is of another resource than SU. */
bool has_resources(const struct purses *purses);
/* The same for all purses of the books. */
int books_have_resources(struct books *books, bool *ret, struct sb_error *err);

/* Whether the selection has the account or purse. */
bool selection_has(const struct selection *selection, const char *name);

void selection_release(struct selection *selection);
