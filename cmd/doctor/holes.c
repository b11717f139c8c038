/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lets jobs start although their account is held: measured on 22.05.8 for each kind of lever.
 */
#include <inttypes.h>
#include <string.h>

#include "cmd/doctor/doctor.h"
#include "cmd/show/output.h"
#include "ledger/base/comma.h"
#include "ledger/base/number.h"

/* Reads "1500", and the MB-minutes of mem as sacctmgr prints them: "5000M", "976562500000G"
 * (measured). Returns 0 for what cannot be read, which might be a limit. */
static int64_t read_minutes(const char *text, size_t len)
{
	static const char units[] = "MGTP";
	const char *unit = len > 0 ? strchr(units, text[len - 1]) : NULL;
	int64_t value, factor = 1;

	if (!number_slice(text, unit ? len - 1 : len, 0, INT64_MAX, &value))
		return 0;
	for (const char *at = units; unit && at < unit; at++)
		factor *= 1024;
	return value > INT64_MAX / factor ? INT64_MAX : value * factor;
}

/* A TRES's limit in "cpu=100,mem=5000M"; -1: none. */
static int64_t minutes_of(const char *list, const char *tres)
{
	size_t name_len = strlen(tres), len;
	const char *item;

	for (const char *rest = list; comma_next(&rest, &item, &len);) {
		if (len > name_len && strncmp(item, tres, name_len) == 0 && item[name_len] == '=')
			return read_minutes(item + name_len + 1, len - name_len - 1);
	}
	return -1;
}

int64_t doctor_qos_limit(const struct qos *qos, const char *field, const char *tres)
{
	if (strcmp(field, "GrpJobs") == 0)
		return qos->grp_jobs;
	if (strcmp(field, "GrpSubmitJobs") == 0)
		return qos->grp_submit_jobs;
	return minutes_of(strcmp(field, "GrpTRESRunMins") == 0 ? qos->grp_tres_run_mins
							       : qos->grp_tres_mins,
			  tres);
}

/* Reports the QOS if it has a limit of its own for that lever, which jobs follow instead of the
 * account's: those of the QOS or, with a partition, all jobs there. */
static void inspect_limit(struct diagnosis *rows, const struct qos *qos,
			  const struct partition *partition, const char *field, const char *tres)
{
	const char *name = qos->name, *equals = *tres ? "=" : "";
	int64_t value = doctor_qos_limit(qos, field, tres);
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

/* The same for each lever in use. The scavenger QOS passes some on purpose; where it passes the
 * lever of a whole account, a second limit, which it must not pass, stops its jobs
 * (scavenger.c). */
static void inspect_limits(struct diagnosis *rows, const struct in_use *in_use,
			   const struct scavenging *scavenging, const struct qos *qos,
			   const struct partition *partition)
{
	const struct lever_choice *levers = in_use->levers;

	for (size_t i = scavenging ? in_use->hold_count : 0; i < in_use->count; i++) {
		if (!scavenging ||
		    !levers_have(&scavenging->passed, levers[i].field, levers[i].tres))
			inspect_limit(rows, qos, partition, levers[i].field, levers[i].tres);
	}
	if (in_use->capped &&
	    !(scavenging && levers_have(&scavenging->passed, CAP_FIELD, CAP_TRES)))
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

static bool is_qos(const struct qos *qos, const char *name)
{
	return name && strcmp(qos->name, name) == 0;
}

void doctor_holes(struct diagnosis *rows, const struct in_use *in_use,
		  const struct scavenging *scavenging, const struct qos_list *list)
{
	const char *scavenger = rows->env->settings.scavenger_qos;
	char text[NAMES_TEXT_SIZE];
	size_t before = rows->count;

	for (size_t i = 0; i < list->count; i++)
		inspect_limits(rows, in_use, is_qos(&list->rows[i], scavenger) ? scavenging : NULL,
			       &list->rows[i], NULL);
	rows->where = "slurmdbd";
	if (rows->count == before)
		diagnose(rows, VERDICT_OK, "QOS's own limit", NULL, "none on %s among %zu",
			 name_levers(rows, in_use, false, text), list->count);
	name_levers(rows, in_use, true, text);
	for (size_t i = 0; i < list->count; i++) {
		if (!is_qos(&list->rows[i], scavenger))
			inspect_factor(rows, &list->rows[i], text);
	}
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
			inspect_limits(rows, in_use, NULL, qos, partition);
	}
}
