/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/report/use.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/base/amount.h"
#include "ledger/base/array.h"
#include "ledger/base/tres.h"
#include "ledger/base/when.h"
#include "ledger/books/entries.h"
#include "ledger/books/renames.h"

static const char *const words[] = {"job", "user", "account", "partition", "qos", "month"};

const char *use_by_word(enum use_by by)
{
	return by > USE_BY_NOTHING && by < USE_BY_END ? words[by - 1] : NULL;
}

static bool is_answer(const struct event *event)
{
	enum event_kind kind = event->kind == EVENT_REVERSE ? event_reversed(event) : event->kind;

	return event->kind == EVENT_REFUND ||
	       (event->kind == EVENT_REVERSE && (kind == EVENT_CHARGE || kind == EVENT_REFUND));
}

int use_charge(struct books *books, const struct event *event, struct event *held,
	       const struct event **ret, struct sb_error *err)
{
	/* Two steps: a reversal of a refund of a charge. */
	for (int step = 0; step < 2 && is_answer(event); step++) {
		TRY(journal_get(books_txn(books), event->answers, held, NULL, err));
		event = held;
	}
	*ret = event_is_charge(event) || event->kind == EVENT_RECONCILE ? event : NULL;
	return SB_OK;
}

/* ---- groups ---- */

enum { MONTH_SIZE = 48 };

static const char *month_of(char to[MONTH_SIZE], int64_t when)
{
	time_t seconds = (time_t)(when / WHEN_SECOND);
	struct tm tm;

	localtime_r(&seconds, &tm);
	(void)snprintf(to, MONTH_SIZE, "%04d-%02d", tm.tm_year + 1900, tm.tm_mon + 1);
	return to;
}

const char *use_group_name(enum use_by by, const struct event *charge)
{
	const char *const names[USE_BY_END] = {
		[USE_BY_USER] = charge->job_user,
		[USE_BY_ACCOUNT] = charge->slurm_account,
		[USE_BY_PARTITION] = charge->partition,
		[USE_BY_QOS] = charge->qos,
	};

	if (charge->kind == EVENT_RECONCILE)
		return "(reconciled)";
	if (charge->kind == EVENT_CHARGE)
		return "(RawUsage)";
	if (charge->kind == EVENT_FEE)
		return "(fees)";
	return names[by] && *names[by] ? names[by] : "(unknown)";
}

static int by_names(const void *key, const void *item)
{
	const char *const *names = key;
	const struct use_group *group = item;
	int order = strcmp(names[0], group->names[0]);

	return order || !group->names[1] ? order : strcmp(names[1], group->names[1]);
}

/* The group of these names, a new one if there is none. NULL: out of memory. */
static struct use_group *find_group(struct use *use, const char *const names[USE_DIMENSIONS])
{
	struct use_group *group = NULL;
	char *first, *second = NULL;
	size_t at;

	if (array_search(use->groups, use->count, names, by_names, &at))
		return &use->groups[at];
	first = strdup(names[0]);
	if (use->then)
		second = strdup(names[1]);
	if (first && (second || !use->then))
		group = array_insert(use->groups, use->count, at);
	if (!group) {
		free(first);
		free(second);
		return NULL;
	}
	group->names[0] = first;
	group->names[1] = second;
	return group;
}

static int by_job(const void *key, const void *item)
{
	const uint64_t *job = key;
	const struct use_answer *answer = item;

	return (*job > answer->job) - (*job < answer->job);
}

static int too_much(struct sb_error *err)
{
	return sb_error_set(err, SB_EOVERFLOW,
			    "what was used in this period is past what int64 holds: ask for a "
			    "shorter one");
}

/* Adds an entry about a job, under USE_BY_JOB. */
static int add_job(struct use *use, const struct event *event, const struct event *charge,
		   int64_t amount, struct sb_error *err)
{
	struct use_answer *answer;
	size_t at;

	if (!amount_add(use->jobs_amount, amount, &use->jobs_amount))
		return too_much(err);
	if (event == charge)
		return SB_OK;
	if (array_search(use->answers, use->answer_count, &charge->seq, by_job, &at))
		answer = &use->answers[at];
	else
		answer = array_insert(use->answers, use->answer_count, at);
	if (!answer)
		return sb_error_nomem(err);
	answer->job = charge->seq;
	answer->entries++;
	return amount_add(answer->amount, amount, &answer->amount) ? SB_OK : too_much(err);
}

