/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The UsageFactors of QOS, also of those that Slurm no longer has. Slurm forgets the factor of a
 * deleted QOS while its jobs are still to be charged: so the bank keeps, beside its books, the
 * factor that each QOS had when it was read last. */
#pragma once

#include "cmd/frame/env.h"
#include "ledger/books/books.h"
#include "slurm/sacctmgr.h"

/* Reads Slurm's QOS and adds those that only the bank still has. qos_list_release() frees. */
int known_qos_read(struct env *env, struct qos_list *ret, struct sb_error *err);

/* Reads the factors that the bank keeps; without a bank none. factor_list_release() frees. */
int known_qos_kept(struct env *env, struct factor_list *ret, struct sb_error *err);

/* QOS of jobs without a known factor: these jobs are charged by 1. */
struct unknown_qos {
	const char *cluster; /* of the jobs */
	char *const *names;
	size_t count;
};

/* Keeps the factors of the list for when their QOS are gone, and the names of unknown QOS. Warns
 * once about each of these. Writes nothing when the bank has them already, or with [dry]. Returns
 * EXIT_DONE, EXIT_PART after a warning, or the status of an error. */
int known_qos_keep(struct env *env, const struct qos_list *list, const struct unknown_qos *unknown,
		   bool dry);
