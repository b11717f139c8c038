/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `subank balance` for users who cannot open the bank, from the published balances. */
#pragma once

#include "cmd/show/selection.h"

struct column;

/* Prints the accounts of [selection] or, if that is empty, the accounts that the caller has in
 * Slurm and those above them. Leaves out accounts for which balance_reaches() is false with
 * [min_percent]. Returns the exit status. */
int balance_published(struct env *env, const struct selection *selection,
		      const struct column *columns, bool tree, bool total, int64_t min_percent);
