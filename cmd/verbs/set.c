/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/allocation.h"
#include "cmd/verbs/verb.h"

struct allocation {
	const char *account;
	struct deposit to; /* the new allocation, and the window of money to add */
	bool same; /* the account has this allocation already */
};

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct allocation *allocation = posting->ctx;

	return append_allocation(posting, books, &allocation->to, true, err);
}

static int compare(struct books *books, void *ctx, struct sb_error *err)
{
	struct allocation *allocation = ctx;
	const struct account *account;
	int64_t allocated;

	TRY(books_account(books, allocation->account, &account, err));
	TRY(account_allocated(account, &allocated, err));
	allocation->same = allocated == allocation->to.amount;
	return SB_OK;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct allocation allocation = {0};
	struct posting posting = {.env = env, .plan = plan, .ctx = &allocation};
	struct window *window = &allocation.to.window;
	char text[QUANTITY_SIZE];
	struct sb_error err;
	int status = posting_begin(&posting, argv[0]);

	(void)argc;
	if (status == EXIT_DONE)
		status = window_read(env, window);
	if (status != EXIT_DONE)
		return status;
	if (amount_read(&posting, argv[1], true, &allocation.to.amount, &err))
		return fail(env, &err);
	allocation.account = posting.account;
	request_add(&posting, " %" PRId64 "s", allocation.to.amount);
	window_request(window, &posting);
	/* What an allocation is within a list depends on the entries before. There, a request that
	 * changes nothing is refused: without an entry, its ref would change something later. */
	if (!env->batch && !post_recorded(&posting)) {
		if (bank_read(env->bank, env->os.now(), compare, &allocation, &err))
			return fail(env, &err);
		if (allocation.same && !window_given(window)) {
			report(env, "%s is allocated %s already: nothing was recorded",
			       posting.account,
			       quantity(env, text, posting.account, allocation.to.amount));
			return EXIT_DONE;
		}
	}
	status = amount_confirm(&posting, argv[1], allocation.to.amount);
	return status == EXIT_DONE ? post(&posting) : status;
}

const struct command cmd_set = {
	.name = "set",
	.arguments = "ACCOUNT SU",
	.summary = "set an account's allocation",
	.details =
		"Records the difference to the present allocation: a deposit if the new one is "
		"larger, with --start and --end as for `subank deposit`; else a withdrawal. What "
		"was used stays used, and windows do not change. An allocation below what was used "
		"is allowed, even 0: the account is then in debt, and the next check holds it.",
	.examples =
		EXAMPLES({"subank set physics 5000", "allocate 5000 SU, whatever it was before"}),
	.see_also = "deposit withdraw terms",
	.min_args = 2,
	.max_args = 2,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM | CMD_ASK,
	.options = OPTIONS(WINDOW_OPTIONS, RESOURCE_OPTION),
	.run = run,
};
