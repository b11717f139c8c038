/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/check/checkup.h"
#include "cmd/check/public_file.h"
#include "cmd/check/publish.h"
#include "cmd/frame/messages.h"
#include "cmd/show/balance_row.h"
#include "cmd/show/prometheus.h"
#include "ledger/base/array.h"
#include "ledger/base/lock.h"
#include "ledger/base/when.h"

/* ---- the metrics ---- */

struct metric_row {
	const struct account *purse;
	char account[NAME_SIZE];
	struct balance_row row;
	int64_t end; /* next_end() */
};

/* All that the metrics show. */
struct facts {
	struct metric_row *rows; /* by purse */
	size_t count;
	struct check_outcome outcome;
	uint64_t entries;
	int64_t failed_limits; /* in Slurm */
	int64_t failed_notices;
};

/* Returns a value of an account or budget. */
typedef int64_t row_fn(const struct metric_row *row);
/* Whether it has the value. */
typedef bool has_fn(const struct metric_row *row);

static int64_t get_allocated(const struct metric_row *row)
{
	return row->row.sums.allocated;
}

static int64_t get_used(const struct metric_row *row)
{
	return row->row.sums.used;
}

static int64_t get_available(const struct metric_row *row)
{
	return row->row.sums.available;
}

static int64_t get_debt(const struct metric_row *row)
{
	return row->row.sums.debt;
}

static int64_t get_in_flight(const struct metric_row *row)
{
	return row->row.sums.in_flight;
}

static int64_t get_committed(const struct metric_row *row)
{
	return row->row.sums.committed;
}

static bool has_running(const struct metric_row *row)
{
	return row->row.seen > 0;
}

static int64_t get_charged(const struct metric_row *row)
{
	return row->row.sums.charged;
}

static int64_t get_refunded(const struct metric_row *row)
{
	return account_sum(row->purse->refunded);
}

static int64_t get_unlimited(const struct metric_row *row)
{
	return row->row.sums.unlimited;
}

static int64_t get_open(const struct metric_row *row)
{
	return row->purse->open;
}

static int64_t get_held(const struct metric_row *row)
{
	const char *state = row->row.state;

	return strcmp(state, "held") == 0 || strcmp(state, "scavenge") == 0 ||
	       strcmp(state, "blocked") == 0;
}

/* Returns the next end of a window with money after [now]; WHEN_NEVER: there is none. The rest of a
 * window that has ended stays until the next check. */
static int64_t next_end(const struct account *purse, int64_t now)
{
	int64_t end = WHEN_NEVER;

	for (size_t i = 0; i < purse->lot_count; i++) {
		const struct lot *lot = &purse->lots[i];

		if (lot->rest > 0 && lot->end > now && lot->end < end)
			end = lot->end;
	}
	return end;
}

static int64_t get_end(const struct metric_row *row)
{
	return row->end / WHEN_SECOND;
}

static bool has_end(const struct metric_row *row)
{
	return row->end != WHEN_NEVER;
}

static int64_t get_read(const struct metric_row *row)
{
	return row->row.read / WHEN_SECOND;
}

static bool has_read(const struct metric_row *row)
{
	return row->row.read > 0;
}

/* Prints all samples of a metric that is not of accounts alone. */
typedef void print_fn(FILE *to, const char *name, const struct facts *facts);

static void print_one(FILE *to, const char *name, int64_t value)
{
	prometheus_sample(to, name, (const struct label[]){{NULL, NULL}}, value);
}

static void print_build(FILE *to, const char *name, const struct facts *facts)
{
	(void)facts;
	prometheus_sample(to, name,
			  (const struct label[]){{"version", PACKAGE_VERSION}, {NULL, NULL}}, 1);
}

static void print_done(FILE *to, const char *name, const struct facts *facts)
{
	print_one(to, name, facts->outcome.done / WHEN_SECOND);
}

static void print_clean(FILE *to, const char *name, const struct facts *facts)
{
	print_one(to, name, facts->outcome.clean / WHEN_SECOND);
}

static void print_failure(FILE *to, const char *name, const char *part, int64_t count)
{
	prometheus_sample(to, name, (const struct label[]){{"part", part}, {NULL, NULL}}, count);
}

