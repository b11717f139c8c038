/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slurm's coordinators: what they can lift, and what closes that. */
#include <string.h>

#include "cmd/doctor/doctor.h"
#include "cmd/show/output.h"
#include "ledger/books/nesting.h"
#include "slurm/coordinators.h"

enum { USERS_SHOWN = 10 };

static const char check[] = "coordinators";

/* One user, with what is found in the books: copied, since no transaction is open while rows are
 * added. */
struct reach {
	struct diagnosis *rows;
	const struct coordinator *list; /* the user's rows */
	size_t count;
	struct names below; /* open accounts of the bank whose limits the user can change */
	struct names shares; /* open shares, likewise */
};

/* Whether the user coordinates an account above [account], or that account itself. */
static int find_above(const struct reach *reach, struct nesting *nesting, struct books *books,
		      const char *account, bool *ret_above, bool *ret_itself, struct sb_error *err)
{
	*ret_above = *ret_itself = false;
	for (size_t i = 0; i < reach->count && !*ret_above; i++) {
		if (strcmp(reach->list[i].account, account) == 0)
			*ret_itself = true;
		else
			TRY(nesting_is_under(nesting, books, account, reach->list[i].account, false,
					     ret_above, err));
	}
	return SB_OK;
}

static int find_all(struct reach *reach, struct nesting *nesting, struct books *books,
		    struct sb_error *err)
{
	size_t count;

	TRY(books_load_all(books, &count, err));
	for (size_t i = 0; i < count; i++) {
		const struct account *account = books_at(books, i);
		const bool shared = purse_user(account->name);
		char name[NAME_SIZE];
		bool above, itself;

		if (!account->open || (!shared && !purse_is_account(account->name)))
			continue;
		TRY(find_above(reach, nesting, books, purse_account(name, account->name), &above,
			       &itself, err));
		if (shared && (above || itself))
			names_add(reach->rows, &reach->shares, account->name);
		else if (!shared && above)
			names_add(reach->rows, &reach->below, account->name);
	}
	return SB_OK;
}

/* A books_fn. */
static int find_reach(struct books *books, void *ctx, struct sb_error *err)
{
	struct reach *reach = ctx;
	struct nesting nesting = {0};
	int rc;

	names_release(&reach->below);
	names_release(&reach->shares);
	rc = find_all(reach, &nesting, books, err);
	nesting_release(&nesting);
	return rc;
}

static void report_user(struct reach *reach, bool disabled)
{
	static const char advice[] =
		"sacctmgr lets coordinators change limits of accounts below their own, and of "
		"users, so they can lift these holds until the next check, which reports it "
		"(`drift: restore` sets them again). To close that, set DisableCoordDBD=yes in "
		"slurmdbd.conf if this Slurm has it (22.05 has not), or run sacctmgr delete "
		"coordinator; managers (`subank terms ACCOUNT --manager`) need no coordinator's "
		"rights to move SU";
	const char *user = reach->list[0].user;
	char below[NAMES_TEXT_SIZE], shares[NAMES_TEXT_SIZE];

	if (disabled || reach->below.count + reach->shares.count == 0)
		diagnose(reach->rows, VERDICT_INFO, check, NULL, "%s: can lift no hold%s", user,
			 disabled ? " (DisableCoordDBD)" : "");
	else
		diagnose(reach->rows, VERDICT_WARN, check, advice, "%s: can lift holds of %s%s%s",
			 user,
			 output_names(below, (const char *const *)reach->below.list,
				      reach->below.count),
			 reach->below.count && reach->shares.count ? ", " : "",
			 output_names(shares, (const char *const *)reach->shares.list,
				      reach->shares.count));
}

static size_t rows_of(const struct coordinators *coordinators, size_t at)
{
	const char *user = coordinators->list[at].user;
	size_t count = 0;

	while (at + count < coordinators->count &&
	       strcmp(coordinators->list[at + count].user, user) == 0)
		count++;
	return count;
}

static void report_all(struct diagnosis *rows, const struct coordinators *coordinators)
{
	struct env *env = rows->env;
	struct names more = {0};
	struct sb_error err;
	size_t users = 0;

	for (size_t at = 0; at < coordinators->count; at += rows_of(coordinators, at)) {
		struct reach reach = {.rows = rows,
				      .list = &coordinators->list[at],
				      .count = rows_of(coordinators, at)};

		if (users++ >= USERS_SHOWN)
			names_add(rows, &more, coordinators->list[at].user);
		else if (bank_read(env->bank, env->os.now(), find_reach, &reach, &err))
			diagnose_unread(rows, check, &err);
		else
			report_user(&reach, coordinators->disabled);
		names_release(&reach.below);
		names_release(&reach.shares);
	}
	if (more.count > 0)
		diagnose(rows, VERDICT_INFO, check, NULL, "and %zu more: %s", more.count,
			 "sacctmgr show account withcoord lists them");
	names_release(&more);
}

void doctor_coordinators(struct diagnosis *rows)
{
	struct coordinators coordinators;
	struct sb_error err;

	rows->where = "slurmdbd";
	if (coordinators_read(&rows->env->slurm, &coordinators, &err)) {
		diagnose_unread(rows, check, &err);
		return;
	}
	report_all(rows, &coordinators);
	coordinators_release(&coordinators);
}
