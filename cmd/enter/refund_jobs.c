/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

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
#include "cmd/show/output.h"
#include "cmd/show/selection.h"
#include "cmd/show/use_rows.h"
#include "ledger/base/amount.h"
#include "ledger/base/when.h"
#include "ledger/books/entries.h"
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
	COLUMN_COUNT,
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
};

/* A charge to refund. */
struct charge {
	uint64_t seq;
	int64_t amount; /* to give back, when it was looked at */
	size_t cluster; /* its place in refunding.clusters */
	int64_t job_id, submit;
	char account[NAME_SIZE];
};

struct refunding {
	struct env *env;
	int percent;
	/* What is asked for: */
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
	size_t count, room;
	char (*clusters)[NAME_SIZE]; /* of the charges, each once */
	size_t cluster_count;
	size_t jobs; /* runs of jobs that the charges are of, */
	int64_t sum; /* and what they get back: what an account above was charged too counts once */
	size_t before; /* charges that fit and were given back */
	bool several_clusters, several_runs;
	char found_cluster[NAME_SIZE];
	bool unknown; /* nothing was charged for [job] */
	bool rawusage; /* some account is metered so, and may be meant */
	struct head head; /* after what was entered */
};

/* ---- what is asked for ---- */

/* Whether [name], as people write a job's, is the job or, where [asked] names a whole array or
 * heterogeneous job, a part of it. */
static bool is_job(const struct refunding *refunding, const struct event *event)
{
	size_t len = strlen(refunding->job);

	if (strncmp(event->job, refunding->job, len) == 0 &&
	    (event->job[len] == '\0' ||
	     (refunding->id >= 0 && (event->job[len] == '_' || event->job[len] == '+'))))
		return true;
	/* A number of its own that Slurm gave to a part. */
	return refunding->id == event->job_id;
}

static bool is_asked_for(const struct refunding *refunding, const struct event *event)
{
	if (event->kind != EVENT_CHARGE_JOB ||
	    (*refunding->cluster && strcmp(event->cluster, refunding->cluster) != 0) ||
	    event->until < refunding->since || event->until >= refunding->until ||
	    (refunding->run && event->submit != refunding->run) ||
	    (refunding->selection.count && !selection_has(&refunding->selection, event->account)))
		return false;
	return refunding->job ? is_job(refunding, event)
			      : strcmp(event->state, refunding->state) == 0;
}

/* How much of the charge is to be refunded; 0: nothing. */
static int work_out(const struct refunding *refunding, struct books *books,
		    const struct event *charge, int64_t *ret, struct sb_error *err)
{
	int64_t left;
	int rc = correct_left(books, charge, &left, err);

	if (rc)
		return rc;
	if (refunding->percent && left == charge->amount)
		left = (int64_t)((__int128)charge->amount * refunding->percent / 100);
	else if (refunding->percent)
		left = 0;
	*ret = left;
	return SB_OK;
}

