/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/account/thresholds.h"

#include <stdio.h>
#include <string.h>

#include "ledger/account/event.h"
#include "ledger/base/number.h"

int thresholds_add(struct thresholds *thresholds, long long percent, struct sb_error *err)
{
	size_t count = thresholds->count;

	if (percent < 1 || percent > EVENT_PERCENT_MAX)
		return sb_error_set(err, SB_EINVAL,
				    "a threshold is a whole percentage from 1 to %d",
				    EVENT_PERCENT_MAX);
	if (count == THRESHOLDS_MAX)
		return sb_error_set(err, SB_EINVAL, "more than %d thresholds", THRESHOLDS_MAX);
	if (count > 0 && percent <= thresholds->list[count - 1])
		return sb_error_set(err, SB_EINVAL, "thresholds must rise: %lld follows %d",
				    percent, thresholds->list[count - 1]);
	thresholds->list[thresholds->count++] = (int)percent;
	return SB_OK;
}

int thresholds_parse(const char *text, struct thresholds *ret, struct sb_error *err)
{
	struct thresholds thresholds = {.count = 0};
	int rc = SB_OK;

	for (const char *at = text; strcmp(text, "none") != 0 && !rc; at++) {
		int64_t percent;
		const char *end = number_prefix(at, 1, 9999, &percent);

		if (!end || *at == '0' || (*end && *end != ','))
			return sb_error_set(err, SB_EINVAL,
					    "'%s' are not thresholds: write percentages as in "
					    "60,90, or none",
					    text);
		rc = thresholds_add(&thresholds, percent, err);
		at = end;
		if (!*at)
			break;
	}
	if (!rc)
		*ret = thresholds;
	return rc;
}

const char *thresholds_text(char to[THRESHOLDS_TEXT_SIZE], const struct thresholds *thresholds)
{
	size_t len = 0;

	if (thresholds->count == 0)
		len = (size_t)snprintf(to, THRESHOLDS_TEXT_SIZE, "none");
	for (size_t i = 0; i < thresholds->count && len < THRESHOLDS_TEXT_SIZE; i++)
		len += (size_t)snprintf(to + len, THRESHOLDS_TEXT_SIZE - len, "%s%d", i ? "," : "",
					thresholds->list[i]);
	return to;
}
