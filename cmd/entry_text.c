/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/entry_text.h"

#include <inttypes.h>

#include "ledger/amount.h"
#include "ledger/when.h"

static void describe_limit(char *to, size_t size, int64_t value)
{
	if (value < 0)
		(void)snprintf(to, size, "none");
	else
		(void)snprintf(to, size, "%" PRId64, value);
}

void entry_text(const struct env *env, const struct event *event, bool receiver, char *to,
		size_t size)
{
	char when[WHEN_TEXT_SIZE], found[24], set[24], debt[QUANTITY_SIZE], before[QUANTITY_SIZE],
		now[QUANTITY_SIZE];

	to[0] = '\0';
	switch (event->kind) {
	case EVENT_BASELINE:
		(void)snprintf(to, size, "%s starts at %s: %s", event->cluster,
			       quantity(env, now, event->now), event->reason);
		break;
	case EVENT_DEPOSIT:
		if (event->end != WHEN_NEVER)
			(void)snprintf(to, size, "until %s", when_format_local(when, event->end));
		else if (event->debt)
			(void)snprintf(to, size, "of it %s paid debt",
				       quantity(env, debt, event->debt));
		break;
	case EVENT_TRANSFER:
		(void)snprintf(to, size, "%s %s", receiver ? "from" : "to",
			       receiver ? event->account : event->to);
		break;
	case EVENT_CHARGE:
		(void)snprintf(to, size, "%s %s to %s%s", event->cluster,
			       amount_format(before, event->before, env->seconds),
			       amount_format(now, event->now, env->seconds),
			       event->debt ? ", in debt" : "");
		break;
	case EVENT_HOLD:
	case EVENT_RELEASE:
		(void)snprintf(to, size, "%s%s%s", event_word(FIELD_AT_CAUSE, event->cause),
			       !event->until		   ? ""
			       : event->kind == EVENT_HOLD ? " until "
							   : ", lets it run until ",
			       event->until ? when_format_local(when, event->until) : "");
		break;
	case EVENT_LEVER:
		describe_limit(found, sizeof(found), event->found);
		describe_limit(set, sizeof(set), event->set);
		(void)snprintf(to, size, "%s %s %s: %s to %s", event->cluster, event->field,
			       event->tres, found, set);
		break;
	case EVENT_APPLIED:
		(void)snprintf(to, size, "entry %" PRIu64 " %s%s%s", event->answers,
			       event_word(FIELD_AT_OUTCOME, event->outcome),
			       *event->reason ? ": " : "", event->reason);
		break;
	default:
		break;
	}
}
