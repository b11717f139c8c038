/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts that use the clusters but are not in the bank. */
#pragma once

#include "cmd/frame/env.h"
#include "ledger/check/check.h"

struct unbanked {
	/* in */
	const struct settings *settings;
	const struct observation *list;
	size_t list_count;
	/* out; unbanked_release() frees */
	const char **names; /* each once, in order; they point into the observations */
	size_t count;
	const char **odd; /* the same for names that no bank can have */
	size_t odd_count;
};

/* Finds the accounts that have used something on a cluster that answered, belong to the bank by the
 * settings, and have neither themselves nor an account above them in [books], whose budget they
 * would share. Use of their children alone does not count: those are found themselves. A books_fn:
 * [ctx] is a struct unbanked, whose output it fills anew. */
int unbanked_find(struct books *books, void *ctx, struct sb_error *err);
void unbanked_release(struct unbanked *unbanked);

/* Reports them in one line, if there are any: this is news, not a problem. Returns EXIT_DONE or the
 * status of an error. */
int unbanked_report(struct env *env, const struct observation *list, size_t count);