struct use_hours use_job_hours(const struct event *job)
{
	struct use_hours hours = {.state = HOURS_KNOWN};
	int64_t cpus, gpus;

	if (job->elapsed == 0)
		return hours;
	/* Each job has CPUs: without any, its TRES were not recorded. */
	if (!tres_count(job->alloc_tres, "cpu", &cpus) || cpus < 0 ||
	    !tres_count_gres(job->alloc_tres, "gres/gpu", &gpus) ||
	    __builtin_mul_overflow(cpus, job->elapsed, &hours.cpu) ||
	    __builtin_mul_overflow(gpus < 0 ? 0 : gpus, job->elapsed, &hours.gpu))
		return (struct use_hours){.state = HOURS_UNKNOWN};
	return hours;
}

void use_add_hours(struct use_hours *to, const struct use_hours *added)
{
	if (added->state == HOURS_NONE || to->state == HOURS_UNKNOWN)
		return;
	to->state = HOURS_KNOWN;
	if (added->state == HOURS_UNKNOWN || !amount_add(to->cpu, added->cpu, &to->cpu) ||
	    !amount_add(to->gpu, added->gpu, &to->gpu))
		to->state = HOURS_UNKNOWN;
}

int use_add_group(struct use *use, const char *const names[USE_DIMENSIONS],
		  const struct use_group *added, struct sb_error *err)
{
	struct use_group *group = find_group(use, names);

	if (!group)
		return sb_error_nomem(err);
	use_add_hours(&group->hours, &added->hours);
	group->entries += added->entries;
	group->jobs += added->jobs;
	return amount_add(group->amount, added->amount, &group->amount) ? SB_OK : too_much(err);
}

static int add_to_group(struct use *use, const struct event *event, const struct event *charge,
			int64_t amount, struct sb_error *err)
{
	const bool is_job = event->kind == EVENT_CHARGE_JOB;
	const bool by_end = use->by_end && charge->kind == EVENT_CHARGE_JOB;
	const enum use_by by[USE_DIMENSIONS] = {use->by, use->then};
	struct use_group added = {.jobs = is_job, .entries = 1, .amount = amount};
	const char *names[USE_DIMENSIONS] = {NULL};
	char month[MONTH_SIZE];

	for (size_t i = 0; i < USE_DIMENSIONS && by[i]; i++) {
		if (by[i] == USE_BY_MONTH)
			names[i] = month_of(month, by_end ? charge->until : event->time);
		else
			names[i] = use_group_name(by[i], charge);
	}
	if (is_job)
		added.hours = use_job_hours(event);
	return use_add_group(use, names, &added, err);
}

int use_counts(struct books *books, const struct use *use, const struct event *event,
	       const char *account, bool *ret, struct sb_error *err)
{
	char name[NAME_SIZE];

	*ret = true;
	if (!use->once)
		return SB_OK;
	TRY(books_renamed_by(books, account, event->seq, use->last, name, err));
	*ret = strcmp(name, use->account) == 0;
	return SB_OK;
}

int use_add(struct books *books, struct use *use, const struct event *event, int64_t amount,
	    bool *ret, struct sb_error *err)
{
	const struct event *charge = NULL;
	struct event held = {0};
	int64_t used;
	int rc = use_charge(books, event, &held, &charge, err);

	*ret = !rc && charge;
	if (*ret && !amount_sub(0, amount, &used))
		rc = too_much(err);
	else if (*ret && use->by == USE_BY_JOB && charge->kind == EVENT_CHARGE_JOB)
		rc = add_job(use, event, charge, used, err);
	else if (*ret)
		rc = add_to_group(use, event, charge, used, err);
	event_release(&held);
	return rc;
}

static int by_rank(const void *a, const void *b)
{
	const struct use_group *one = a, *other = b;
	int order = 0;

	for (size_t i = 0; i < USE_DIMENSIONS && one->names[i] && !order; i++) {
		order = (*one->names[i] == '(') - (*other->names[i] == '(');
		if (!order && one->rank[i] != other->rank[i])
			order = one->rank[i] < other->rank[i] ? 1 : -1;
		if (!order)
			order = strcmp(one->names[i], other->names[i]);
	}
	return order;
}

/* Ranks each group by its amount, and by that of all groups with its first name, which are
 * neighbours. Months have no rank, so that their names sort them. */