static void print_failures(FILE *to, const char *name, const struct facts *facts)
{
	const struct check_outcome *outcome = &facts->outcome;
	const bool known =
		outcome->silent || outcome->odd || facts->failed_limits || facts->failed_notices;

	print_failure(to, name, "clusters", outcome->silent);
	print_failure(to, name, "limits", facts->failed_limits);
	print_failure(to, name, "notices", facts->failed_notices);
	print_failure(to, name, "other", outcome->status != EXIT_DONE && !known);
	print_failure(to, name, "rows", outcome->odd);
}

static void print_status(FILE *to, const char *name, const struct facts *facts)
{
	print_one(to, name, facts->outcome.status);
}

static void print_entries(FILE *to, const char *name, const struct facts *facts)
{
	print_one(to, name, (int64_t)facts->entries);
}

static void print_causes(FILE *to, const char *name, const struct facts *facts)
{
	for (size_t i = 0; i < facts->count; i++) {
		const struct account *purse = facts->rows[i].purse;

		for (uint8_t cause = 0; event_fields[FIELD_AT_CAUSE].words[cause]; cause++) {
			const struct label labels[] = {
				{"account", facts->rows[i].account},
				{"resource", purse_resource(purse->name)},
				{"cause", event_word(FIELD_AT_CAUSE, cause)},
				{NULL, NULL},
			};

			if (account_has_cause(purse, (enum cause)cause))
				prometheus_sample(to, name, labels, 1);
		}
	}
}

struct metric {
	struct metric_text text;
	print_fn *print; /* NULL: one sample for each account and budget: */
	row_fn *get;
	has_fn *has; /* NULL: all have one */
};

#define GAUGE(name, labels, help)                                                                  \
	{                                                                                          \
		"subank_" name, "gauge", help, labels                                              \
	}
#define COUNTER(name, labels, help)                                                                \
	{                                                                                          \
		"subank_" name, "counter", help, labels                                            \
	}
#define OF_PURSE "account, resource"

/* The names, meanings and labels are an interface: dashboards and alerts of sites depend on them.
 */
static const struct metric metrics[] = {
	{GAUGE("build_info", "version", "The version of subank that wrote this; always 1."),
	 print_build, NULL, NULL},
	{GAUGE("last_check_timestamp_seconds", "",
	       "When a check of all accounts last did its work, at least in part; 0: never."),
	 print_done, NULL, NULL},
	{GAUGE("last_clean_check_timestamp_seconds", "",
	       "When a check of all accounts last ended without any failure; 0: never."),
	 print_clean, NULL, NULL},
	{GAUGE("check_status", "",
	       "The exit status of the newest check of all accounts: 0 is success, 3 part of it "
	       "failed."),
	 print_status, NULL, NULL},
	{GAUGE("check_failures", "part",
	       "What failed in the newest check of all accounts: clusters that did not answer, "
	       "rows "
	       "of Slurm that were left out, limits in Slurm that could not be set, notices that "
	       "could not be delivered; other is 1 if something else failed."),
	 print_failures, NULL, NULL},
	{COUNTER("journal_entries_total", "", "Entries in the journal."), print_entries, NULL,
	 NULL},
	{GAUGE("account_allocated_seconds", OF_PURSE,
	       "What was put into the windows that are active now."),
	 NULL, get_allocated, NULL},
	{GAUGE("account_used_seconds", OF_PURSE,
	       "What was used of that, with debt and the use of running jobs; refunds lower it."),
	 NULL, get_used, NULL},
	{GAUGE("account_available_seconds", OF_PURSE,
	       "What is available, with credit; below 0 for an account that used more."),
	 NULL, get_available, NULL},
	{GAUGE("account_unlimited", OF_PURSE, "1 if the account is never held for funds."), NULL,
	 get_unlimited, NULL},
	{GAUGE("account_debt_seconds", OF_PURSE, "Use that no money has paid yet."), NULL, get_debt,
	 NULL},
	{GAUGE("account_in_flight_seconds", OF_PURSE,
	       "What running jobs have used, which is not charged yet; of accounts metered by "
	       "jobs."),
	 NULL, get_in_flight, has_running},
	{GAUGE("account_committed_seconds", OF_PURSE,
	       "What running jobs use if each runs to its time limit; of accounts metered by "
	       "jobs."),
	 NULL, get_committed, has_running},
	{COUNTER("account_charged_seconds_total", OF_PURSE,
		 "All charges since the account was opened; refunds do not lower it."),
	 NULL, get_charged, NULL},
	{COUNTER("account_refunded_seconds_total", OF_PURSE,
		 "All refunds since the account was opened."),
	 NULL, get_refunded, NULL},
	{GAUGE("account_open", OF_PURSE, "1 if it is open, 0 if it was closed."), NULL, get_open,
	 NULL},
	{GAUGE("account_held", OF_PURSE,
	       "1 while its own hold, or that of an account above it, keeps jobs from starting. "
	       "Under scavenge jobs in the scavenger QOS still start."),
	 NULL, get_held, NULL},
	{GAUGE("account_hold_cause", OF_PURSE ", cause",
	       "1 for each cause for a hold of its own: hand, funds, closed, overrun. There is no "
	       "sample without one."),
	 print_causes, NULL, NULL},
	{GAUGE("account_window_end_timestamp_seconds", OF_PURSE,
	       "When the next window that has money left ends; no sample if none ends."),
	 NULL, get_end, has_end},
	{GAUGE("account_read_timestamp_seconds", OF_PURSE,
	       "When its use was last read from Slurm; no sample if it never was."),
	 NULL, get_read, has_read},
};

