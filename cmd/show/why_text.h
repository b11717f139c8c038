/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why an account is held, blocked, low or closed, and what ends that, in lines of text. */
#pragma once

#include "cmd/frame/env.h"

/* Prints the lines about an account or purse with report(). SB_ENOTFOUND if there is none. */
int why_report(struct env *env, struct books *books, const char *name, struct sb_error *err);

struct nesting;

/* The entries that explained an account's state, so that the next search need not go as far back.
 * Zeroed, it knows none. */
enum { WHY_SLOTS = 11 };
struct why_found {
	uint64_t to; /* the account's last entry then; 0: it was not searched */
	uint64_t seqs[WHY_SLOTS]; /* 0: none */
};

/* Writes the same lines, not wrapped, each with a newline, for users without access to the books:
 * of other accounts it names only those above this one. The amounts are in the unit of
 * [env->seconds]. [nesting] is that of this transaction. [found] is from an earlier call about this
 * account, and is updated. The caller frees *ret. */
int why_lines(const struct env *env, struct books *books, struct nesting *nesting, const char *name,
	      struct why_found *found, char **ret, struct sb_error *err);

/* Writes the same lines for readers who see all accounts: other accounts are named. The caller
 * frees *ret. */
int why_lines_named(const struct env *env, struct books *books, struct nesting *nesting,
		    const char *name, char **ret, struct sb_error *err);
