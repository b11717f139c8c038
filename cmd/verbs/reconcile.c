/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/checkup.h"
#include "cmd/check/known_qos.h"
#include "cmd/check/recorded.h"
#include "cmd/enter/window.h"
#include "cmd/frame/moment.h"
#include "cmd/show/output.h"
#include "cmd/show/selection.h"
#include "cmd/show/use_rows.h"
#include "cmd/verbs/verb.h"
#include "ledger/account/account.h"
#include "ledger/base/array.h"
#include "ledger/books/correct.h"
#include "ledger/books/left_jobs.h"
#include "ledger/check/quota.h"

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
	COLUMN_UNIT,
	COLUMN_RESOURCE,
	COLUMN_COUNT
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
	[COLUMN_UNIT] = {"Unit", false, false, CELL_UNIT},
	[COLUMN_RESOURCE] = {"Resource", false, false, CELL_RESOURCE},
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
	JOB_UNIT,
	JOB_RESOURCE,
	JOB_COUNT
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
	[JOB_UNIT] = {"Unit", false, false, CELL_UNIT},
	[JOB_RESOURCE] = {"Resource", false, false, CELL_RESOURCE},
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
	size_t uncertain; /* and those of them that unreadable jobs may explain */
	struct output *output;
	struct window window;
	/* Within the transaction that records the differences: */
	struct books *books;
	const char **changed; /* accounts and purses that got an entry; has room for every line that
				 differs */
	size_t changed_count;
	size_t renewed; /* accounts and purses whose quota was due and deposited before */
	const struct record *listed; /* with all jobs added up, while its jobs are printed */
	/* The last job in the output, and the resources that it was printed for: for each, a job
	 * that counts for several accounts is printed once. */
	int64_t job, submit;
	const char **printed;
	size_t printed_count;
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

static bool is_included(const struct env *env, const char *cluster)
{
	const struct settings *settings = &env->settings;

	for (size_t i = 0; i < settings->cluster_count; i++) {
		if (strcmp(settings->clusters[i], cluster) == 0)
			return true;
	}
	return settings->cluster_count == 0;
}

/* Finds or adds the record of the cluster. Returns NULL when memory ran out. */
static struct record *find_record(struct reconciling *reconciling, const char *cluster)
{
	struct record *record;

	for (size_t i = 0; i < reconciling->count; i++) {
		if (strcmp(reconciling->records[i].cluster, cluster) == 0)
			return &reconciling->records[i];
	}
	record = array_add(reconciling->records, reconciling->count);
	if (record)
		(void)snprintf(record->cluster, sizeof(record->cluster), "%s", cluster);
	return record;
}

