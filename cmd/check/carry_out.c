/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/carry_out.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/frame/messages.h"
#include "cmd/frame/status_line.h"
#include "ledger/base/array.h"
#include "ledger/base/text.h"
#include "slurm/sacctmgr.h"

enum {
	READ_BACK_TRIES = 15, /* slurmctld learns of a change a moment after slurmdbd */
	READ_BACK_PAUSE_MS = 200,
};

struct work {
	struct env *env;
	struct check *check;
	struct clusters *clusters;
	struct task_outcomes outcomes;
	struct task_outcome *list; /* that of [outcomes] */
	char (*reasons)[256]; /* why each task failed; "" */
	uint64_t planned; /* the newest entry after the plan */
	bool moved; /* another process has written since */
};

/* Compares whose limit it is. One call can set a limit of several accounts, or of several users in
 * one account. */
static int compare_limits(const struct task *a, const struct task *b)
{
	char x[RESOURCE_SIZE], y[RESOURCE_SIZE];
	int order = !!resource_user(a->tres) - !!resource_user(b->tres);

	if (order || !resource_user(a->tres))
		return order ? order : strcmp(a->tres, b->tres);
	order = strcmp(resource_base(x, a->tres), resource_base(y, b->tres));
	return order ? order : strcmp(a->slurm_account, b->slurm_account);
}

/* Compares what one call of sacctmgr sets. */
static int compare_calls(const struct task *a, const struct task *b)
{
	/* Holds first: other limits must not delay them, since jobs may start meanwhile. */
	int order = (a->value != 0) - (b->value != 0);

	order = order ? order : strcmp(a->cluster, b->cluster);
	order = order ? order : strcmp(a->field, b->field);
	order = order ? order : compare_limits(a, b);
	return order ? order : (a->value > b->value) - (a->value < b->value);
}

static int by_call(const void *a, const void *b)
{
	const struct task *x = a, *y = b;
	int order = compare_calls(x, y);

	order = order ? order : strcmp(x->slurm_account, y->slurm_account);
	return order ? order : strcmp(x->tres, y->tres);
}

/* Sets the limits of [count] tasks in one call, for [names]: accounts, or users in one. */
static int set_names(const struct env *env, const struct task *tasks, const char **names,
		     size_t count, struct sb_error *err)
{
	bool users = resource_user(tasks->tres);
	char tres[RESOURCE_SIZE];
	const struct tres_limit limit = {tasks->field, resource_base(tres, tasks->tres),
					 tasks->value};

	for (size_t i = 0; i < count; i++)
		names[i] = users ? resource_user(tasks[i].tres) : tasks[i].slurm_account;
	return users ? sacctmgr_set_user_limit(&env->slurm, tasks->cluster, tasks->slurm_account,
					       names, count, &limit, err)
		     : sacctmgr_set_limit(&env->slurm, tasks->cluster, names, count, &limit, err);
}

/* Sets the limits of [count] tasks in one call. Writes to [reason] why that failed. */
static void set_limits(const struct work *work, const struct task *tasks, size_t count,
		       char reason[256])
{
	struct env *env = work->env;
	const char *refused = clusters_refusal(work->clusters, tasks->cluster, tasks->field);
	const char **names = refused ? NULL : calloc(count, sizeof(*names));
	struct sb_error err;

	(void)snprintf(reason, 256, "%s", refused ? refused : names ? "" : "out of memory");
	if (!names)
		return;
	stage(env, "sets %s on %s for %zu %s%s", tasks->field, tasks->cluster, count,
	      resource_user(tasks->tres) ? "user" : "account", count == 1 ? "" : "s");
	if (set_names(env, tasks, names, count, &err))
		text_escape(reason, 256, err.text);
	free(names);
}

static void set_all(const struct work *work)
{
	const struct task *tasks = work->check->tasks;
	size_t count = work->check->task_count;

	for (size_t i = 0, end; i < count; i = end) {
		end = i + 1;
		while (end < count && compare_calls(&tasks[i], &tasks[end]) == 0)
			end++;
		set_limits(work, &tasks[i], end - i, work->reasons[i]);
		for (size_t j = i + 1; j < end; j++)
			memcpy(work->reasons[j], work->reasons[i], 256);
	}
}

/* What a cluster shows of the limit that a task sets. */
enum shown { SHOWN_NO_ANSWER, SHOWN_NO_ACCOUNT, SHOWN_UNREADABLE, SHOWN_OTHER, SHOWN_SET };

static enum shown find_limit(const struct clusters *clusters, const struct task *task)
{
	const struct observation *cluster = clusters_find(clusters, task->cluster);
	const struct observed *row;
	int64_t value, lowest;

	if (!cluster || !cluster->answered)
		return SHOWN_NO_ANSWER;
	row = observation_find(cluster, task->slurm_account);
	if (!row || !observed_has(row, task->tres))
		return SHOWN_NO_ACCOUNT;
	if (!observed_limit(row, task->field, task->tres, &value) ||
	    !observed_lowest(row, task->field, task->tres, &lowest))
		return SHOWN_UNREADABLE;
	return value == task->value && lowest == task->value ? SHOWN_SET : SHOWN_OTHER;
}

