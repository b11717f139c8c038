/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The UsageFactors of QOS, also of those that Slurm no longer has. Slurm forgets the factor of a
 * QOS that is deleted, while its jobs are still to be charged: so the bank keeps, beside its books,
 * the factor that each QOS had when it was seen last. */
#ifndef SUBANK_CMD_CHECK_KNOWN_QOS_H
#define SUBANK_CMD_CHECK_KNOWN_QOS_H

#include "cmd/frame/env.h"
#include "ledger/books/books.h"
#include "slurm/sacctmgr.h"

/* Asks Slurm for its QOS and adds those that the bank knows beside. Without a bank there are none.
 * On success the caller calls qos_list_release(). */
int known_qos_read(struct env *env, struct qos_list *ret, struct sb_error *err);

/* Keeps the factors of the list, and the names of QOS of which no factor is known: jobs in these
 * are charged by 1. Writes nothing when that is what the bank has already, or with [dry]. Marks in
 * [news] those of [unknown] that the bank had not heard of. Returns EXIT_DONE, or that of an error.
 */
int known_qos_keep(struct env *env, const struct qos_list *list, char *const *unknown, size_t count,
		   bool dry, bool *news);

#endif
