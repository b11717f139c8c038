/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/refund_jobs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/check/checkup.h"
#include "cmd/enter/confirm.h"
#include "cmd/frame/command.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/moment.h"
#include "cmd/frame/options.h"
#include "cmd/frame/settings_tariff.h"
#include "cmd/show/head_text.h"
#include "cmd/show/output.h"
#include "cmd/show/selection.h"
#include "cmd/show/use_rows.h"
#include "ledger/base/amount.h"
#include "ledger/base/array.h"
#include "ledger/base/number.h"
#include "ledger/base/when.h"
#include "ledger/books/entries.h"
#include "ledger/books/renames.h"
#include "slurm/tariff.h"

enum {
	COLUMN_ENTRY,
	COLUMN_ACCOUNT,
	COLUMN_JOB,
	COLUMN_USER,
	COLUMN_STATE,
	COLUMN_SUBMIT,
	COLUMN_END,
	COLUMN_CHARGED,
	COLUMN_REFUND,
	COLUMN_UNIT,
	COLUMN_RESOURCE,
	COLUMN_COUNT
};

static const struct column columns[COLUMN_COUNT] = {
	[COLUMN_ENTRY] = {"Entry", true, true, CELL_WHOLE},
	[COLUMN_ACCOUNT] = {"Account", false, true, CELL_NAME},
	[COLUMN_JOB] = {"Job", false, true, CELL_NAME},
	[COLUMN_USER] = {"User", false, true, CELL_NAME},
	[COLUMN_STATE] = {"State", false, true, CELL_WHOLE},
	[COLUMN_SUBMIT] = {"Submit", false, true, CELL_WHOLE},
	[COLUMN_END] = {"End", false, false, CELL_WHOLE},
	[COLUMN_CHARGED] = {"Charged", true, false, CELL_AMOUNT},
	[COLUMN_REFUND] = {"Refund", true, true, CELL_AMOUNT},
	[COLUMN_UNIT] = {"Unit", false, false, CELL_UNIT},
	[COLUMN_RESOURCE] = {"Resource", false, false, CELL_RESOURCE},
};

/* A charge to refund. */
struct charge {
	uint64_t seq;
	int64_t amount; /* to give back, when it was found */
	size_t cluster; /* its place in refunding.clusters */
	int64_t job_id, submit;
	char account[NAME_SIZE]; /* or a purse */
	char successor[NAME_SIZE]; /* gets back what became its debt; "": nothing did */
};

/* What is given back in one resource. */
struct sum {
	const char *purse; /* any purse of the resource, for the unit */
	int64_t amount; /* a job charged to several accounts counts once */
};

struct refunding {
	struct env *env;
	int percent;
	/* The request: */
	char cluster[NAME_SIZE]; /* "" is any */
	const char *job; /* NULL: jobs that ended in [state] */
	int64_t id; /* of [job], when that is a plain number; else -1 */
	const char *state;
	int64_t since, until, run;
	struct selection selection;
	struct window window;
	/* Found: */
	struct books *books;
	struct output *output;
	struct charge *list;
	size_t count;
	char (*clusters)[NAME_SIZE]; /* of the charges, each once */
	size_t cluster_count;
	size_t jobs; /* runs of jobs that the charges are for */
	struct sum *sums; /* sums of the refunds, SU first, then by resource */
	size_t sum_count;
	size_t before; /* charges that match and were given back before */
	bool several_clusters, several_runs;
	char found_cluster[NAME_SIZE];
	bool unknown; /* nothing was charged for [job] */
	bool rawusage; /* an account that may be meant is metered by RawUsage */
	struct head head; /* after the refunds */
};

/* ---- what matches ---- */

/* Returns whether the event is about the job or, where the request names a whole array or
 * heterogeneous job, about a part of it. */
static bool is_job(const struct refunding *refunding, const struct event *event)
{
	size_t len = strlen(refunding->job);

	if (strncmp(event->job, refunding->job, len) == 0 &&
	    (event->job[len] == '\0' ||
	     (refunding->id >= 0 && (event->job[len] == '_' || event->job[len] == '+'))))
		return true;
	/* Slurm may give a part a number of its own. */
	return refunding->id == event->job_id;
}