static int add_line(struct reconciling *reconciling, struct books *books,
		    const struct account *account, const char *cluster, struct sb_error *err)
{
	struct record *record = find_record(reconciling, cluster);
	const struct account *owner;
	char name[NAME_SIZE];
	struct booked *booked;
	int rc;

	TRY(books_account(books, purse_account(name, account->name), &owner, err));
	booked = record ? record_add(record, account, owner) : NULL;
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

/* Adds the lines of an account or purse, one for each cluster. */
static int add_lines(struct reconciling *reconciling, struct books *books,
		     const struct account *account, struct sb_error *err)
{
	for (size_t i = 0; i < account->meter_count; i++) {
		const char *cluster = account->meters[i].cluster;

		if (is_included(reconciling->env, cluster))
			TRY(add_line(reconciling, books, account, cluster, err));
	}
	return SB_OK;
}

/* Counts, for each account, the jobs left out before that the next check charges. */
static int find_waiting(struct books *books, struct record *record, struct sb_error *err)
{
	struct left_jobs left;

	TRY(books_left_jobs(books, record->cluster, &left, err));
	for (size_t i = 0; i < record->count; i++) {
		struct recorded *line = &record->lines[i];

		if (line->booked.jobs_since)
			line->waiting = left_jobs_of(&left, &record->tree, line->owner,
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
	char name[NAME_SIZE];
	size_t count = 0;

	/* Not earlier than the books: a check may have read Slurm since the start. */
	if (!option(reconciling->env, "until"))
		reconciling->until = reconciling->env->os.now();
	release_records(reconciling);
	for (size_t i = 0; i < selection->count; i++)
		TRY(books_account(books, selection->list[i], &account, err));
	TRY(books_load_all(books, &count, err));
	for (size_t i = 0; i < count; i++) {
		account = books_at(books, i);
		if (selection_has(selection, purse_account(name, account->name)))
			TRY(add_lines(reconciling, books, account, err));
	}
	for (size_t i = 0; i < reconciling->count; i++) {
		struct record *record = &reconciling->records[i];

		TRY(books_tree(books, record->cluster, &record->tree, err));
		TRY(find_waiting(books, record, err));
	}
	return SB_OK;
}

/* ---- Slurm ---- */

/* Reads the cluster's jobs. Returns EXIT_DONE or, with a message, EXIT_PART. */
static int read_cluster(struct reconciling *reconciling, size_t at)
{
	struct env *env = reconciling->env;
	struct record *record = &reconciling->records[at];
	const struct record_request request = {.qos = &reconciling->qos,
					       .all = reconciling->selection.count == 0};
	struct sb_error err;
	int status = EXIT_DONE;

	if (record_read(env, &request, record, &err)) {
		warning(env, "cluster '%s' is left out: %s", record->cluster, err.text);
		reconciling->failed[at] = true;
		status = EXIT_PART;
	}
	if (reservations_warn(env, record->cluster, &record->reservations) != EXIT_DONE)
		status = EXIT_PART;
	if (record->squeue_odd || left_out_warn(env, record->cluster, &record->left,
						"and nothing is given back for them") != EXIT_DONE)
		status = EXIT_PART;
	if (record->unknown_qos > 0)
		note(env,
		     "%zu jobs on %s ran in a QOS that no longer exists: their UsageFactor is "
		     "taken "
		     "for 1",
		     record->unknown_qos, record->cluster);
	if (record->runaway > 0)
		note(env,
		     "jobs on %s without an end on record that slurmctld does not know: %zu, left "
		     "out (subank doctor)",
		     record->cluster, record->runaway);
	return status;
}

/* Reads each cluster's jobs. Returns EXIT_DONE, EXIT_PART or EXIT_REFUSED. */
static int read_slurm(struct reconciling *reconciling)
{
	struct env *env = reconciling->env;
	struct sb_error err;
	int status = EXIT_DONE;

	reconciling->failed = calloc(reconciling->count + 1, sizeof(*reconciling->failed));
	if (!reconciling->failed || known_qos_read(env, &reconciling->qos, &err)) {
		warning(env, "%s", reconciling->failed ? err.text : "out of memory");
		return EXIT_REFUSED;
	}
	for (size_t i = 0; i < reconciling->count; i++) {
		if (reconciling->records[i].count > 0 && read_cluster(reconciling, i) != EXIT_DONE)
			status = EXIT_PART;
	}
	return status;
}

/* ---- the rows ---- */

static void add_row(struct output *output, const struct recorded *line, int64_t difference)
{
	const struct booked *booked = &line->booked;
	int64_t used = record_whole(line->used), suspended = record_whole(line->suspended);

	output_row(output);
	output_unit(output, booked->account);
	output_text(output, COLUMN_ACCOUNT, booked->account);
	output_text(output, COLUMN_CLUSTER, booked->cluster);
	output_amount(output, COLUMN_BOOKS, booked->amount);
	output_amount(output, COLUMN_SLURM, used);
	output_amount(output, COLUMN_SUSPENDED, suspended);
	/* With the fractions that the other two lack, so that the row adds up. */
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

static void note_restarts(struct env *env, const struct booked *booked)
{
	char since[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];

	if (booked->restarts > 0)
		note(env, "%s on %s: counting restarted between %s and %s, where use may be lost",
		     booked->account, booked->cluster, when_format_local(since, booked->lost_since),
		     when_format_local(until, booked->lost_until));
}

typedef int each_line(struct reconciling *reconciling, const struct recorded *line,
		      struct sb_error *err);

/* Calls [each] for each line of the clusters that answered, until it returns other than 0. */
static int for_lines(struct reconciling *reconciling, each_line *each, struct sb_error *err)
{
	for (size_t i = 0; i < reconciling->count; i++) {
		const struct record *record = &reconciling->records[i];

		for (size_t j = 0; j < record->count && !reconciling->failed[i]; j++)
			TRY(each(reconciling, &record->lines[j], err));
	}
	return SB_OK;
}

static int judge_line(struct reconciling *reconciling, const struct recorded *line,
		      struct sb_error *err)
{
	int64_t difference, certain;

	if (!record_difference(line, &difference, &certain))
		return sb_error_set(err, SB_EOVERFLOW, "the use of %s on %s exceeds int64",
				    line->booked.account, line->booked.cluster);
	if (certain) {
		note_restarts(reconciling->env, &line->booked);
		reconciling->differ++;
	}
	return SB_OK;
}

static int print_line(struct reconciling *reconciling, const struct recorded *line,
		      struct sb_error *err)
{
	int64_t difference, certain;

	(void)err;
	if (record_difference(line, &difference, &certain))
		add_row(reconciling->output, line, difference);
	return SB_OK;
}

/* Returns whether the difference may come from a job that ran for the line. */
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

/* Notes that the job is printed for the resource, with or without a user. *ret: it was not before.
 */
static int note_printed(struct reconciling *reconciling, const struct sacct_job *job,
			const char *resource, bool *ret, struct sb_error *err)
{
	char base[RESOURCE_SIZE], other[RESOURCE_SIZE];
	const char **added;

	resource_base(base, resource);
	if (job->id != reconciling->job || job->submit != reconciling->submit)
		reconciling->printed_count = 0;
	reconciling->job = job->id;
	reconciling->submit = job->submit;
	*ret = false;
	for (size_t i = 0; i < reconciling->printed_count; i++) {
		if (strcmp(resource_base(other, reconciling->printed[i]), base) == 0)
			return SB_OK;
	}
	added = array_add(reconciling->printed, reconciling->printed_count);
	if (!added)
		return sb_error_nomem(err);
	*added = resource;
	*ret = true;
	return SB_OK;
}

static int add_job(const struct sacct_job *job, size_t line, int64_t used, void *ctx,
		   struct sb_error *err)
{
	struct reconciling *reconciling = ctx;
	const struct record *record = reconciling->listed;
	struct output *output = reconciling->output;
	const struct recorded *recorded = &record->lines[line];
	char index[24], name[JOB_NAME_SIZE];
	bool is_new;

	if (!is_suspect(record, recorded, job))
		return SB_OK;
	TRY(note_printed(reconciling, job, purse_resource(recorded->booked.account), &is_new, err));
	if (!is_new)
		return SB_OK;
	output_row(output);
	output_unit(output, recorded->booked.account);
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

/* Prints the jobs of a cluster. Reads them a second time: only now it is clear which ones. */
static int print_jobs_of(struct reconciling *reconciling, size_t at)
{
	struct record *record = &reconciling->records[at], again = *record;
	const struct record_request request = {.qos = &reconciling->qos,
					       .all = reconciling->selection.count == 0,
					       .each = add_job,
					       .ctx = reconciling};
	struct sb_error err;
	int code;

	again.lines = calloc(record->count, sizeof(*again.lines));
	if (!again.lines)
		return EXIT_REFUSED;
	memcpy(again.lines, record->lines, record->count * sizeof(*again.lines));
	reconciling->listed = record;
	reconciling->job = reconciling->submit = -1;
	reconciling->printed_count = 0;
	code = record_read(reconciling->env, &request, &again, &err);
	free(again.lines);
	if (code == SB_OK)
		return EXIT_DONE;
	warning(reconciling->env, "cluster '%s' is left out: %s", record->cluster, err.text);
	return EXIT_PART;
}

static int print_jobs(struct reconciling *reconciling, int status)
{
	for (size_t i = 0; i < reconciling->count; i++) {
		if (reconciling->records[i].count > 0 && !reconciling->failed[i] &&
		    print_jobs_of(reconciling, i) != EXIT_DONE)
			status = EXIT_PART;
	}
	return status;
}

/* ---- recording ---- */

static int plan_difference(struct reconciling *reconciling, const struct booked *booked,
			   struct event *event, struct sb_error *err)
{
	struct books *books = reconciling->books;
	struct booked again = *booked;
	struct new_window window;
	struct renewal renewal;

	TRY(booked_read(books, &again, err));
	if (again.amount != booked->amount)
		return sb_error_set(err, SB_EREFUSED,
				    "the books of account '%s' changed meanwhile: run it again",
				    booked->account);
	TRY(window_new(reconciling->env, &reconciling->window, books, &window, err));
	TRY(quota_renew_first(books, booked->account, &renewal, err));
	reconciling->renewed += renewal.seq > 0;
	TRY(plan_reconcile(books, &window, event, err));
	return books_append(books, event, err);
}

static int record_difference_of(struct reconciling *reconciling, const struct booked *booked,
				int64_t certain, struct sb_error *err)
{
	bool lost = booked->lost_since < booked->lost_until;
	const char *text = option(reconciling->env, "note");
	char reason[192], unit[96];
	struct event event = {.kind = EVENT_RECONCILE,
			      .note = text ? text : "",
			      .account = booked->account,
			      .cluster = booked->cluster,
			      .resource = purse_resource(booked->account),
			      .use = certain > 0 ? USE_MORE : USE_LESS,
			      .amount = certain > 0 ? certain : -certain,
			      .reason = reason,
			      .since = lost ? booked->lost_since : booked->since,
			      .until = lost ? booked->lost_until : booked->until,
			      .end = WHEN_NEVER};
	int rc;

	if (purse_is_account(booked->account))
		(void)snprintf(unit, sizeof(unit), "s");
	else
		(void)snprintf(unit, sizeof(unit), " %ss", purse_unit(booked->account).second);
	(void)snprintf(reason, sizeof(reason), "sacct has %" PRId64 "%s %s than the books",
		       event.amount, unit, event_word(FIELD_AT_USE, event.use));
	rc = plan_difference(reconciling, booked, &event, err);
	event_release(&event);
	reconciling->changed[reconciling->changed_count++] = booked->account;
	return rc;
}

/* Returns whether jobs may explain the difference that cannot be read or that a check will charge:
 * a job that cannot be read now may be in the books, and the next check may charge one that a check
 * could not read, or that slurmdbd got late. */
static bool is_uncertain(const struct recorded *line, int64_t certain)
{
	return (certain < 0 && line->left_out > 0) || line->waiting > 0 || line->booked.lacks;
}

static int record_line(struct reconciling *reconciling, const struct recorded *line,
		       struct sb_error *err)
{
	int64_t difference, certain;

	if (!record_difference(line, &difference, &certain) || !certain ||
	    is_uncertain(line, certain))
		return SB_OK;
	return record_difference_of(reconciling, &line->booked, certain, err);
}

static int warn_uncertain(struct reconciling *reconciling, const struct recorded *line,
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
			"%s on %s: the difference is not recorded: %zu of its jobs are left out; a "
			"check charges them when it can read them",
			line->booked.account, line->booked.cluster, line->waiting);
	else if (line->booked.lacks)
		warning(reconciling->env,
			"%s on %s: the difference is not recorded: the last check read only the "
			"newest jobs; the next one reads those that slurmdbd got late, too: run "
			"this again after it",
			line->booked.account, line->booked.cluster);
	else
		warning(reconciling->env,
			"%s on %s: nothing is given back: %zu of its jobs cannot be read",
			line->booked.account, line->booked.cluster, line->left_out);
	return SB_OK;
}

static int record(struct books *books, void *ctx, struct sb_error *err)
{
	struct reconciling *reconciling = ctx;

	reconciling->books = books;
	reconciling->changed_count = reconciling->renewed = 0;
	return for_lines(reconciling, record_line, err);
}

/* Has the next check read the jobs that slurmdbd got late, where that may explain a difference. */
static int look_back(struct books *books, void *ctx, struct sb_error *err)
{
	const struct reconciling *reconciling = ctx;

	for (size_t i = 0; i < reconciling->count; i++) {
		const struct record *record = &reconciling->records[i];
		bool lacks = false;

		for (size_t j = 0; j < record->count && !reconciling->failed[i]; j++)
			lacks = lacks || record->lines[j].booked.lacks;
		if (lacks)
			TRY(books_set_looked_back(books, record->cluster, 0, err));
	}
	return SB_OK;
}

static int apply(struct reconciling *reconciling, int status)
{
	struct env *env = reconciling->env;
	struct sb_error err;

	(void)for_lines(reconciling, warn_uncertain, &err);
	if (reconciling->uncertain > 0) {
		status = EXIT_PART;
		if (bank_write(env->bank, env->os.now(), look_back, reconciling, &err))
			return fail(env, &err);
	}
	if (reconciling->uncertain == reconciling->differ)
		return status;
	reconciling->changed = calloc(reconciling->differ, sizeof(*reconciling->changed));
	if (!reconciling->changed) {
		sb_error_nomem(&err);
		return fail(env, &err);
	}
	if (bank_write(env->bank, env->os.now(), record, reconciling, &err))
		return fail(env, &err);
	if (reconciling->renewed > 0)
		note(env, "quotas deposited before: %zu", reconciling->renewed);
	note(env, "differences recorded: %zu", reconciling->changed_count);
	/* An account may have an entry for each cluster. */
	return checkup_after(env, reconciling->changed,
			     names_once(reconciling->changed, reconciling->changed_count), status);
}

/* ---- the whole ---- */

/* Whether a line is about another resource than SU. */
static bool has_purses(const struct reconciling *reconciling)
{
	for (size_t i = 0; i < reconciling->count; i++) {
		if (reconciling->records[i].purses)
			return true;
	}
	return false;
}

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
	if (for_lines(reconciling, judge_line, &err))
		return fail(env, &err);
	if (has_purses(reconciling))
		output_show_units(reconciling->output);
	if (option(env, "jobs"))
		return print_jobs(reconciling, status);
	(void)for_lines(reconciling, print_line, &err);
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
	/* An empty list would claim that nothing differs. */
	if (status == EXIT_REFUSED || (status != EXIT_DONE && output_is_empty(reconciling->output)))
		output_fail(reconciling->output);
	if (output_finish(reconciling->output, &err))
		return fail(env, &err);
	if (reconciling->differ == 0 || status == EXIT_REFUSED)
		return status;
	if (option(env, "apply"))
		return apply(reconciling, status);
	if (env->os.out_is_terminal && prints_for_people(env))
		report(env, "What to do about a difference: --jobs lists the jobs that may cause "
			    "it, --apply records it.");
	return EXIT_PART;
}

static int read_options(struct reconciling *reconciling, struct sb_error *err)
{
	struct env *env = reconciling->env;

	reconciling->until = env->os.now();
	TRY(moment_time(env, "since", &reconciling->since, err));
	TRY(moment_time(env, "until", &reconciling->until, err));
	if (reconciling->since >= reconciling->until)
		return sb_error_set(err, SB_EINVAL, "the period ends before it begins");
	if (!option(env, "apply") &&
	    (option(env, "note") || option(env, "no-apply") || window_given(&reconciling->window)))
		return sb_error_set(err, SB_EINVAL,
				    "--note, --no-apply, --start and --end go with --apply");
	return bank_open(&env->store, option(env, "apply") ? STORE_WRITE : STORE_READ,
			 &env->os.here()->author, &env->bank, err);
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
	free(reconciling.printed);
	free(reconciling.changed);
	selection_release(&reconciling.selection);
	return status;
}

const struct command cmd_reconcile = {
	.name = "reconcile",
	.arguments = "[ACCOUNT...]",
	.summary = "compare the books with the jobs that Slurm has on record",
	.details =
		"Adds up what sacct has of each account and those below it: billing, seconds and "
		"the QOS's UsageFactor of every run of every job, cut to the period; and what the "
		"books charged in it. The charges follow RawUsage, which counts two things that "
		"sacct does not: the time that jobs were suspended, and the part of fractional "
		"weights that a job's billing leaves out. Both have a column. RawUsage may count "
		"some seconds of a resized job twice: that is a difference. Refunds and reversals "
		"do not count.\n"
		"Difference is what the books lack (below 0: have too much) apart from all these. "
		"Slurm updates RawUsage every PriorityCalcPeriod, and the books follow when it is "
		"read. So for jobs that ran at an edge of the period or shortly before, up to Edge "
		"may be on the other side of it; there is no such edge where counting began. The "
		"default period begins when the account's counting began and ends with the last "
		"reading.\n"
		"A budget of another resource has a row of its own, ACCOUNT:RESOURCE: the number "
		"of its TRES in AllocTRES takes the place of the billing; there are no fractional "
		"weights. Slurm shows the use of a TRES in whole minutes, so under `meter: "
		"rawusage` Edge includes a minute of it, and another for each time that counting "
		"restarted. --jobs lists a job once for each resource that differs.\n"
		"The books lose use when slurmctld crashes or usage is set to 0 by hand: counting "
		"then goes on from the new reading. --jobs lists the jobs that ran meanwhile or, "
		"if counting never restarted, all that count. --apply records what exceeds Edge: "
		"more use is charged to the money of that time, less is given back like a refund. "
		"A second run finds nothing. If rows of sacct cannot be read, nothing is given "
		"back to the accounts that they may belong to; if a check has left out jobs "
		"(metered by jobs), nothing is recorded for their accounts: the check charges the "
		"jobs when it can read them. A job that slurmdbd got late is a difference until a "
		"check charges it, within an hour; --apply records nothing before the last check "
		"was one that reads such jobs, and has the next one read them.\n"
		"UsageFactors, weights and, for accounts metered by jobs, the settings "
		"free_states, "
		"factors, min_charge and round_seconds are the present ones: choose a --since "
		"after "
		"their last change. A job "
		"counts for the accounts that were above its own when it ran, by the entries of "
		"kind move. For one that ran across a move, RawUsage may have up to a "
		"PriorityCalcPeriod less on one side and more on the other; reconcile follows it.\n"
		"Columns: Account, Cluster, Books, Slurm, Suspended, Weights, Edge, Difference; "
		"with --format also Since, Until, Jobs, Restarts, Unit, Resource. With --jobs: Job "
		"(as `subank "
		"refund --job` takes it), User, State, Start, Elapsed (seconds), Used; also "
		"Account, For (whose budget), Partition, QOS, Submit, End, Index, TRES, Unit, "
		"Resource.",
	.problems = "books and Slurm differ, a cluster did not answer, or rows could not be read",
	.examples = EXAMPLES(
		{"subank reconcile", "all accounts, since they are in the bank"},
		{"subank reconcile physics --since now-7days", "one, for a week"},
		{"subank reconcile physics --jobs", "the jobs that may cause the difference"},
		{"subank reconcile physics --apply --note \"slurmctld crashed\"", "record it"}),
	.see_also = "check refund journal",
	.max_args = -1,
	.flags = CMD_CHANGES | CMD_LIST | CMD_SLURM,
	.options = OPTIONS({"since", 0, "TIME", "first moment (default: when counting began)"},
			   {"until", 0, "TIME", "first moment after it (default: last reading)"},
			   {"jobs", 0, NULL, "list the jobs that may cause the differences"},
			   {"apply", 0, NULL, "record the differences"},
			   {"note", 0, "TEXT", "with --apply: the reason, for the journal"},
			   {"no-apply", 0, NULL, "with --apply: leave Slurm to the next check"},
			   NEW_WINDOW_OPTIONS),
	.run = run,
};
