/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/post.h"
#include "cmd/show/published_own.h"
#include "cmd/show/selection.h"
#include "cmd/show/why_text.h"
#include "cmd/verbs/verb.h"
#include "ledger/base/when.h"

struct why {
	struct env *env;
	const char *name;
};

static int explain(struct books *books, void *ctx, struct sb_error *err)
{
	const struct why *why = ctx;

	return why_report(why->env, books, why->name, err);
}

/* Prints the lines that the bank has published. */
static int print_published(struct env *env, const char *name, struct sb_error *err)
{
	const struct published_account *account;
	struct published published;
	char age[WHEN_TEXT_SIZE], line[2048];
	const char *lines, *end;
	int rc;

	TRY(published_own_read(env, &published, err));
	rc = published_own_find(&published, name, &account, err);
	lines = rc ? NULL : published_why(account, env->seconds);
	if (!rc && !lines)
		rc = sb_error_set(err, SB_EFORMAT, "the lines about '%s' are not published", name);
	for (; !rc && (end = strchr(lines, '\n')); lines = end + 1) {
		(void)snprintf(line, sizeof(line), "%.*s", (int)(end - lines), lines);
		report(env, "%s", line);
	}
	if (!rc)
		note(env, "as the bank published it %s ago",
		     when_format_age(age, env->os.now() - published.time));
	published_release(&published);
	return rc;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct why why = {.env = env};
	char name[NAME_SIZE];
	struct sb_error err;
	const char *user = option(env, "user");
	int status = purse_argument(env, argv[0], name);

	(void)argc;
	if (status != EXIT_DONE)
		return status;
	if (user) {
		char account[NAME_SIZE];

		if (share_name(purse_account(account, name), purse_resource(name), user, name,
			       &err))
			return fail(env, &err);
	}
	if (!env->bank)
		return print_published(env, name, &err) ? fail(env, &err) : EXIT_DONE;
	why.name = name;
	return bank_read(env->bank, env->os.now(), explain, &why, &err) ? fail(env, &err)
									: EXIT_DONE;
}

const struct command cmd_why = {
	.name = "why",
	.arguments = "ACCOUNT",
	.summary = "why an account is held, blocked, low or closed, and what ends that",
	.details =
		"Names the entries that led to the account's state, and what would end it. Changes "
		"nothing and needs no Slurm. It also names budgets of other resources and shares "
		"of users that are held; --resource and --user explain one of them.\n"
		"Under `publish: own` in the settings, users who may not read the bank see this of "
		"their own accounts. Entries about money from or to other accounts then do not "
		"name those accounts.",
	.examples =
		EXAMPLES({"subank why physics", "why do my jobs not start?"},
			 {"subank why physics --resource gres/gpu", "only those with GPUs wait"},
			 {"subank why physics --user alice", "only those of alice wait"}),
	.see_also = "balance journal release",
	.min_args = 1,
	.max_args = 1,
	.flags = CMD_READ | CMD_PUBLISHED_OWN,
	.options = OPTIONS({"user", 0, "USER", "a user's share of the account"}, RESOURCE_OPTION),
	.run = run,
};