static int rank_groups(struct use *use, struct sb_error *err)
{
	struct use_group *groups = use->groups;

	for (size_t first = 0, end = 0; first < use->count; first = end) {
		int64_t sum = 0;

		for (;
		     end < use->count && strcmp(groups[end].names[0], groups[first].names[0]) == 0;
		     end++) {
			groups[end].rank[1] = use->then == USE_BY_MONTH ? 0 : groups[end].amount;
			if (!amount_add(sum, groups[end].amount, &sum))
				return too_much(err);
		}
		for (size_t i = first; i < end; i++)
			groups[i].rank[0] = use->by == USE_BY_MONTH ? 0 : sum;
	}
	return SB_OK;
}

int use_finish(struct use *use, struct sb_error *err)
{
	use->amount = use->jobs_amount;
	for (size_t i = 0; i < use->count; i++) {
		if (!amount_add(use->amount, use->groups[i].amount, &use->amount))
			return too_much(err);
	}
	TRY(rank_groups(use, err));
	array_sort(use->groups, use->count, by_rank);
	return SB_OK;
}

/* ---- jobs ---- */

struct iteration {
	struct books *books;
	const struct use *use;
	use_job_fn *each;
	void *ctx;
	int64_t sum;
};

static int add_up(struct iteration *iteration, const struct event *job, bool within,
		  struct sb_error *err)
{
	const struct use *use = iteration->use;
	const struct use_answer *answer =
		array_find(use->answers, use->answer_count, &job->seq, by_job);
	int64_t amount = within ? job->amount : 0;

	if ((answer && !amount_add(amount, answer->amount, &amount)) ||
	    !amount_add(iteration->sum, amount, &iteration->sum))
		return too_much(err);
	return iteration->each(job, within + (answer ? answer->entries : 0), amount, within,
			       iteration->ctx, err);
}

static int add_entry(const struct entry *entry, void *ctx, struct sb_error *err)
{
	const struct iteration *iteration = ctx;
	const struct event *event = entry->event;
	bool counts;

	if (event->kind != EVENT_CHARGE_JOB)
		return SB_OK;
	TRY(use_counts(iteration->books, iteration->use, event, event->account, &counts, err));
	return counts ? add_up(ctx, event, true, err) : SB_OK;
}

/* Whether the account had the job's name when the job was charged. */
static bool is_own(const struct tenures *tenures, const struct event *job)
{
	size_t i = tenures->count;

	while (i-- > 0 && tenures->list[i].from > job->seq)
		;
	return i < tenures->count && strcmp(tenures->list[i].name, job->account) == 0;
}

/* Adds jobs that have answers in the period but were charged before it, or to an account whose debt
 * this one took over. */
static int add_others(struct books *books, struct iteration *iteration, struct sb_error *err)
{
	const struct use *use = iteration->use;
	struct tenures tenures;
	struct event job = {0};
	int rc = SB_OK;

	TRY(books_tenures(books, use->account, &tenures, err));
	for (size_t i = 0; i < use->answer_count && !rc; i++) {
		rc = journal_get(books_txn(books), use->answers[i].job, &job, NULL, err);
		if (!rc && (job.time < use->since || !is_own(&tenures, &job)))
			rc = add_up(iteration, &job, false, err);
	}
	tenures_release(&tenures);
	event_release(&job);
	return rc;
}

int use_each_job(struct books *books, const struct use *use, use_job_fn *each, void *ctx,
		 struct sb_error *err)
{
	struct iteration iteration = {.books = books, .use = use, .each = each, .ctx = ctx};
	const struct entry_range range = {.since = use->since, .until = use->until};

	TRY(add_others(books, &iteration, err));
	TRY(tenures_each(books, use->account, &range, add_entry, &iteration, NULL, err));
	if (iteration.sum == use->jobs_amount)
		return SB_OK;
	return sb_error_set(err, SB_ECORRUPT,
			    "the jobs of account '%s' do not add up: the books are damaged, run "
			    "`subank verify`",
			    use->account);
}

void use_release(struct use *use)
{
	for (size_t i = 0; i < use->count; i++) {
		for (size_t j = 0; j < USE_DIMENSIONS; j++)
			free(use->groups[i].names[j]);
	}
	free(use->groups);
	free(use->answers);
	*use = (struct use){
		.by = use->by, .then = use->then, .by_end = use->by_end, .once = use->once};
}
