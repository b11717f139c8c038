/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether jobs can use one QOS: the bounds that it sets on them, and the associations that lack it.
 * Commands and answers were measured on 22.05.8. */
#pragma once

#include <stddef.h>

#include "slurm/slurm.h"

/* Writes the limits of a QOS that bound its jobs, "MaxWall=01:00:00, GrpTRES=cpu=64", or "" for
 * none, to [to]. Limits in minutes (GrpTRESMins …) and of the jobs in all are in struct qos.
 * Returns SB_EINVAL for a name that must not reach a command line. Returns SB_ENOTFOUND for no such
 * QOS. */
enum { QOS_BOUNDS_SIZE = 512 };
int qos_read_bounds(const struct slurm *slurm, const char *qos, char to[QOS_BOUNDS_SIZE],
		    struct sb_error *err);

/* An account, or a user in it, whose jobs may not use the QOS. */
struct lacking {
	const char *account; /* lower case */
	const char *user; /* "": the account itself */
};

struct lackings {
	struct lacking *rows; /* by account, it before its users; each once */
	size_t count;
	size_t accounts; /* how many of the accounts that were asked for exist on the cluster */
	char **texts; /* the rows point into these, one of each call */
	size_t text_count;
};

/* Finds those of [count] accounts of a cluster, and of the users in them, whose list of QOS lacks
 * [qos]: `sacctmgr -P show assoc where cluster=C account=a,b format=Cluster,QOS,User,Account`.
 * Without WOPInfo Slurm prints the lists as inherited. Rows of accounts that were not asked for are
 * skipped: they are the rest of a name with newlines. On success the caller calls
 * lackings_release(). */
int qos_read_lacking(const struct slurm *slurm, const char *cluster, const char *qos,
		     const char *const accounts[], size_t count, struct lackings *ret,
		     struct sb_error *err);

/* A zeroed one is allowed. */
void lackings_release(struct lackings *lackings);
