/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <inttypes.h>

#include "cmd/command.h"
#include "cmd/money.h"
#include "ledger/amount.h"

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const int64_t *amount = posting->ctx;
	char text[QUANTITY_SIZE];
	const struct account *account;
	int rc = books_account(books, posting->account, &account, err);

	if (rc)
		return rc;
	if (!account->open)
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' is closed and takes no deposits: `subank open "
				    "%s` opens it again",
				    posting->account, posting->account);
	quantity(posting->env, text, *amount);
	(void)snprintf(posting->done, sizeof(posting->done), "deposited %s", text);
	return append_deposit(posting, books, *amount, true, err);
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct posting posting = {.env = env, .plan = plan};
	char name[NAME_SIZE];
	struct sb_error err;
	int64_t amount;
	int status = read_account(env, argv[0], name);

	(void)argc;
	if (status != EXIT_DONE)
		return status;
	if (amount_parse(argv[1], &amount, &err))
		return fail(env, &err);
	posting.account = name;
	posting.ctx = &amount;
	(void)snprintf(posting.request, sizeof(posting.request), "deposit %s %" PRId64 "s", name,
		       amount);
	return post(&posting);
}

const struct command cmd_deposit = {
	.name = "deposit",
	.arguments = "ACCOUNT SU",
	.summary = "put SU into an account",
	.details = "SU is a plain number (10000, 0.5), or billing-seconds (95s); 1 SU is 3600\n"
		   "billing-seconds. Debt is paid first. An account that was held because its\n"
		   "allowance was spent is released at once.",
	.min_args = 2,
	.max_args = 2,
	.flags = CMD_WRITE | CMD_ENTER | CMD_SLURM,
	.run = run,
};
