/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/entry_text.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/frame/lever.h"
#include "cmd/frame/messages.h"
#include "cmd/show/window_text.h"
#include "ledger/account/account.h"
#include "ledger/base/amount.h"
#include "ledger/base/when.h"

const char *entry_actor(const struct env *env, const struct event *event, char to[ACTOR_SIZE])
{
	const char *login;

	if (event->login != LOGIN_NONE && event->login != event->uid) {
		login = env->os.user_name ? env->os.user_name(event->login) : NULL;
		if (login)
			(void)snprintf(to, ACTOR_SIZE, "%s (login %s)", event->user, login);
		else
			(void)snprintf(to, ACTOR_SIZE, "%s (login %" PRIu32 ")", event->user,
				       event->login);
	} else if (*event->sudo && strcmp(event->sudo, event->user) != 0) {
		(void)snprintf(to, ACTOR_SIZE, "%s (sudo %s)", event->user, event->sudo);
	} else {
		(void)snprintf(to, ACTOR_SIZE, "%s", event->user);
	}
	return to;
}

/* "entry 12 done", "entry 12: 3 left alone, 1 not waiting: its user …" */
static void queued_text(const struct event *event, char *to, size_t size)
{
	size_t left = job_ids_count(event->left), gone = job_ids_count(event->gone), len;

	(void)snprintf(to, size, "entry %" PRIu64 "%s", event->answers,
		       left + gone == 0 ? " done" : ":");
	len = strlen(to);
	if (left > 0)
		(void)snprintf(to + len, size - len, " %zu %s%s", left,
			       event->outcome == OUTCOME_FAILED ? "not moved yet" : "left alone",
			       gone ? "," : "");
	len = strlen(to);
	if (gone > 0)
		(void)snprintf(to + len, size - len, " %zu not waiting", gone);
	len = strlen(to);
	if (*event->reason)
		(void)snprintf(to + len, size - len, ": %s", event->reason);
}

