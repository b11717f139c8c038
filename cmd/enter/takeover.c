/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/takeover.h"

#include <stdio.h>
#include <string.h>

#include "cmd/enter/in_slurm.h"
#include "cmd/enter/money.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "ledger/account/policy.h"
#include "ledger/check/successor.h"

struct takeover_of {
	char from[NAME_SIZE];
	bool merge;
	bool from_zero;
	const struct clusters *clusters;
};

/* Finds an account or purse; *ret is NULL if it is not in the bank. */
static int find(struct books *books, const char *name, const struct account **ret,
		struct sb_error *err)
{
	int rc = books_find(books, name, ret, err);

	if (rc == SB_ENOTFOUND)
		*ret = NULL;
	return rc == SB_ENOTFOUND ? SB_OK : rc;
}

static int check_names(struct books *books, const struct takeover_of *takeover, const char *to,
		       struct sb_error *err)
{
	const struct account *from, *successor;

	TRY(books_account(books, takeover->from, &from, err));
	if (*from->successor)
		return refuse_closed(from, err);
	TRY(find(books, to, &successor, err));
	if (takeover->merge && !successor)
		return sb_error_set(err, SB_ENOTFOUND,
				    "account '%s' is not in the bank: `subank rename %s %s` gives "
				    "'%s' that name",
				    to, takeover->from, to, takeover->from);
	if (takeover->merge)
		return successor->open ? SB_OK : refuse_closed(successor, err);
	if (!successor)
		return SB_OK;
	if (*successor->successor)
		return sb_error_set(
			err, SB_EREFUSED,
			"account '%s' was renamed or merged, and what its jobs still use "
			"is for '%s': choose another name",
			to, successor->successor);
	if (successor->open)
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' is in the bank: `subank merge %s %s` gives it "
				    "all that '%s' has",
				    to, takeover->from, to, takeover->from);
	return sb_error_set(
		err, SB_EREFUSED,
		"account '%s' was in the bank and is closed: its entries would be taken "
		"for those of '%s'; choose another name",
		to, takeover->from);
}

/* Appends the entry for one purse, which becomes [to]: the request's own if it is the account. */
static int append_one(struct posting *posting, struct books *books, const struct account *purse,
		      const char *to, struct sb_error *err)
{
	const char *text = option(posting->env, "note");
	struct event event = {.kind = EVENT_RENAME,
			      .account = purse->name,
			      .to = to,
			      .resource = purse_resource(purse->name),
			      .note = text ? text : ""};
	const struct account *successor;
	int rc;

	TRY(find(books, to, &successor, err));
	if (successor && !successor->open)
		return sb_error_set(err, SB_EREFUSED,
				    "'%s' was ended: give it anew, or withdraw what '%s' has, and "
				    "try again",
				    to, purse->name);
	if (successor)
		event.kind = EVENT_MERGE;
	if (event.kind == EVENT_RENAME)
		plan_rename(purse, &event);
	rc = event.kind == EVENT_MERGE ? plan_merge(purse, &event, err) : SB_OK;
	if (!rc)
		rc = purse_is_account(purse->name) ? post_append(posting, books, &event, err)
						   : books_append(books, &event, err);
	event_release(&event);
	return rc;
}

/* Writes the name of the successor's purse of the same resource and user. */
static int name_purse(const char *purse, const char *to, char ret[NAME_SIZE], struct sb_error *err)
{
	int len = purse_is_account(purse)
			  ? snprintf(ret, NAME_SIZE, "%s", to)
			  : snprintf(ret, NAME_SIZE, "%s:%s", to, purse_resource(purse));

	if (len < NAME_SIZE)
		return purse_check("new name", ret, err);
	return sb_error_set(err, SB_EINVAL,
			    "the name of '%s' would be too long: choose a shorter "
			    "one than '%s'",
			    purse, to);
}

static bool has_money(const struct account *purse)
{
	for (size_t i = 0; i < purse->lot_count; i++) {
		if (purse->lots[i].rest > 0)
			return true;
	}
	return purse->debt > 0;
}

