/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/checkup.h"
#include "cmd/clusters.h"
#include "cmd/command.h"
#include "cmd/post.h"
#include "slurm/sacctmgr.h"

enum { TRIES = 15, PAUSE_MS = 200 };

struct reset {
	struct env *env;
	const char *account;
	struct clusters clusters;
	/* The account and those of the bank above and below it: Slurm changes their usage too. */
	char (*names)[NAME_SIZE];
	const char **list; /* the same as pointers */
	size_t count;
};

static int make_tree(const struct observation *observation, struct tree *ret, struct sb_error *err)
{
	int rc = tree_new(observation->count, ret, err);

	for (size_t i = 0; !rc && i < observation->count; i++)
		ret->list[i] =
			(struct kin){observation->rows[i].account, observation->rows[i].parent};
	return rc;
}

/* Whether the other account's usage changes with that of the one to reset, on any cluster. */
static int related(const struct reset *reset, const char *other, bool *ret, struct sb_error *err)
{
	*ret = strcmp(other, reset->account) == 0;
	for (size_t i = 0; i < reset->clusters.count && !*ret; i++) {
		struct tree tree = {0};
		int rc = make_tree(&reset->clusters.list[i], &tree, err);

		if (rc)
			return rc;
		*ret = tree_above(&tree, other, reset->account) ||
		       tree_above(&tree, reset->account, other);
		tree_release(&tree);
	}
	return SB_OK;
}

static int find_related(struct books *books, void *ctx, struct sb_error *err)
{
	struct reset *reset = ctx;
	const struct account *account;
	size_t count;
	int rc = books_account(books, reset->account, &account, err);

	if (!rc)
		rc = books_load_all(books, &count, err);
	if (rc)
		return rc;
	free(reset->names);
	free(reset->list);
	reset->count = 0;
	reset->names = calloc(count, sizeof(*reset->names));
	reset->list = calloc(count, sizeof(*reset->list));
	if (!reset->names || !reset->list)
		return sb_error_nomem(err);
	for (size_t i = 0; i < count && !rc; i++) {
		const char *name = books_at(books, i)->name;
		bool is = false;

		rc = related(reset, name, &is, err);
		if (!rc && is) {
			memcpy(reset->names[reset->count], name, sizeof(*reset->names));
			reset->list[reset->count] = reset->names[reset->count];
			reset->count++;
		}
	}
	return rc;
}

static int64_t usage_on(const struct clusters *clusters, size_t at, const char *account)
{
	const struct observed *row = observation_find(&clusters->list[at], account);

	return row ? row->usage : 0;
}

static bool has_used(const struct reset *reset)
{
	bool used = false;

	for (size_t i = 0; i < reset->clusters.count; i++)
		used = used || usage_on(&reset->clusters, i, reset->account) > 0;
	return used;
}

static bool confirmed(struct env *env, const struct reset *reset)
{
	char answer[16], used[QUANTITY_SIZE];

	for (size_t i = 0; i < reset->clusters.count; i++) {
		if (usage_on(&reset->clusters, i, reset->account) > 0)
			say(env, "%s on %s: %s in Slurm will be set to 0", reset->account,
			    reset->clusters.names[i],
			    quantity(env, used, usage_on(&reset->clusters, i, reset->account)));
	}
	if (option(env, "immediate"))
		return true;
	if (!env->in_is_terminal) {
		warning(env, "nobody to ask: say --immediate to reset; nothing was changed");
		return false;
	}
	fprintf(env->out,
		"Accounts above and below lose it too, and so does fair share. Reset? [y/N] ");
	fflush(env->out);
	if (fgets(answer, sizeof(answer), env->in) && (answer[0] == 'y' || answer[0] == 'Y'))
		return true;
	warning(env, "nothing was changed");
	return false;
}

/* Asks slurmctld to forget. Returns EXIT_PART when one refused. */
static int forget(struct reset *reset, bool *ret_any)
{
	struct env *env = reset->env;
	int status = EXIT_DONE;

	*ret_any = false;
	for (size_t i = 0; i < reset->clusters.count; i++) {
		const char *cluster = reset->clusters.names[i];
		struct slurm_error err;

		if (usage_on(&reset->clusters, i, reset->account) == 0)
			continue;
		if (sacctmgr_reset_usage(&env->slurm, cluster, reset->account, &err)) {
			warning(env, "%s: the usage on %s could not be reset: %s", reset->account,
				cluster, err.text);
			status = EXIT_PART;
			continue;
		}
		*ret_any = true;
	}
	return status;
}

static bool went_down(const struct reset *reset, const struct clusters *again, size_t at)
{
	return usage_on(again, at, reset->account) < usage_on(&reset->clusters, at, reset->account);
}