static bool matches(const struct refunding *refunding, const struct event *event)
{
	if (event->kind != EVENT_CHARGE_JOB ||
	    (*refunding->cluster && strcmp(event->cluster, refunding->cluster) != 0) ||
	    event->until < refunding->since || event->until >= refunding->until ||
	    (refunding->run && event->submit != refunding->run))
		return false;
	return refunding->job ? is_job(refunding, event)
			      : strcmp(event->state, refunding->state) == 0;
}

/* Finds how much of the charge to refund; 0: nothing. */
static int find_amount(const struct refunding *refunding, struct books *books,
		       const struct event *charge, int64_t *ret, struct sb_error *err)
{
	int64_t left;

	TRY(correct_left(books, charge, &left, err));
	if (refunding->percent && left == charge->amount)
		*ret = percent_of_charge(charge, refunding->percent);
	else
		*ret = refunding->percent ? 0 : left;
	return SB_OK;
}

static void print_row(struct output *output, const struct event *charge, int64_t amount)
{
	char job[JOB_NAME_SIZE];

	output_row(output);
	output_unit(output, charge->account);
	output_number(output, COLUMN_ENTRY, (int64_t)charge->seq);
	output_text(output, COLUMN_ACCOUNT, charge->account);
	output_text(output, COLUMN_JOB, job_name(job, charge->cluster, charge->job));
	output_text(output, COLUMN_USER, charge->job_user);
	output_text(output, COLUMN_STATE, charge->state);
	output_time(output, COLUMN_SUBMIT, charge->submit);
	output_time(output, COLUMN_END, charge->until);
	output_amount(output, COLUMN_CHARGED, charge->amount);
	output_amount(output, COLUMN_REFUND, amount);
}

static void compare_clusters(struct refunding *refunding, const struct event *charge)
{
	if (!*refunding->found_cluster)
		(void)snprintf(refunding->found_cluster, NAME_SIZE, "%s", charge->cluster);
	else if (strcmp(refunding->found_cluster, charge->cluster) != 0)
		refunding->several_clusters = true;
}

/* Finds or adds the cluster. */
static int place_cluster(struct refunding *refunding, const char *name, size_t *ret,
			 struct sb_error *err)
{
	char(*added)[NAME_SIZE];
	size_t i = 0;

	while (i < refunding->cluster_count && strcmp(refunding->clusters[i], name) != 0)
		i++;
	*ret = i;
	if (i < refunding->cluster_count)
		return SB_OK;
	added = array_add(refunding->clusters, refunding->cluster_count);
	if (!added)
		return sb_error_nomem(err);
	(void)snprintf(*added, sizeof(*added), "%s", name);
	return SB_OK;
}

static int add_charge(const struct entry *entry, void *ctx, struct sb_error *err)
{
	struct refunding *refunding = ctx;
	const struct event *event = entry->event;
	struct charge *charge;
	int64_t amount;
	size_t cluster;

	if (!matches(refunding, event))
		return SB_OK;
	TRY(find_amount(refunding, refunding->books, event, &amount, err));
	if (amount == 0) {
		refunding->before++;
		return SB_OK;
	}
	TRY(place_cluster(refunding, event->cluster, &cluster, err));
	compare_clusters(refunding, event);
	charge = array_add(refunding->list, refunding->count);
	if (!charge)
		return sb_error_nomem(err);
	charge->seq = event->seq;
	charge->amount = amount;
	charge->cluster = cluster;
	charge->job_id = event->job_id;
	charge->submit = event->submit;
	TRY(books_renamed(refunding->books, event->account, event->seq, charge->account, err));
	print_row(refunding->output, event, amount);
	return SB_OK;
}

static int compare_jobs(const struct charge *x, const struct charge *y)
{
	if (x->cluster != y->cluster)
		return x->cluster < y->cluster ? -1 : 1;
	if (x->job_id != y->job_id)
		return x->job_id < y->job_id ? -1 : 1;
	return (x->submit > y->submit) - (x->submit < y->submit);
}

/* Puts SU before other resources. */
static int compare_resources(const char *x, const char *y)
{
	bool su = purse_is_account(x);

	return su != purse_is_account(y) ? (su ? -1 : 1)
					 : strcmp(purse_resource(x), purse_resource(y));
}

