/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the scavenger QOS of `enforcement: scavenge` does what the bank relies on. Unless a
 * comment says otherwise, all was measured on 22.05.8. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/doctor/doctor.h"
#include "cmd/show/output.h"
#include "slurm/qos_use.h"

/* ---- the QOS itself ---- */

static const char *name_levers(struct diagnosis *rows, const struct levers *levers,
			       char to[NAMES_TEXT_SIZE])
{
	struct names names = {0};
	char name[LEVER_NAME_SIZE];

	for (size_t i = 0; i < levers->count; i++)
		names_add(rows, &names,
			  lever_name(name, levers->list[i].field, levers->list[i].tres));
	output_names(to, (const char *const *)names.list, names.count);
	names_release(&names);
	return to;
}

/* Adds "GrpTRESMins=cpu=100" or, without such a limit, "GrpTRESMins=cpu: none". */
static void add_found(struct diagnosis *rows, struct names *names, const struct qos *qos,
		      const struct lever_choice *lever)
{
	int64_t value = doctor_qos_limit(qos, lever->field, lever->tres);
	char name[LEVER_NAME_SIZE], text[LEVER_NAME_SIZE + 32];

	lever_name(name, lever->field, lever->tres);
	if (value < 0)
		(void)snprintf(text, sizeof(text), "%s: none", name);
	else
		(void)snprintf(text, sizeof(text), "%s=%" PRId64, name, value);
	names_add(rows, names, text);
}

/* Reports limits that the QOS must set, and those that it must not. */
static void inspect_limits(struct diagnosis *rows, const struct scavenging *scavenging,
			   const struct qos *qos, const char *line)
{
	struct names found = {0};
	char text[NAMES_TEXT_SIZE], advice[SCAVENGER_LINE_SIZE + 256], stop[LEVER_NAME_SIZE];

	for (size_t i = 0; i < scavenging->passed.count; i++) {
		const struct lever_choice *lever = &scavenging->passed.list[i];

		if (doctor_qos_limit(qos, lever->field, lever->tres) < scavenger_least(lever))
			add_found(rows, &found, qos, lever);
	}
	if (scavenger_passes_stop(scavenging, qos))
		add_found(rows, &found, qos, &scavenging->stop);
	if (found.count == 0) {
		diagnose(rows, VERDICT_OK, "scavenger QOS", NULL, "passes %s",
			 name_levers(rows, &scavenging->passed, text));
		return;
	}
	(void)snprintf(advice, sizeof(advice),
		       "it must set each limit that holds a spent account, with room for jobs "
		       "without a time limit, and not the limit that stops its jobs (%s): %s",
		       lever_name(stop, scavenging->stop.field, scavenging->stop.tres), line);
	output_names(text, (const char *const *)found.list, found.count);
	names_release(&found);
	diagnose(rows, VERDICT_BAD, "scavenger QOS", advice, "%s", text);
}

/* Reports a limit that the QOS must pass for shares and budgets, but must not pass for accounts. */
static void inspect_conflict(struct diagnosis *rows, const struct scavenging *scavenging)
{
	const struct lever_choice *stop = &scavenging->stop;
	char name[LEVER_NAME_SIZE];

	if (levers_have(&scavenging->passed, stop->field, stop->tres))
		diagnose(rows, VERDICT_BAD, "what stops scavenging",
			 "it must stop jobs in the scavenger QOS, which passes it because it holds "
			 "shares or budgets of cpu that are spent: `lever: GrpTRESMins=cpu` in the "
			 "settings makes GrpJobs the limit that stops them",
			 "%s", lever_name(name, stop->field, stop->tres));
}

/* Reports what its jobs cost. */
static void inspect_charge(struct diagnosis *rows, const struct qos *qos)
{
	const char *factor = qos->usage_factor;
	bool is_free = *factor == '0' && factor[strspn(factor, "0.")] == '\0';
	bool below_one = *factor == '0' && (factor[1] == '\0' || factor[1] == '.');

	if (is_free)
		diagnose(rows, VERDICT_INFO, "scavenger's UsageFactor",
			 rows->env->settings.stop_at
				 ? "its jobs cost nothing, so they do not move their account "
				   "towards `stop_at`"
				 : "its jobs cost nothing",
			 "%s", factor);
	else
		diagnose(
			rows, VERDICT_INFO, "scavenger's UsageFactor",
			rows->env->settings.stop_at
				? "its jobs are charged by this factor: debt grows until `stop_at` "
				  "stops them"
				: "its jobs are charged by this factor, and debt grows without "
				  "end: `stop_at` in the settings ends that",
			"%s", factor);
	if (below_one && list_has(qos->flags, "UsageFactorSafe"))
		diagnose(rows, VERDICT_INFO, "UsageFactorSafe",
			 is_free ? "its jobs pass all limits in minutes, also those that it does "
				   "not set"
				 : "jobs whose minutes x factor are below 1 pass all limits in "
				   "minutes, also those that it does not set",
			 "UsageFactor %s", factor);
}

