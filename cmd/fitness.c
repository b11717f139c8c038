/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/fitness.h"

#include <stdio.h>
#include <string.h>

/* A version that cannot be read counts as too old: nothing is known of it. */
static bool too_old(const char *version)
{
	int year, month;

	if (sscanf(version, "%d.%d", &year, &month) != 2)
		return true;
	return year < SLURM_YEAR_MIN || (year == SLURM_YEAR_MIN && month < SLURM_MONTH_MIN);
}

static struct fitness judge(const char *what, const char *found, bool bad, enum harm harm,
			    const char *advice)
{
	struct fitness fitness = {.what = what,
				  .verdict = bad ? VERDICT_BAD : VERDICT_OK,
				  .harm = harm,
				  .advice = bad ? advice : ""};

	(void)snprintf(fitness.found, sizeof(fitness.found), "%s", found);
	return fitness;
}

void fitness_judge(const struct slurm_config *config, struct fitness ret[FITNESS_COUNT])
{
	bool counted = strcmp(config->priority_type, "priority/multifactor") == 0;
	char decay[160] = "not printed by Slurm";

	/* Slurm prints these for the plugin that uses them. */
	if (counted)
		(void)snprintf(decay, sizeof(decay), "half life %s, reset %s",
			       config->decay_half_life, config->usage_reset);
	ret[0] = judge("Slurm's version", config->version, too_old(config->version), HARM_USAGE,
		       "subank needs Slurm 22.05 or newer: upgrade it");
	ret[1] = judge("PriorityType", config->priority_type, !counted, HARM_USAGE,
		       "usage is counted only with PriorityType=priority/multifactor: set that");
	ret[2] = judge("decay of usage", decay, config->decays, HARM_USAGE,
		       "usage shrinks by itself: set PriorityDecayHalfLife=0 and "
		       "PriorityUsageResetPeriod=NONE");
	ret[3] = judge("AccountingStorageEnforce", config->enforce, !config->safe, HARM_LEVERS,
		       config->limits ? "a hold would kill running jobs: put `safe` into "
					"AccountingStorageEnforce"
				      : "limits are not enforced, so a hold would do nothing: put "
					"`limits` and `safe` into AccountingStorageEnforce");
}

bool fitness_refuses(const struct slurm_config *config, enum harm harm, struct fitness *ret)
{
	struct fitness list[FITNESS_COUNT];

	fitness_judge(config, list);
	for (size_t i = 0; i < FITNESS_COUNT; i++) {
		if (list[i].harm == harm && list[i].verdict == VERDICT_BAD) {
			*ret = list[i];
			return true;
		}
	}
	return false;
}
