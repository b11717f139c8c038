/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/check/checkup.h"
#include "cmd/check/known_qos.h"
#include "cmd/check/recorded.h"
#include "cmd/enter/window.h"
#include "cmd/frame/command.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/moment.h"
#include "cmd/frame/options.h"
#include "cmd/show/output.h"
#include "cmd/show/selection.h"
#include "cmd/show/use_rows.h"
#include "ledger/account/account.h"
#include "ledger/books/correct.h"
#include "ledger/books/left_jobs.h"

enum {
	COLUMN_ACCOUNT,
	COLUMN_CLUSTER,
	COLUMN_BOOKS,
	COLUMN_SLURM,
	COLUMN_SUSPENDED,
	COLUMN_WEIGHTS,
	COLUMN_EDGE,
	COLUMN_DIFFERENCE,
	COLUMN_SINCE,
	COLUMN_UNTIL,
	COLUMN_JOBS,
	COLUMN_RESTARTS,
	COLUMN_COUNT,
};

static const struct column columns[COLUMN_COUNT] = {
	[COLUMN_ACCOUNT] = {"Account", false, true, CELL_NAME},
	[COLUMN_CLUSTER] = {"Cluster", false, true, CELL_WHOLE},
	[COLUMN_BOOKS] = {"Books", true, true, CELL_AMOUNT},
	[COLUMN_SLURM] = {"Slurm", true, true, CELL_AMOUNT},
	[COLUMN_SUSPENDED] = {"Suspended", true, true, CELL_AMOUNT},
	[COLUMN_WEIGHTS] = {"Weights", true, true, CELL_AMOUNT},
	[COLUMN_EDGE] = {"Edge", true, true, CELL_AMOUNT},
	[COLUMN_DIFFERENCE] = {"Difference", true, true, CELL_AMOUNT},
	[COLUMN_SINCE] = {"Since", false, false, CELL_WHOLE},
	[COLUMN_UNTIL] = {"Until", false, false, CELL_WHOLE},
	[COLUMN_JOBS] = {"Jobs", true, false, CELL_WHOLE},
	[COLUMN_RESTARTS] = {"Restarts", true, false, CELL_WHOLE},
};

/* With --jobs. */
enum {
	JOB_CLUSTER,
	JOB_ID,
	JOB_USER,
	JOB_STATE,
	JOB_START,
	JOB_ELAPSED,
	JOB_USED,
	JOB_ACCOUNT,
	JOB_FOR,
	JOB_PARTITION,
	JOB_QOS,
	JOB_SUBMIT,
	JOB_END,
	JOB_INDEX,
	JOB_TRES,
	JOB_COUNT,
};

static const struct column job_columns[JOB_COUNT] = {
	[JOB_CLUSTER] = {"Cluster", false, false, CELL_WHOLE},
	[JOB_ID] = {"Job", false, true, CELL_NAME},
	[JOB_USER] = {"User", false, true, CELL_WHOLE},
	[JOB_STATE] = {"State", false, true, CELL_WHOLE},
	[JOB_START] = {"Start", false, true, CELL_WHOLE},
	[JOB_ELAPSED] = {"Elapsed", true, true, CELL_WHOLE},
	[JOB_USED] = {"Used", true, true, CELL_AMOUNT},
	[JOB_ACCOUNT] = {"Account", false, false, CELL_WHOLE},
	[JOB_FOR] = {"For", false, false, CELL_WHOLE},
	[JOB_PARTITION] = {"Partition", false, false, CELL_WHOLE},
	[JOB_QOS] = {"QOS", false, false, CELL_WHOLE},
	[JOB_SUBMIT] = {"Submit", false, false, CELL_WHOLE},
	[JOB_END] = {"End", false, false, CELL_WHOLE},
	[JOB_INDEX] = {"Index", true, false, CELL_WHOLE},
	[JOB_TRES] = {"TRES", false, false, CELL_WHOLE},
};