static void inspect_bounds(struct diagnosis *rows, const struct qos *qos)
{
	char bounds[QOS_BOUNDS_SIZE];
	struct sb_error err;

	if (qos_read_bounds(&rows->env->slurm, qos->name, bounds, &err))
		diagnose_unread(rows, "scavenger's limits", &err);
	else if (*bounds)
		diagnose(rows, VERDICT_INFO, "scavenger's limits",
			 list_has(qos->flags, "DenyOnLimit")
				 ? "jobs that ask for more are refused (DenyOnLimit)"
				 : "jobs that ask for more wait for ever; with Flags+=DenyOnLimit "
				   "they are refused",
			 "%s", bounds);
}

/* Reports the accounts that use scavenging. */
static void inspect_use(struct diagnosis *rows, const struct scavenging *scavenging)
{
	char text[NAMES_TEXT_SIZE], stop[LEVER_NAME_SIZE], advice[NAMES_TEXT_SIZE + 256];

	rows->where = "the settings";
	if (scavenging->accounts.count == 0 &&
	    rows->env->settings.enforcement != ENFORCE_SCAVENGE) {
		diagnose(rows, VERDICT_WARN, "scavenger_qos",
			 "nothing uses it: set `enforcement: scavenge`, or `subank terms ACCOUNT "
			 "--enforce scavenge`; or remove scavenger_qos",
			 "%s", rows->env->settings.scavenger_qos);
		return;
	}
	rows->where = "the bank";
	if (scavenging->others.count > 0) {
		(void)snprintf(advice, sizeof(advice),
			       "when such an account is held, %s=0 is set too: otherwise its jobs "
			       "in QOS %s would start",
			       lever_name(stop, scavenging->stop.field, scavenging->stop.tres),
			       rows->env->settings.scavenger_qos);
		diagnose_list(rows, VERDICT_INFO, "not under scavenge", advice,
			      (const char *const *)scavenging->others.list,
			      scavenging->others.count);
	}
	if (scavenging->unable.count > 0)
		diagnose(rows, VERDICT_WARN, "cannot scavenge",
			 "these accounts are held instead, because their lever is the limit that "
			 "stops scavenging: `subank terms ACCOUNT --lever site`",
			 "%zu: %s", scavenging->unable.count,
			 output_names(text, (const char *const *)scavenging->unable.list,
				      scavenging->unable.count));
	if (scavenging->budgets.count > 0)
		diagnose(rows, VERDICT_WARN, "passed by scavengers",
			 "these budgets and shares hold when spent, but jobs in the scavenger QOS "
			 "pass that limit, which other accounts need them to pass: `subank terms "
			 "ACCOUNT --resource RESOURCE --enforce scavenge` says so in the books",
			 "%zu: %s", scavenging->budgets.count,
			 output_names(text, (const char *const *)scavenging->budgets.list,
				      scavenging->budgets.count));
}

void doctor_scavenger(struct diagnosis *rows, const struct scavenging *scavenging,
		      const struct qos_list *list)
{
	const char *name = rows->env->settings.scavenger_qos;
	char line[SCAVENGER_LINE_SIZE], advice[SCAVENGER_LINE_SIZE + 64];
	const struct qos *qos;

	if (!name)
		return;
	qos = doctor_find_qos(list, name);
	rows->where = name;
	scavenger_line(scavenging, name, qos, line);
	if (qos) {
		inspect_limits(rows, scavenging, qos, line);
		inspect_charge(rows, qos);
		inspect_bounds(rows, qos);
	} else {
		(void)snprintf(advice, sizeof(advice), "no job can use it yet: %s", line);
		diagnose(rows, VERDICT_BAD, "scavenger QOS", advice, "not in Slurm");
	}
	inspect_conflict(rows, scavenging);
	inspect_use(rows, scavenging);
}

/* ---- who may use it ---- */

/* How many names a printed command line has at most. Only names that need no quotes get there. */
enum { LINE_NAMES = 20 };

