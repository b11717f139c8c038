/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/enter/hand.h"

#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "ledger/base/when.h"

const struct option_spec hand_options[] = {
	{"until", 0, "TIME", "2026-11-22, 2026-11-22T17:00 or now+7days"},
	{NULL, 0, NULL, NULL},
};

int hand_check(const struct hand *hand, const struct books *books, struct sb_error *err)
{
	char until[WHEN_TEXT_SIZE], now[WHEN_TEXT_SIZE];

	if (!hand->until || hand->until > books_time(books))
		return SB_OK;
	return sb_error_set(err, SB_EINVAL,
			    "--until %s is over, it is %s now: give a time that is still to come",
			    when_format_local(until, hand->until),
			    when_format_local(now, books_time(books)));
}

int hand_post(struct posting *posting, const char *account)
{
	struct env *env = posting->env;
	const char *until = option(env, "until");
	char name[NAME_SIZE], when[WHEN_TEXT_SIZE];
	struct hand hand = {0};
	struct sb_error err;
	int status = read_account(env, account, name);

	if (status != EXIT_DONE)
		return status;
	if (until) {
		if (when_parse(until, env->os.now(), &hand.until, &err))
			return fail(env, &err);
		(void)snprintf(hand.phrase, sizeof(hand.phrase), " until %s",
			       when_format_local(when, hand.until));
	}
	posting->account = name;
	posting->ctx = &hand;
	/* As it was written: "now+7days" is another time at each try, but the same request. */
	(void)snprintf(posting->request, sizeof(posting->request), "%s %s%s%s", env->command->name,
		       name, until ? " until " : "", until ? until : "");
	return post(posting);
}