struct reconciling {
	struct env *env;
	struct selection selection;
	int64_t since, until;
	struct record *records; /* by cluster */
	size_t count;
	struct qos_list qos;
	bool *failed; /* by record: Slurm did not answer */
	size_t differ; /* lines that differ by more than the edges explain, */
	size_t uncertain; /* and those of them that jobs which cannot be read may explain */
	struct output *output;
	struct window window;
	/* Within the transaction that enters the differences: */
	struct books *books;
	const char **changed; /* accounts that got an entry; room for every line that differs */
	size_t changed_count;
	/* The last job in the output: one that counts for several accounts is told once. */
	int64_t job, submit;
};

static void release_records(struct reconciling *reconciling)
{
	for (size_t i = 0; i < reconciling->count; i++)
		record_release(&reconciling->records[i]);
	free(reconciling->records);
	reconciling->records = NULL;
	reconciling->count = 0;
}

/* ---- the books ---- */

static bool is_asked(const struct env *env, const char *cluster)
{
	const struct settings *settings = &env->settings;

	for (size_t i = 0; i < settings->cluster_count; i++) {
		if (strcmp(settings->clusters[i], cluster) == 0)
			return true;
	}
	return settings->cluster_count == 0;
}

/* The record of the cluster. NULL: no memory. */
static struct record *find_record(struct reconciling *reconciling, const char *cluster)
{
	struct record *grown = reconciling->records;

