/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/balance_warn.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/frame/messages.h"
#include "cmd/show/published_own.h"
#include "ledger/base/amount.h"
#include "ledger/base/when.h"

enum { ACCOUNTS_MAX = 256 };

/* Finds the accounts to look at: those that are named, else the accounts of this user. Slurm knows
 * these, but is not asked at a login, and the published balances do not say whose they are: so they
 * are the accounts named like a group of the user. Returns their number. */
static size_t accounts_of_user(struct env *env, int count, const char *const names[],
			       char ret[ACCOUNTS_MAX][NAME_SIZE])
{
	size_t found = 0, groups;

	for (int i = 0; i < count && found < ACCOUNTS_MAX; i++)
		found += name_fold("account", names[i], ret[found], NULL) == SB_OK;
	if (count > 0 || !env->os.groups)
		return found;
	groups = env->os.groups(ret, ACCOUNTS_MAX);
	for (size_t i = 0; i < groups; i++) {
		char name[NAME_SIZE];

		if (name_fold("account", ret[i], name, NULL) == SB_OK)
			memcpy(ret[found++], name, NAME_SIZE);
	}
	return found;
}

/* Returns the highest threshold that the use has reached; 0: none. */
static int threshold_of(const struct env *env, const struct sums *sums)
{
	const struct thresholds *thresholds = &env->settings.thresholds;
	int reached = 0;

	for (size_t i = 0; i < thresholds->count; i++) {
		if (balance_reaches(sums->used, sums->allocated, thresholds->list[i]))
			reached = thresholds->list[i];
	}
	return reached;
}

static void warn_of(struct env *env, const struct balance_row *row)
{
	const struct sums *sums = &row->sums;
	const int reached = threshold_of(env, sums);
	char left[QUANTITY_SIZE], all[QUANTITY_SIZE];

	if (strcmp(row->state, "scavenge") == 0)
		report(env, "%s: nothing is left%s%s, only jobs in QOS %s start", row->name,
		       *row->blocker ? " in " : "", row->blocker,
		       env->settings.scavenger_qos ? env->settings.scavenger_qos : "?");
	else if (*row->blocker)
		report(env, "%s: no job starts, since %s is held", row->name, row->blocker);
	else if (strcmp(row->state, "closed") == 0)
		report(env, "%s: closed, no job starts", row->name);
	else if (strcmp(row->state, "held") == 0 && strcmp(row->causes, "funds") == 0)
		report(env, "%s: nothing is left of %s, no job starts", row->name,
		       quantity(env, all, row->name, sums->allocated));
	else if (strcmp(row->state, "held") == 0)
		report(env, "%s: held (%s), no job starts", row->name, row->causes);
	else if (!sums->unlimited && sums->available <= 0 && sums->allocated > 0)
		report(env, "%s: nothing is left of %s", row->name,
		       quantity(env, all, row->name, sums->allocated));
	else if (!sums->unlimited && reached)
		report(env, "%s: %s are left of %s (%d%% or more are used)", row->name,
		       quantity(env, left, row->name, sums->available),
		       quantity(env, all, row->name, sums->allocated), reached);
}

/* Warns of these rows. What was published more than a day ago says little: nothing is printed. */
static void warn_of_all(struct env *env, const struct published *published)
{
	if (env->os.now() - published->time > WHEN_DAY)
		return;
	for (size_t i = 0; i < published->count; i++)
		warn_of(env, &published->list[i].row);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Warns of accounts in the file that all users read. The groups of a user may come over a network,
 * so they are not looked up if there is no file. */
static void warn_of_common(struct env *env, int count, const char *const names[])
{
	char accounts[ACCOUNTS_MAX][NAME_SIZE];
	struct published_text text;
	struct published published;
	size_t account_count;
	struct sb_error why;

	if (published_read_text(env->settings.publish_file, env->settings.bank, &text, &why))
		return;
	account_count = accounts_of_user(env, count, names, accounts);
	if (account_count > 1)
		qsort(accounts, account_count, NAME_SIZE, by_name);
	if (published_read_some(&text, accounts, account_count, &published, &why) == SB_OK) {
		warn_of_all(env, &published);
		published_release(&published);
	}
	free(text.bytes);
}

/* Whether a row of the user's files is of an account that is named, if any is, and no share of
 * another user. */
static bool is_wanted(const struct env *env, const struct balance_row *row, int count,
		      const char *const names[])
{
	const char *sharer = purse_user(row->name);
	char name[NAME_SIZE];

	if (sharer && strcasecmp(sharer, env->os.here()->author.user) != 0)
		return false;
	for (int i = 0; i < count; i++) {
		if (name_fold("account", names[i], name, NULL) == SB_OK &&
		    purse_is_of(row->name, name))
			return true;
	}
	return count == 0;
}

/* Warns of accounts in the user's own files. */
static void warn_of_own(struct env *env, int count, const char *const names[])
{
	struct published published;
	struct sb_error why;
	size_t kept = 0;

	if (published_own_read(env, &published, &why))
		return;
	for (size_t i = 0; i < published.count; i++) {
		if (is_wanted(env, &published.list[i].row, count, names))
			published.list[kept++] = published.list[i];
	}
	published.count = kept;
	warn_of_all(env, &published);
	published_release(&published);
}

int balance_warn(struct env *env, int count, const char *const names[])
{
	if (published_is_own(env))
		warn_of_own(env, count, names);
	else
		warn_of_common(env, count, names);
	return EXIT_DONE;
}
