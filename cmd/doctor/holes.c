/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lets jobs start although their account is held: measured on 22.05.8, for each kind of lever.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/doctor/doctor.h"
#include "cmd/show/output.h"
#include "slurm/sshare.h"

struct names {
	const char **list;
	size_t count;
};

/* A QOS's own value of a limit; -1: none. */
static int64_t qos_limit(const struct qos *qos, const char *field, const char *tres)
{
	int64_t value = -1;

	if (strcmp(field, "GrpJobs") == 0)
		return qos->grp_jobs;
	if (strcmp(field, "GrpSubmitJobs") == 0)
		return qos->grp_submit_jobs;
	/* What cannot be read might be a limit. */
	if (tres_value(strcmp(field, "GrpTRESRunMins") == 0 ? qos->grp_tres_run_mins
							    : qos->grp_tres_mins,
		       tres, &value, NULL))
		return 0;
	return value;
}

/* Where a limit of a QOS goes before the account's: for jobs of the QOS or, with a partition, for
 * all jobs there. */
struct hole {
	const struct qos *qos;
	const struct partition *partition; /* NULL: the QOS is the job's own */
	const char *cluster; /* the partition's */
};

/* Reports the QOS if it has a limit of its own for that lever. */
static void look_at_limit(const struct hole *hole, const char *field, const char *tres,
			  struct diagnosis *diagnosis)
{
	const char *name = hole->qos->name, *equals = *tres ? "=" : "";
	int64_t value = qos_limit(hole->qos, field, tres);
	char jobs[400] = "its jobs follow its own limit", advice[1024];

	if (value < 0)
		return;
	if (hole->partition)
		(void)snprintf(jobs, sizeof(jobs),
			       "all jobs there follow the limit of the partition's QOS '%.255s'",
			       name);
	(void)snprintf(advice, sizeof(advice),
		       "%s and so get past the bank's%s: sacctmgr modify qos '%.255s' set "
		       "%s=%s%s-1",
		       jobs, hole->partition ? ", whatever their own QOS is" : "", name, field,
		       tres, equals);
	if (hole->partition)
		diagnose(diagnosis, VERDICT_BAD, "partition's QOS", hole->cluster, advice,
			 "%s, %s: %s=%s%s%" PRId64, hole->partition->name, name, field, tres,
			 equals, value);
	else
		diagnose(diagnosis, VERDICT_BAD, "QOS's own limit", name, advice, "%s=%s%s%" PRId64,
			 field, tres, equals, value);
}

/* The same for each lever in use. */
static void look_at_limits(const struct in_use *in_use, const struct hole *hole,
			   struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < in_use->count; i++)
		look_at_limit(hole, in_use->levers[i].field, in_use->levers[i].tres, diagnosis);
	if (in_use->capped)
		look_at_limit(hole, CAP_FIELD, CAP_TRES, diagnosis);
}

/* Whether the lever counts minutes of a TRES, which factors change. */
static bool counts_minutes(const char *field)
{
	return strcmp(field, "GrpTRESMins") == 0 || strcmp(field, "GrpTRESRunMins") == 0;
}

/* Writes the names of the levers in use to [texts] and [names], that of caps first; of those that
 * count minutes alone, or of all. There is room for one more than in_use->count. */
static void name_levers(const struct in_use *in_use, bool minutes, char (*texts)[LEVER_NAME_SIZE],
			struct names *names)
{
	if (in_use->capped)
		names->list[names->count++] = CAP_FIELD "=" CAP_TRES;
	for (size_t i = 0; i < in_use->count; i++) {
		const struct lever_choice *lever = &in_use->levers[i];

		if (!minutes || counts_minutes(lever->field))
			names->list[names->count++] =
				lever_name(texts[i], lever->field, lever->tres);
	}
}

/* Slurm multiplies the minutes that a job of such a QOS asks for by its factor, and cuts off what
 * is below one: what comes to none fits under a limit of 0. Not where the QOS is a partition's. */
static void look_at_factor(const struct qos *qos, const char *levers, struct diagnosis *diagnosis)
{
	const char *factor = qos->usage_factor;
	bool below_one = *factor == '0' && (factor[1] == '\0' || factor[1] == '.');
	bool none = below_one && factor[strspn(factor, "0.")] == '\0';
	char advice[NAMES_TEXT_SIZE + 512];

	if (!*levers || !below_one || !list_has(qos->flags, "UsageFactorSafe"))
		return;
	(void)snprintf(advice, sizeof(advice),
		       "%s start while %s holds their account: sacctmgr modify qos '%s' set "
		       "Flags-=UsageFactorSafe, or let GrpJobs hold (`lever: GrpJobs`)",
		       none ? "its jobs" : "its jobs whose minutes x factor are below 1", levers,
		       qos->name);
	diagnose(diagnosis, none ? VERDICT_BAD : VERDICT_WARN, "UsageFactorSafe", qos->name, advice,
		 "UsageFactor %s", factor);
}

void doctor_holes(const struct in_use *in_use, const struct qos_list *list,
		  struct diagnosis *diagnosis)
{
	char(*texts)[LEVER_NAME_SIZE] = calloc(in_use->count + 1, sizeof(*texts));
	struct names names = {.list = calloc(in_use->count + 1, sizeof(*names.list))};
	char text[NAMES_TEXT_SIZE];
	size_t before = diagnosis->count;

	if (!texts || !names.list) {
		diagnosis->failed = true;
		goto out;
	}
	for (size_t i = 0; i < list->count; i++)
		look_at_limits(in_use, &(struct hole){.qos = &list->rows[i]}, diagnosis);
	if (diagnosis->count == before) {
		name_levers(in_use, false, texts, &names);
		diagnose(diagnosis, VERDICT_OK, "QOS's own limit", "slurmdbd", NULL,
			 "none on %s among %zu", output_names(text, names.list, names.count),
			 list->count);
	}
	names.count = 0;
	name_levers(in_use, true, texts, &names);
	text[0] = '\0';
	if (names.count > 0)
		output_names(text, names.list, names.count);
	for (size_t i = 0; i < list->count; i++)
		look_at_factor(&list->rows[i], text, diagnosis);
out:
	free(names.list);
	free(texts);
}

void doctor_partition_holes(const struct in_use *in_use, const struct qos_list *list,
			    const char *cluster, const struct partitions *partitions,
			    struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < partitions->count; i++) {
		struct hole hole = {.partition = &partitions->rows[i], .cluster = cluster};

		for (size_t j = 0; j < list->count && !hole.qos; j++) {
			if (strcmp(list->rows[j].name, hole.partition->qos) == 0)
				hole.qos = &list->rows[j];
		}
		if (hole.qos)
			look_at_limits(in_use, &hole, diagnosis);
	}
}