void entry_text(const struct env *env, const struct event *event, bool receiver, char *to,
		size_t size)
{
	char when[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE], phrase[WINDOW_PHRASE_SIZE],
		found[LIMIT_TEXT_SIZE], set[LIMIT_TEXT_SIZE], debt[QUANTITY_SIZE],
		before[QUANTITY_SIZE], now[QUANTITY_SIZE], lever[LEVER_NAME_SIZE];
	const char *receiver_name;
	size_t jobs;

	to[0] = '\0';
	switch (event->kind) {
	case EVENT_TERMS:
		(void)snprintf(
			to, size, "%s, credit %s, enforcement %s%s%s%s%s%s%s%s%s%s%s%s%s",
			event_word(FIELD_AT_ALLOWANCE, event->allowance),
			quantity(env, now, event->account, event->credit),
			event->enforcement == ENFORCE_SITE
				? "by the settings"
				: event_word(FIELD_AT_ENFORCEMENT, event->enforcement),
			*event->field ? ", lever " : "",
			lever_name(lever, event->field, event->tres),
			event->meter == METER_SITE ? "" : ", meter ",
			event->meter == METER_SITE ? "" : event_word(FIELD_AT_METER, event->meter),
			*event->thresholds ? ", thresholds " : "", event->thresholds,
			event->quota ? ", quota " : "",
			event->quota ? quantity(env, debt, event->account, event->quota) : "",
			event->quota ? " every " : "",
			event->quota ? event_word(FIELD_AT_EVERY, event->every) : "",
			event->share ? ", default share " : "",
			event->share ? quantity(env, before, event->account, event->share) : "");
		break;
	case EVENT_BASELINE:
		(void)snprintf(to, size, "%s starts at %s: %s", event->cluster,
			       quantity(env, now, event->account, event->now), event->reason);
		break;
	case EVENT_DEPOSIT:
		window_phrase(phrase, event, event->time);
		(void)snprintf(to, size, "%s%s%s%s%s", event->period ? "quota" : "",
			       *phrase && !event->period ? phrase + 1 : phrase,
			       (*phrase || event->period) && event->debt ? ", " : "",
			       event->debt ? "paid debt of " : "",
			       event->debt ? quantity(env, debt, event->account, event->debt) : "");
		break;
	case EVENT_TRANSFER:
		(void)snprintf(to, size, "%s %s", receiver ? "from" : "to",
			       receiver ? event->account : event->to);
		break;
	case EVENT_CHARGE:
		(void)snprintf(to, size, "%s %s to %s%s%s%s", event->cluster,
			       env->seconds ? amount_format(before, event->before, true)
					    : amount_format_in(before, event->before,
							       purse_unit(event->account).size),
			       quantity(env, now, event->account, event->now),
			       event->debt ? ", " : "",
			       event->debt ? quantity(env, debt, event->account, event->debt) : "",
			       event->debt ? " of it in debt" : "");
		break;
	case EVENT_CHARGE_JOB:
		(void)snprintf(to, size, "job %s/%s of %s, %s%s%s%s", event->cluster, event->job,
			       *event->job_user ? event->job_user : "nobody", event->state,
			       event->debt ? ", " : "",
			       event->debt ? quantity(env, debt, event->account, event->debt) : "",
			       event->debt ? " of it in debt" : "");
		break;
	case EVENT_FEE:
		(void)snprintf(to, size, "%s to %s%s%s%s", when_format_short(when, event->since),
			       when_format_short(until, event->until), event->debt ? ", " : "",
			       event->debt ? quantity(env, debt, event->account, event->debt) : "",
			       event->debt ? " of it in debt" : "");
		break;
	case EVENT_METER:
		(void)snprintf(to, size, "%s by %s from %s", event->cluster,
			       event_word(FIELD_AT_METER, event->meter),
			       when_format_local(when, event->since));
		break;
	case EVENT_MOVE:
		(void)snprintf(to, size, "%s %s %s%s%s", event->cluster, event->slurm_account,
			       event_word(FIELD_AT_MOVE, event->move), *event->reason ? ": " : "",
			       event->reason);
		break;
	case EVENT_RECONCILE:
		(void)snprintf(to, size, "%s %s to %s: %s", event->cluster,
			       when_format_short(when, event->since),
			       when_format_short(until, event->until), event->reason);
		break;
	case EVENT_REFUND:
		(void)snprintf(to, size, "entry %" PRIu64 "%s", event->answers,
			       new_window_phrase(phrase, event));
		break;
	case EVENT_REVERSE:
		receiver_name = event_receiver(event);
		(void)snprintf(to, size, "%s%s%s%s%s, entry %" PRIu64 "%s",
			       event_word(FIELD_AT_REVERSES, event->reverses),
			       receiver_name ? " from " : "", receiver_name ? event->account : "",
			       receiver_name ? " to " : "", receiver_name ? receiver_name : "",
			       event->answers, new_window_phrase(phrase, event));
		break;
	case EVENT_ADJUST:
		(void)snprintf(to, size, "%s%s%s used", event->reason, *event->reason ? ", " : "",
			       quantity(env, debt, event->account, event->debt));
		break;
	case EVENT_EXPIRE:
		(void)snprintf(to, size, "ended %s", when_format_short(when, event->end));
		break;
	case EVENT_THRESHOLD:
		(void)snprintf(to, size, "%" PRId64 "%%: %s of %s", event->level,
			       quantity(env, before, event->account, event->used),
			       quantity(env, now, event->account, event->allocated));
		break;
	case EVENT_NOTICE:
		(void)snprintf(to, size, "%s end %s",
			       quantity(env, now, event->account, event->amount),
			       when_format_short(when, event->end));
		break;
	case EVENT_HOLD:
	case EVENT_RELEASE:
		(void)snprintf(to, size, "%s%s%s", event_word(FIELD_AT_CAUSE, event->cause),
			       !event->until		   ? ""
			       : event->kind == EVENT_HOLD ? " until "
							   : ", lets it run until ",
			       event->until ? when_format_short(when, event->until) : "");
		break;
	case EVENT_LEVER:
		(void)snprintf(to, size, "%s %s: %s to %s", event->cluster,
			       lever_name(lever, event->field, event->tres),
			       limit_text(found, event->found), limit_text(set, event->set));
		break;
	case EVENT_APPLIED:
	case EVENT_NOTIFIED:
		(void)snprintf(to, size, "entry %" PRIu64 " %s%s%s", event->answers,
			       event_word(FIELD_AT_OUTCOME, event->outcome),
			       *event->reason ? ": " : "", event->reason);
		break;
	case EVENT_QUEUE:
		jobs = job_ids_count(event->jobs);
		(void)snprintf(to, size, "%s %zu job%s from QOS %s to %s", event->cluster, jobs,
			       jobs == 1 ? "" : "s", event->qos, event->to_qos);
		break;
	case EVENT_QUEUED:
		queued_text(event, to, size);
		break;
	case EVENT_RENAME:
		(void)snprintf(to, size, "%s to %s", event->account, event->to);
		break;
	case EVENT_MERGE:
		(void)snprintf(
			to, size, "%s %s: %s%s%s", receiver ? "from" : "into",
			receiver ? event->account : event->to,
			quantity(env, now, receiver ? event->to : event->account, event->rest),
			event->debt ? ", debt of " : "",
			event->debt ? quantity(env, debt, receiver ? event->to : event->account,
					       event->debt)
				    : "");
		break;
	case EVENT_PEOPLE:
		(void)snprintf(to, size, "contacts %s; managers %s",
			       *event->contacts ? event->contacts : "none",
			       *event->managers ? event->managers : "none");
		break;
	default:
		break;
	}
}
