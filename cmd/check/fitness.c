/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/fitness.h"

#include <stdio.h>
#include <string.h>

/* An unreadable version counts as too old. */
static bool is_old(const int version[2])
{
	return version[0] < SLURM_YEAR_MIN ||
	       (version[0] == SLURM_YEAR_MIN && version[1] < SLURM_MONTH_MIN);
}

static struct fitness judge(const char *what, const char *found, const char *advice)
{
	struct fitness fitness = {.what = what,
				  .verdict = advice ? VERDICT_BAD : VERDICT_OK,
				  .advice = advice ? advice : ""};

	(void)snprintf(fitness.found, sizeof(fitness.found), "%s", found);
	return fitness;
}

enum { USAGE_COUNT = 3 };

static void judge_usage(const struct slurm_config *config, bool rawusage,
			struct fitness ret[USAGE_COUNT])
{
	bool counted = strcmp(config->priority_type, "priority/multifactor") == 0;
	char decay[160] = "not printed by Slurm";

	/* Slurm prints these only with the plugin that uses them. */
	if (counted)
		(void)snprintf(decay, sizeof(decay), "half life %s, reset %s",
			       config->decay_half_life, config->usage_reset);
	ret[0] = judge("Slurm's version", config->version_text,
		       is_old(config->version) ? "subank needs Slurm 22.05 or newer: upgrade it"
					       : NULL);
	ret[1] = judge("PriorityType", config->priority_type,
		       counted ? NULL
			       : "usage is counted only with PriorityType=priority/multifactor: "
				 "set that");
	ret[2] = judge("decay of usage", decay,
		       config->decays ? "usage shrinks by itself: set PriorityDecayHalfLife=0 and "
					"PriorityUsageResetPeriod=NONE, or `meter: jobs` in the "
					"settings"
				      : NULL);
	if (config->decays && !rawusage) {
		ret[2].verdict = VERDICT_INFO;
		ret[2].advice = "this works: all accounts are metered by jobs, so nothing is "
				"charged by it, and fair share stays alive";
	}
}

void fitness_judge(const struct slurm_config *config, bool kills, bool rawusage,
		   struct fitness ret[FITNESS_COUNT])
{
	judge_usage(config, rawusage, ret);
	ret[USAGE_COUNT] = judge("AccountingStorageEnforce", config->enforce,
				 fitness_limits(config->limits, config->safe, kills));
}

const char *fitness_usage(const struct slurm_config *config, bool rawusage,
			  char to[FITNESS_TEXT_SIZE])
{
	struct fitness list[USAGE_COUNT];

	judge_usage(config, rawusage, list);
	for (size_t i = 0; i < USAGE_COUNT; i++) {
		if (list[i].verdict != VERDICT_BAD)
			continue;
		(void)snprintf(to, FITNESS_TEXT_SIZE, "%s (%s: %s)", list[i].advice, list[i].what,
			       list[i].found);
		return to;
	}
	return NULL;
}

const char *fitness_limits(bool limits, bool safe, bool kills)
{
	if (!limits)
		return "limits are not enforced, so a hold would do nothing: put `limits` and "
		       "`safe` into AccountingStorageEnforce";
	if (!safe && kills)
		return "a hold would kill running jobs: put `safe` into AccountingStorageEnforce";
	return NULL;
}
