/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lets jobs start although their account is held: measured on 22.05.8 for each kind of lever.
 */
#include <inttypes.h>
#include <string.h>

#include "cmd/doctor/doctor.h"
#include "cmd/show/output.h"
#include "slurm/sshare.h"

/* A QOS's own value of a limit; -1: none. */
static int64_t qos_limit(const struct qos *qos, const char *field, const char *tres)
{
	bool running = strcmp(field, "GrpTRESRunMins") == 0;
	int64_t value = -1;

	if (strcmp(field, "GrpJobs") == 0)
		return qos->grp_jobs;
	if (strcmp(field, "GrpSubmitJobs") == 0)
		return qos->grp_submit_jobs;
	/* What cannot be read might be a limit. */
	if (tres_value(running ? qos->grp_tres_run_mins : qos->grp_tres_mins, tres, &value, NULL))
		return 0;
	return value;
}

/* Reports the QOS if it has a limit of its own for that lever, which jobs follow instead of the
 * account's: those of the QOS or, with a partition, all jobs there. */
static void inspect_limit(struct diagnosis *rows, const struct qos *qos,
			  const struct partition *partition, const char *field, const char *tres)
{
	const char *name = qos->name, *equals = *tres ? "=" : "";
	int64_t value = qos_limit(qos, field, tres);
	char jobs[400] = "its jobs follow its own limit", advice[1024];

	if (value < 0)
		return;
	if (partition)
		(void)snprintf(jobs, sizeof(jobs),
			       "all jobs there follow the limit of the partition's QOS '%.255s'",
			       name);
	(void)snprintf(advice, sizeof(advice),
		       "%s and so get past the bank's%s: sacctmgr modify qos '%.255s' set "
		       "%s=%s%s-1",
		       jobs, partition ? ", whatever their own QOS is" : "", name, field, tres,
		       equals);
	if (partition) {
		diagnose(rows, VERDICT_BAD, "partition's QOS", advice, "%s, %s: %s=%s%s%" PRId64,
			 partition->name, name, field, tres, equals, value);
		return;
	}
	rows->where = name;
	diagnose(rows, VERDICT_BAD, "QOS's own limit", advice, "%s=%s%s%" PRId64, field, tres,
		 equals, value);
}

/* The same for each lever in use. */
static void inspect_limits(struct diagnosis *rows, const struct in_use *in_use,
			   const struct qos *qos, const struct partition *partition)
{
	const struct lever_choice *levers = in_use->levers;

	for (size_t i = 0; i < in_use->count; i++)
		inspect_limit(rows, qos, partition, levers[i].field, levers[i].tres);
	if (in_use->capped)
		inspect_limit(rows, qos, partition, CAP_FIELD, CAP_TRES);
}

/* Writes the names of the levers in use to [to], the lever of caps first. With [minutes], writes
 * only those that count minutes of a TRES, which a UsageFactor changes. Returns [to]. */
static const char *name_levers(struct diagnosis *rows, const struct in_use *in_use, bool minutes,
			       char to[NAMES_TEXT_SIZE])
{
	struct names names = {0};
	char name[LEVER_NAME_SIZE];

	if (in_use->capped)
		names_add(rows, &names, CAP_FIELD "=" CAP_TRES);
	for (size_t i = 0; i < in_use->count; i++) {
		const struct lever_choice *lever = &in_use->levers[i];

		if (!minutes || !limit_without_tres(lever->field))
			names_add(rows, &names, lever_name(name, lever->field, lever->tres));
	}
	output_names(to, (const char *const *)names.list, names.count);
	names_release(&names);
	return to;
}

/* Slurm multiplies the minutes that a job of such a QOS asks for by its factor, and cuts off what
 * is below one: zero minutes fit under a limit of 0. Not where the QOS is a partition's. */
static void inspect_factor(struct diagnosis *rows, const struct qos *qos, const char *levers)
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
	rows->where = qos->name;
	diagnose(rows, none ? VERDICT_BAD : VERDICT_WARN, "UsageFactorSafe", advice,
		 "UsageFactor %s", factor);
}

void doctor_holes(struct diagnosis *rows, const struct in_use *in_use, const struct qos_list *list)
{
	char text[NAMES_TEXT_SIZE];
	size_t before = rows->count;

	for (size_t i = 0; i < list->count; i++)
		inspect_limits(rows, in_use, &list->rows[i], NULL);
	rows->where = "slurmdbd";
	if (rows->count == before)
		diagnose(rows, VERDICT_OK, "QOS's own limit", NULL, "none on %s among %zu",
			 name_levers(rows, in_use, false, text), list->count);
	name_levers(rows, in_use, true, text);
	for (size_t i = 0; i < list->count; i++)
		inspect_factor(rows, &list->rows[i], text);
}

const struct qos *doctor_find_qos(const struct qos_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->rows[i].name, name) == 0)
			return &list->rows[i];
	}
	return NULL;
}

void doctor_partition_holes(struct diagnosis *rows, const struct in_use *in_use,
			    const struct qos_list *list, const struct partitions *partitions)
{
	for (size_t i = 0; i < partitions->count; i++) {
		const struct partition *partition = &partitions->rows[i];
		const struct qos *qos = doctor_find_qos(list, partition->qos);

		if (qos)
			inspect_limits(rows, in_use, qos, partition);
	}
}
