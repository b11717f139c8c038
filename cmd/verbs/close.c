/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/enter/post.h"
#include "cmd/frame/command.h"

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	struct event event = {.kind = EVENT_CLOSE, .account = posting->account};
	const struct account *account;
	int rc = books_account(books, posting->account, &account, err);

	if (rc)
		return rc;
	if (!account->open)
		return sb_error_set(err, SB_EREFUSED, "account '%s' is closed already",
				    posting->account);
	(void)snprintf(posting->done, sizeof(posting->done), "closed %s", posting->account);
	stamp(posting, &event);
	return books_append(books, &event, err);
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct posting posting = {.env = env, .plan = plan};
	char name[NAME_SIZE];
	int status = read_account(env, argv[0], name);

	(void)argc;
	if (status != EXIT_DONE)
		return status;
	posting.account = name;
	(void)snprintf(posting.request, sizeof(posting.request), "close %s", name);
	return post(&posting);
}

static const struct example examples[] = {
	{"subank close physics --note \"project ended\"", "its jobs no longer start"},
	{NULL, NULL},
};

const struct command cmd_close = {
	.name = "close",
	.arguments = "ACCOUNT",
	.summary = "end an account: it is held and takes no more deposits",
	.details = "Jobs that still run go on and are charged. What is left in the account stays "
		   "there: `subank withdraw ACCOUNT all` or `subank transfer` moves it. `subank "
		   "open` opens the account again.",
	.examples = examples,
	.see_also = "open withdraw transfer",
	.min_args = 1,
	.max_args = 1,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM,
	.run = run,
};
