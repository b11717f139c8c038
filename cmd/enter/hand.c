/* SPDX-License-Identifier: GPL-3.0-or-later */
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
	return sb_error_set(
		err, SB_EINVAL, "--until %s has passed, it is %s now: give a time in the future",
		when_format_local(until, hand->until), when_format_local(now, books_time(books)));
}

int hand_post(struct posting *posting, const char *account)
{
	struct env *env = posting->env;
	const char *until = option(env, "until");
	char when[WHEN_TEXT_SIZE];
	struct hand hand = {0};
	struct sb_error err;
	int status = posting_begin(posting, account);

	if (status != EXIT_DONE)
		return status;
	posting->ctx = &hand;
	if (until) {
		if (when_parse(until, env->os.now(), &hand.until, &err))
			return fail(env, &err);
		(void)snprintf(hand.phrase, sizeof(hand.phrase), " until %s",
			       when_format_local(when, hand.until));
		/* As it was written: "now+7days" is another time at each try, but the same
		 * request. */
		request_add(posting, " until %s", until);
	}
	return post(posting);
}