	for (size_t i = 0; i < reconciling->count; i++) {
		if (strcmp(reconciling->records[i].cluster, cluster) == 0)
			return &reconciling->records[i];
	}
	grown = reallocarray(grown, reconciling->count + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	reconciling->records = grown;
	grown += reconciling->count++;
	*grown = (struct record){0};
	(void)snprintf(grown->cluster, sizeof(grown->cluster), "%s", cluster);
	return grown;
}

static int add_line(struct reconciling *reconciling, struct books *books,
		    const struct account *account, const char *cluster, struct sb_error *err)
{
	struct record *record = find_record(reconciling, cluster);
	struct booked *booked = record ? record_add(record, account) : NULL;
	int rc;

	if (!booked)
		return sb_error_nomem(err);
	booked->since = reconciling->since;
	booked->until = reconciling->until;
	(void)snprintf(booked->cluster, sizeof(booked->cluster), "%s", cluster);
	rc = booked_read(books, booked, err);
	if (!rc && booked->since >= booked->until)
		record_drop(record);
	return rc;
}

/* Finds the accounts that the next check charges with jobs left out before. */
static int find_waiting(struct books *books, struct record *record, struct sb_error *err)
{
	struct left_jobs left;
	int rc = books_left_jobs(books, record->cluster, &left, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < record->count; i++) {
		struct recorded *line = &record->lines[i];

		if (line->booked.jobs_since)
			line->waiting = left_jobs_of(&left, &record->tree, line->booked.account,
						     line->booked.until / WHEN_SECOND);
	}
	left_jobs_release(&left);
	return SB_OK;
}

static int read_books(struct books *books, void *ctx, struct sb_error *err)
{
	struct reconciling *reconciling = ctx;
	const struct selection *selection = &reconciling->selection;
	const struct account *account;
	size_t count = 0;
	int rc = SB_OK;

	/* Not before what the books have: a check may have read once more since the start. */
	if (!option(reconciling->env, "until"))
		reconciling->until = reconciling->env->os.now();
	release_records(reconciling);
	for (size_t i = 0; i < selection->count && !rc; i++)
		rc = books_account(books, selection->list[i], &account, err);
	if (!rc)
		rc = books_load_all(books, &count, err);
	for (size_t i = 0; i < count && !rc; i++) {
		account = books_at(books, i);
		if (selection->count && !selection_has(selection, account->name))
			continue;
		for (size_t j = 0; j < account->meter_count && !rc; j++) {
			if (is_asked(reconciling->env, account->meters[j].cluster))
				rc = add_line(reconciling, books, account,
					      account->meters[j].cluster, err);
		}
	}
	for (size_t i = 0; i < reconciling->count && !rc; i++) {
		rc = books_tree(books, reconciling->records[i].cluster,
				&reconciling->records[i].tree, err);
		if (!rc)
			rc = find_waiting(books, &reconciling->records[i], err);
	}
	return rc;
}

/* ---- Slurm ---- */

/* Reads each cluster's jobs, one after the other. Returns EXIT_DONE or EXIT_PART. */
static int read_slurm(struct reconciling *reconciling)
{
	struct env *env = reconciling->env;
	bool all = reconciling->selection.count == 0;
	struct sb_error err;
	int status = EXIT_DONE;

	reconciling->failed = calloc(reconciling->count + 1, sizeof(*reconciling->failed));
	if (!reconciling->failed || known_qos_read(env, &reconciling->qos, &err)) {
		warning(env, "%s", reconciling->failed ? err.text : "out of memory");
		return EXIT_REFUSED;
	}
	for (size_t i = 0; i < reconciling->count; i++) {
		struct record *record = &reconciling->records[i];

		if (record->count == 0)
			continue;
		if (record_read(env, &reconciling->qos, all, NULL, NULL, record, &err)) {
			warning(env, "cluster '%s' is left out: %s", record->cluster, err.text);
			reconciling->failed[i] = true;
			status = EXIT_PART;
		}
		if (record->squeue_odd ||
		    left_out_warn(env, record->cluster, &record->left,
				  "nor is anything given back for them") != EXIT_DONE)
			status = EXIT_PART;
		if (record->unknown_qos > 0)
			note(env,
			     "%zu jobs on %s ran in a QOS that is gone: their UsageFactor is "
			     "taken for 1",
			     record->unknown_qos, record->cluster);
		if (record->runaway > 0)
			note(env,
			     "jobs on %s without an end on record that slurmctld does not know: "
			     "%zu, left out (subank doctor)",
			     record->cluster, record->runaway);
	}
	return status;
}

/* ---- what is told ---- */

static void add_row(struct output *output, const struct recorded *line, int64_t difference)
{
	const struct booked *booked = &line->booked;
	int64_t used = record_whole(line->used), suspended = record_whole(line->suspended);

	output_row(output);
	output_text(output, COLUMN_ACCOUNT, booked->account);
	output_text(output, COLUMN_CLUSTER, booked->cluster);
	output_amount(output, COLUMN_BOOKS, booked->amount);
	output_amount(output, COLUMN_SLURM, used);
	output_amount(output, COLUMN_SUSPENDED, suspended);
	/* With what the other two were cut by, so that a row adds up. */
	output_amount(output, COLUMN_WEIGHTS,
		      record_whole(line->used + line->suspended + line->weights) - used -
			      suspended);
	output_amount(output, COLUMN_EDGE, record_edge(line));
	output_amount(output, COLUMN_DIFFERENCE, difference);
	output_time(output, COLUMN_SINCE, booked->since);
	output_time(output, COLUMN_UNTIL, booked->until);
	output_number(output, COLUMN_JOBS, (int64_t)line->jobs);
	output_number(output, COLUMN_RESTARTS, (int64_t)booked->restarts);
}

static void tell_restarts(struct env *env, const struct booked *booked)
{
	char since[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];

	if (booked->restarts > 0)
		note(env, "%s on %s: counting began anew between %s and %s, where use may be lost",
		     booked->account, booked->cluster, when_format_local(since, booked->lost_since),
		     when_format_local(until, booked->lost_until));
}

/* Calls [each] for each line of clusters that answered. */
static int each_line(struct reconciling *reconciling,
		     int (*each)(struct reconciling *reconciling, const struct recorded *line,
				 struct sb_error *err),
		     struct sb_error *err)
{
	int rc = SB_OK;

