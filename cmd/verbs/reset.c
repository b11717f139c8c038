/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <time.h>

#include "cmd/check/checkup.h"
#include "cmd/check/clusters.h"
#include "cmd/enter/confirm.h"
#include "cmd/enter/post.h"
#include "cmd/verbs/verb.h"
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
	bool *done; /* by cluster: sacctmgr reported the reset */
};

/* Marks the accounts of [books] whose usage changes with that of the account to reset on the
 * cluster. */
static int mark_related(struct books *books, const struct reset *reset,
			const struct observation *observation, bool *related, size_t count,
			struct sb_error *err)
{
	struct tree tree = {0};

	TRY(observation_tree(observation, &tree, err));
	for (size_t i = 0; i < count; i++) {
		const char *name = books_at(books, i)->name;

		related[i] = related[i] || tree_above(&tree, name, reset->account) ||
			     tree_above(&tree, reset->account, name);
	}
	tree_release(&tree);
	return SB_OK;
}

static int find_related(struct books *books, void *ctx, struct sb_error *err)
{
	struct reset *reset = ctx;
	const struct account *account;
	char(*names)[NAME_SIZE];
	const char **list;
	bool *related;
	size_t count, found = 0;
	int rc = SB_OK;

	TRY(books_account(books, reset->account, &account, err));
	TRY(books_load_all(books, &count, err));
	names = calloc(count, sizeof(*names));
	list = calloc(count, sizeof(*list));
	related = calloc(count, sizeof(*related));
	if (!names || !list || !related)
		rc = sb_error_nomem(err);
	for (size_t i = 0; i < reset->clusters.count && !rc; i++)
		rc = mark_related(books, reset, &reset->clusters.list[i], related, count, err);
	for (size_t i = 0; i < count && !rc; i++) {
		const char *name = books_at(books, i)->name;

		/* A purse is reset with its account. */
		if (!purse_is_account(name) || (!related[i] && strcmp(name, reset->account) != 0))
			continue;
		memcpy(names[found], name, sizeof(*names));
		list[found] = names[found];
		found++;
	}
	free(related);
	free(rc ? names : reset->names);
	free(rc ? list : reset->list);
	if (rc)
		return rc;
	reset->names = names;
	reset->list = list;
	reset->count = found;
	return SB_OK;
}

static int64_t usage_on(const struct clusters *clusters, size_t at, const char *account)
{
	const struct observed *row = observation_find(&clusters->list[at], account);

	return row ? row->usage : 0;
}

/* Returns whether the account's usage cannot be read on a cluster that answered. */
static bool is_odd(const struct clusters *clusters, size_t at, const char *account)
{
	const struct observed *row = observation_find(&clusters->list[at], account);

	return row && row->odd_usage;
}

static bool has_used(const struct reset *reset)
{
	for (size_t i = 0; i < reset->clusters.count; i++) {
		if (usage_on(&reset->clusters, i, reset->account) > 0 ||
		    is_odd(&reset->clusters, i, reset->account))
			return true;
	}
	return false;
}

static bool confirmed(struct env *env, const struct reset *reset)
{
	char used[QUANTITY_SIZE];

	for (size_t i = 0; i < reset->clusters.count; i++) {
		if (usage_on(&reset->clusters, i, reset->account) > 0)
			report(env, "%s on %s: %s in Slurm will be set to 0", reset->account,
			       reset->clusters.names[i],
			       quantity(env, used, NULL,
					usage_on(&reset->clusters, i, reset->account)));
	}
	if (option(env, "immediate"))
		return true;
	if (!env->os.in_is_terminal) {
		warning(env,
			"no terminal to ask on: add --immediate to reset; nothing was changed");
		return false;
	}
	if (ask(env, "Accounts above and below lose it too, and so does fair share. Reset?"))
		return true;
	warning(env, "nothing was changed");
	return false;
}

/* ---- conditions ---- */

/* Refuses a reset before the account's usage on the cluster is charged, or while jobs may start
 * under a limit that follows the balance: they could use again what Slurm forgets. */
static int check_one(struct reset *reset, const struct rules *rules, const struct account *account,
		     const struct observation *observation, struct sb_error *err)
{
	const struct observed *row = observation_find(observation, account->name);
	const struct meter *meter = account_meter(account, observation->cluster);
	int64_t charged = meter ? meter->reading : 0, limit;

	if (!row)
		return SB_OK;
	if (row->odd_usage)
		return sb_error_set(err, SB_EREFUSED,
				    "%s was not reset: the usage of %s on %s cannot be read, see "
				    "`subank doctor`",
				    reset->account, account->name, observation->cluster);
	/* With a meter of jobs the reading is not charged. */
	if (!(meter && meter->jobs) && row->usage != charged)
		return sb_error_set(err, SB_EREFUSED,
				    "the usage of %s on %s is not %s yet: run `subank check`, then "
				    "reset again",
				    account->name, observation->cluster,
				    row->usage > charged ? "charged" : "settled");
	if (!wants_caps(account, rules) ||
	    (observed_limit(row, CAP_FIELD, CAP_TRES, &limit) && limit == 0))
		return SB_OK;
	return sb_error_set(err, SB_EREFUSED,
			    "%s was not reset: the limit " CAP_FIELD "=" CAP_TRES " of %s on %s "
			    "must be 0 while it is, and could not be set: run `subank check "
			    "--put-right`, then reset again",
			    reset->account, account->name, observation->cluster);
}