static int by_job(const void *a, const void *b)
{
	return compare_jobs(*(const struct charge *const *)a, *(const struct charge *const *)b);
}

/* Sorts by resource and job, the largest charge first. */
static int by_resource(const void *a, const void *b)
{
	const struct charge *x = *(const struct charge *const *)a;
	const struct charge *y = *(const struct charge *const *)b;
	int order = compare_resources(x->account, y->account);

	order = order ? order : compare_jobs(x, y);
	return order ? order : (x->amount < y->amount) - (x->amount > y->amount);
}

/* Adds up the charges, which are in the order of by_resource(). */
static int add_sums(struct refunding *refunding, const struct charge *const *list,
		    struct sb_error *err)
{
	struct sum *sum = NULL;

	refunding->sum_count = 0;
	for (size_t i = 0; i < refunding->count; i++) {
		const struct charge *charge = list[i];

		if (!sum || compare_resources(sum->purse, charge->account) != 0) {
			sum = array_add(refunding->sums, refunding->sum_count);
			if (!sum)
				return sb_error_nomem(err);
			sum->purse = charge->account;
		} else if (compare_jobs(charge, list[i - 1]) == 0) {
			continue;
		}
		if (!amount_add(sum->amount, charge->amount, &sum->amount))
			return sb_error_set(err, SB_EOVERFLOW,
					    "the sum of the refunds exceeds int64: ask for fewer");
	}
	return SB_OK;
}

/* Adds up jobs and refunds, and finds out whether a job ran more than once. A job inside several
 * budgets was charged to each, and each gets a refund; in the sum of a resource the job counts
 * once. */
static int add_up(struct refunding *refunding, struct sb_error *err)
{
	const struct charge **list = calloc(refunding->count + 1, sizeof(*list));
	int rc;

	if (!list)
		return sb_error_nomem(err);
	refunding->jobs = 0;
	for (size_t i = 0; i < refunding->count; i++)
		list[i] = &refunding->list[i];
	array_sort(list, refunding->count, by_job);
	for (size_t i = 0; i < refunding->count; i++) {
		const struct charge *before = i > 0 ? list[i - 1] : NULL;

		if (before && compare_jobs(list[i], before) == 0)
			continue;
		refunding->jobs++;
		/* With --state there may be many jobs, and none has to be chosen. */
		if (before && refunding->job && list[i]->cluster == before->cluster &&
		    list[i]->job_id == before->job_id)
			refunding->several_runs = true;
	}
	array_sort(list, refunding->count, by_resource);
	rc = add_sums(refunding, list, err);
	free(list);
	return rc;
}

static bool is_metered_by_rawusage(const struct refunding *refunding, const struct account *account)
{
	for (size_t i = 0; i < account->meter_count; i++) {
		const struct meter *meter = &account->meters[i];

		if (!meter->jobs &&
		    (!*refunding->cluster || strcmp(meter->cluster, refunding->cluster) == 0))
			return true;
	}
	return false;
}

/* Whether the account that had this name first, or has it, is selected. */
static int is_selected(const struct refunding *refunding, const char *name, bool *ret,
		       struct sb_error *err)
{
	char account[NAME_SIZE], now[NAME_SIZE];

	*ret = selection_has(&refunding->selection, purse_account(account, name));
	if (*ret)
		return SB_OK;
	TRY(books_renamed(refunding->books, name, 0, now, err));
	*ret = selection_has(&refunding->selection, purse_account(account, now));
	return SB_OK;
}

/* Lists the selected accounts with their purses, under all their names; all accounts if none is
 * selected. The caller frees the list. */
static int find_names(const struct refunding *refunding, size_t count, const char ***ret,
		      size_t *ret_count, struct sb_error *err)
{
	const char **names = calloc(count + 1, sizeof(*names));
	int rc = SB_OK;

	if (!names)
		return sb_error_nomem(err);
	*ret_count = 0;
	for (size_t i = 0; i < count && refunding->selection.count > 0 && !rc; i++) {
		const char *name = books_at(refunding->books, i)->name;
		bool selected;

		rc = is_selected(refunding, name, &selected, err);
		if (!rc && selected)
			names[(*ret_count)++] = name;
	}
	if (rc)
		free(names);
	else
		*ret = names;
	return rc;
}

