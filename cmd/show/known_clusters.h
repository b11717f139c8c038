/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clusters that there are, and --clusters of verbs that choose with it among them. */
#ifndef SUBANK_CMD_SHOW_KNOWN_CLUSTERS_H
#define SUBANK_CMD_SHOW_KNOWN_CLUSTERS_H

#include "cmd/frame/env.h"
#include "ledger/books/books.h"

/* The clusters that the settings name or an account is metered on, in no order, each once: they are
 * few, however many accounts there are. NULL stands behind the last. free() it, and use it only
 * within the transaction. */
int clusters_known(const struct env *env, struct books *books, const char ***ret,
		   struct sb_error *err);

/* Reads --clusters into the list of clusters of [ret]; without that option it names none. SB_EINVAL
 * when neither the settings nor the books know one of them. settings_release() it, also after an
 * error; [ret] is zeroed before. */
int clusters_option(struct env *env, struct settings *ret, struct sb_error *err);

/* Whether the list names the cluster (NULL: it is about none), or is empty. */
bool clusters_chosen(const struct settings *asked, const char *cluster);

#endif