static void add_word(struct diagnosis *rows, struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->list[i], name) == 0)
			return;
	}
	if (slurm_name_ok(name))
		names_add(rows, names, name);
}

static void print_words(FILE *to, const char *key, const struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		fprintf(to, "%s%s", i ? "," : key, names->list[i]);
}

/* Reports rows of accounts, or of users, with the line that gives them the QOS. */
static void report_lacking(struct diagnosis *rows, const struct lackings *lackings, bool users)
{
	const char *qos = rows->env->settings.scavenger_qos;
	struct names found = {0}, accounts = {0}, members = {0};
	char advice[32768];
	FILE *to = fmemopen(advice, sizeof(advice), "w");

	for (size_t i = 0; i < lackings->count; i++) {
		const struct lacking *row = &lackings->rows[i];
		char name[600];

		if (users != (*row->user != '\0'))
			continue;
		(void)snprintf(name, sizeof(name), "%s%s%s", row->user, users ? " in " : "",
			       row->account);
		names_add(rows, &found, name);
		if (accounts.count < LINE_NAMES && members.count < LINE_NAMES) {
			add_word(rows, &accounts, row->account);
			if (users)
				add_word(rows, &members, row->user);
		}
	}
	if (!to) {
		rows->failed = true;
	} else {
		fputs("their QOS list, or that of an account above them, lacks it", to);
		if (!users || members.count > 0) {
			fprintf(to, ": sacctmgr -i modify %s where ", users ? "user" : "account");
			print_words(to, "user=", &members);
			print_words(to, users ? " account=" : "account=", &accounts);
			fprintf(to, " cluster=%s set qos+=%s", rows->where, qos);
		}
		if (found.count > LINE_NAMES)
			fputs("; then run doctor again for the others", to);
		(void)fclose(to);
	}
	names_release(&accounts);
	names_release(&members);
	if (to)
		diagnose_names(rows, VERDICT_WARN,
			       users ? "users lack the QOS" : "accounts lack the QOS", advice,
			       &found);
	else
		names_release(&found);
}

/* Keeps rows of users only where their account has the QOS: elsewhere, giving it to the account may
 * be enough. Of root's list only what others inherit matters. */
static void keep_own(struct lackings *lackings)
{
	const char *account = "";
	size_t kept = 0;

	for (size_t i = 0; i < lackings->count; i++) {
		struct lacking row = lackings->rows[i];

		if (!*row.user)
			account = row.account;
		if (!*row.user ||
		    (strcmp(row.account, account) != 0 && strcmp(row.account, "root") != 0))
			lackings->rows[kept++] = row;
	}
	lackings->count = kept;
}

/* Reports associations without the QOS; root's list is the one that others inherit. */
static void inspect_lists(struct diagnosis *rows, const struct lackings *lackings)
{
	const char *qos = rows->env->settings.scavenger_qos;
	char advice[1024];

	for (size_t i = 0; i < lackings->count; i++) {
		if (strcmp(lackings->rows[i].account, "root") != 0 || *lackings->rows[i].user)
			continue;
		(void)snprintf(
			advice, sizeof(advice),
			"no account inherits it: sacctmgr -i modify account root cluster=%s "
			"set qos+=%s; then scontrol reconfigure, without which users in Slurm "
			"24.11 do not inherit it, and doctor again for accounts with lists of "
			"their own",
			rows->where, qos);
		diagnose(rows, VERDICT_BAD, "accounts lack the QOS", advice,
			 "root, and all that have its list");
		return;
	}
	report_lacking(rows, lackings, false);
	report_lacking(rows, lackings, true);
	if (lackings->count == 0)
		diagnose(rows, VERDICT_OK, "accounts lack the QOS", NULL, "none of %zu",
			 lackings->accounts > 0 ? lackings->accounts - 1 : 0); /* root */
}

static void read_lists(struct diagnosis *rows, const struct scavenging *scavenging)
{
	size_t count = scavenging->accounts.count;
	const char **accounts = calloc(count + 1, sizeof(*accounts));
	struct lackings lackings = {0};
	struct sb_error err;

	if (!accounts) {
		rows->failed = true;
		return;
	}
	for (size_t i = 0; i < count; i++)
		accounts[i] = scavenging->accounts.list[i];
	accounts[count] = "root";
	if (qos_read_lacking(&rows->env->slurm, rows->where, rows->env->settings.scavenger_qos,
			     accounts, count + 1, &lackings, &err)) {
		diagnose_unread(rows, "accounts lack the QOS", &err);
	} else {
		keep_own(&lackings);
		inspect_lists(rows, &lackings);
	}
	lackings_release(&lackings);
	free(accounts);
}