static int find_charges(struct books *books, void *ctx, struct sb_error *err)
{
	struct refunding *refunding = ctx;
	/* An entry is never older than the end of its job. */
	struct entry_range range = {.since = refunding->since};
	const struct account *account;
	const char **names = NULL;
	size_t count;
	int rc;

	TRY(books_load_all(books, &count, err));
	for (size_t i = 0; i < refunding->selection.count; i++)
		TRY(books_account(books, refunding->selection.list[i], &account, err));
	for (size_t i = 0; i < count && !refunding->rawusage; i++)
		refunding->rawusage = is_metered_by_rawusage(refunding, books_at(books, i));
	for (size_t i = 0; i < count; i++) {
		if (!purse_is_su(books_at(books, i)->name))
			output_show_units(refunding->output);
	}
	refunding->books = books;
	TRY(find_names(refunding, count, &names, &range.account_count, err));
	range.accounts = names;
	rc = entries_each(books, &range, add_charge, refunding, NULL, err);
	free(names);
	TRY(rc);
	TRY(add_up(refunding, err));
	if (!refunding->job || refunding->count > 0 || refunding->before > 0)
		return SB_OK;
	/* An error, so that no empty list is printed. */
	refunding->unknown = true;
	return sb_error_set(err, SB_ENOTFOUND,
			    "nothing was charged for job %s%s%s: `subank journal --kind job` lists "
			    "the jobs that were",
			    refunding->cluster, *refunding->cluster ? "/" : "", refunding->job);
}

/* ---- refunding ---- */

/* Plans a refund of the charge, whose amount is set, and appends it unless all of it is for the
 * account that took over the charge's debt. */
static int append_one(struct refunding *refunding, struct books *books, const struct event *charge,
		      struct event *event, struct taken_debt *ret_taken, struct sb_error *err)
{
	struct new_window window;

	TRY(window_new(refunding->env, &refunding->window, books, &window, err));
	TRY(plan_refund(books, charge, &window, event, ret_taken, err));
	return event->amount > 0 ? books_append(books, event, err) : SB_OK;
}

static int append_refunds(struct refunding *refunding, struct books *books,
			  const struct event *charge, struct event *event,
			  char successor[NAME_SIZE], struct sb_error *err)
{
	struct taken_debt taken;
	struct event further = *event;
	int rc;

	TRY(append_one(refunding, books, charge, event, &taken, err));
	memcpy(successor, taken.by, NAME_SIZE);
	if (taken.amount == 0)
		return SB_OK;
	further.account = taken.by;
	further.amount = taken.amount;
	rc = append_one(refunding, books, charge, &further, NULL, err);
	event_release(&further);
	return rc;
}

static int refund_one(struct refunding *refunding, struct books *books, struct charge *charge,
		      struct event *answered, struct event *event, struct sb_error *err)
{
	char account[NAME_SIZE];

	TRY(journal_get(books_txn(books), charge->seq, answered, NULL, err));
	TRY(books_renamed(books, answered->account, answered->seq, account, err));
	if (strcmp(account, charge->account) != 0)
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' was renamed meanwhile: run it again",
				    charge->account);
	TRY(find_amount(refunding, books, answered, &event->amount, err));
	if (event->amount != charge->amount)
		return sb_error_set(err, SB_EREFUSED,
				    "entry %" PRIu64 " was refunded meanwhile: run it again",
				    charge->seq);
	return append_refunds(refunding, books, answered, event, charge->successor, err);
}

static int record(struct books *books, void *ctx, struct sb_error *err)
{
	struct refunding *refunding = ctx;
	int rc = SB_OK;

	for (size_t i = 0; i < refunding->count && !rc; i++) {
		struct charge *charge = &refunding->list[i];
		struct event answered = {0};
		struct event event = {.kind = EVENT_REFUND,
				      .note = option(refunding->env, "note"),
				      .account = charge->account,
				      .answers = charge->seq,
				      .resource = purse_resource(charge->account),
				      .end = WHEN_NEVER};

		rc = refund_one(refunding, books, charge, &answered, &event, err);
		event_release(&event);
		event_release(&answered);
	}
	refunding->head = *books_head(books);
	return rc;
}

