/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clusters of the bank, and verbs that choose some of them with --clusters. */
#pragma once

#include "cmd/frame/env.h"
#include "ledger/books/books.h"

/* Lists each cluster that the settings name or an account is metered on, in no order; NULL follows
 * the last. The caller frees the list, whose texts are valid during the transaction. */
int clusters_known(const struct env *env, struct books *books, const char ***ret,
		   struct sb_error *err);

/* Reads --clusters into the clusters of [ret], which is zeroed before; without that option it names
 * none. Fails with SB_EINVAL when neither the settings nor the books have one of them. The caller
 * calls settings_release(), also after an error. */
int clusters_option(struct env *env, struct settings *ret, struct sb_error *err);

/* Whether the list has the cluster (NULL: the entry is about none), or is empty. */
bool clusters_chosen(const struct settings *chosen, const char *cluster);