static void print_row(struct output *output, const struct event *charge, int64_t amount)
{
	char job[JOB_NAME_SIZE];

	output_row(output);
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

static void compare_runs(struct refunding *refunding, const struct event *charge)
{
	if (!*refunding->found_cluster)
		(void)snprintf(refunding->found_cluster, NAME_SIZE, "%s", charge->cluster);
	else if (strcmp(refunding->found_cluster, charge->cluster) != 0)
		refunding->several_clusters = true;
	/* Of a state there may be many, and none is to be chosen. */
	for (size_t i = 0; refunding->job && i < refunding->count && !refunding->several_runs; i++)
		refunding->several_runs = refunding->list[i].job_id == charge->job_id &&
					  refunding->list[i].submit != charge->submit;
}

/* Finds or adds the cluster. */
static int place_cluster(struct refunding *refunding, const char *name, size_t *ret,
			 struct sb_error *err)
{
	char(*grown)[NAME_SIZE];
	size_t i = 0;

	while (i < refunding->cluster_count && strcmp(refunding->clusters[i], name) != 0)
		i++;
	*ret = i;
	if (i < refunding->cluster_count)
		return SB_OK;
	grown = reallocarray(refunding->clusters, i + 1, sizeof(*grown));
	if (!grown)
		return sb_error_nomem(err);
	refunding->clusters = grown;
	refunding->cluster_count++;
	(void)snprintf(grown[i], sizeof(grown[i]), "%s", name);
	return SB_OK;
}

static int look_at(const struct entry *entry, void *ctx, struct sb_error *err)
{
	struct refunding *refunding = ctx;
	const struct event *event = entry->event;
	struct charge *to;
	int64_t amount;
	size_t cluster;
	int rc;

	if (!is_asked_for(refunding, event))
		return SB_OK;
	rc = work_out(refunding, refunding->books, event, &amount, err);
	if (rc)
		return rc;
	if (amount == 0) {
		refunding->before++;
		return SB_OK;
	}
	if (refunding->count == refunding->room) {
		size_t room = refunding->room ? 2 * refunding->room : 16;

		to = reallocarray(refunding->list, room, sizeof(*to));
		if (!to)
			return sb_error_nomem(err);
		refunding->list = to;
		refunding->room = room;
	}
	rc = place_cluster(refunding, event->cluster, &cluster, err);
	if (rc)
		return rc;
	compare_runs(refunding, event);
	to = &refunding->list[refunding->count++];
	*to = (struct charge){.seq = event->seq,
			      .amount = amount,
			      .cluster = cluster,
			      .job_id = event->job_id,
			      .submit = event->submit};
	(void)snprintf(to->account, sizeof(to->account), "%s", event->account);
	print_row(refunding->output, event, amount);
	return SB_OK;
}

static int compare_jobs(const void *a, const void *b)
{
	const struct charge *x = *(const struct charge *const *)a;
	const struct charge *y = *(const struct charge *const *)b;

	if (x->cluster != y->cluster)
		return x->cluster < y->cluster ? -1 : 1;
	if (x->job_id != y->job_id)
		return x->job_id < y->job_id ? -1 : 1;
	if (x->submit != y->submit)
		return x->submit < y->submit ? -1 : 1;
	return (x->amount < y->amount) - (x->amount > y->amount);
}

/* A job inside several budgets was charged to each, and gives back to each; in all it is what it
 * was, not a multiple of that. */
static int add_up(struct refunding *refunding, struct sb_error *err)
{
	const struct charge **list = calloc(refunding->count + 1, sizeof(*list));
	int rc = list ? SB_OK : sb_error_nomem(err);

	refunding->jobs = 0;
	refunding->sum = 0;
	for (size_t i = 0; list && i < refunding->count; i++)
		list[i] = &refunding->list[i];
	if (list)
		qsort(list, refunding->count, sizeof(*list), compare_jobs);
	for (size_t i = 0; i < refunding->count && !rc; i++) {
		/* The largest charge of a job comes first. */
		if (i > 0 && list[i]->cluster == list[i - 1]->cluster &&
		    list[i]->job_id == list[i - 1]->job_id &&
		    list[i]->submit == list[i - 1]->submit)
			continue;
		refunding->jobs++;
		if (!amount_add(refunding->sum, list[i]->amount, &refunding->sum))
			rc = sb_error_set(
				err, SB_EOVERFLOW,
				"the refunds add up past what int64 holds: ask for fewer");
	}
	free(list);
	return rc;
}

static int find(struct books *books, void *ctx, struct sb_error *err)
{
	struct refunding *refunding = ctx;
	/* An entry is never older than the end of its job. */
	const struct entry_range range = {.accounts = refunding->selection.list,
					  .account_count = refunding->selection.count,
					  .since = refunding->since};
	const struct account *account;
	size_t count;
	int rc = books_load_all(books, &count, err);

	for (size_t i = 0; i < refunding->selection.count && !rc; i++)
		rc = books_account(books, refunding->selection.list[i], &account, err);
	for (size_t i = 0; i < count && !rc; i++) {
		account = books_at(books, i);
		for (size_t j = 0; j < account->meter_count; j++) {
			const struct meter *meter = &account->meters[j];

			if (!meter->jobs && (!*refunding->cluster ||
					     strcmp(meter->cluster, refunding->cluster) == 0))
				refunding->rawusage = true;
		}
	}
	refunding->books = books;
	if (!rc)
		rc = entries_walk(books, &range, look_at, refunding, NULL, err);
	if (!rc)
		rc = add_up(refunding, err);
	/* Before an empty list is printed. */
	if (!rc && refunding->job && refunding->count == 0 && refunding->before == 0) {
		refunding->unknown = true;
		rc = sb_error_set(err, SB_ENOTFOUND,
				  "nothing was charged for job %s%s%s: `subank journal --kind job` "
				  "shows what was",
				  refunding->cluster, *refunding->cluster ? "/" : "",
				  refunding->job);
	}
	return rc;
}

/* ---- refunding ---- */

static int refund_one(struct refunding *refunding, struct books *books, const struct charge *charge,
		      struct sb_error *err)
{
	struct env *env = refunding->env;
	struct new_window window = {.given = window_given(&refunding->window)};
	struct event answered = {0}, dates = {0};
	struct event event = {.kind = EVENT_REFUND,
			      .note = option(env, "note"),
			      .account = charge->account,
			      .answers = charge->seq,
			      .resource = RESOURCE_BILLING,
			      .end = WHEN_NEVER};
	int rc = journal_get(books_txn(books), charge->seq, &answered, NULL, err);

	if (!rc)
		rc = work_out(refunding, books, &answered, &event.amount, err);
	if (!rc && event.amount != charge->amount)
		rc = sb_error_set(err, SB_EREFUSED,
				  "entry %" PRIu64 " was refunded meanwhile: run it again",
				  charge->seq);
	if (!rc && window.given) {
		rc = window_set(env, &refunding->window, books, &dates, err);
		window.start = dates.start;
		window.end = dates.end;
	}
	if (!rc)
		rc = plan_refund(books, &answered, &window, &event, err);
	if (!rc)
		rc = books_append(books, &event, err);
	event_release(&event);
	event_release(&answered);
	return rc;
}

static int enter(struct books *books, void *ctx, struct sb_error *err)
{
	struct refunding *refunding = ctx;
	int rc = SB_OK;

	for (size_t i = 0; i < refunding->count && !rc; i++)
		rc = refund_one(refunding, books, &refunding->list[i], err);
	refunding->head = *books_head(books);
	return rc;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Brings the accounts in line that got something back. */
static int settle(struct refunding *refunding)
{
	struct env *env = refunding->env;
	const char **names = calloc(refunding->count, sizeof(*names));
	struct sb_error err;
	size_t count = 0;
	int status;

	if (!names) {
		sb_error_nomem(&err);
		warning(env, "%s: the next check sees to Slurm", err.text);
		return EXIT_PART;
	}
	for (size_t i = 0; i < refunding->count; i++)
		names[i] = refunding->list[i].account;
	qsort(names, refunding->count, sizeof(*names), compare_names);
	for (size_t i = 0; i < refunding->count; i++) {
		if (count == 0 || strcmp(names[count - 1], names[i]) != 0)
			names[count++] = names[i];
	}
	status = checkup_after(env, names, count, EXIT_DONE);
	free(names);
	return status;
}

/* What stands in the way of refunding what was found, if anything. */
static int refuse(const struct refunding *refunding, struct sb_error *err)
{
	if (refunding->job && refunding->several_clusters)
		return sb_error_set(err, SB_EREFUSED,
				    "clusters have a job %s each: name one, as in --job %s/%s",
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
		     "what accounts metered by rawusage used is charged by reading, not by job: "
		     "`subank journal --kind charge` shows which, and `subank refund ENTRY SU` "
		     "gives back a part");
}

static int nothing_found(const struct refunding *refunding)
{
	struct env *env = refunding->env;

	if (refunding->before > 0) {
		note(env, "nothing is left to refund: %zu %s given back before%s",
		     refunding->before, refunding->before == 1 ? "charge was" : "charges were",
		     refunding->percent ? ", wholly or in part, or too small" : "");
		return EXIT_DONE;
	}
	note(env, "nothing was charged for jobs that ended in %s then", refunding->state);
	note_rawusage(refunding);
	return EXIT_DONE;
}

static int refund_found(struct refunding *refunding)
{
	struct env *env = refunding->env;
	char question[160], what[128], amount[QUANTITY_SIZE], hash[HASH_TEXT_SIZE];
	struct sb_error err;
	int status;

	if (refunding->count == 0)
		return nothing_found(refunding);
	if (refuse(refunding, &err))
		return fail(env, &err);
	(void)snprintf(what, sizeof(what), "%s of %zu %s (%zu %s)",
		       quantity(env, amount, refunding->sum), refunding->jobs,
		       refunding->jobs == 1 ? "job" : "jobs", refunding->count,
		       refunding->count == 1 ? "charge" : "charges");
	if (option(env, "dry-run")) {
		note(env, "dry run: %s would be refunded; nothing was changed", what);
		return EXIT_DONE;
	}
	(void)snprintf(question, sizeof(question), "Refund %s?", what);
	status = confirm(env, question);
	if (status != EXIT_DONE)
		return status;
	if (bank_write(env->bank, env->os.now(), enter, refunding, &err))
		return fail(env, &err);
	hex_format(hash, refunding->head.hash, HASH_SIZE);
	report(env, "refunded %s; head %" PRIu64 ":%.*s", what, refunding->head.seq, HASH_SHORT,
	       hash);
	return settle(refunding);
}

/* ---- the command line ---- */

/* "CLUSTER/12_3", or without the cluster. */
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
	if (slash && (size_t)(slash - text) < sizeof(cluster)) {
		(void)snprintf(cluster, sizeof(cluster), "%.*s", (int)(slash - text), text);
		if (name_fold("cluster", cluster, refunding->cluster, err))
			return err->code;
	} else if (slash) {
		return sb_error_set(err, SB_EINVAL, "the cluster's name is too long");
	}
	refunding->job = id;
	refunding->id = part ? -1 : strtoll(id, NULL, 10);
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
	int rc = job ? read_job(refunding, job, err) : read_state(refunding, state, err);

	if (!rc && job && state)
		rc = sb_error_set(err, SB_EINVAL, "--job and --state are two things: choose one");
	if (!rc && state && !option(env, "since"))
		rc = sb_error_set(err, SB_EINVAL,
				  "--state needs --since: from when on jobs ended so");
	if (!rc && state && (option(env, "run") || option(env, "all-runs")))
		rc = sb_error_set(err, SB_EINVAL, "--run and --all-runs go with --job");
	if (!rc && option(env, "ref"))
		rc = sb_error_set(err, SB_EINVAL,
				  "--ref is for one entry: refunds of jobs can be run again as "
				  "they are");
	if (!rc && (!option(env, "note") || !*option(env, "note")))
		rc = sb_error_set(err, SB_EINVAL, "refund needs --note: say why");
	refunding->until = WHEN_NEVER;
	if (!rc)
		rc = moment_time(env, "since", &refunding->since, err);
	if (!rc)
		rc = moment_time(env, "until", &refunding->until, err);
	if (!rc)
		rc = moment_time(env, "run", &refunding->run, err);
	if (!rc && refunding->since >= refunding->until)
		rc = sb_error_set(err, SB_EINVAL, "the period ends before it begins");
	return rc;
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
		status = output_from_bank(env, columns, COLUMN_COUNT, find, &refunding,
					  &refunding.output);
	if (refunding.unknown)
		note_rawusage(&refunding);
	if (status == EXIT_DONE)
		status = refund_found(&refunding);
	free(refunding.list);
	free(refunding.clusters);
	selection_release(&refunding.selection);
	return status;
}

const struct option_spec refund_jobs_options[] = {
	{"job", 0, "JOB", "what was charged for a job, or for all of an array"},
	{"run", 0, "TIME", "with --job: the run of it that was submitted then"},
	{"all-runs", 0, NULL, "with --job: all its runs, where there are several"},
	{"state", 0, "STATE", "what was charged for jobs that ended in it"},
	{"since", 0, "TIME", "with --job or --state: that ended from then on"},
	{"until", 0, "TIME", "likewise: that ended before"},
	{"dry-run", 0, NULL, "likewise: show what would be refunded"},
	NEW_WINDOW_OPTIONS,
	{NULL, 0, NULL, NULL},
};
