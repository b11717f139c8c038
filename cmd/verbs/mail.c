/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "cmd/mail/occasion.h"
#include "cmd/mail/send.h"
#include "cmd/mail/statements.h"
#include "cmd/verbs/verb.h"

static bool wants_statements(const struct env *env)
{
	return option(env, "statements");
}

/* The notify command needs no bank: the entry comes with all that the mail says. */
static bool without_bank(const struct env *env)
{
	return !wants_statements(env);
}

static bool only_reads(const struct env *env)
{
	return without_bank(env) || option(env, "dry-run");
}

/* Reads the standard input to its end. The caller frees it. */
static int read_input(const struct env *env, char **ret, size_t *ret_len, struct sb_error *err)
{
	char *text = malloc(RUN_INPUT_MAX + 1);
	size_t len;

	if (!text)
		return sb_error_nomem(err);
	errno = 0;
	len = fread(text, 1, RUN_INPUT_MAX + 1, env->os.in);
	if (ferror(env->os.in) || len > RUN_INPUT_MAX) {
		free(text);
		return sb_error_set(err, SB_ESYSTEM, "cannot read the standard input: %s",
				    len > RUN_INPUT_MAX ? "it is too long" : sb_errno(errno));
	}
	*ret = text;
	*ret_len = len;
	return SB_OK;
}

/* Sends the mail about an entry, or prints it. */
static int mail_occasion(struct env *env, const struct occasion *occasion, struct sb_error *err)
{
	const char *admins = env->settings.mail_to;
	/* The check kills this program after notify_seconds: it reports a sendmail that hangs
	 * before that. */
	const struct mailing mailing = {.kind = occasion->kind,
					.values = &occasion->values,
					.to = *occasion->contacts ? occasion->contacts : admins,
					.id = occasion->id,
					.deadline_ms = env->settings.notify_seconds * 900};

	if (occasion->kind == MAIL_TEST) {
		TRY(mail_templates_check(&env->settings, err));
		if (!admins)
			return sb_error_set(err, SB_EREFUSED,
					    "there is no address for a test: name one with "
					    "mail_to in the settings");
	}
	if (occasion->told_by_hold) {
		note(env, "%s is held: nothing was sent about the threshold",
		     occasion->values.of[WORD_ACCOUNT]);
		return SB_OK;
	}
	if (mailing.to)
		return mail_send(env, &mailing, err);
	note(env,
	     "%s has no contacts, and the settings have no mail_to: nothing was sent; add some "
	     "with "
	     "`subank terms %s --contact ADDRESSES`",
	     occasion->values.of[WORD_ACCOUNT], occasion->values.of[WORD_ACCOUNT]);
	return SB_OK;
}

static int mail_entry(struct env *env)
{
	struct occasion occasion;
	struct sb_error err;
	char *input = NULL;
	size_t len = 0;
	int rc;

	if (env->os.in_is_terminal)
		return usage(env, "mail reads an entry from the standard input, as the notify "
				  "command gets it; or give --statements");
	rc = read_input(env, &input, &len, &err);
	if (rc)
		return fail(env, &err);
	rc = occasion_read(env, input, len, &occasion, &err);
	free(input);
	if (rc)
		return fail(env, &err);
	rc = mail_occasion(env, &occasion, &err);
	mail_values_release(&occasion.values);
	return rc ? fail(env, &err) : EXIT_DONE;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	if (wants_statements(env))
		return statements_mail(env, argc, argv);
	if (argc > 0 || option(env, "again"))
		return usage(env, "accounts and --again belong to --statements");
	return mail_entry(env);
}

const struct command cmd_mail = {
	.name = "mail",
	.arguments = "[ACCOUNT...]",
	.summary = "send mail about accounts to their contacts",
	.details =
		"Reads an entry from the standard input, as the notify command gets it, and sends "
		"one mail about it to the contacts of the account (`subank terms --contact`). A "
		"small script runs it as the notify command:\n"
		"    notify: " DEFAULT_NOTIFY "\n"
		"If an account has no contacts, `mail_to` of the settings gets the mail. Without "
		"that, none is sent, and `mail` succeeds. If sendmail fails, `mail` fails, and the "
		"next check tries again. A threshold "
		"is not mailed if the account is held by then because it is spent: there is mail "
		"about the hold.\n"
		"--statements mails the statements of the last month, each once: to the contacts "
		"of "
		"each account, with its budgets. An account that had nothing in that month gets "
		"none. subank-statements.timer runs it on the first days of a month. Which "
		"statements were mailed is stored beside the books, not in the journal: a restored "
		"bank does not know it.\n"
		"The mail goes to the sendmail command of the machine, which any mail system "
		"brings. `sendmail`, `mail_from`, `mail_reply_to`, `mail_to`, `mail_site` and "
		"`mail_templates` are settings. A mail is plain text, and says in its header that "
		"it was generated. Its Message-ID follows from the entry, or from account and "
		"month: if one is sent twice after a crash, both have the same.\n"
		"The texts are templates in " DEFAULT_MAIL ". To change one, copy it to the folder "
		"that `mail_templates` names, which is " DEFAULT_SITE_MAIL " by default. `subank "
		"doctor --test` checks all of them and sends a test to `mail_to`.",
	.problems = "a statement could not be mailed",
	.examples = EXAMPLES({"subank mail --statements", "the statements of the last month"},
			     {"subank mail --statements --dry-run physics", "show the mail"},
			     {"subank mail --statements --again physics", "mail it again"}),
	.see_also = "terms statement check doctor",
	.max_args = -1,
	.flags = CMD_WRITE,
	.only_reads = only_reads,
	.without_bank = without_bank,
	.options = OPTIONS({"statements", 0, NULL, "mail the statements of the last month"},
			   {"again", 0, NULL, "also those that were mailed before"},
			   {"dry-run", 0, NULL, "print the mail instead of sending it"}),
	.run = run,
};