static int take_over_one(struct posting *posting, struct books *books, const struct account *purse,
			 struct sb_error *err)
{
	const struct takeover_of *takeover = posting->ctx;
	char name[NAME_SIZE];

	/* A merge leaves ended budgets and shares behind: they would stop jobs of the receiver. */
	if (takeover->merge && !purse->open && !purse_is_account(purse->name) && !has_money(purse))
		return SB_OK;
	TRY(name_purse(purse->name, posting->account, name, err));
	TRY(append_one(posting, books, purse, name, err));
	return check_record_baselines(books, name, takeover->clusters->list,
				      takeover->clusters->count, takeover->from_zero, err);
}

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct takeover_of *takeover = posting->ctx;
	const char *from = takeover->from, *to = posting->account;
	const struct account *account;
	struct purses purses;
	int64_t sent;
	int rc;

	TRY(check_names(books, takeover, to, err));
	TRY(books_account(books, from, &account, err));
	TRY(successor_check_place(books, account, to, takeover->clusters->list,
				  takeover->clusters->count, err));
	TRY(renew_all_first(posting, books, from, err));
	/* A period that has begun must not forgive the debt that is taken over now. */
	if (takeover->merge)
		TRY(renew_all_first(posting, books, to, err));
	TRY(take_over_one(posting, books, account, err));
	TRY(books_purses(books, from, &purses, err));
	rc = SB_OK;
	for (size_t i = 0; i < purses.count && !rc; i++)
		rc = take_over_one(posting, books, purses.list[i], err);
	purses_release(&purses);
	if (!rc && !takeover->merge) {
		rc = books_statement_sent(books, from, &sent, err);
		if (!rc)
			rc = books_set_statement_sent(books, to, sent, err);
	}
	done_add(posting, "%s %s %s %s", takeover->merge ? "merged" : "renamed", from,
		 takeover->merge ? "into" : "to", to);
	return rc;
}

/* Asks Slurm for the present use of the successor, from which counting starts where the bank does
 * not count it yet. */
static int ask_slurm(const struct posting *posting, struct takeover_of *takeover,
		     struct clusters *clusters)
{
	char undone[2 * NAME_SIZE + 48], does[32];
	const struct intent intent = {.undone = undone,
				      .does = does,
				      .from_zero = takeover->from_zero,
				      .other = takeover->from,
				      .takeover = true};

	(void)snprintf(undone, sizeof(undone), "account '%s' was not %s '%s'", takeover->from,
		       takeover->merge ? "merged into" : "renamed to", posting->account);
	(void)snprintf(does, sizeof(does), "%s it", takeover->merge ? "merges" : "renames");
	return in_slurm(posting->env, posting->account, &intent, clusters, &takeover->clusters);
}

int takeover_post(struct env *env, const char *const argv[], bool merge)
{
	struct takeover_of takeover = {.merge = merge,
				       .from_zero = option_if_known(env, "from-zero") != NULL};
	struct posting posting = {.env = env, .plan = plan, .ctx = &takeover};
	struct clusters clusters = {0};
	int status = read_account(env, argv[0], takeover.from);

	if (status == EXIT_DONE)
		status = read_account(env, argv[1], posting.account);
	if (status != EXIT_DONE)
		return status;
	if (strcmp(takeover.from, posting.account) == 0)
		return usage(env, "'%s' has that name: name two accounts", takeover.from);
	memcpy(posting.receiver, takeover.from, NAME_SIZE);
	request_add(&posting, "%s %s %s%s", env->command->name, takeover.from, posting.account,
		    takeover.from_zero ? " from-zero" : "");
	status = account_admitted(env, posting.account);
	if (status != EXIT_DONE)
		return status;
	if (post_recorded(&posting))
		return post(&posting);
	status = ask_slurm(&posting, &takeover, &clusters);
	if (status == EXIT_DONE)
		status = post(&posting);
	clusters_release(&clusters);
	return status;
}