	for (size_t i = 0; i < reconciling->count; i++) {
		const struct record *record = &reconciling->records[i];

		for (size_t j = 0; j < record->count && !reconciling->failed[i] && !rc; j++)
			rc = each(reconciling, &record->lines[j], err);
	}
	return rc;
}

static int judge_line(struct reconciling *reconciling, const struct recorded *line,
		      struct sb_error *err)
{
	int64_t difference, certain;

	if (!record_difference(line, &difference, &certain))
		return sb_error_set(err, SB_EOVERFLOW,
				    "what %s used on %s is past what int64 holds",
				    line->booked.account, line->booked.cluster);
	if (certain) {
		tell_restarts(reconciling->env, &line->booked);
		reconciling->differ++;
	}
	return SB_OK;
}

static int tell_line(struct reconciling *reconciling, const struct recorded *line,
		     struct sb_error *err)
{
	int64_t difference, certain;

	(void)err;
	if (record_difference(line, &difference, &certain))
		add_row(reconciling->output, line, difference);
	return SB_OK;
}

/* Whether the difference may come from a job that ran for the line. */
static bool is_suspect(const struct record *record, const struct recorded *line,
		       const struct sacct_job *job)
{
	int64_t since = line->booked.lost_since / WHEN_SECOND - record->calc_period;
	int64_t until = line->booked.lost_until / WHEN_SECOND;
	int64_t difference, certain;

	return record_difference(line, &difference, &certain) && certain != 0 &&
	       (line->booked.restarts == 0 ||
		(job->start <= until && (job->end < 0 || job->end >= since)));
}

struct telling {
	struct reconciling *reconciling;
	const struct record *before; /* with all jobs added up */
};

static int add_job(const struct sacct_job *job, size_t line, int64_t used, void *ctx,
		   struct sb_error *err)
{
	const struct telling *telling = ctx;
	struct reconciling *reconciling = telling->reconciling;
	struct output *output = reconciling->output;
	const struct recorded *recorded = &telling->before->lines[line];
	char index[24];
	char name[JOB_NAME_SIZE];