/* Brings Slurm in line for the accounts that got a refund. */
static int settle(struct refunding *refunding)
{
	struct env *env = refunding->env;
	const char **names = calloc(2 * refunding->count, sizeof(*names));
	struct sb_error err;
	size_t count = 0;
	int status;

	if (!names) {
		sb_error_nomem(&err);
		warning(env, "%s: the next check will update Slurm", err.text);
		return EXIT_PART;
	}
	for (size_t i = 0; i < refunding->count; i++) {
		const struct charge *charge = &refunding->list[i];

		names[count++] = charge->account;
		if (*charge->successor)
			names[count++] = charge->successor;
	}
	status = checkup_after(env, names, names_once(names, count), EXIT_DONE);
	free(names);
	return status;
}

/* Refuses charges of several jobs if one was asked for. */
static int refuse_several(const struct refunding *refunding, struct sb_error *err)
{
	if (refunding->job && refunding->several_clusters)
		return sb_error_set(err, SB_EREFUSED,
				    "several clusters have a job %s: name one, as in --job %s/%s",
				    refunding->job, refunding->found_cluster, refunding->job);
	if (refunding->job && refunding->several_runs && !option(refunding->env, "all-runs"))
		return sb_error_set(err, SB_EREFUSED,
				    "job %s ran more than once: choose by --run TIME (when it was "
				    "submitted), or all with --all-runs",
				    refunding->job);
	return SB_OK;
}

static void note_rawusage(const struct refunding *refunding)
{
	if (refunding->rawusage)
		note(refunding->env,
		     "accounts metered by rawusage are charged by reading, not by job: `subank "
		     "journal --kind charge` lists these charges, and `subank refund ENTRY SU` "
		     "gives back a part");
}

static void note_nothing_found(const struct refunding *refunding)
{
	struct env *env = refunding->env;

	if (refunding->before > 0) {
		note(env, "nothing is left to refund: %zu %s given back before%s",
		     refunding->before, refunding->before == 1 ? "charge was" : "charges were",
		     refunding->percent ? ", wholly or in part, or too small" : "");
		return;
	}
	note(env, "nothing was charged for jobs that ended in %s then", refunding->state);
	note_rawusage(refunding);
}

/* Writes "12.00 SU, 3.00 GPU-hours of 2 jobs (4 charges)". */
static void format_sums(const struct refunding *refunding, char *to, size_t size)
{
	char amount[QUANTITY_SIZE];
	size_t at = 0;

	for (size_t i = 0; i < refunding->sum_count && at < size; i++) {
		const struct sum *sum = &refunding->sums[i];

		at += (size_t)snprintf(to + at, size - at, "%s%s", i ? ", " : "",
				       quantity(refunding->env, amount, sum->purse, sum->amount));
	}
	if (at < size)
		(void)snprintf(to + at, size - at, " of %zu %s (%zu %s)", refunding->jobs,
			       refunding->jobs == 1 ? "job" : "jobs", refunding->count,
			       refunding->count == 1 ? "charge" : "charges");
}

static int refund_found(struct refunding *refunding)
{
	struct env *env = refunding->env;
	char question[1056], what[1024], head[HEAD_TEXT_SIZE];
	struct sb_error err;
	int status;

	if (refunding->count == 0) {
		note_nothing_found(refunding);
		return EXIT_DONE;
	}
	if (refuse_several(refunding, &err))
		return fail(env, &err);
	format_sums(refunding, what, sizeof(what));
	if (option(env, "dry-run")) {
		note(env, "dry run: %s would be refunded; nothing was changed", what);
		return EXIT_DONE;
	}
	(void)snprintf(question, sizeof(question), "Refund %s?", what);
	status = confirm(env, question);
	if (status != EXIT_DONE)
		return status;
	if (bank_write(env->bank, env->os.now(), record, refunding, &err))
		return fail(env, &err);
	report(env, "refunded %s; head %s", what, head_text(head, &refunding->head));
	return settle(refunding);
}

/* ---- the command line ---- */

