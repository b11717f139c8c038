/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `enforcement: scavenge` asks of the scavenger QOS (subank(7)): which limits its jobs must
 * pass, and which one must stop them. */
#pragma once

#include "cmd/doctor/diagnosis.h"
#include "slurm/sacctmgr.h"

struct levers {
	struct lever_choice *list; /* each once */
	size_t count;
};

struct scavenging {
	struct levers passed; /* hold accounts and budgets under `scavenge`; if there are none, the
				 site's lever */
	struct lever_choice stop; /* stops its jobs in all other accounts: stop_limit() */
	struct names accounts; /* open ones under `scavenge`, or with such a budget */
	struct names others; /* open accounts without */
	struct names
		unable; /* those of them whose terms say `scavenge`, but whose lever is [stop] */
	struct names budgets; /* held by a limit that the QOS passes, though not under `scavenge` */
};

/* Fills in [ret] from the site's settings and, with a bank, from its accounts. Reports to [rows] if
 * memory runs out. The caller calls scavenging_release(). */
int scavenging_find(struct diagnosis *rows, struct scavenging *ret, struct sb_error *err);
void scavenging_release(struct scavenging *scavenging);

bool levers_have(const struct levers *levers, const char *field, const char *tres);

/* Returns the least limit with which the QOS passes a lever: a number that is never reached. Jobs
 * without a time limit ask for 4294967295 minutes of each core, so with 10^9 they wait (measured).
 * mem is counted in MB. */
int64_t scavenger_least(const struct lever_choice *lever);

/* Whether the QOS sets the limit that is to stop its jobs, and needs that limit for nothing
 * else. */
bool scavenger_passes_stop(const struct scavenging *scavenging, const struct qos *qos);

/* Writes to [to] the sacctmgr line that makes the QOS (if [qos] is NULL) or mends it, so that it
 * passes and stops as it must. Returns false, with "", if there is nothing to mend. */
enum { SCAVENGER_LINE_SIZE = 4096 };
bool scavenger_line(const struct scavenging *scavenging, const char *name, const struct qos *qos,
		    char to[SCAVENGER_LINE_SIZE]);
