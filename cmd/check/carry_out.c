/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/check/carry_out.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/frame/messages.h"
#include "cmd/frame/status_line.h"
#include "cmd/show/progress.h"
#include "ledger/base/text.h"
#include "slurm/sacctmgr.h"

enum {
	READ_BACK_TRIES = 15, /* slurmctld hears of a change from slurmdbd, a moment later */
	READ_BACK_PAUSE_MS = 200,
};

static int by_call(const void *a, const void *b)
{
	const struct task *x = a, *y = b;
	/* Holds first: nobody is to start a job while limits that follow balances are set. */
	int order = (x->value != 0) - (y->value != 0);

	if (!order)
		order = strcmp(x->cluster, y->cluster);
	if (!order)
		order = strcmp(x->field, y->field);
	if (!order)
		order = strcmp(x->tres, y->tres);
	if (!order)
		order = (x->value > y->value) - (x->value < y->value);
	return order ? order : strcmp(x->slurm_account, y->slurm_account);
}

static bool same_call(const struct task *a, const struct task *b)
{
	return a->value == b->value && strcmp(a->cluster, b->cluster) == 0 &&
	       strcmp(a->field, b->field) == 0 && strcmp(a->tres, b->tres) == 0;
}

/* Sets the limits of [count] tasks that one call can do; what fails goes to [reason]. */
static void set_limits(struct env *env, const struct clusters *clusters, const struct task *tasks,
		       size_t count, char reason[256])
{
	const char *refused = clusters_refusal(clusters, tasks->cluster, tasks->field);
	struct sb_error err;
	const char **accounts;

	reason[0] = '\0';
	if (refused) {
		(void)snprintf(reason, 256, "%s", refused);
		return;
	}
	accounts = calloc(count, sizeof(*accounts));
	if (!accounts) {
		(void)snprintf(reason, 256, "out of memory");
		return;
	}
	for (size_t i = 0; i < count; i++)
		accounts[i] = tasks[i].slurm_account;
	stage(env, "sets %s on %s for %zu account%s", tasks->field, tasks->cluster, count,
	      count == 1 ? "" : "s");
	if (sacctmgr_set_limit(&env->slurm, tasks->cluster, accounts, count, tasks->field,
			       tasks->tres, tasks->value, &err))
		text_escape(reason, 256, err.text);
	free(accounts);
}

/* Whether the account's cluster answered and shows it; then what the limit is, if that is known. */
static bool shown(const struct clusters *clusters, const struct task *task, bool *ret_known,
		  int64_t *ret)
{
	const struct observed *row = NULL;

	for (size_t i = 0; i < clusters->count && !row; i++) {
		if (clusters->list[i].answered &&
		    strcmp(clusters->list[i].cluster, task->cluster) == 0)
			row = observation_find(&clusters->list[i], task->slurm_account);
	}
	*ret_known = row && observed_limit(row, task->field, task->tres, ret);
	return row;
}

static bool is_done(const struct clusters *clusters, const struct task *task)
{
	int64_t value;
	bool known;

	return shown(clusters, task, &known, &value) && known && value == task->value;
}

static bool answered(const struct clusters *clusters, const char *cluster)
{
	for (size_t i = 0; i < clusters->count; i++) {
		if (strcmp(clusters->list[i].cluster, cluster) == 0)
			return clusters->list[i].answered;
	}
	return false;
}

/* Whether sshare may yet show what was set: the call did not fail, and its cluster answers. */
static bool waits(const struct clusters *clusters, const struct check *check, char (*reasons)[256])
{
	for (size_t i = 0; i < check->task_count; i++) {
		const struct task *task = &check->tasks[i];
		int64_t value;
		bool known;

		if (!*reasons[i] && strcmp(task->field, LIMIT_SHOWN) == 0 &&
		    answered(clusters, task->cluster) &&
		    (!shown(clusters, task, &known, &value) || (known && value != task->value)))
			return true;
	}
	return false;
}

/* Asks for the limits that sshare does not show, or not in a form that can be read. A failure is
 * reported only by what is then not known. */
