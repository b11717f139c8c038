/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lets jobs start although their account is held: measured on 22.05.8, for each kind of lever.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/doctor.h"
#include "cmd/output.h"
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

/* Slurm takes the limit of a job's QOS, if it has one, instead of the account's. */
static void look_at_bypass(const struct qos *qos, const char *field, const char *tres,
			   struct diagnosis *diagnosis)
{
	int64_t value = qos_limit(qos, field, tres);
	const char *equals = *tres ? "=" : "";
	char advice[512];

	if (value < 0)
		return;
	(void)snprintf(advice, sizeof(advice),
		       "its jobs follow its own limit and so get past the bank's: sacctmgr modify "
		       "qos '%s' set %s=%s%s-1",
		       qos->name, field, tres, equals);
	diagnose(diagnosis, VERDICT_BAD, "QOS's own limit", qos->name, advice, "%s=%s%s%" PRId64,
		 field, tres, equals, value);
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
	for (size_t i = 0; i < list->count; i++) {
		const struct qos *qos = &list->rows[i];

		for (size_t j = 0; j < in_use->count; j++)
			look_at_bypass(qos, in_use->levers[j].field, in_use->levers[j].tres,
				       diagnosis);
		if (in_use->capped)
			look_at_bypass(qos, CAP_FIELD, CAP_TRES, diagnosis);
	}
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

/* A limit of the QOS of a partition goes before the account's too, for all jobs there. */
static void look_at_partition(const struct partition *partition, const struct qos *qos,
			      const char *cluster, const char *field, const char *tres,
			      struct diagnosis *diagnosis)
{
	int64_t value = qos_limit(qos, field, tres);
	const char *equals = *tres ? "=" : "";
	char advice[1024];

	if (value < 0)
		return;
	(void)snprintf(
		advice, sizeof(advice),
		"all jobs there follow the limit of the partition's QOS '%.255s' and so get past "
		"the bank's, whatever their own QOS is: sacctmgr modify qos '%.255s' set "
		"%s=%s%s-1",
		qos->name, qos->name, field, tres, equals);
	diagnose(diagnosis, VERDICT_BAD, "partition's QOS", cluster, advice,
		 "%s, %s: %s=%s%s%" PRId64, partition->name, qos->name, field, tres, equals, value);
}

void doctor_partition_holes(const struct in_use *in_use, const struct qos_list *list,
			    const char *cluster, const struct partitions *partitions,
			    struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < partitions->count; i++) {
		const struct partition *partition = &partitions->rows[i];
		const struct qos *qos = NULL;

		for (size_t j = 0; j < list->count && !qos; j++) {
			if (strcmp(list->rows[j].name, partition->qos) == 0)
				qos = &list->rows[j];
		}
		if (!qos)
			continue;
		for (size_t j = 0; j < in_use->count; j++)
			look_at_partition(partition, qos, cluster, in_use->levers[j].field,
					  in_use->levers[j].tres, diagnosis);
		if (in_use->capped)
			look_at_partition(partition, qos, cluster, CAP_FIELD, CAP_TRES, diagnosis);
	}
}