enum { METRIC_COUNT = sizeof(metrics) / sizeof(metrics[0]) };

const struct metric_text *metrics_text(size_t i)
{
	return i < METRIC_COUNT ? &metrics[i].text : NULL;
}

static void print_rows(FILE *to, const struct metric *metric, const struct facts *facts)
{
	for (size_t i = 0; i < facts->count; i++) {
		const struct metric_row *row = &facts->rows[i];
		const struct label labels[] = {
			{"account", row->account},
			{"resource", purse_resource(row->purse->name)},
			{NULL, NULL},
		};

		if (!metric->has || metric->has(row))
			prometheus_sample(to, metric->text.name, labels, metric->get(row));
	}
}

static void print_facts(FILE *to, const struct facts *facts)
{
	for (size_t i = 0; i < METRIC_COUNT; i++) {
		const struct metric *metric = &metrics[i];

		prometheus_metric(to, metric->text.name, metric->text.type, metric->text.help);
		if (metric->print)
			metric->print(to, metric->text.name, facts);
		else
			print_rows(to, metric, facts);
	}
}

/* ---- the facts ---- */

static int by_purse(const void *a, const void *b)
{
	const struct metric_row *x = a, *y = b;

	return purse_order(x->purse->name, y->purse->name);
}

static void count_failed(const struct account *account, struct facts *facts)
{
	for (size_t i = 0; i < account->lever_count; i++) {
		if (account->levers[i].tried && account->levers[i].outcome == OUTCOME_FAILED)
			facts->failed_limits++;
	}
}

/* Collects accounts and budgets. Shares of users are left out: they would make a series for each
 * user, and name him. */
static int collect_rows(const struct env *env, struct books *books, struct nesting *nesting,
			struct facts *facts, struct sb_error *err)
{
	size_t count;

	TRY(books_load_all(books, &count, err));
	facts->rows = calloc(count + 1, sizeof(*facts->rows));
	if (!facts->rows)
		return sb_error_nomem(err);
	for (size_t i = 0; i < count; i++) {
		const struct account *purse = books_at(books, i);
		struct metric_row *row = &facts->rows[facts->count];

		count_failed(purse, facts);
		if (purse_user(purse->name))
			continue;
		row->purse = purse;
		row->end = next_end(purse, books_time(books));
		purse_account(row->account, purse->name);
		TRY(balance_row_make(env, books, purse, nesting, &row->row, err));
		facts->count++;
	}
	array_sort(facts->rows, facts->count, by_purse);
	return SB_OK;
}