/* Reads "CLUSTER/12_3", or without the cluster. */
static int read_job(struct refunding *refunding, const char *text, struct sb_error *err)
{
	const char *slash = strchr(text, '/'), *id = slash ? slash + 1 : text;
	size_t digits = strspn(id, "0123456789");
	size_t part =
		id[digits] == '_' || id[digits] == '+' ? strspn(id + digits + 1, "0123456789") : 0;
	char cluster[NAME_SIZE];

	if (digits == 0 || digits > 18 || id[digits + (part ? part + 1 : 0)])
		return sb_error_set(err, SB_EINVAL,
				    "'%s' is not a job: write CLUSTER/ID, with the id as sacct "
				    "shows it (12, 12_3, 12+1)",
				    text);
	if (slash && (size_t)(slash - text) >= sizeof(cluster))
		return sb_error_set(err, SB_EINVAL, "the cluster's name is too long");
	if (slash) {
		(void)snprintf(cluster, sizeof(cluster), "%.*s", (int)(slash - text), text);
		TRY(name_fold("cluster", cluster, refunding->cluster, err));
	}
	refunding->job = id;
	refunding->id = -1;
	/* At most 18 digits. */
	if (!part)
		(void)number_slice(id, digits, 0, INT64_MAX, &refunding->id);
	return SB_OK;
}

static int read_state(struct refunding *refunding, const char *text, struct sb_error *err)
{
	refunding->state = strcasecmp(text, "COMPLETED") == 0 ? "COMPLETED" : tariff_state(text);
	if (refunding->state)
		return SB_OK;
	return state_error("no job ends in", text, err);
}

static int read_options(struct refunding *refunding, struct sb_error *err)
{
	struct env *env = refunding->env;
	const char *job = option(env, "job"), *state = option(env, "state");

	TRY(job ? read_job(refunding, job, err) : read_state(refunding, state, err));
	if (job && state)
		return sb_error_set(err, SB_EINVAL, "--job and --state exclude each other");
	if (state && !option(env, "since"))
		return sb_error_set(err, SB_EINVAL,
				    "--state needs --since, the earliest end of a job");
	if (state && (option(env, "run") || option(env, "all-runs")))
		return sb_error_set(err, SB_EINVAL, "--run and --all-runs go with --job");
	if (option(env, "ref"))
		return sb_error_set(err, SB_EINVAL,
				    "--ref is for one entry: a refund of jobs can be run again "
				    "without it");
	if (!option(env, "note") || !*option(env, "note"))
		return sb_error_set(err, SB_EINVAL, "refund needs --note with the reason");
	refunding->until = WHEN_NEVER;
	TRY(moment_time(env, "since", &refunding->since, err));
	TRY(moment_time(env, "until", &refunding->until, err));
	TRY(moment_time(env, "run", &refunding->run, err));
	if (refunding->since >= refunding->until)
		return sb_error_set(err, SB_EINVAL, "the period ends before it begins");
	return SB_OK;
}

bool refund_jobs_asked(const struct env *env)
{
	return option(env, "job") || option(env, "state");
}

int refund_jobs(struct env *env, int percent)
{
	struct refunding refunding = {.env = env, .percent = percent, .id = -1};
	struct sb_error err;
	int status = selection_read(env, 0, NULL, &refunding.selection);

	if (status == EXIT_DONE)
		status = window_read(env, &refunding.window);
	if (status == EXIT_DONE && read_options(&refunding, &err))
		status = fail(env, &err);
	if (status == EXIT_DONE)
		status = output_from_bank(env, columns, COLUMN_COUNT, find_charges, &refunding,
					  &refunding.output);
	if (refunding.unknown)
		note_rawusage(&refunding);
	if (status == EXIT_DONE)
		status = refund_found(&refunding);
	free(refunding.list);
	free(refunding.sums);
	free(refunding.clusters);
	selection_release(&refunding.selection);
	return status;
}

const struct option_spec refund_jobs_options[] = {
	{"job", 0, "JOB", "refund the charges of a job, or of a whole array"},
	{"run", 0, "TIME", "with --job: only the run that was submitted then"},
	{"all-runs", 0, NULL, "with --job: all its runs, if there are several"},
	{"state", 0, "STATE", "refund the charges of jobs that ended in this state"},
	{"since", 0, "TIME", "with --job or --state: jobs that ended then or later"},
	{"until", 0, "TIME", "with --job or --state: jobs that ended before"},
	{"dry-run", 0, NULL, "with --job or --state: show them, record nothing"},
	NEW_WINDOW_OPTIONS,
	{NULL, 0, NULL, NULL},
};