static int check_all(struct books *books, void *ctx, struct sb_error *err)
{
	struct reset *reset = ctx;
	struct rules rules = settings_rules(&reset->env->settings);
	size_t clusters = reset->clusters.count;

	TRY(find_related(books, reset, err)); /* again: that may have changed */
	for (size_t i = 0; i < reset->count * clusters; i++) {
		const struct account *account;

		TRY(books_account(books, reset->list[i / clusters], &account, err));
		TRY(check_one(reset, &rules, account, &reset->clusters.list[i % clusters], err));
	}
	return SB_OK;
}

/* Reads the clusters. Returns EXIT_REFUSED when one does not answer. */
static int observe_all(struct reset *reset)
{
	int status;

	clusters_release(&reset->clusters);
	status = clusters_observe(reset->env, OBSERVE_USE, &reset->clusters);
	if (status == EXIT_DONE && !reset->clusters.silent)
		return EXIT_DONE;
	warning(reset->env, "%s was not reset: its usage must be read and charged first",
		reset->account);
	return EXIT_REFUSED;
}

/* Checks all conditions by what Slurm shows now. */
static int make_sure(struct reset *reset)
{
	int status = observe_all(reset);
	struct sb_error err;

	if (status == EXIT_DONE &&
	    bank_read(reset->env->bank, reset->env->os.now(), check_all, reset, &err))
		status = fail(reset->env, &err);
	return status;
}

/* ---- the reset ---- */

/* Has sacctmgr reset the usage. Returns EXIT_PART when a cluster refused. */
static int reset_in_slurm(struct reset *reset)
{
	struct env *env = reset->env;
	int status = EXIT_DONE;

	for (size_t i = 0; i < reset->clusters.count; i++) {
		const char *cluster = reset->clusters.names[i];
		struct sb_error err;

		if (usage_on(&reset->clusters, i, reset->account) == 0)
			continue;
		reset->done[i] = !sacctmgr_reset_usage(&env->slurm, cluster, reset->account, &err);
		if (reset->done[i])
			continue;
		warning(env, "%s: the usage on %s could not be reset: %s", reset->account, cluster,
			err.text);
		status = EXIT_PART;
	}
	return status;
}

/* Returns whether Slurm shows the reset, perhaps with use since then. If sacctmgr did not report
 * it, only 0 counts: a slurmctld that failed may have come back with an older value. */
static bool was_reset(const struct reset *reset, const struct clusters *again, size_t at)
{
	int64_t before = usage_on(&reset->clusters, at, reset->account);
	int64_t now = usage_on(again, at, reset->account);

	return again->list[at].answered && !is_odd(again, at, reset->account) && now < before &&
	       (reset->done[at] || now == 0);
}

/* Reports where the usage was reset. Returns EXIT_PART if sacctmgr reported a reset that Slurm does
 * not show. */
static int report_reset(const struct reset *reset, const struct clusters *again)
{
	int status = EXIT_DONE;

	for (size_t i = 0; i < again->count; i++) {
		if (was_reset(reset, again, i)) {
			report(reset->env, "%s: the usage on %s was reset", reset->account,
			       again->names[i]);
		} else if (reset->done[i]) {
			warning(reset->env,
				"%s: %s does not show that the usage was reset: check sshare, "
				"and run `subank check`",
				reset->account, again->names[i]);
			status = EXIT_PART;
		}
	}
	return status;
}

/* Reads Slurm until the usage has gone down wherever it should, for a few seconds at most. */
static int read_again(struct reset *reset, struct clusters *ret)
{
	for (int try = 0;; try++) {
		struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
		struct clusters again;
		bool down = true;
		int status = clusters_observe(reset->env, OBSERVE_USE, &again);

		if (status != EXIT_DONE)
			return status;
		for (size_t i = 0; i < again.count; i++)
			down = down && (!reset->done[i] || !again.list[i].answered ||
					was_reset(reset, &again, i));
		if (down || try == TRIES) {
			*ret = again;
			return EXIT_DONE;
		}
		clusters_release(&again);
		nanosleep(&pause, NULL);
	}
}

struct recording {
	const struct reset *reset;
	const struct clusters *again;
};

