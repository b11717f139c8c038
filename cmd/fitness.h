/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a cluster is set up so that the books can follow it. One judgement for the check, which
 * refuses, and for doctor, which shows it, so that the two cannot differ. Pure: asks nobody. */
#ifndef SUBANK_CMD_FITNESS_H
#define SUBANK_CMD_FITNESS_H

#include <stdbool.h>

#include "slurm/scontrol.h"

/* The oldest Slurm whose answers and limits were measured. */
enum { SLURM_YEAR_MIN = 22, SLURM_MONTH_MIN = 5 };

enum verdict {
	VERDICT_OK,
	VERDICT_WARN, /* works, but a promise is weaker */
	VERDICT_BAD, /* wrong: does not work, or not safely */
};

/* What goes wrong when the finding is bad. */
enum harm {
	HARM_USAGE, /* usage cannot be trusted: nothing may be charged */
	HARM_LEVERS, /* a limit must not be set there */
};

struct fitness {
	const char *what;
	char found[256]; /* its value */
	enum verdict verdict;
	enum harm harm;
	const char *advice; /* what is wrong and what to change; "" when ok */
};

enum { FITNESS_COUNT = 4 };

void fitness_judge(const struct slurm_config *config, struct fitness ret[FITNESS_COUNT]);

/* Whether something that does [harm] is bad there: the first of them goes to [ret]. */
bool fitness_refuses(const struct slurm_config *config, enum harm harm, struct fitness *ret);

#endif
