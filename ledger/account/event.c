/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/account/event.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/account/job_ids.h"
#include "ledger/account/people.h"
#include "ledger/account/thresholds.h"
#include "ledger/base/amount.h"
#include "ledger/base/name.h"
#include "ledger/base/period.h"
#include "ledger/base/text.h"
#include "ledger/base/when.h"

enum {
	EVENT_VERSION = 1,
	EVENT_VERSION_LATER = 2,
	EVENT_VERSION_SUDO = 3,
	EVENT_VERSION_FIELDS = 4,
	EVENT_VERSION_WORDS = 5,
};

static const char *const cause_words[] = {"hand", "funds", "closed", "overrun", NULL};
static const char *const action_words[] = {"hold", "restore", NULL};
static const char *const queue_words[] = {"away", "back", NULL};
static const char *const outcome_words[] = {"done", "failed", "left", NULL};
static const char *const allowance_words[] = {"limited", "unlimited", NULL};
static const char *const enforcement_words[] = {"site",	 "off",	     "warn", "hold",
						"limit", "scavenge", NULL};
static const char *const meter_words[] = {"site", "rawusage", "jobs", NULL};
static const char *const move_words[] = {"came", "went", NULL};
static const char *const use_words[] = {"more", "less", NULL};
static const char *const reversed_words[] = {"deposit", "withdraw", "transfer", "charge",
					     "refund",	"adjust",   "expire",	NULL};
static const enum event_kind reversed_kinds[] = {EVENT_DEPOSIT, EVENT_WITHDRAW, EVENT_TRANSFER,
						 EVENT_CHARGE,	EVENT_REFUND,	EVENT_ADJUST,
						 EVENT_EXPIRE};

#define AT(member) offsetof(struct event, member)
#define LAST(words) (sizeof(words) / sizeof((words)[0]) - 2)