static int record(struct books *books, void *ctx, struct sb_error *err)
{
	const struct recording *recording = ctx;
	const struct reset *reset = recording->reset;
	const char *text = option(reset->env, "note");
	char reason[256];

	(void)snprintf(reason, sizeof(reason), "reset of %.240s", reset->account);
	for (size_t i = 0; i < reset->clusters.count; i++) {
		const struct check_reset done = {.account = reset->account,
						 .names = reset->list,
						 .count = reset->count,
						 .before = &reset->clusters.list[i],
						 .after = &recording->again->list[i],
						 .reason = reason,
						 .note = text ? text : ""};

		if (was_reset(reset, recording->again, i))
			TRY(check_record_reset(books, &done, err));
	}
	return SB_OK;
}

/* Returns which of two exit statuses, one after the other, the verb ends with. */
static int worse(int earlier, int later)
{
	return later == EXIT_DONE || (later == EXIT_PART && earlier != EXIT_DONE) ? earlier : later;
}

/* Resets the usage, which is charged, and records where counting goes on. */
static int reset_usage(struct reset *reset)
{
	struct env *env = reset->env;
	struct clusters again = {0};
	struct recording recording = {.reset = reset, .again = &again};
	struct sb_error err;
	int status;

	reset->done = calloc(reset->clusters.count, sizeof(*reset->done));
	if (!reset->done) {
		sb_error_nomem(&err);
		return fail(env, &err);
	}
	status = reset_in_slurm(reset);
	/* A reset may have been done although sacctmgr failed. */
	if (read_again(reset, &again) != EXIT_DONE)
		return EXIT_PART;
	status = worse(status, report_reset(reset, &again));
	if (bank_write(env->bank, env->os.now(), record, &recording, &err)) {
		/* Slurm may have done the reset. */
		int failed = fail(env, &err);

		status = failed == EXIT_REFUSED ? EXIT_PART : failed;
	}
	clusters_release(&again);
	return status;
}

/* Charges and lets nothing start, resets, counts on from there, and brings limits in line, whether
 * the reset worked or not. */
static int reset_steps(struct reset *reset, bool *made)
{
	struct env *env = reset->env;
	struct checkup checkup = {
		.accounts = reset->list, .account_count = reset->count, .must = true, .shut = true};
	int status = checkup_pass(env, &checkup, made);

	if (status != EXIT_DONE && status != EXIT_PART)
		return status;
	status = worse(status, make_sure(reset));
	if (status == EXIT_DONE || status == EXIT_PART)
		status = worse(status, reset_usage(reset));
	checkup = (struct checkup){
		.accounts = reset->list, .account_count = reset->count, .must = true};
	return worse(status, checkup_pass(env, &checkup, made));
}

/* Does all steps, under the check's lock. */
static int reset_all(struct env *env, void *ctx)
{
	struct reset *reset = ctx;
	bool made = false;
	int status = reset_steps(reset, &made);

	/* With reset->done Slurm was asked. */
	if (status != EXIT_REFUSED || (!made && !reset->done))
		return status;
	note(env, "the steps before that were done; the next check goes on from there");
	return EXIT_PART;
}

static int reset_account(struct reset *reset)
{
	struct env *env = reset->env;
	struct sb_error err;
	int status = observe_all(reset);

	if (status != EXIT_DONE)
		return status;
	if (bank_read(env->bank, env->os.now(), find_related, reset, &err))
		return fail(env, &err);
	if (!has_used(reset)) {
		note(env, "%s: Slurm shows no usage, there is nothing to reset", reset->account);
		return EXIT_DONE;
	}
	return confirmed(env, reset) ? checkup_locked(env, reset_all, reset) : EXIT_REFUSED;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct reset reset = {.env = env};
	char name[NAME_SIZE];
	int status = read_account(env, argv[0], name);

	(void)argc;
	if (status != EXIT_DONE)
		return status;
	reset.account = name;
	status = reset_account(&reset);
	free(reset.done);
	free(reset.list);
	free(reset.names);
	clusters_release(&reset.clusters);
	return status;
}

const struct command cmd_reset = {
	.name = "reset",
	.arguments = "ACCOUNT",
	.summary = "set an account's usage in Slurm to 0 without losing a charge",
	.details =
		"Charges the use so far, sets RawUsage to 0 in Slurm and counts on from there. "
		"Slurm takes the usage from the accounts above and below too, so theirs is charged "
		"first as well. Usage that cannot be charged is not reset.\n"
		"Balances do not change: a new allowance never needs a reset. It is for sites that "
		"want fair share to forget. Under enforcement `limit` no job starts in these "
		"accounts for a moment, so that nothing is given twice. Use in the short time "
		"between the last reading and the reset is not charged.",
	.problems = "done in part, see the messages",
	.examples = EXAMPLES({"subank reset physics --note \"new year of fair share\"", NULL}),
	.see_also = "check",
	.min_args = 1,
	.max_args = 1,
	.flags = CMD_WRITE | CMD_SLURM | CMD_ASK,
	.options = OPTIONS({"note", 0, "TEXT", "the reason, for the journal"}),
	.run = run,
};
