/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/period.h"

#include <time.h>

#include "cmd/frame/messages.h"
#include "cmd/frame/moment.h"
#include "cmd/frame/options.h"
#include "ledger/base/when.h"

/* Finds the start of the month that is [later] months after that of [when]. */
static int month_start(int64_t when, int later, int64_t *ret, struct sb_error *err)
{
	time_t seconds = (time_t)(when / WHEN_SECOND);
	char text[32];
	struct tm tm;

	localtime_r(&seconds, &tm);
	later += (tm.tm_year + 1900) * 12 + tm.tm_mon;
	if (later < 1970 * 12) {
		*ret = 0;
		return SB_OK;
	}
	(void)snprintf(text, sizeof(text), "%04d-%02d-01", later / 12, later % 12 + 1);
	return when_parse(text, when, ret, err);
}

int period_read(struct env *env, int64_t *ret_since, int64_t *ret_until, struct sb_error *err)
{
	return period_read_months(env, 1, ret_since, ret_until, err);
}

int period_read_months(struct env *env, int months, int64_t *ret_since, int64_t *ret_until,
		       struct sb_error *err)
{
	char from[WHEN_TEXT_SIZE], to[WHEN_TEXT_SIZE];
	int64_t since = 0, until = 0;

	if (!option(env, "until"))
		TRY(month_start(env->os.now(), 1, &until, err));
	TRY(moment_time(env, "until", &until, err));
	if (!option(env, "since"))
		TRY(month_start(until > 0 ? until - 1 : 0, 1 - months, &since, err));
	TRY(moment_time(env, "since", &since, err));
	if (since >= until)
		return sb_error_set(
			err, SB_EINVAL, "the period from %s to %s ends before it begins%s",
			when_format_local(from, since), when_format_local(to, until),
			option(env, "until") ? "" : ": without --until it ends with this month");
	*ret_since = since;
	*ret_until = until;
	return SB_OK;
}

void period_report(struct env *env, int64_t since, int64_t until)
{
	char from[WHEN_TEXT_SIZE], to[WHEN_TEXT_SIZE];

	report(env, "From %s to %s", when_format_offset(from, since),
	       when_format_offset(to, until));
}
