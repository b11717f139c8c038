/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges whether the books can follow a cluster as it is configured. The check refuses by it and
 * doctor shows it, so that the two cannot differ. Runs no command. */
#pragma once

#include <stdbool.h>

#include "slurm/scontrol.h"

/* The oldest Slurm whose answers and limits were measured. */
enum { SLURM_YEAR_MIN = 22, SLURM_MONTH_MIN = 5 };

enum verdict {
	VERDICT_OK,
	VERDICT_INFO, /* nothing to do, but good to know */
	VERDICT_WARN, /* works, but a promise is weaker, or it will not work for long */
	VERDICT_BAD, /* does not work, or not safely */
};

struct fitness {
	const char *what;
	char found[256]; /* its value */
	enum verdict verdict;
	const char *advice; /* what is wrong and what to change; "" when ok */
};

enum { FITNESS_COUNT = 4 };

/* Judges everything. [kills]: without `safe` the lever in use would end running jobs; [rawusage]:
 * some account is charged by RawUsage. */
void fitness_judge(const struct slurm_config *config, bool kills, bool rawusage,
		   struct fitness ret[FITNESS_COUNT]);

/* Writes to [to] why the books cannot follow the cluster, with what to change and what was found.
 * Returns [to], or NULL when they can. */
enum { FITNESS_TEXT_SIZE = 512 };
const char *fitness_usage(const struct slurm_config *config, bool rawusage,
			  char to[FITNESS_TEXT_SIZE]);

/* Returns why no limit may be set under this AccountingStorageEnforce; NULL when it may. */
const char *fitness_limits(bool limits, bool safe, bool kills);
