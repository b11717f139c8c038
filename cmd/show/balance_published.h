/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `subank balance` for users who cannot open the bank, from the published balances. */
#pragma once

#include "cmd/show/selection.h"

struct column;

struct balance_options {
	bool lots, forecast; /* only where each user has files of his own (published_own.h) */
	bool tree, total;
	int64_t min_percent; /* leave out accounts for which balance_reaches() is false */
};

/* Prints the accounts of [selection] or, if that is empty, the accounts that the caller has in
 * Slurm and those above them; under `publish: own`, those that are published for him. [columns] are
 * those of a balance. Returns the exit status. */
int balance_published(struct env *env, const struct selection *selection,
		      const struct column *columns, const struct balance_options *options);