static void look_back(struct env *env, const struct check *check, struct clusters *clusters)
{
	struct want *wants = calloc(check->task_count, sizeof(*wants));
	size_t count = 0;

	for (size_t i = 0; wants && i < check->task_count; i++) {
		const struct task *task = &check->tasks[i];
		int64_t value;
		bool known;

		if (!shown(clusters, task, &known, &value) || known)
			continue;
		memcpy(wants[count].account, task->slurm_account, sizeof(wants->account));
		memcpy(wants[count].cluster, task->cluster, sizeof(wants->cluster));
		count++;
	}
	clusters_look(env, clusters, wants, count);
	free(wants);
}

/* Asks the clusters again, until they show what was set or a few seconds are over. */
static int read_back(struct env *env, const struct check *check, char (*reasons)[256],
		     struct clusters *clusters)
{
	for (int try = 0;; try++) {
		struct timespec pause = {.tv_nsec = READ_BACK_PAUSE_MS * 1000000L};
		struct clusters again;
		int status = clusters_observe(env, OBSERVE_AGAIN, &again);

		if (status != EXIT_DONE)
			return status;
		clusters_release(clusters);
		*clusters = again;
		if (!waits(clusters, check, reasons) || try == READ_BACK_TRIES)
			break;
		nanosleep(&pause, NULL);
	}
	look_back(env, check, clusters);
	return EXIT_DONE;
}

struct entering {
	struct task_outcomes outcomes;
	uint64_t planned; /* the newest entry after the plan */
	bool moved; /* somebody else has written since */
};

static int enter_outcomes(struct books *books, void *ctx, struct sb_error *err)
{
	struct entering *entering = ctx;

	entering->moved = books_head(books)->seq != entering->planned;
	return check_record_outcomes(books, &entering->outcomes, err);
}

int carry_out(struct env *env, struct check *check, struct clusters *clusters)
{
	struct task_outcome *outcomes = calloc(check->task_count, sizeof(*outcomes));
	char(*reasons)[256] = calloc(check->task_count, sizeof(*reasons));
	struct entering entering = {.outcomes = {.list = outcomes, .count = check->task_count},
				    .planned = check->head.seq};
	int status = EXIT_DONE;
	bool seen;
	char limit[LEVER_NAME_SIZE];
	struct sb_error err;

	if (!outcomes || !reasons) {
		sb_error_nomem(&err);
		status = fail(env, &err);
		goto out;
	}
	qsort(check->tasks, check->task_count, sizeof(*check->tasks), by_call);
	for (size_t i = 0, end; i < check->task_count; i = end) {
		for (end = i + 1; end < check->task_count; end++) {
			if (!same_call(&check->tasks[i], &check->tasks[end]))
				break;
		}
		set_limits(env, clusters, &check->tasks[i], end - i, reasons[i]);
		for (size_t j = i + 1; j < end; j++)
			memcpy(reasons[j], reasons[i], sizeof(reasons[j]));
	}
	status = read_back(env, check, reasons, clusters);
	seen = status == EXIT_DONE;
	for (size_t i = 0; i < check->task_count; i++) {
		const struct task *task = &check->tasks[i];
		bool known = false;
		int64_t value;

		outcomes[i] = (struct task_outcome){.task = task, .reason = reasons[i]};
		if (seen && is_done(clusters, task)) {
			outcomes[i].outcome = OUTCOME_DONE;
			outcomes[i].reason = "";
			continue;
		}
		outcomes[i].outcome = OUTCOME_FAILED;
		if (!*reasons[i])
			(void)snprintf(reasons[i], sizeof(reasons[i]),
				       !seen || !answered(clusters, task->cluster)
					       ? "the cluster does not answer"
				       : !shown(clusters, task, &known, &value)
					       ? "the cluster does not show the account"
				       : known ? "the cluster does not show the new limit"
					       : "the new limit cannot be read");
		warning(env,
			"%s: the limit %s on %s could not be set, the next check tries again: %s",
			task->account, lever_name(limit, task->field, task->tres), task->cluster,
			reasons[i]);
		status = EXIT_PART;
	}
	if (bank_write(env->bank, env->os.now(), enter_outcomes, &entering, &err))
		status = fail(env, &err);
	else if (!entering.moved)
		check->head = entering.outcomes.head;
out:
	free(outcomes);
	free(reasons);
	return status;
}
