/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/hand.h"

#include "ledger/when.h"

const struct option_spec hand_options[] = {
	{"until", 0, "TIME", "2026-11-22, 2026-11-22T17:00 or now+7days"},
	{NULL, 0, NULL, NULL},
};

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
		int64_t now = env->now();

		if (when_parse(until, now, &hand.until, &err))
			return fail(env, &err);
		if (hand.until <= now)
			return usage(env, "--until %s is in the past", until);
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
