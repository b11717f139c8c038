/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The coordinators of accounts, whom slurmdbd lets change what is below these accounts. Measured on
 * 22.05.8, as a coordinator of "mine", with "child" below it: sacctmgr changed and removed limits
 * and QOS of child, and of users in mine and child; it refused to change limits of mine itself, of
 * accounts above and elsewhere, and to put another account below mine. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "slurm/slurm.h"

struct coordinator {
	const char *user;
	const char *account; /* any bytes but NUL */
};

struct coordinators {
	struct coordinator *list; /* by user and account, each once */
	size_t count;
	bool disabled; /* slurmdbd.conf has DisableCoordDBD, so they have no such rights */
	char *text; /* the names point into it */
};

/* Reads them: `sacctmgr -P show account withcoord format=Coordinators,Account` and, if there are
 * any, `sacctmgr show config`. An account whose name has newlines can forge rows, so this is for
 * information only. On success the caller calls coordinators_release(). */
int coordinators_read(const struct slurm *slurm, struct coordinators *ret, struct sb_error *err);

/* A zeroed one is allowed. */
void coordinators_release(struct coordinators *coordinators);