const struct field_spec event_fields[FIELD_COUNT_ALL] = {
	[FIELD_AT_TIME] = {"time", FIELD_TIME, AT(time), 0, NULL},
	[FIELD_AT_UID] = {"uid", FIELD_UID, AT(uid), 0, NULL},
	[FIELD_AT_USER] = {"user", FIELD_TEXT, AT(user), 255, NULL},
	[FIELD_AT_LOGIN] = {"login", FIELD_UID, AT(login), 0, NULL},
	[FIELD_AT_HOST] = {"host", FIELD_TEXT, AT(host), 255, NULL},
	[FIELD_AT_REF] = {"ref", FIELD_TEXT, AT(ref), EVENT_REF_MAX, NULL},
	[FIELD_AT_REQUEST] = {"request", FIELD_TEXT, AT(request), EVENT_NOTE_MAX, NULL},
	[FIELD_AT_NOTE] = {"note", FIELD_TEXT, AT(note), EVENT_NOTE_MAX, NULL},
	[FIELD_AT_SUDO] = {"sudo", FIELD_TEXT, AT(sudo), 255, NULL},
	[FIELD_AT_ACCOUNT] = {"account", FIELD_PURSE, AT(account), 255, NULL},
	[FIELD_AT_TO] = {"to", FIELD_PURSE, AT(to), 255, NULL},
	[FIELD_AT_ANY_TO] = {"to", FIELD_TEXT, AT(to), 255, NULL},
	[FIELD_AT_CLUSTER] = {"cluster", FIELD_NAME, AT(cluster), 255, NULL},
	[FIELD_AT_RESOURCE] = {"resource", FIELD_TEXT, AT(resource), 64, NULL},
	[FIELD_AT_SLURM_ACCOUNT] = {"slurm_account", FIELD_TEXT, AT(slurm_account), 255, NULL},
	[FIELD_AT_FIELD] = {"field", FIELD_TEXT, AT(field), 64, NULL},
	[FIELD_AT_TRES] = {"tres", FIELD_TEXT, AT(tres), 64, NULL},
	[FIELD_AT_AMOUNT] = {"amount", FIELD_AMOUNT, AT(amount), 0, NULL},
	[FIELD_AT_BEFORE] = {"before", FIELD_READING, AT(before), 0, NULL},
	[FIELD_AT_NOW] = {"now", FIELD_COUNT, AT(now), 0, NULL},
	[FIELD_AT_SINCE] = {"since", FIELD_TIME, AT(since), 0, NULL},
	[FIELD_AT_USED_UNTIL] = {"until", FIELD_TIME, AT(until), 0, NULL},
	[FIELD_AT_UNTIL] = {"until", FIELD_UNTIL, AT(until), 0, NULL},
	[FIELD_AT_LATE_SINCE] = {"since", FIELD_UNTIL, AT(since), 0, NULL},
	[FIELD_AT_LATE_UNTIL] = {"until", FIELD_UNTIL, AT(until), 0, NULL},
	[FIELD_AT_START] = {"start", FIELD_TIME, AT(start), 0, NULL},
	[FIELD_AT_NEW_START] = {"start", FIELD_UNTIL, AT(start), 0, NULL},
	[FIELD_AT_END] = {"end", FIELD_END, AT(end), 0, NULL},
	[FIELD_AT_LEVEL] = {"level", FIELD_PERCENT, AT(level), 0, NULL},
	[FIELD_AT_USED] = {"used", FIELD_COUNT, AT(used), 0, NULL},
	[FIELD_AT_ALLOCATED] = {"allocated", FIELD_AMOUNT, AT(allocated), 0, NULL},
	[FIELD_AT_DEBT] = {"debt", FIELD_COUNT, AT(debt), 0, NULL},
	[FIELD_AT_FOUND] = {"found", FIELD_LIMIT, AT(found), 0, NULL},
	[FIELD_AT_SET] = {"set", FIELD_LIMIT, AT(set), 0, NULL},
	[FIELD_AT_ANSWERS] = {"answers", FIELD_ENTRY, AT(answers), 0, NULL},
	[FIELD_AT_CAUSE] = {"cause", FIELD_WORD, AT(cause), LAST(cause_words), cause_words},
	[FIELD_AT_ACTION] = {"action", FIELD_WORD, AT(action), LAST(action_words), action_words},
	[FIELD_AT_OUTCOME] = {"outcome", FIELD_WORD, AT(outcome), LAST(outcome_words),
			      outcome_words},
	[FIELD_AT_REVERSES] = {"reverses", FIELD_WORD, AT(reverses), LAST(reversed_words),
			       reversed_words},
	[FIELD_AT_PARTS] = {"parts", FIELD_PARTS, AT(parts), 0, NULL},
	[FIELD_AT_REASON] = {"reason", FIELD_TEXT, AT(reason), 255, NULL},
	[FIELD_AT_ALLOWANCE] = {"allowance", FIELD_WORD, AT(allowance), LAST(allowance_words),
				allowance_words},
	[FIELD_AT_CREDIT] = {"credit", FIELD_COUNT, AT(credit), 0, NULL},
	[FIELD_AT_ENFORCEMENT] = {"enforcement", FIELD_WORD, AT(enforcement),
				  LAST(enforcement_words), enforcement_words},
	[FIELD_AT_THRESHOLDS] = {"thresholds", FIELD_TEXT, AT(thresholds), THRESHOLDS_TEXT_SIZE - 1,
				 NULL},
	[FIELD_AT_USE] = {"use", FIELD_WORD, AT(use), LAST(use_words), use_words},
	[FIELD_AT_METER] = {"meter", FIELD_WORD, AT(meter), LAST(meter_words), meter_words},
	[FIELD_AT_MOVE] = {"move", FIELD_WORD, AT(move), LAST(move_words), move_words},
	[FIELD_AT_JOB] = {"job", FIELD_TEXT, AT(job), 255, NULL},
	[FIELD_AT_JOB_ID] = {"job_id", FIELD_NUMBER, AT(job_id), 0, NULL},
	[FIELD_AT_DB_INDEX] = {"db_index", FIELD_UNSIGNED, AT(db_index), 0, NULL},
	[FIELD_AT_SUBMIT] = {"submit", FIELD_TIME, AT(submit), 0, NULL},
	[FIELD_AT_ELAPSED] = {"elapsed", FIELD_NUMBER, AT(elapsed), 0, NULL},
	[FIELD_AT_FACTOR] = {"factor", FIELD_NUMBER, AT(factor), 0, NULL},
	[FIELD_AT_JOB_USER] = {"job_user", FIELD_TEXT, AT(job_user), 255, NULL},
	[FIELD_AT_PARTITION] = {"partition", FIELD_TEXT, AT(partition), 255, NULL},
	[FIELD_AT_QOS] = {"qos", FIELD_TEXT, AT(qos), 255, NULL},
	[FIELD_AT_STATE] = {"state", FIELD_TEXT, AT(state), 64, NULL},
	[FIELD_AT_ALLOC_TRES] = {"alloc_tres", FIELD_TEXT, AT(alloc_tres), 1024, NULL},
	[FIELD_AT_EXCESS] = {"excess", FIELD_NUMBER, AT(excess), 0, NULL},
	[FIELD_AT_QUOTA] = {"quota", FIELD_COUNT, AT(quota), 0, NULL},
	[FIELD_AT_EVERY] = {"every", FIELD_WORD, AT(every), LAST(period_words), period_words},
	[FIELD_AT_FIRST_START] = {"start", FIELD_UNTIL, AT(start), 0, NULL},
	[FIELD_AT_CARRY] = {"carry", FIELD_NUMBER, AT(carry), 0, NULL},
	[FIELD_AT_FORGIVE_BELOW] = {"forgive_below", FIELD_COUNT, AT(forgive_below), 0, NULL},
	[FIELD_AT_PERIOD] = {"period", FIELD_UNTIL, AT(period), 0, NULL},
	[FIELD_AT_RESERVATION] = {"reservation", FIELD_TEXT, AT(reservation), 255, NULL},
	[FIELD_AT_ROUND_SECONDS] = {"round_seconds", FIELD_NUMBER, AT(round_seconds), 0, NULL},
	[FIELD_AT_MIN_CHARGE] = {"min_charge", FIELD_COUNT, AT(min_charge), 0, NULL},
	[FIELD_AT_SHARE] = {"share", FIELD_COUNT, AT(share), 0, NULL},
	[FIELD_AT_QUEUE_ACTION] = {"action", FIELD_WORD, AT(action), LAST(queue_words),
				   queue_words},
	[FIELD_AT_TO_QOS] = {"to_qos", FIELD_TEXT, AT(to_qos), 255, NULL},
	[FIELD_AT_TIME_LIMIT] = {"time_limit", FIELD_LIMIT, AT(time_limit), 0, NULL},
	[FIELD_AT_JOBS] = {"jobs", FIELD_TEXT, AT(jobs), JOB_IDS_MAX, NULL},
	[FIELD_AT_LEFT] = {"left", FIELD_TEXT, AT(left), JOB_IDS_MAX, NULL},
	[FIELD_AT_GONE] = {"gone", FIELD_TEXT, AT(gone), JOB_IDS_MAX, NULL},
	[FIELD_AT_CONTACTS] = {"contacts", FIELD_TEXT, AT(contacts), PEOPLE_SIZE - 1, NULL},
	[FIELD_AT_MANAGERS] = {"managers", FIELD_TEXT, AT(managers), PEOPLE_SIZE - 1, NULL},
	[FIELD_AT_REST] = {"rest", FIELD_COUNT, AT(rest), 0, NULL},
};

static const uint8_t envelope[FIELD_ENVELOPE_COUNT] = {
	FIELD_AT_TIME, FIELD_AT_UID,	 FIELD_AT_USER, FIELD_AT_LOGIN, FIELD_AT_HOST,
	FIELD_AT_REF,  FIELD_AT_REQUEST, FIELD_AT_NOTE, FIELD_AT_SUDO};

