/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The accounts and QOS that a user may use. Every user may ask for their own. */
#pragma once

#include <stddef.h>

#include "slurm/slurm.h"

struct user_assoc {
	const char *cluster;
	const char *partition; /* "": any */
	const char *qos; /* names, separated by commas; "": none */
	const char *default_qos; /* "": Slurm's choice: user_assoc_qos() */
	const char *default_account; /* of the user */
	const char *account; /* lower case; any bytes but NUL */
};

struct user_assocs {
	struct user_assoc *rows; /* in the order of the answer */
	size_t count;
	char *text; /* the rows point into it */
};

/* Reads the associations of [user]: `sacctmgr -P show user where name=USER withassoc format=…`, in
 * one call. A user that Slurm does not know has none. Returns SB_EINVAL for a name that must not
 * reach a command line. On success the caller calls user_assocs_release(). */
int user_assocs_read(const struct slurm *slurm, const char *user, struct user_assocs *ret,
		     struct sb_error *err);

/* Writes the QOS of a job that names none, as slurmctld chooses it: the default, the only one,
 * "normal", or the first. Returns [to], "" if there is none. */
enum { USER_ASSOC_QOS_SIZE = 256 };
const char *user_assoc_qos(char to[USER_ASSOC_QOS_SIZE], const struct user_assoc *user_assoc);

/* A zeroed one is allowed. */
void user_assocs_release(struct user_assocs *user_assocs);