	(void)err;
	if ((job->id == reconciling->job && job->submit == reconciling->submit) ||
	    !is_suspect(telling->before, recorded, job))
		return SB_OK;
	reconciling->job = job->id;
	reconciling->submit = job->submit;
	output_row(output);
	output_text(output, JOB_CLUSTER, job->cluster);
	output_text(output, JOB_ID, job_name(name, job->cluster, job->name));
	output_text(output, JOB_USER, job->user);
	output_text(output, JOB_STATE, job->state);
	output_time(output, JOB_START, job->start * WHEN_SECOND);
	output_number(output, JOB_ELAPSED, job->elapsed);
	output_amount(output, JOB_USED, used);
	output_text(output, JOB_ACCOUNT, job->account);
	output_text(output, JOB_FOR, recorded->booked.account);
	output_text(output, JOB_PARTITION, job->partition);
	output_text(output, JOB_QOS, job->qos);
	output_time(output, JOB_SUBMIT, job->submit * WHEN_SECOND);
	if (job->end < 0)
		output_no_time(output, JOB_END, "none");
	else
		output_time(output, JOB_END, job->end * WHEN_SECOND);
	(void)snprintf(index, sizeof(index), "%" PRIu64, job->index);
	output_text(output, JOB_INDEX, index);
	output_text(output, JOB_TRES, job->tres);
	return SB_OK;
}

/* Reads the jobs of a cluster a second time, since only now it is known whose are asked for. */
static int tell_cluster(struct reconciling *reconciling, size_t at)
{
	struct record *record = &reconciling->records[at], again = *record;
	struct telling telling = {.reconciling = reconciling, .before = record};
	struct sb_error err;
	int code;

	again.lines = calloc(record->count, sizeof(*again.lines));
	if (!again.lines)
		return EXIT_REFUSED;
	memcpy(again.lines, record->lines, record->count * sizeof(*again.lines));
	reconciling->job = reconciling->submit = -1;
	code = record_read(reconciling->env, &reconciling->qos, reconciling->selection.count == 0,
			   add_job, &telling, &again, &err);
	free(again.lines);
	if (code == SB_OK)
		return EXIT_DONE;
	warning(reconciling->env, "cluster '%s' is left out: %s", record->cluster, err.text);
	return EXIT_PART;
}

static int tell_jobs(struct reconciling *reconciling, int status)
{
	for (size_t i = 0; i < reconciling->count; i++) {
		if (reconciling->records[i].count > 0 && !reconciling->failed[i] &&
		    tell_cluster(reconciling, i) != EXIT_DONE)
			status = EXIT_PART;
	}
	return status;
}

/* ---- entering ---- */

static int enter_difference(struct reconciling *reconciling, const struct booked *booked,
			    int64_t certain, struct sb_error *err)
{
	bool lost = booked->lost_since < booked->lost_until;
	struct books *books = reconciling->books;
	struct env *env = reconciling->env;
	struct new_window window = {.given = window_given(&reconciling->window)};
	struct event event = {.kind = EVENT_RECONCILE,
			      .note = option(env, "note") ? option(env, "note") : "",
			      .account = booked->account,
			      .cluster = booked->cluster,
			      .resource = RESOURCE_BILLING,
			      .use = certain > 0 ? USE_MORE : USE_LESS,
			      .amount = certain > 0 ? certain : -certain,
			      .since = lost ? booked->lost_since : booked->since,
			      .until = lost ? booked->lost_until : booked->until,
			      .end = WHEN_NEVER};
	struct booked again = *booked;
	struct event dates = {0};
	char reason[128];
	int rc = booked_read(books, &again, err);

	if (!rc && again.amount != booked->amount)
		rc = sb_error_set(err, SB_EREFUSED,
				  "the books of account '%s' changed meanwhile: run it again",
				  booked->account);
	if (!rc && window.given)
		rc = window_set(env, &reconciling->window, books, &dates, err);
	if (rc)
		return rc;
	window.start = dates.start;
	window.end = dates.end;
	(void)snprintf(reason, sizeof(reason), "sacct has %" PRId64 "s %s than the books",
		       event.amount, event_word(FIELD_AT_USE, event.use));
	event.reason = reason;
	rc = plan_reconcile(books, &window, &event, err);
	if (!rc)
		rc = books_append(books, &event, err);
	event_release(&event);
	reconciling->changed[reconciling->changed_count++] = booked->account;
	return rc;
}

/* Whether jobs that could not be read may be what differs: one that was not read now may be in the
 * books, and the next check may charge one that was not read then. */
static bool is_uncertain(const struct recorded *line, int64_t certain)
{
	return (certain < 0 && line->left_out > 0) || line->waiting > 0;
}

static int enter_line(struct reconciling *reconciling, const struct recorded *line,
		      struct sb_error *err)
{
	int64_t difference, certain;

	return record_difference(line, &difference, &certain) && certain &&
			       !is_uncertain(line, certain)
		       ? enter_difference(reconciling, &line->booked, certain, err)
		       : SB_OK;
}

static int tell_uncertain(struct reconciling *reconciling, const struct recorded *line,
			  struct sb_error *err)
{
	int64_t difference, certain;