static int collect_facts(const struct env *env, struct books *books, struct facts *facts,
			 struct sb_error *err)
{
	struct nesting nesting = {0};
	struct pending_list pending;
	int rc = collect_rows(env, books, &nesting, facts, err);

	nesting_release(&nesting);
	if (rc)
		return rc;
	facts->entries = books_head(books)->seq;
	TRY(books_check_outcome(books, &facts->outcome, err));
	TRY(books_pending(books, &pending, err));
	for (size_t i = 0; i < pending.count; i++)
		facts->failed_notices += pending.list[i].failed;
	free(pending.list);
	return SB_OK;
}

struct collecting {
	struct env *env;
	char *text; /* NULL: nothing is to be written */
};

static int collect(struct books *books, void *ctx, struct sb_error *err)
{
	struct collecting *collecting = ctx;
	struct facts facts = {0};
	bool granted;
	size_t size;
	FILE *to;
	int rc;

	free(collecting->text);
	collecting->text = NULL;
	TRY(checkup_may_command(collecting->env, books, &granted, err));
	if (!granted)
		return SB_OK;
	rc = collect_facts(collecting->env, books, &facts, err);
	to = rc ? NULL : open_memstream(&collecting->text, &size);
	if (to)
		print_facts(to, &facts);
	if (!rc && (!to || fclose(to) != 0))
		rc = sb_error_nomem(err);
	free(facts.rows);
	return rc;
}

/* ---- the file ---- */

static int describe(const struct env *env, struct public_file *ret, struct sb_error *err)
{
	uid_t owner;

	TRY(public_bank_owner(env, &owner, err));
	*ret = (struct public_file){.path = env->settings.metrics_file,
				    .setting = "metrics_file",
				    .failure = "the metrics for Prometheus are not written",
				    .bank_owner = owner,
				    .mode = 0644,
				    .uid = (uid_t)-1};
	return SB_OK;
}

/* Call it with publish.lock, so that the newest books win. */
static int publish_locked(struct env *env, struct sb_error *err)
{
	struct collecting collecting = {.env = env};
	struct public_file file;
	int rc = bank_read(env->bank, env->os.now(), collect, &collecting, err);

	if (!rc && collecting.text) {
		rc = describe(env, &file, err);
		if (!rc)
			rc = public_file_replace(&file, public_file_text, collecting.text, err);
	}
	free(collecting.text);
	return rc;
}

int metrics_publish(struct env *env)
{
	struct sb_error err;
	int lock = -1, rc;

	if (!env->settings.metrics_file)
		return EXIT_DONE;
	rc = publish_lock(env, &lock, &err);
	if (!rc)
		rc = publish_locked(env, &err);
	lock_drop(lock);
	if (rc)
		warning(env, "%s", err.text);
	return rc ? EXIT_PART : EXIT_DONE;
}

int metrics_try(struct env *env, bool write, struct sb_error *err)
{
	struct public_file file;

	TRY(describe(env, &file, err));
	return public_file_try(&file, write, err);
}

/* ---- what a check keeps ---- */

struct keeping {
	struct check_outcome outcome;
	bool done;
};

static int keep(struct books *books, void *ctx, struct sb_error *err)
{
	const struct keeping *keeping = ctx;
	struct check_outcome outcome = keeping->outcome, before;

	TRY(books_check_outcome(books, &before, err));
	outcome.time = books_time(books);
	outcome.done = keeping->done ? outcome.time : before.done;
	outcome.clean = keeping->done && outcome.status == EXIT_DONE ? outcome.time : before.clean;
	return books_set_check_outcome(books, &outcome, err);
}

int metrics_keep(struct env *env, const struct check_outcome *outcome, bool done, int status)
{
	struct keeping keeping = {*outcome, done};
	struct sb_error err;

	if (!env->settings.metrics_file)
		return EXIT_DONE;
	keeping.outcome.status = (uint8_t)status;
	if (bank_write(env->bank, env->os.now(), keep, &keeping, &err) == SB_OK)
		return EXIT_DONE;
	warning(env, "the metrics for Prometheus do not show how this check went: %s", err.text);
	return EXIT_PART;
}