#define KIND(name, ...)                                                                            \
	{                                                                                          \
		name, sizeof((uint8_t[]){__VA_ARGS__}),                                            \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

const struct kind_spec event_kinds[EVENT_KIND_END] = {
	[EVENT_OPEN] = KIND("open", FIELD_AT_ACCOUNT),
	[EVENT_CLOSE] = KIND("close", FIELD_AT_ACCOUNT),
	[EVENT_TERMS] =
		KIND("terms", FIELD_AT_ACCOUNT, FIELD_AT_ALLOWANCE, FIELD_AT_CREDIT,
		     FIELD_AT_ENFORCEMENT, FIELD_AT_FIELD, FIELD_AT_TRES, FIELD_AT_THRESHOLDS,
		     FIELD_AT_METER, FIELD_AT_QUOTA, FIELD_AT_EVERY, FIELD_AT_FIRST_START,
		     FIELD_AT_CARRY, FIELD_AT_FORGIVE_BELOW, FIELD_AT_SHARE),
	[EVENT_BASELINE] = KIND("baseline", FIELD_AT_ACCOUNT, FIELD_AT_CLUSTER, FIELD_AT_RESOURCE,
				FIELD_AT_BEFORE, FIELD_AT_NOW, FIELD_AT_REASON),
	[EVENT_DEPOSIT] = KIND("deposit", FIELD_AT_ACCOUNT, FIELD_AT_RESOURCE, FIELD_AT_AMOUNT,
			       FIELD_AT_START, FIELD_AT_END, FIELD_AT_DEBT, FIELD_AT_PERIOD),
	[EVENT_WITHDRAW] = KIND("withdraw", FIELD_AT_ACCOUNT, FIELD_AT_RESOURCE, FIELD_AT_AMOUNT,
				FIELD_AT_PARTS),
	[EVENT_TRANSFER] = KIND("transfer", FIELD_AT_ACCOUNT, FIELD_AT_TO, FIELD_AT_RESOURCE,
				FIELD_AT_AMOUNT, FIELD_AT_PARTS, FIELD_AT_DEBT),
	[EVENT_CHARGE] = KIND("charge", FIELD_AT_ACCOUNT, FIELD_AT_CLUSTER, FIELD_AT_RESOURCE,
			      FIELD_AT_AMOUNT, FIELD_AT_BEFORE, FIELD_AT_NOW, FIELD_AT_SINCE,
			      FIELD_AT_USED_UNTIL, FIELD_AT_PARTS, FIELD_AT_DEBT),
	[EVENT_REFUND] = KIND("refund", FIELD_AT_ACCOUNT, FIELD_AT_ANSWERS, FIELD_AT_RESOURCE,
			      FIELD_AT_AMOUNT, FIELD_AT_NEW_START, FIELD_AT_END, FIELD_AT_PARTS,
			      FIELD_AT_DEBT),
	[EVENT_REVERSE] = KIND("reverse", FIELD_AT_ACCOUNT, FIELD_AT_ANY_TO, FIELD_AT_ANSWERS,
			       FIELD_AT_REVERSES, FIELD_AT_RESOURCE, FIELD_AT_AMOUNT,
			       FIELD_AT_NEW_START, FIELD_AT_END, FIELD_AT_PARTS, FIELD_AT_DEBT),
	[EVENT_ADJUST] = KIND("adjust", FIELD_AT_ACCOUNT, FIELD_AT_RESOURCE, FIELD_AT_AMOUNT,
			      FIELD_AT_PARTS, FIELD_AT_DEBT, FIELD_AT_REASON),
	[EVENT_EXPIRE] = KIND("expire", FIELD_AT_ACCOUNT, FIELD_AT_RESOURCE, FIELD_AT_AMOUNT,
			      FIELD_AT_END, FIELD_AT_PARTS),
	[EVENT_THRESHOLD] = KIND("threshold", FIELD_AT_ACCOUNT, FIELD_AT_RESOURCE, FIELD_AT_LEVEL,
				 FIELD_AT_USED, FIELD_AT_ALLOCATED),
	[EVENT_NOTICE] =
		KIND("notice", FIELD_AT_ACCOUNT, FIELD_AT_RESOURCE, FIELD_AT_AMOUNT, FIELD_AT_END),
	[EVENT_HOLD] = KIND("hold", FIELD_AT_ACCOUNT, FIELD_AT_CAUSE, FIELD_AT_UNTIL),
	[EVENT_RELEASE] = KIND("release", FIELD_AT_ACCOUNT, FIELD_AT_CAUSE, FIELD_AT_UNTIL),
	[EVENT_LEVER] = KIND("lever", FIELD_AT_ACCOUNT, FIELD_AT_ANSWERS, FIELD_AT_CLUSTER,
			     FIELD_AT_SLURM_ACCOUNT, FIELD_AT_FIELD, FIELD_AT_TRES, FIELD_AT_ACTION,
			     FIELD_AT_FOUND, FIELD_AT_SET),
	[EVENT_APPLIED] = KIND("applied", FIELD_AT_ACCOUNT, FIELD_AT_ANSWERS, FIELD_AT_OUTCOME,
			       FIELD_AT_REASON),
	[EVENT_NOTIFIED] = KIND("notified", FIELD_AT_ACCOUNT, FIELD_AT_ANSWERS, FIELD_AT_OUTCOME,
				FIELD_AT_REASON),
	[EVENT_CHARGE_JOB] = KIND(
		"job", FIELD_AT_ACCOUNT, FIELD_AT_CLUSTER, FIELD_AT_RESOURCE, FIELD_AT_AMOUNT,
		FIELD_AT_SINCE, FIELD_AT_USED_UNTIL, FIELD_AT_PARTS, FIELD_AT_DEBT, FIELD_AT_JOB,
		FIELD_AT_JOB_ID, FIELD_AT_DB_INDEX, FIELD_AT_SUBMIT, FIELD_AT_ELAPSED,
		FIELD_AT_FACTOR, FIELD_AT_SLURM_ACCOUNT, FIELD_AT_JOB_USER, FIELD_AT_PARTITION,
		FIELD_AT_QOS, FIELD_AT_STATE, FIELD_AT_ALLOC_TRES, FIELD_AT_EXCESS,
		FIELD_AT_RESERVATION, FIELD_AT_ROUND_SECONDS, FIELD_AT_MIN_CHARGE),
	[EVENT_METER] = KIND("meter", FIELD_AT_ACCOUNT, FIELD_AT_CLUSTER, FIELD_AT_RESOURCE,
			     FIELD_AT_METER, FIELD_AT_SINCE, FIELD_AT_BEFORE, FIELD_AT_NOW),
	[EVENT_MOVE] = KIND("move", FIELD_AT_ACCOUNT, FIELD_AT_CLUSTER, FIELD_AT_SLURM_ACCOUNT,
			    FIELD_AT_MOVE, FIELD_AT_SINCE, FIELD_AT_REASON),
	[EVENT_RECONCILE] = KIND("reconcile", FIELD_AT_ACCOUNT, FIELD_AT_CLUSTER, FIELD_AT_RESOURCE,
				 FIELD_AT_USE, FIELD_AT_AMOUNT, FIELD_AT_SINCE, FIELD_AT_USED_UNTIL,
				 FIELD_AT_NEW_START, FIELD_AT_END, FIELD_AT_PARTS, FIELD_AT_DEBT,
				 FIELD_AT_REASON),
	[EVENT_FEE] = KIND("fee", FIELD_AT_ACCOUNT, FIELD_AT_RESOURCE, FIELD_AT_AMOUNT,
			   FIELD_AT_SINCE, FIELD_AT_USED_UNTIL, FIELD_AT_PARTS, FIELD_AT_DEBT),
	[EVENT_FORGIVE] = KIND("forgive", FIELD_AT_ACCOUNT, FIELD_AT_RESOURCE, FIELD_AT_AMOUNT),
	[EVENT_QUEUE] = KIND("queue", FIELD_AT_ACCOUNT, FIELD_AT_CLUSTER, FIELD_AT_QUEUE_ACTION,
			     FIELD_AT_QOS, FIELD_AT_TO_QOS, FIELD_AT_TIME_LIMIT, FIELD_AT_JOBS),
	[EVENT_QUEUED] = KIND("queued", FIELD_AT_ACCOUNT, FIELD_AT_ANSWERS, FIELD_AT_OUTCOME,
			      FIELD_AT_LEFT, FIELD_AT_GONE, FIELD_AT_REASON),
	[EVENT_PEOPLE] = KIND("people", FIELD_AT_ACCOUNT, FIELD_AT_CONTACTS, FIELD_AT_MANAGERS),
	[EVENT_RENAME] = KIND("rename", FIELD_AT_ACCOUNT, FIELD_AT_TO, FIELD_AT_RESOURCE,
			      FIELD_AT_REST, FIELD_AT_DEBT),
	[EVENT_MERGE] =
		KIND("merge", FIELD_AT_ACCOUNT, FIELD_AT_TO, FIELD_AT_RESOURCE, FIELD_AT_REST,
		     FIELD_AT_PARTS, FIELD_AT_DEBT, FIELD_AT_LATE_SINCE, FIELD_AT_LATE_UNTIL),
};

/* How many of a kind's last fields were added after version 1, and how many of those after
 * version 3. Files may omit them. An entry is stored in the first version that has all fields in
 * which the entry does not have the default. */
static const uint8_t later_fields[EVENT_KIND_END] = {
	[EVENT_CHARGE_JOB] = 4, [EVENT_TERMS] = 6, [EVENT_DEPOSIT] = 1, [EVENT_MERGE] = 2};
static const uint8_t newest_fields[EVENT_KIND_END] = {
	[EVENT_CHARGE_JOB] = 3, [EVENT_TERMS] = 6, [EVENT_DEPOSIT] = 1};

enum event_kind event_kind_by_name(const char *name)
{
	for (int kind = 1; kind < EVENT_KIND_END; kind++) {
		if (event_kinds[kind].name && strcmp(event_kinds[kind].name, name) == 0)
			return (enum event_kind)kind;
	}
	return (enum event_kind)0;
}

const char *event_receiver(const struct event *event)
{
	bool two = event->kind == EVENT_TRANSFER || event_is_succession(event) ||
		   (event->kind == EVENT_REVERSE && event->reverses == REVERSED_TRANSFER);

	return two ? event->to : NULL;
}

bool event_is_succession(const struct event *event)
{
	return event->kind == EVENT_RENAME || event->kind == EVENT_MERGE;
}

enum event_kind event_reversed(const struct event *event)
{
	return reversed_kinds[event->reverses];
}

bool event_is_charge(const struct event *event)
{
	return event->kind == EVENT_CHARGE || event->kind == EVENT_CHARGE_JOB ||
	       event->kind == EVENT_FEE;
}

int event_reversible(enum event_kind kind)
{
	if (kind == EVENT_CHARGE_JOB || kind == EVENT_FEE)
		kind = EVENT_CHARGE;
	for (size_t i = 0; i < sizeof(reversed_kinds) / sizeof(reversed_kinds[0]); i++) {
		if (reversed_kinds[i] == kind)
			return (int)i;
	}
	return -1;
}

const char *event_word(enum event_field field, uint8_t value)
{
	return event_fields[field].words[value];
}

static const void *member(const struct event *event, const struct field_spec *field)
{
	return (const char *)event + field->offset;
}

const char *event_text(const struct event *event, const struct field_spec *field)
{
	const char *text = *(const char *const *)member(event, field);

	return text ? text : "";
}

int64_t event_number(const struct event *event, const struct field_spec *field)
{
	switch (field->type) {
	case FIELD_WORD:
		return *(const uint8_t *)member(event, field);
	case FIELD_UID:
		return *(const uint32_t *)member(event, field);
	case FIELD_NAME:
	case FIELD_PURSE:
	case FIELD_TEXT:
	case FIELD_UNSIGNED:
	case FIELD_PARTS:
		return 0;
	default:
		return *(const int64_t *)member(event, field);
	}
}

uint64_t event_unsigned(const struct event *event, const struct field_spec *field)
{
	return field->type == FIELD_UNSIGNED ? *(const uint64_t *)member(event, field) : 0;
}

int event_field_is_default(const struct event *event, enum event_field field)
{
	const struct field_spec *spec = &event_fields[field];

	if (spec->type == FIELD_TEXT)
		return !*event_text(event, spec);
	if (spec->type == FIELD_PARTS)
		return event->part_count == 0;
	switch (field) {
	case FIELD_AT_LOGIN:
		return event->login == LOGIN_NONE;
	case FIELD_AT_END:
		return event->end == WHEN_NEVER;
	case FIELD_AT_BEFORE:
	case FIELD_AT_FOUND:
	case FIELD_AT_SET:
	case FIELD_AT_TIME_LIMIT:
		return event_number(event, spec) == -1;
	case FIELD_AT_UNTIL:
	case FIELD_AT_LATE_SINCE:
	case FIELD_AT_LATE_UNTIL:
	case FIELD_AT_NEW_START:
	case FIELD_AT_DEBT:
	case FIELD_AT_ALLOWANCE:
	case FIELD_AT_CREDIT:
	case FIELD_AT_EXCESS:
	case FIELD_AT_ROUND_SECONDS:
	case FIELD_AT_MIN_CHARGE:
	case FIELD_AT_ENFORCEMENT:
	case FIELD_AT_METER:
	case FIELD_AT_QUOTA:
	case FIELD_AT_EVERY:
	case FIELD_AT_FIRST_START:
	case FIELD_AT_CARRY:
	case FIELD_AT_FORGIVE_BELOW:
	case FIELD_AT_SHARE:
	case FIELD_AT_PERIOD:
		return event_number(event, spec) == 0;
	default:
		return false; /* files always have the field */
	}
}

void event_set_defaults(struct event *event)
{
	event->login = LOGIN_NONE;
	event->end = WHEN_NEVER;
	event->before = event->found = event->set = event->time_limit = -1;
}

int event_add_part(struct event *event, uint64_t lot, uint16_t index, int64_t amount,
		   struct sb_error *err)
{
	if (amount == 0)
		return SB_OK;
	if (event->part_count == EVENT_PARTS_MAX)
		return sb_error_set(err, SB_EREFUSED,
				    "more than %d lots would be touched at once: do it in smaller "
				    "amounts",
				    EVENT_PARTS_MAX);
	if (event->part_count == event->part_size) {
		size_t size = event->part_size ? 2 * event->part_size : 4;
		struct part *grown = realloc(event->parts, size * sizeof(*grown));

		if (!grown)
			return sb_error_nomem(err);
		event->parts = grown;
		event->part_size = size;
	}
	event->parts[event->part_count++] =
		(struct part){.lot = lot, .index = index, .amount = amount};
	return SB_OK;
}

int event_raise_part(struct event *event, uint64_t lot, uint16_t index, int64_t amount,
		     struct sb_error *err)
{
	/* Search backward: use that continues draws on the last lot first. */
	for (size_t i = event->part_count; i-- > 0;) {
		struct part *part = &event->parts[i];

		if (part->lot == lot && part->index == index) {
			part->amount += amount;
			return SB_OK;
		}
	}
	return event_add_part(event, lot, index, amount, err);
}

int event_join_charge(struct event *charge, const struct event *next, struct sb_error *err)
{
	for (size_t i = 0; i < next->part_count; i++) {
		const struct part *part = &next->parts[i];

		TRY(event_raise_part(charge, part->lot, part->index, part->amount, err));
	}
	charge->amount += next->amount;
	charge->debt += next->debt;
	charge->now = next->now;
	charge->until = next->until;
	return SB_OK;
}

static int check_text(const struct field_spec *spec, const char *text, struct sb_error *err)
{
	size_t len = strlen(text);

	if (len > spec->max)
		return sb_error_set(err, SB_EINVAL, "the %s has %zu bytes: at most %zu are allowed",
				    spec->name, len, spec->max);
	if (text_plain(text, len) != len && !text_ok(text))
		return sb_error_set(err, SB_EINVAL,
				    "the %s must be UTF-8 without control characters: '%s'",
				    spec->name, text);
	return SB_OK;
}

static bool in_range(const struct field_spec *spec, int64_t number)
{
	static const struct {
		int64_t least, most;
	} ranges[] = {
		[FIELD_AMOUNT] = {1, INT64_MAX},   [FIELD_COUNT] = {0, INT64_MAX},
		[FIELD_READING] = {-1, INT64_MAX}, [FIELD_LIMIT] = {-1, INT64_MAX},
		[FIELD_TIME] = {0, WHEN_MAX},	   [FIELD_UNTIL] = {0, WHEN_MAX},
		[FIELD_END] = {0, WHEN_MAX},	   [FIELD_PERCENT] = {1, EVENT_PERCENT_MAX},
		[FIELD_NUMBER] = {0, INT64_MAX},   [FIELD_ENTRY] = {1, INT64_MAX},
		[FIELD_WORD] = {0, UINT8_MAX},
	};

	if (number < ranges[spec->type].least || number > ranges[spec->type].most)
		return spec->type == FIELD_END && number == WHEN_NEVER;
	return spec->type != FIELD_WORD || (size_t)number <= spec->max;
}

/* Checks a field by itself. */
static int check_field(const struct event *event, const struct field_spec *spec,
		       struct sb_error *err)
{
	int64_t number;

	switch (spec->type) {
	case FIELD_NAME:
		return name_check(spec->name, event_text(event, spec), err);
	case FIELD_PURSE:
		return purse_check(spec->name, event_text(event, spec), err);
	case FIELD_TEXT:
		return check_text(spec, event_text(event, spec), err);
	case FIELD_UID:
	case FIELD_UNSIGNED:
	case FIELD_PARTS:
		return SB_OK;
	default:
		break;
	}
	number = event_number(event, spec);
	if (!in_range(spec, number))
		return sb_error_set(err, SB_EINVAL, "%s is %" PRId64 ", out of its range",
				    spec->name, number);
	return SB_OK;
}

/* True if the amount is the parts plus the debt: a charge takes from lots and makes debt. In other
 * kinds the parts include the debt: the money of a transfer pays debt after it came in. */
static bool has_debt_besides(const struct event *event)
{
	switch (event->kind) {
	case EVENT_CHARGE:
	case EVENT_CHARGE_JOB:
	case EVENT_FEE:
	case EVENT_REFUND:
	case EVENT_RECONCILE:
		return true;
	case EVENT_REVERSE:
		return event->reverses == REVERSED_DEPOSIT || event->reverses == REVERSED_CHARGE ||
		       event->reverses == REVERSED_REFUND;
	default:
		return false;
	}
}

static int check_parts(const struct event *event, struct sb_error *err)
{
	int64_t sum = has_debt_besides(event) ? event->debt : 0;
	const int64_t whole = event->kind == EVENT_MERGE ? event->rest : event->amount;

	for (size_t i = 0; i < event->part_count; i++) {
		const struct part *part = &event->parts[i];

		if (part->lot == 0 || part->lot > INT64_MAX || part->amount <= 0)
			return sb_error_set(err, SB_EINVAL, "part %zu names no lot or no amount",
					    i + 1);
		if (!amount_add(sum, part->amount, &sum))
			return sb_error_set(err, SB_EOVERFLOW, "the parts add up past int64");
	}
	if (sum != whole)
		return sb_error_set(err, SB_EINVAL,
				    "the parts add up to %" PRId64 "s, the amount is %" PRId64 "s",
				    sum, whole);
	return SB_OK;
}

static const char *text_of(const char *text)
{
	return text ? text : "";
}

static const char *queue_fault(const struct event *event)
{
	const char *jobs = text_of(event->jobs), *from = text_of(event->qos),
		   *to = text_of(event->to_qos);

	if (!*jobs || !job_ids_ok(jobs))
		return "its jobs are no list such as 12,15+0";
	if (!*from || !*to || strcmp(from, to) == 0)
		return "the jobs do not move from one QOS to another";
	return NULL;
}

/* Checks the fields of one kind against each other. Returns what is wrong, or NULL. */
static const char *kind_fault(const struct event *event)
{
	int64_t difference;

	switch (event->kind) {
	case EVENT_REVERSE:
		if (event->reverses != REVERSED_TRANSFER && event->to && *event->to)
			return "only a transfer has a receiver";
		if (event->reverses == REVERSED_TRANSFER && event->to &&
		    strcmp(event->account, event->to) == 0)
			return "giver and receiver are the same";
		/* fall through */
	case EVENT_DEPOSIT:
		if (event->kind == EVENT_DEPOSIT && event->period &&
		    (event->period <= event->start || event->period > event->end))
			return "the period ends outside the window";
		/* fall through */
	case EVENT_REFUND:
		return event->start >= event->end ? "the window ends before it starts" : NULL;
	case EVENT_TERMS:
		if (!event->quota && (event->every || event->carry || event->forgive_below))
			return "there are periods without a quota";
		if (event->carry > EVENT_CARRY_MAX)
			return "a quota is carried for too many periods";
		if (event->share && purse_user(event->account))
			return "a share of a user has no users";
		return event->quota && event->every == EVERY_NONE ? "the quota has no period"
								  : NULL;
	case EVENT_CHARGE:
		if (event->before < 0 || !amount_sub(event->now, event->before, &difference) ||
		    difference != event->amount)
			return "the amount is not the difference of the readings";
		return event->since >= event->until ? "the use ends before it begins" : NULL;
	case EVENT_CHARGE_JOB:
		if (event->since >= event->until)
			return "the job ends before it begins";
		return event->excess >= EVENT_EXCESS_ONE ? "excess is a billing of one or more"
							 : NULL;
	case EVENT_FEE:
		return event->since >= event->until ? "the use ends before it begins" : NULL;
	case EVENT_METER:
		return event->meter == METER_SITE ? "a meter is rawusage or jobs" : NULL;
	case EVENT_MOVE:
		return strcmp(event->account, event->slurm_account) == 0
			       ? "an account is not below itself"
			       : NULL;
	case EVENT_RECONCILE:
		return event->since >= event->until || event->start >= event->end
			       ? "a window ends before it starts"
			       : NULL;
	case EVENT_EXPIRE:
	case EVENT_NOTICE:
		return event->end == WHEN_NEVER ? "the window has no end" : NULL;
	case EVENT_THRESHOLD:
		return amount_reaches(event->used, event->allocated, event->level)
			       ? NULL
			       : "what is used is below the threshold";
	case EVENT_NOTIFIED:
		return event->outcome == OUTCOME_LEFT ? "a command is done or has failed" : NULL;
	case EVENT_QUEUE:
		return queue_fault(event);
	case EVENT_QUEUED:
		return job_ids_ok(text_of(event->left)) && job_ids_ok(text_of(event->gone))
			       ? NULL
			       : "a list of jobs has another form than 12,15+0";
	default:
		return NULL;
	}
}

/* Returns what is wrong if the account and the resource of an event do not go together, or NULL. */
static const char *purse_fault(const struct event *event)
{
	const char *resource = purse_resource(event->account), *to = event_receiver(event);

	if (event->resource && *event->resource && strcmp(event->resource, resource) != 0)
		return "the resource is not that of the account: ACCOUNT has billing, "
		       "ACCOUNT:RESOURCE another";
	if (to && strcmp(purse_resource(to), resource) != 0)
		return "the receiver has another resource";
	switch (event->kind) {
	case EVENT_LEVER:
	case EVENT_APPLIED:
	case EVENT_MOVE:
	case EVENT_QUEUE:
	case EVENT_QUEUED:
		return purse_is_account(event->account) ? NULL : "Slurm knows only the account";
	case EVENT_PEOPLE:
		return purse_is_account(event->account) ? NULL : "only an account has people";
	default:
		return NULL;
	}
}

static int check_kind(const struct event *event, struct sb_error *err)
{
	const char *fault = kind_fault(event);
	struct thresholds thresholds;

	if (!fault)
		fault = purse_fault(event);
	if (fault)
		return sb_error_set(err, SB_EINVAL, "%s", fault);
	if (event->kind == EVENT_REVERSE && event->reverses == REVERSED_TRANSFER)
		TRY(purse_check("to", event->to ? event->to : "", err));
	/* A job's account is any text, but this one goes to Slurm. */
	if (event->kind == EVENT_LEVER)
		TRY(name_check("slurm_account", event->slurm_account, err));
	if (event->kind == EVENT_PEOPLE) {
		TRY(people_list_check(text_of(event->contacts), contact_check, err));
		TRY(people_list_check(text_of(event->managers), manager_check, err));
	}
	if (event->kind == EVENT_TERMS && event->thresholds && *event->thresholds)
		TRY(thresholds_parse(event->thresholds, &thresholds, err));
	if ((event->kind == EVENT_TRANSFER || event_is_succession(event)) &&
	    strcmp(event->account, event->to) == 0)
		return sb_error_set(err, SB_EINVAL,
				    "the %s goes from %s to itself: name two accounts",
				    event_kinds[event->kind].name, event->account);
	if (event->debt > event->amount && !event_is_succession(event))
		return sb_error_set(err, SB_EINVAL, "the debt is larger than the amount");
	if ((event->ref && *event->ref) != (event->request && *event->request))
		return sb_error_set(err, SB_EINVAL, "ref and request go together");
	return SB_OK;
}

static bool kind_known(int kind)
{
	return kind > 0 && kind < EVENT_KIND_END && event_kinds[kind].name;
}

static bool has_parts(const struct kind_spec *kind)
{
	for (size_t i = 0; i < kind->count; i++) {
		if (kind->fields[i] == FIELD_AT_PARTS)
			return true;
	}
	return false;
}

/* Completes the check of an event whose fields are right by themselves. */
static int check_whole(const struct event *event, const struct kind_spec *kind,
		       struct sb_error *err)
{
	TRY(check_kind(event, err));
	return has_parts(kind) ? check_parts(event, err) : SB_OK;
}

int event_check(const struct event *event, struct sb_error *err)
{
	const struct kind_spec *kind;

	if (!kind_known((int)event->kind))
		return sb_error_set(err, SB_EINVAL, "kind %d is not known", (int)event->kind);
	kind = &event_kinds[event->kind];
	for (size_t i = 0; i < FIELD_ENVELOPE_COUNT; i++)
		TRY(check_field(event, &event_fields[i], err));
	for (size_t i = 0; i < kind->count; i++)
		TRY(check_field(event, &event_fields[kind->fields[i]], err));
	return check_whole(event, kind, err);
}

static void encode_field(const struct event *event, const struct field_spec *spec, struct bytes *to)
{
	switch (spec->type) {
	case FIELD_NAME:
	case FIELD_PURSE:
	case FIELD_TEXT:
		bytes_put_text(to, event_text(event, spec));
		break;
	case FIELD_WORD:
		bytes_put_u8(to, *(const uint8_t *)member(event, spec));
		break;
	case FIELD_UID:
		bytes_put_u32(to, *(const uint32_t *)member(event, spec));
		break;
	case FIELD_UNSIGNED:
		bytes_put_u64(to, *(const uint64_t *)member(event, spec));
		break;
	case FIELD_PARTS:
		bytes_put_u16(to, (uint16_t)event->part_count);
		for (size_t i = 0; i < event->part_count; i++) {
			bytes_put_u64(to, event->parts[i].lot);
			bytes_put_u16(to, event->parts[i].index);
			bytes_put_i64(to, event->parts[i].amount);
		}
		break;
	default:
		bytes_put_i64(to, *(const int64_t *)member(event, spec));
		break;
	}
}

/* Whether one of a kind's last [count] fields has a value. */
static bool has_values(const struct event *event, size_t count)
{
	const struct kind_spec *kind = &event_kinds[event->kind];

	for (size_t i = kind->count - count; i < kind->count; i++) {
		if (!event_field_is_default(event, (enum event_field)kind->fields[i]))
			return true;
	}
	return false;
}

static bool has_sudo(const struct event *event)
{
	return event->sudo && *event->sudo;
}

/* Whether it has a word that builds without EVENT_VERSION_WORDS would call malformed. */
static bool has_new_word(const struct event *event)
{
	switch (event->kind) {
	case EVENT_TERMS:
		return event->enforcement > ENFORCE_LIMIT;
	case EVENT_HOLD:
	case EVENT_RELEASE:
		return event->cause > CAUSE_CLOSED;
	default:
		return false;
	}
}

/* Returns the first version that can hold the event. */
static uint8_t version_of(const struct event *event)
{
	if (has_new_word(event))
		return EVENT_VERSION_WORDS;
	if (has_values(event, newest_fields[event->kind]))
		return EVENT_VERSION_FIELDS;
	if (has_sudo(event))
		return EVENT_VERSION_SUDO;
	return has_values(event, later_fields[event->kind]) ? EVENT_VERSION_LATER : EVENT_VERSION;
}

/* Returns how many fields the kind has in the version. */
static size_t field_count(int kind, uint8_t version)
{
	size_t missing = version == EVENT_VERSION	  ? later_fields[kind]
			 : version < EVENT_VERSION_FIELDS ? newest_fields[kind]
							  : 0;

	return event_kinds[kind].count - missing;
}

static size_t envelope_count(uint8_t version)
{
	return version < EVENT_VERSION_SUDO ? FIELD_ENVELOPE_COUNT - 1 : FIELD_ENVELOPE_COUNT;
}

int event_encode(const struct event *event, struct bytes *to, struct sb_error *err)
{
	const struct kind_spec *kind = &event_kinds[event->kind];
	const uint8_t version = version_of(event);
	const size_t count = field_count((int)event->kind, version);

	bytes_put_u8(to, version);
	bytes_put_u8(to, (uint8_t)event->kind);
	for (size_t i = 0; i < envelope_count(version); i++)
		encode_field(event, &event_fields[envelope[i]], to);
	for (size_t i = 0; i < count; i++)
		encode_field(event, &event_fields[kind->fields[i]], to);
	return to->failed ? sb_error_nomem(err) : SB_OK;
}

static void decode_parts(struct reader *from, struct event *event)
{
	for (uint16_t left = read_u16(from); left > 0 && !from->failed; left--) {
		uint64_t lot = read_u64(from);
		uint16_t index = read_u16(from);
		int64_t amount = read_i64(from);

		/* event_add_part() would drop a part without an amount, which is malformed. */
		int rc = amount > 0 ? event_add_part(event, lot, index, amount, NULL) : SB_EINVAL;

		from->no_memory = from->no_memory || rc == SB_ESYSTEM;
		from->failed = from->failed || rc;
	}
}

/* Takes the fast path for a plain text, as most are. */
static bool decode_text(struct reader *from, const struct field_spec *spec, const char **ret)
{
	const char *text = (const char *)from->at;
	size_t left = (size_t)(from->end - from->at), len;
	bool plain;

	if (left > spec->max + 1)
		left = spec->max + 1;
	len = text_plain(text, left);
	plain = len < left && !text[len] && read_bytes(from, len + 1);
	*ret = plain ? text : read_text(from, spec->max);
	switch (spec->type) {
	case FIELD_NAME:
		return cluster_name_ok(*ret);
	case FIELD_PURSE:
		return purse_ok(*ret);
	default:
		return plain || text_ok(*ret);
	}
}

/* Returns whether check_field() would accept the field. Checking it while it is read is faster:
 * journals have millions of entries. */
static bool decode_field(struct reader *from, struct event *event, const struct field_spec *spec)
{
	void *to = (char *)event + spec->offset;
	int64_t number;

	switch (spec->type) {
	case FIELD_NAME:
	case FIELD_PURSE:
	case FIELD_TEXT:
		return decode_text(from, spec, to);
	case FIELD_WORD:
		*(uint8_t *)to = read_u8(from);
		return *(uint8_t *)to <= spec->max;
	case FIELD_UID:
		*(uint32_t *)to = read_u32(from);
		return true;
	case FIELD_UNSIGNED:
		*(uint64_t *)to = read_u64(from);
		return true;
	case FIELD_PARTS:
		decode_parts(from, event);
		return true;
	default:
		*(int64_t *)to = number = read_i64(from);
		return in_range(spec, number);
	}
}

static bool decode_fields(struct reader *from, struct event *event, const uint8_t *fields,
			  size_t count)
{
	bool fits = true;

	for (size_t i = 0; i < count; i++)
		fits = decode_field(from, event, &event_fields[fields[i]]) && fits;
	return fits;
}

int event_decode(const void *data, size_t len, struct event *ret, struct sb_error *err)
{
	struct reader from = reader_on(data, len);
	struct part *parts = ret->parts;
	size_t part_size = ret->part_size;
	const struct kind_spec *kind;
	uint8_t version, number;
	bool fits;

	version = read_u8(&from);
	number = read_u8(&from);
	if (from.failed)
		return sb_error_set(err, SB_ECORRUPT, "the entry has only %zu bytes", len);
	if (version < EVENT_VERSION || version > EVENT_VERSION_WORDS)
		return sb_error_set(err, SB_ECORRUPT,
				    "the entry has format version %u, this subank knows %d: use a "
				    "newer one",
				    version, EVENT_VERSION_WORDS);
	if (!kind_known(number))
		return sb_error_set(err, SB_ECORRUPT,
				    "the entry is of kind %u, which this subank does not know: use "
				    "a newer one",
				    number);
	kind = &event_kinds[number];
	*ret = (struct event){.kind = (enum event_kind)number,
			      .sudo = "",
			      .parts = parts,
			      .part_size = part_size};
	fits = decode_fields(&from, ret, envelope, envelope_count(version));
	fits = decode_fields(&from, ret, kind->fields, field_count(number, version)) && fits;
	/* Each entry has only one stored form. */
	if (version != version_of(ret))
		from.failed = true;
	if (from.no_memory)
		return sb_error_nomem(err);
	if (!reader_done(&from))
		return sb_error_set(err, SB_ECORRUPT,
				    from.failed ? "the entry is cut short or malformed"
						: "the entry has bytes after its end");
	if (fits ? check_whole(ret, kind, err) : event_check(ret, err)) {
		if (err)
			err->code = SB_ECORRUPT;
		return SB_ECORRUPT;
	}
	return SB_OK;
}

void event_release(struct event *event)
{
	free(event->parts);
	*event = (struct event){0};
}