/* With NoReserve the backfill scheduler tries a waiting job as if it took a minute, and plans no
 * nodes for it (backfill.c; sacctmgr(1) says what it is for). */
static void inspect_reserving(struct diagnosis *rows, const struct qos *qos,
			      const struct slurm_config *config)
{
	bool preempts = strcmp(config->preempt_type, "preempt/qos") == 0;

	if (!list_has(qos->flags, "NoReserve"))
		diagnose(rows, VERDICT_INFO, "NoReserve",
			 "its waiting jobs may reserve nodes like others: give it the lowest "
			 "Priority (PriorityWeightQOS), and where all other QOS preempt it, "
			 "Flags+=NoReserve",
			 "not set on %s", qos->name);
	else if (!preempts)
		diagnose(rows, VERDICT_WARN, "NoReserve",
			 "its jobs start on nodes that larger jobs wait for, and nothing preempts "
			 "them here, so those may wait for ever: set PreemptType=preempt/qos and "
			 "let "
			 "the other QOS preempt it (Preempt+=), or set Flags-=NoReserve",
			 "set on %s, PreemptType is %s", qos->name, config->preempt_type);
	else
		diagnose(rows, VERDICT_OK, "NoReserve", NULL, "set on %s, and it can be preempted",
			 qos->name);
}

void doctor_scavenger_cluster(struct diagnosis *rows, const struct scavenging *scavenging,
			      const struct qos_list *list, const struct slurm_config *config)
{
	const char *qos = rows->env->settings.scavenger_qos;
	const struct qos *found = qos ? doctor_find_qos(list, qos) : NULL;
	char advice[512];

	if (!found)
		return;
	inspect_reserving(rows, found, config);
	if (config->qos) {
		read_lists(rows, scavenging);
		return;
	}
	(void)snprintf(advice, sizeof(advice),
		       "without `qos` in AccountingStorageEnforce every user may use every QOS, %s "
		       "included: QOS lists of accounts count for nothing",
		       qos);
	diagnose(rows, VERDICT_INFO, "accounts lack the QOS", advice, "lists not enforced");
}

/* ---- where its jobs may run ---- */

/* Reports a partition whose QOS sets the limit that stops these jobs: a partition's QOS comes
 * first. */
static void inspect_partition_stop(struct diagnosis *rows, const struct scavenging *scavenging,
				   const struct qos *qos, const char *partition)
{
	const struct lever_choice *stop = &scavenging->stop;
	int64_t value = doctor_qos_limit(qos, stop->field, stop->tres);
	char name[LEVER_NAME_SIZE], advice[1024];

	if (value < 0)
		return;
	lever_name(name, stop->field, stop->tres);
	(void)snprintf(
		advice, sizeof(advice),
		"the partition's QOS '%.255s' sets %s, so there nothing stops jobs in QOS %s, "
		"not even a hold by hand: sacctmgr modify qos '%.255s' set %s=-1, or keep "
		"that QOS out of the partition (DenyQos)",
		qos->name, name, rows->env->settings.scavenger_qos, qos->name, name);
	diagnose(rows, VERDICT_BAD, "what stops scavenging", advice, "%s, %s: %s=%" PRId64,
		 partition, qos->name, name, value);
}

static bool lets_in(const struct partition *partition, const char *qos)
{
	const char *allowed = partition->allow_qos;

	return (!*allowed || list_has(allowed, "ALL") || list_has(allowed, qos)) &&
	       !list_has(partition->deny_qos, qos);
}

void doctor_scavenger_partitions(struct diagnosis *rows, const struct scavenging *scavenging,
				 const struct qos_list *list, const struct partitions *partitions)
{
	const char *qos = rows->env->settings.scavenger_qos;
	struct names closed = {0};
	bool all;

	if (!qos)
		return;
	for (size_t i = 0; i < partitions->count; i++) {
		const struct partition *partition = &partitions->rows[i];
		const struct qos *own = doctor_find_qos(list, partition->qos);

		if (!lets_in(partition, qos))
			names_add(rows, &closed, partition->name);
		else if (own)
			inspect_partition_stop(rows, scavenging, own, partition->name);
	}
	all = closed.count == partitions->count;
	diagnose_names(
		rows, all ? VERDICT_WARN : VERDICT_INFO, "partitions refuse it",
		"jobs in the scavenger QOS cannot run there: AllowQos or DenyQos in slurm.conf",
		&closed);
}
