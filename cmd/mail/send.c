/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/mail/send.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/mail/letter.h"
#include "ledger/account/people.h"
#include "ledger/base/text.h"

enum {
	ADDRESSES_MAX = PEOPLE_SIZE / 4 + 1, /* "a@b," is the shortest */
	WORDS_MAX = 8, /* of the command, beside the addresses */
};

/* Runs sendmail with the mail on its stdin. The addresses come after "--", not from the headers
 * (-t), and the -i keeps a line with a single dot from ending the mail. */
static int run_sendmail(const struct env *env, const struct mailing *mailing, const char *text,
			size_t len, struct sb_error *err)
{
	const char *argv[ADDRESSES_MAX + WORDS_MAX] = {env->settings.sendmail, "-i"};
	char list[PEOPLE_SIZE], *rest = list, *address, line[sizeof(err->text)];
	struct run_result result = {0};
	size_t count = 2;
	int rc = SB_OK;

	if (env->settings.mail_from) {
		argv[count++] = "-f";
		argv[count++] = env->settings.mail_from;
	}
	argv[count++] = "--";
	(void)snprintf(list, sizeof(list), "%s", mailing->to);
	while ((address = strsep(&rest, ",")) && count < ADDRESSES_MAX + WORDS_MAX - 1) {
		TRY(contact_check(address, err));
		argv[count++] = address;
	}
	rc = env->os.run_with(argv, text, len, mailing->deadline_ms, &result, err);
	if (rc == SB_ETIMEOUT)
		return sb_error_set(err, rc, "%s did not end within %g seconds",
				    env->settings.sendmail, mailing->deadline_ms / 1000.0);
	if (rc)
		return rc;
	if (result.status != 0)
		rc = sb_error_set(err, SB_EFAILED, "%s failed with exit status %d%s%s",
				  env->settings.sendmail, result.status,
				  *result.err_line ? ": " : "",
				  text_escape(line, sizeof(line) / 2, result.err_line));
	run_result_release(&result);
	return rc;
}

int mail_send(struct env *env, const struct mailing *mailing, struct sb_error *err)
{
	struct letter letter = {.from = env->settings.mail_from,
				.from_name = env->settings.mail_site,
				.reply_to = env->settings.mail_reply_to,
				.to = mailing->to,
				.time = env->os.now(),
				.id = mailing->id,
				.host = env->os.here()->author.host};
	char *subject = NULL, *body = NULL, *text = NULL;
	struct mail_template template;
	size_t len;
	int rc;

	TRY(mail_template_read(&env->settings, mailing->kind, &template, err));
	rc = mail_template_fill(&template, mailing->values, &subject, &body, err);
	mail_template_release(&template);
	letter.subject = subject;
	letter.body = body;
	if (!rc)
		rc = letter_write(&letter, &text, &len, err);
	if (!rc && option(env, "dry-run"))
		(void)fwrite(text, 1, len, env->os.out);
	else if (!rc)
		rc = run_sendmail(env, mailing, text, len, err);
	free(text);
	free(subject);
	free(body);
	return rc;
}