/* Says where the usage is gone. Returns EXIT_PART when sacctmgr said yes and it is not. */
static int say_reset(const struct reset *reset, const struct clusters *again)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < again->count; i++) {
		if (usage_on(&reset->clusters, i, reset->account) == 0)
			continue;
		if (again->list[i].answered && went_down(reset, again, i)) {
			say(reset->env, "%s: the usage on %s was reset", reset->account,
			    again->names[i]);
			continue;
		}
		warning(reset->env,
			"%s: %s does not show that the usage was reset: look at sshare, and run "
			"`subank check`",
			reset->account, again->names[i]);
		status = EXIT_PART;
	}
	return status;
}

/* Reads Slurm until the usage has gone down wherever there was some, or a few seconds are over. */
static int read_again(struct reset *reset, struct clusters *ret)
{
	for (int try = 0;; try++) {
		struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
		struct clusters again;
		bool down = true;
		int status = clusters_observe(reset->env, false, &again);

		if (status != EXIT_DONE)
			return status;
		for (size_t i = 0; i < again.count; i++) {
			down = down && (usage_on(&reset->clusters, i, reset->account) == 0 ||
					!again.list[i].answered || went_down(reset, &again, i));
		}
		if (down || try == TRIES) {
			*ret = again;
			return EXIT_DONE;
		}
		clusters_release(&again);
		nanosleep(&pause, NULL);
	}
}

static int enter(struct books *books, void *ctx, struct sb_error *err)
{
	const struct reset *reset = ctx;
	const char *text = option(reset->env, "note");
	char reason[256];

	(void)snprintf(reason, sizeof(reason), "reset of %.240s", reset->account);
	return check_enter_reset(books, reset->list, reset->count, reset->clusters.list,
				 reset->clusters.count, reason, text ? text : "", err);
}

/* Under the check's lock: charge, reset, count on from there, bring limits in line. */
static int reset_all(struct env *env, void *ctx)
{
	struct reset *reset = ctx;
	struct checkup checkup = {
		.accounts = reset->list, .account_count = reset->count, .must = true};
	struct clusters again = {0};
	struct sb_error err;
	bool any;
	int status = checkup_pass(env, &checkup), forgot;

	if (status != EXIT_DONE && status != EXIT_PART)
		return status;
	forgot = forget(reset, &any);
	if (!any)
		return forgot == EXIT_DONE ? status : forgot;
	if (read_again(reset, &again) == EXIT_DONE) {
		if (say_reset(reset, &again) != EXIT_DONE)
			forgot = EXIT_PART;
		clusters_release(&reset->clusters);
		reset->clusters = again;
		if (bank_write(env->bank, env->now(), enter, reset, &err))
			return fail(env, &err);
	} else {
		forgot = EXIT_PART;
	}
	status = checkup_pass(env, &checkup);
	return status == EXIT_DONE ? forgot : status;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct reset reset = {.env = env};
	char name[NAME_SIZE];
	struct sb_error err;
	int status = read_account(env, argv[0], name);

	(void)argc;
	if (status != EXIT_DONE)
		return status;
	reset.account = name;
	status = clusters_observe(env, false, &reset.clusters);
	if (status != EXIT_DONE || reset.clusters.silent) {
		warning(env, "%s was not reset: what it has used must be read and charged first",
			name);
		status = EXIT_REFUSED;
	} else if (bank_read(env->bank, env->now(), find_related, &reset, &err)) {
		status = fail(env, &err);
	} else if (!has_used(&reset)) {
		note(env, "%s: Slurm shows no usage, there is nothing to reset", name);
	} else if (!confirmed(env, &reset)) {
		status = EXIT_REFUSED;
	} else {
		status = checkup_locked(env, reset_all, &reset);
	}
	free(reset.list);
	free(reset.names);
	clusters_release(&reset.clusters);
	return status;
}

static const struct option_spec options[] = {
	{"note", 0, "TEXT", "why, for the journal"},
	{NULL, 0, NULL, NULL},
};

const struct command cmd_reset = {
	.name = "reset",
	.arguments = "ACCOUNT",
	.summary = "set an account's usage in Slurm to 0 without losing a charge",
	.details =
		"Charges what was used, sets RawUsage to 0 in Slurm and goes on counting from\n"
		"there. Slurm takes the usage from the accounts above and below too, so theirs is\n"
		"charged first as well. Balances do not change: a new allowance never needs a\n"
		"reset, it is for sites that want fair share to forget. What is used in the very\n"
		"moment between reading and reset is not charged.",
	.min_args = 1,
	.max_args = 1,
	.flags = CMD_WRITE | CMD_SLURM | CMD_ASK,
	.options = options,
	.run = run,
};