	(void)err;
	if (!record_difference(line, &difference, &certain) || !certain ||
	    !is_uncertain(line, certain))
		return SB_OK;
	reconciling->uncertain++;
	if (line->waiting > 0)
		warning(reconciling->env,
			"%s on %s: the difference is not entered: %zu of its jobs are left out and "
			"charged by a check when they can be read",
			line->booked.account, line->booked.cluster, line->waiting);
	else
		warning(reconciling->env,
			"%s on %s: nothing is given back: %zu of its jobs cannot be read",
			line->booked.account, line->booked.cluster, line->left_out);
	return SB_OK;
}

static int enter(struct books *books, void *ctx, struct sb_error *err)
{
	struct reconciling *reconciling = ctx;

	reconciling->books = books;
	reconciling->changed_count = 0;
	return each_line(reconciling, enter_line, err);
}

static int apply(struct reconciling *reconciling, int status)
{
	struct env *env = reconciling->env;
	struct sb_error err;

	(void)each_line(reconciling, tell_uncertain, &err);
	if (reconciling->uncertain > 0)
		status = EXIT_PART;
	if (reconciling->uncertain == reconciling->differ)
		return status;
	reconciling->changed = calloc(reconciling->differ, sizeof(*reconciling->changed));
	if (!reconciling->changed) {
		sb_error_nomem(&err);
		return fail(env, &err);
	}
	if (bank_write(env->bank, env->os.now(), enter, reconciling, &err))
		return fail(env, &err);
	note(env, "differences entered: %zu", reconciling->changed_count);
	/* An account may have an entry for each cluster. */
	return checkup_after(env, reconciling->changed,
			     names_once(reconciling->changed, reconciling->changed_count), status);
}

/* ---- the whole ---- */

/* Reads both sides and fills in the rows. */
static int compare(struct reconciling *reconciling)
{
	struct env *env = reconciling->env;
	struct sb_error err;
	int status;

	if (bank_read(env->bank, env->os.now(), read_books, reconciling, &err))
		return fail(env, &err);
	status = read_slurm(reconciling);
	if (status == EXIT_REFUSED)
		return status;
	if (each_line(reconciling, judge_line, &err))
		return fail(env, &err);
	if (option(env, "jobs"))
		return tell_jobs(reconciling, status);
	(void)each_line(reconciling, tell_line, &err);
	return status;
}

static int reconcile(struct reconciling *reconciling)
{
	struct env *env = reconciling->env;
	bool jobs = option(env, "jobs");
	struct sb_error err;
	int status;

	if (output_new(env, jobs ? job_columns : columns, jobs ? JOB_COUNT : COLUMN_COUNT,
		       &reconciling->output, &err))
		return fail(env, &err);
	status = compare(reconciling);
	if (status == EXIT_DONE)
		output_if_empty(reconciling->output, jobs ? "no job on record explains a difference"
							  : "there is nothing to compare");
	/* Where nothing could be compared, an empty list would say that nothing differs. */
	if (status == EXIT_REFUSED || (status != EXIT_DONE && output_is_empty(reconciling->output)))
		output_fail(reconciling->output);
	if (output_finish(reconciling->output, &err))
		return fail(env, &err);
	if (reconciling->differ == 0 || status == EXIT_REFUSED)
		return status;
	if (option(env, "apply"))
		return apply(reconciling, status);
	if (env->os.out_is_terminal && prints_for_people(env))
		report(env, "What to do about a difference: --jobs lists the jobs that it may come "
			    "from, --apply enters it.");
	return EXIT_PART;
}

static int read_options(struct reconciling *reconciling, struct sb_error *err)
{
	struct env *env = reconciling->env;
	int rc;

	reconciling->until = env->os.now();
	rc = moment_time(env, "since", &reconciling->since, err);
	if (!rc)
		rc = moment_time(env, "until", &reconciling->until, err);
	if (!rc && reconciling->since >= reconciling->until)
		rc = sb_error_set(err, SB_EINVAL, "the period ends before it begins");
	if (!rc && !option(env, "apply") &&
	    (option(env, "note") || option(env, "no-apply") || window_given(&reconciling->window)))
		rc = sb_error_set(err, SB_EINVAL,
				  "--note, --no-apply, --start and --end go with --apply");
	if (!rc)
		rc = bank_open(&env->store, option(env, "apply") ? STORE_WRITE : STORE_READ,
			       &env->os.here()->author, &env->bank, err);
	return rc;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct reconciling reconciling = {.env = env};
	struct sb_error err;
	int status = selection_read(env, argc, argv, &reconciling.selection);

	if (status == EXIT_DONE)
		status = window_read(env, &reconciling.window);
	if (status == EXIT_DONE)
		status = read_options(&reconciling, &err) ? fail(env, &err)
							  : reconcile(&reconciling);
	release_records(&reconciling);
	qos_list_release(&reconciling.qos);
	free(reconciling.failed);
	free(reconciling.changed);
	selection_release(&reconciling.selection);
	return status;
}

static const struct option_spec options[] = {
	{"since", 0, "TIME", "the period's first moment (when counting began)"},
	{"until", 0, "TIME", "the first moment behind it (the last reading)"},
	{"jobs", 0, NULL, "the jobs that the differences may come from"},
	{"apply", 0, NULL, "enter the differences"},
	{"note", 0, "TEXT", "with --apply: why, for the journal"},
	{"no-apply", 0, NULL, "with --apply: leave Slurm to the next check"},
	NEW_WINDOW_OPTIONS,
	{NULL, 0, NULL, NULL},
};

static const struct example examples[] = {
	{"subank reconcile", "all accounts, as long as they are in the bank"},
	{"subank reconcile physics --since now-7days", "one, for a week"},
	{"subank reconcile physics --jobs", "where the difference may come from"},
	{"subank reconcile physics --apply --note \"slurmctld crashed\"", "enter it"},
	{NULL, NULL},
};

const struct command cmd_reconcile = {
	.name = "reconcile",
	.arguments = "[ACCOUNT...]",
	.summary = "put the books beside the jobs that Slurm has on record",
	.details =
		"Adds up what sacct has of each account and those below it: billing, seconds and "
		"the QOS's UsageFactor of every run of every job, cut to the period; and what the "
		"books charged in it. The charges follow RawUsage, which counts two things that "
		"sacct does not: the time that jobs were suspended, and the part of fractional "
		"weights that a job's billing leaves out. Both have a column. Of a resized job "
		"RawUsage may count some seconds twice: that is a difference. Refunds "
		"and reversals are not looked at.\n"
		"Difference is what the books lack (below 0: have too much) beside all these. "
		"Slurm moves RawUsage every PriorityCalcPeriod, and the books when it is read, so "
		"that of jobs which ran at an edge of the period or shortly before as much as Edge "
		"says may stand on its other side, but none where counting began. Without "
		"times the period begins when the account's counting began and ends with the last "
		"reading.\n"
		"Use is lost for the books when slurmctld crashed or usage was set to 0 by hand: "
		"counting then goes on from the new reading. --jobs lists the jobs that ran "
		"meanwhile or, where counting never began anew, all that count. --apply enters "
		"what is beyond Edge: more use is charged to the money of that time, less is "
		"given back as by a refund. Run again, it finds nothing. Where rows of sacct "
		"cannot "
		"be read, nothing is given back to the accounts that they may be of, and where a "
		"check has left out jobs (metered by jobs), nothing is entered for those: it "
		"charges them when it can read them.\n"
		"UsageFactors, weights and, for accounts metered by jobs, what the settings say "
		"of free_states and factors are taken as they are now: choose --since behind a "
		"change. A job counts for the accounts that were above its own then, as the "
		"entries of kind move have it; of one that ran across a move, RawUsage may have "
		"had a PriorityCalcPeriod less on the one side and more on the other, and is "
		"followed.\n"
		"Columns: Account, Cluster, Books, Slurm, Suspended, Weights, Edge, Difference; "
		"with --format also Since, Until, Jobs, Restarts. With --jobs: Job (as "
		"`subank refund --job` takes it), User, State, Start, Elapsed (seconds), Used; "
		"also Account, For (whose budget), "
		"Partition, QOS, Submit, End, Index, TRES.",
	.problems = "books and Slurm differ, a cluster did not answer, or rows could not be read",
	.examples = examples,
	.see_also = "check refund journal",
	.max_args = -1,
	.flags = CMD_CHANGES | CMD_LIST | CMD_SLURM,
	.options = options,
	.run = run,
};