/* Whether waiting may help: sshare does not show a limit that was set without an error, and the
 * cluster answers. */
static bool waits(const struct work *work)
{
	for (size_t i = 0; i < work->check->task_count; i++) {
		const struct task *task = &work->check->tasks[i];
		enum shown shown = find_limit(work->clusters, task);

		if (!*work->reasons[i] && strcmp(task->field, LIMIT_SHOWN) == 0 &&
		    (shown == SHOWN_NO_ACCOUNT || shown == SHOWN_OTHER))
			return true;
	}
	return false;
}

/* Asks slurmdbd for the limits that sshare does not show, or not in a readable form. */
static void read_hidden_limits(const struct work *work)
{
	struct want *wants = NULL, *want;
	size_t count = 0;

	for (size_t i = 0; i < work->check->task_count; i++) {
		const struct task *task = &work->check->tasks[i];

		if (find_limit(work->clusters, task) != SHOWN_UNREADABLE)
			continue;
		want = array_add(wants, count);
		if (!want)
			break;
		memcpy(want->account, task->slurm_account, sizeof(want->account));
		memcpy(want->cluster, task->cluster, sizeof(want->cluster));
	}
	clusters_read_limits(work->env, work->clusters, wants, count);
	free(wants);
}

/* Asks the clusters until they show what was set, or a few seconds have passed. */
static int read_back(const struct work *work)
{
	for (int try = 0;; try++) {
		struct timespec pause = {.tv_nsec = READ_BACK_PAUSE_MS * 1000000L};
		struct clusters again;
		int status = clusters_observe(work->env, OBSERVE_AGAIN, &again);

		if (status != EXIT_DONE)
			return status;
		clusters_release(work->clusters);
		*work->clusters = again;
		if (!waits(work) || try == READ_BACK_TRIES)
			break;
		nanosleep(&pause, NULL);
	}
	read_hidden_limits(work);
	return EXIT_DONE;
}

/* Fills in the outcome of a task and warns when its limit is not set. */
static int judge(const struct work *work, size_t at, bool answered)
{
	static const char *const failures[] = {
		[SHOWN_NO_ANSWER] = "the cluster does not answer",
		[SHOWN_NO_ACCOUNT] = "the cluster does not show the account or the user",
		[SHOWN_UNREADABLE] = "the new limit cannot be read",
		[SHOWN_OTHER] = "the cluster does not show the new limit",
	};
	const struct task *task = &work->check->tasks[at];
	enum shown shown = answered ? find_limit(work->clusters, task) : SHOWN_NO_ANSWER;
	struct task_outcome *outcome = &work->list[at];
	char limit[LEVER_NAME_SIZE], *reason = work->reasons[at];

	*outcome = (struct task_outcome){.task = task, .outcome = OUTCOME_DONE, .reason = ""};
	if (shown == SHOWN_SET)
		return EXIT_DONE;
	if (!*reason)
		(void)snprintf(reason, 256, "%s", failures[shown]);
	outcome->outcome = OUTCOME_FAILED;
	outcome->reason = reason;
	warning(work->env,
		"%s: the limit %s on %s could not be set, the next check tries again: %s",
		task->account, lever_name(limit, task->field, task->tres), task->cluster, reason);
	return EXIT_PART;
}

static int record_outcomes(struct books *books, void *ctx, struct sb_error *err)
{
	struct work *work = ctx;

	work->moved = books_head(books)->seq != work->planned;
	return check_record_outcomes(books, &work->outcomes, err);
}

static int carry_out_tasks(struct work *work)
{
	struct env *env = work->env;
	struct check *check = work->check;
	struct sb_error err;
	bool answered;
	int status;

	qsort(check->tasks, check->task_count, sizeof(*check->tasks), by_call);
	set_all(work);
	status = read_back(work);
	answered = status == EXIT_DONE;
	for (size_t i = 0; i < check->task_count; i++) {
		if (judge(work, i, answered) != EXIT_DONE)
			status = EXIT_PART;
	}
	if (bank_write(env->bank, env->os.now(), record_outcomes, work, &err))
		return fail(env, &err);
	if (!work->moved)
		check->head = work->outcomes.head;
	return status;
}

int carry_out(struct env *env, struct check *check, struct clusters *clusters)
{
	struct task_outcome *list = calloc(check->task_count, sizeof(*list));
	struct work work = {.env = env,
			    .check = check,
			    .clusters = clusters,
			    .outcomes = {.list = list, .count = check->task_count},
			    .list = list,
			    .reasons = calloc(check->task_count, 256),
			    .planned = check->head.seq};
	struct sb_error err;
	int status;

	if (list && work.reasons) {
		status = carry_out_tasks(&work);
	} else {
		sb_error_nomem(&err);
		status = fail(env, &err);
	}
	free(list);
	free(work.reasons);
	return status;
}
