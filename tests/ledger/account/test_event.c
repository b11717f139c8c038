/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stored form of entries, for every kind in the table. */
#include <inttypes.h>

#include "ledger/account/event.h"
#include "ledger/account/people.h"
#include "ledger/base/period.h"
#include "tests/util.h"

enum { VARIANTS = 2 }; /* the smallest values and the largest */

static char texts[FIELD_COUNT_ALL][JOB_IDS_MAX + 2];

static void set_text(struct event *event, enum event_field at, const char *text)
{
	memcpy((char *)event + event_fields[at].offset, &text, sizeof(text));
}

static void set_number(struct event *event, enum event_field at, int64_t number)
{
	char *to = (char *)event + event_fields[at].offset;

	if (event_fields[at].type == FIELD_WORD) {
		*to = (char)number;
	} else if (event_fields[at].type == FIELD_UID) {
		uint32_t value = (uint32_t)number;

		memcpy(to, &value, sizeof(value));
	} else {
		memcpy(to, &number, sizeof(number));
	}
}

static void fill_field(struct event *event, enum event_field at, bool large)
{
	const struct field_spec *field = &event_fields[at];
	char *text = texts[at];
	int64_t words = 0;

	switch (field->type) {
	case FIELD_NAME:
	case FIELD_PURSE:
		memset(text, 'a', large ? field->max : 1);
		text[large ? field->max : 1] = '\0';
		text[0] = (char)('a' + at % 26);
		set_text(event, at, text);
		break;
	case FIELD_TEXT:
		if (at == FIELD_AT_THRESHOLDS) {
			/* The longest one. */
			strcpy(text, large ? "985,986,987,988,989,990,991,992,"
					     "993,994,995,996,997,998,999,1000"
					   : "");
			set_text(event, at, text);
			break;
		}
		text[0] = '\0';
		for (size_t i = 0; large && i + 4 <= field->max; i += 4)
			memcpy(text + i, "\xf0\x9f\x98\x80", 5);
		while (large && strlen(text) < field->max)
			memcpy(text + strlen(text), "\"", 2);
		set_text(event, at, text);
		break;
	case FIELD_AMOUNT:
	case FIELD_ENTRY:
		set_number(event, at, large ? INT64_MAX : 1);
		break;
	case FIELD_COUNT:
	case FIELD_NUMBER:
		set_number(event, at, large ? INT64_MAX : 0);
		break;
	case FIELD_UNSIGNED:
		set_number(event, at, large ? -1 : 0); /* all bits */
		break;
	case FIELD_READING:
	case FIELD_LIMIT:
		set_number(event, at, large ? INT64_MAX : -1);
		break;
	case FIELD_PERCENT:
		set_number(event, at, large ? EVENT_PERCENT_MAX : 1);
		break;
	case FIELD_TIME:
	case FIELD_UNTIL:
		set_number(event, at, large ? WHEN_MAX : 0);
		break;
	case FIELD_END:
		set_number(event, at, large ? WHEN_NEVER : 1);
		break;
	case FIELD_WORD:
		while (large && field->words[words + 1])
			words++;
		set_number(event, at, words);
		break;
	case FIELD_UID:
		set_number(event, at, large ? UINT32_MAX : 0);
		break;
	case FIELD_PARTS:
		break;
	}
}

static bool has_field(enum event_kind kind, enum event_field at)
{
	for (size_t i = 0; i < event_kinds[kind].count; i++) {
		if (event_kinds[kind].fields[i] == at)
			return true;
	}
	return false;
}

/* Returns as many jobs as an entry can list. */
static const char *many_jobs(void)
{
	static char list[JOB_IDS_MAX + 1];

	list[0] = '\0';
	for (uint32_t i = 1; job_ids_add(list, (struct job_id){i, (uint16_t)(i % 3)}); i++)
		;
	return list;
}

/* Returns a list of addresses that is as long as an entry allows. */
static const char *many_contacts(void)
{
	static char list[PEOPLE_SIZE];
	size_t len = 0;

	for (int i = 0; len + 8 < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%04d@x", i ? "," : "",
					i);
	memset(list + len, 'x', sizeof(list) - 1 - len);
	return list;
}

/* Creates a correct event of [kind]. The caller calls event_release(). */
static struct event make(int kind_number, bool large)
{
	enum event_kind kind = (enum event_kind)kind_number;
	struct event event = {.kind = kind};

	for (int i = 0; i < FIELD_ENVELOPE_COUNT; i++)
		fill_field(&event, (enum event_field)i, large);
	for (size_t i = 0; i < event_kinds[kind].count; i++)
		fill_field(&event, (enum event_field)event_kinds[kind].fields[i], large);
	if (has_field(kind, FIELD_AT_RESOURCE)) {
		if (large) {
			texts[FIELD_AT_ACCOUNT][190] = ':';
			texts[FIELD_AT_TO][190] = ':';
		}
		event.resource = purse_resource(event.account);
	}
	if (has_field(kind, FIELD_AT_USED_UNTIL)) {
		event.before = 0;
		event.now = event.amount;
		event.since = 0;
		event.until = large ? WHEN_MAX : 1;
	}
	if (has_field(kind, FIELD_AT_START))
		event.start = 0;
	if (kind == EVENT_LEVER) {
		memset(texts[FIELD_AT_SLURM_ACCOUNT], 'a', 255);
		texts[FIELD_AT_SLURM_ACCOUNT][large ? 255 : 1] = '\0';
		event.slurm_account = texts[FIELD_AT_SLURM_ACCOUNT];
	}
	if (kind == EVENT_METER)
		event.meter = large ? METER_JOBS : METER_RAWUSAGE;
	if (kind == EVENT_CHARGE_JOB)
		event.excess = large ? EVENT_EXCESS_ONE - 1 : 1;
	if (kind == EVENT_TERMS)
		event.carry = large ? EVENT_CARRY_MAX : 0;
	if (kind == EVENT_NOTIFIED && large)
		event.outcome = OUTCOME_FAILED;
	if (has_field(kind, FIELD_AT_NEW_START))
		event.start = 0;
	if (kind == EVENT_REVERSE) {
		memset(texts[FIELD_AT_ANY_TO], 'b', 255);
		texts[FIELD_AT_ANY_TO][large ? 255 : 0] = '\0';
		if (large)
			memcpy(texts[FIELD_AT_ANY_TO] + 190, texts[FIELD_AT_ACCOUNT] + 190, 65);
		event.to = texts[FIELD_AT_ANY_TO];
		event.reverses = large ? REVERSED_TRANSFER : REVERSED_DEPOSIT;
	}
	if (kind == EVENT_QUEUE) {
		memset(texts[FIELD_AT_QOS], 'a', 255);
		texts[FIELD_AT_QOS][large ? 255 : 1] = '\0';
		memset(texts[FIELD_AT_TO_QOS], 'b', 255);
		texts[FIELD_AT_TO_QOS][large ? 255 : 1] = '\0';
		event.qos = texts[FIELD_AT_QOS];
		event.to_qos = texts[FIELD_AT_TO_QOS];
		event.jobs = large ? many_jobs() : "1";
	}
	if (kind == EVENT_QUEUED) {
		event.left = large ? "4294967294,4294967295+65534" : "";
		event.gone = large ? many_jobs() : "";
	}
	if (kind == EVENT_PEOPLE) {
		event.contacts = large ? many_contacts() : "";
		event.managers = large ? "alice,bob@example.org" : "";
	}
	if (kind == EVENT_EXPIRE || kind == EVENT_NOTICE)
		event.end = large ? WHEN_MAX : 1;
	if (kind == EVENT_THRESHOLD) {
		event.used = INT64_MAX;
		event.allocated = large ? INT64_MAX / 10 : 1;
	}
	if (has_field(kind, FIELD_AT_PARTS)) {
		int64_t left = kind == EVENT_MERGE ? event.rest : event.amount;
		size_t count = large ? 100 : 1;

		if (event_is_charge(&event) || kind == EVENT_REFUND || kind == EVENT_RECONCILE)
			left -= event.debt = large ? INT64_MAX / 2 : 0;
		for (size_t i = 1; i < count; i++, left--)
			OK(event_add_part(&event, INT64_MAX, (uint16_t)(UINT16_MAX - i), 1,
					  &error));
		OK(event_add_part(&event, 1, 0, left, &error));
	}
	return event;
}

/* Gives the fields that came after version 1 their defaults. */
static void forget_later(struct event *event)
{
	event->excess = event->round_seconds = event->min_charge = 0;
	event->reservation = "";
}

static struct bytes encode(const struct event *event)
{
	struct bytes bytes = {0};

	OK(event_check(event, &error));
	OK(event_encode(event, &bytes, &error));
	return bytes;
}

/* Allocated in its exact size, so that a sanitizer finds a read past the end. */
static int decode_copy(const void *data, size_t len, struct event *ret, unsigned char **ret_copy)
{
	unsigned char *copy = malloc(len ? len : 1);

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, data, len);
	*ret_copy = copy;
	return event_decode(copy, len, ret, &error);
}

static void compare(const struct event *a, const struct event *b)
{
	const struct kind_spec *kind = &event_kinds[a->kind];

	ck_assert_int_eq((int)a->kind, (int)b->kind);
	for (size_t i = 0; i < FIELD_ENVELOPE_COUNT + kind->count; i++) {
		const struct field_spec *field =
			&event_fields[i < FIELD_ENVELOPE_COUNT
					      ? i
					      : kind->fields[i - FIELD_ENVELOPE_COUNT]];

		if (field->type == FIELD_NAME || field->type == FIELD_TEXT)
			ck_assert_str_eq(event_text(a, field), event_text(b, field));
		else if (field->type == FIELD_UNSIGNED)
			ck_assert_uint_eq(event_unsigned(a, field), event_unsigned(b, field));
		else
			ck_assert_msg(event_number(a, field) == event_number(b, field), "%s",
				      field->name);
	}
	if (!has_field(a->kind, FIELD_AT_PARTS))
		return;
	ck_assert_uint_eq(a->part_count, b->part_count);
	for (size_t i = 0; i < a->part_count; i++) {
		ck_assert_uint_eq(a->parts[i].lot, b->parts[i].lot);
		ck_assert_uint_eq(a->parts[i].index, b->parts[i].index);
		ck_assert_int_eq(a->parts[i].amount, b->parts[i].amount);
	}
}

START_TEST(unknown_versions_and_kinds_are_refused)
{
	for (int kind = 1; kind < EVENT_KIND_END; kind++) {
		struct event event, decoded = {0};
		struct bytes bytes;

		if (!event_kinds[kind].name)
			continue;
		event = make(kind, false);
		bytes = encode(&event);
		for (int byte = 0; byte < 256; byte++) {
			unsigned char right = bytes.data[0];

			bytes.data[0] = (unsigned char)byte;
			if (byte != right && (byte < 1 || byte > 5))
				FAILS(SB_ECORRUPT, "version",
				      event_decode(bytes.data, bytes.len, &decoded, &error));
			bytes.data[0] = right;
			right = bytes.data[1];
			bytes.data[1] = (unsigned char)byte;
			/* Also the unused numbers. */
			if (byte == 0 || byte >= EVENT_KIND_END || !event_kinds[byte].name)
				FAILS(SB_ECORRUPT, "does not know",
				      event_decode(bytes.data, bytes.len, &decoded, &error));
			bytes.data[1] = right;
		}
		bytes_release(&bytes);
		event_release(&event);
		event_release(&decoded);
	}
}
END_TEST

/* Each entry has one form: version 2 only if a later field has a value. */
START_TEST(later_fields_are_stored_in_their_version_only)
{
	for (int kind = 1; kind < EVENT_KIND_END; kind++) {
		struct event event, decoded = {0};
		struct bytes bytes;

		if (!event_kinds[kind].name)
			continue;
		event = make(kind, false);
		forget_later(&event);
		bytes = encode(&event);
		ck_assert_uint_eq(bytes.data[0], 1);
		bytes.data[0] = 2;
		FAILS(SB_ECORRUPT, "malformed",
		      event_decode(bytes.data, bytes.len, &decoded, &error));
		for (int i = 0; i < 8; i++)
			bytes_put_u8(&bytes, 0);
		FAILS(SB_ECORRUPT, "malformed",
		      event_decode(bytes.data, bytes.len, &decoded, &error));
		bytes_release(&bytes);
		event_release(&event);
		event_release(&decoded);
	}
}
END_TEST

/* The bytes of the kind's later fields. */
static size_t later_size(int kind)
{
	if (kind == EVENT_MERGE)
		return 16;
	return kind == EVENT_CHARGE_JOB ? 8 : 0;
}

/* Version 3 only with sudo's user, and then with all fields of the kind. */
START_TEST(sudo_is_stored_in_its_version_only)
{
	for (int kind = 1; kind < EVENT_KIND_END; kind++) {
		struct event event, decoded = {0};
		struct bytes bytes, without;

		if (!event_kinds[kind].name)
			continue;
		event = make(kind, false);
		forget_later(&event);
		event.sudo = "";
		without = encode(&event);
		ck_assert_uint_eq(without.data[0], 1);
		event.sudo = "alice";
		bytes = encode(&event);
		ck_assert_uint_eq(bytes.data[0], 3);
		ck_assert_uint_eq(bytes.len, without.len + 6 + later_size(kind));
		OK(event_decode(bytes.data, bytes.len, &decoded, &error));
		ck_assert_str_eq(decoded.sudo, "alice");
		ck_assert_str_eq(decoded.note, event.note);
		OK(event_decode(without.data, without.len, &decoded, &error));
		ck_assert_str_eq(decoded.sudo, "");
		/* An empty user, stored explicitly. */
		without.data[0] = 3;
		FAILS(SB_ECORRUPT, "", event_decode(without.data, without.len, &decoded, &error));
		bytes_release(&without);
		event.sudo = "a\nb";
		FAILS(SB_EINVAL, "sudo", event_check(&event, &error));
		bytes_release(&bytes);
		event_release(&event);
		event_release(&decoded);
	}
}
END_TEST

START_TEST(malformed_people_are_refused)
{
	static const char *const contacts[] = {"a",	"@x",	 "a@",	     "a@x@y",	"-a@x",
					       "a@x,",	",a@x",	 "a@x,,b@x", "a@x,a@x", "a b@x",
					       "a@x\n", "a<b@x", "\"a\"@x",  "a:b@x",	"a;b@x",
					       "ä@x",	"a(b@x", "a\\b@x"};
	static const char *const managers[] = {"-a",  "a,",  "a,a", "a b", "a:b",
					       "a/b", "a\n", "ä",   "'a'", "a;b"};
	char address[260];

	for (size_t i = 0; i < COUNT(contacts); i++) {
		struct event event = {
			.kind = EVENT_PEOPLE, .account = "a", .contacts = contacts[i]};

		FAILS(SB_EINVAL, "", event_check(&event, &error));
	}
	for (size_t i = 0; i < COUNT(managers); i++) {
		struct event event = {
			.kind = EVENT_PEOPLE, .account = "a", .managers = managers[i]};

		FAILS(SB_EINVAL, "", event_check(&event, &error));
	}
	FAILS(SB_EINVAL, "only an account has people",
	      event_check(&(struct event){.kind = EVENT_PEOPLE, .account = "a:cpu"}, &error));
	/* The lengths of RFC 5321, both sides. */
	memset(address, 'a', sizeof(address));
	address[64] = '@';
	address[254] = '\0';
	OK(contact_check(address, &error));
	address[254] = 'a';
	address[255] = '\0';
	FAILS(SB_EINVAL, "too long", contact_check(address, &error));
	address[64] = 'a';
	address[65] = '@';
	address[100] = '\0';
	FAILS(SB_EINVAL, "too long", contact_check(address, &error));
	OK(contact_check("o'neil+hpc@mail.example.org", &error));
	OK(manager_check("alice@example.org", &error));
	ck_assert(people_list_has("alice,bob", "bob"));
	ck_assert(!people_list_has("alice,bob", "bo"));
	ck_assert(!people_list_has("", ""));
}
END_TEST

/* A word that version 4 lacked makes version 5, whose form is that of version 4; so an earlier
 * build asks for a newer one instead of calling the entry malformed. */
START_TEST(a_word_that_is_new_is_stored_in_its_version_only)
{
	for (int i = 0; i < 3; i++) {
		struct event event = {.kind = i == 0   ? EVENT_TERMS
					      : i == 1 ? EVENT_HOLD
						       : EVENT_RELEASE,
				      .account = "a",
				      .time = T0},
			     decoded = {0};
		struct bytes old, bytes;

		event_set_defaults(&event);
		event.enforcement = ENFORCE_LIMIT;
		event.cause = CAUSE_FUNDS;
		old = encode(&event);
		ck_assert_uint_eq(old.data[0], 1);
		event.enforcement = ENFORCE_SCAVENGE;
		event.cause = CAUSE_OVERRUN;
		bytes = encode(&event);
		ck_assert_uint_eq(bytes.data[0], 5);
		OK(event_decode(bytes.data, bytes.len, &decoded, &error));
		ck_assert_int_eq(decoded.enforcement, i == 0 ? ENFORCE_SCAVENGE : 0);
		ck_assert_int_eq(decoded.cause, i == 0 ? 0 : CAUSE_OVERRUN);
		/* Each entry has only one form. */
		bytes.data[0] = 4;
		FAILS(SB_ECORRUPT, "malformed",
		      event_decode(bytes.data, bytes.len, &decoded, &error));
		old.data[0] = 5;
		FAILS(SB_ECORRUPT, "", event_decode(old.data, old.len, &decoded, &error));
		if (i == 0) {
			/* The same fields in version 4 are none of version 5. */
			bytes_release(&old);
			event.enforcement = ENFORCE_LIMIT;
			event.quota = 1;
			event.every = EVERY_DAY;
			old = encode(&event);
			ck_assert_uint_eq(old.data[0], 4);
			old.data[0] = 5;
			FAILS(SB_ECORRUPT, "malformed",
			      event_decode(old.data, old.len, &decoded, &error));
		}
		bytes_release(&old);
		bytes_release(&bytes);
		event_release(&decoded);
	}
}
END_TEST

/* Version 4 only with a field that is new in it, and then with all fields. Versions 2 and 3 of a
 * job have not changed. */
START_TEST(the_newest_fields_are_stored_in_their_version_only)
{
	for (int i = 0; i < 3; i++) {
		struct event event = make(EVENT_CHARGE_JOB, false), decoded = {0};
		struct bytes bytes, without, with_sudo;

		forget_later(&event);
		event.sudo = "";
		event.excess = 5;
		without = encode(&event);
		ck_assert_uint_eq(without.data[0], 2);
		event.sudo = "alice";
		with_sudo = encode(&event);
		ck_assert_uint_eq(with_sudo.data[0], 3);
		ck_assert_uint_eq(with_sudo.len, without.len + 6);
		event.sudo = "";
		event.reservation = i == 0 ? "r" : "";
		event.round_seconds = i == 1 ? 60 : 0;
		event.min_charge = i == 2 ? 7 : 0;
		bytes = encode(&event);
		ck_assert_uint_eq(bytes.data[0], 4);
		ck_assert_uint_eq(bytes.len, without.len + (i == 0 ? 1 : 0) + 1 + 1 + 8 + 8);
		OK(event_decode(bytes.data, bytes.len, &decoded, &error));
		compare(&event, &decoded);
		bytes.data[0] = 3;
		FAILS(SB_ECORRUPT, "", event_decode(bytes.data, bytes.len, &decoded, &error));
		/* An earlier version does not become this one. */
		with_sudo.data[0] = 4;
		FAILS(SB_ECORRUPT, "",
		      event_decode(with_sudo.data, with_sudo.len, &decoded, &error));
		bytes_put_u8(&with_sudo, 0);
		for (int j = 0; j < 16; j++)
			bytes_put_u8(&with_sudo, 0);
		FAILS(SB_ECORRUPT, "malformed",
		      event_decode(with_sudo.data, with_sudo.len, &decoded, &error));
		bytes_release(&bytes);
		bytes_release(&without);
		bytes_release(&with_sudo);
		event_release(&event);
		event_release(&decoded);
	}
}
END_TEST

START_TEST(kinds_of_later_are_refused)
{
	static const int later[] = {EVENT_KIND_END, UINT8_MAX};

	for (size_t i = 0; i < COUNT(later); i++) {
		struct event event = {.kind = (enum event_kind)later[i], .account = "a"};

		FAILS(SB_EINVAL, "not known", event_check(&event, &error));
	}
	ck_assert_int_eq((int)event_kind_by_name("bribe"), 0);
	ck_assert_int_eq((int)event_kind_by_name(""), 0);
	ck_assert_int_eq((int)event_kind_by_name("Open"), 0);
	ck_assert_int_eq((int)event_kind_by_name("open"), EVENT_OPEN);
}
END_TEST

START_TEST(cut_short_at_every_length_is_refused)
{
	for (int kind = 1; kind < EVENT_KIND_END; kind++) {
		for (int large = 0; event_kinds[kind].name && large < VARIANTS; large++) {
			struct event event = make(kind, large), decoded = {0};
			struct bytes bytes = encode(&event);

			for (size_t len = 0; len < bytes.len; len++) {
				unsigned char *copy;
				int rc = decode_copy(bytes.data, len, &decoded, &copy);

				ck_assert_msg(rc == SB_ECORRUPT, "%s of %zu bytes cut to %zu: %d",
					      event_kinds[kind].name, bytes.len, len, rc);
				ck_assert_int_eq(error.code, SB_ECORRUPT);
				free(copy);
			}
			bytes_release(&bytes);
			event_release(&event);
			event_release(&decoded);
		}
	}
}
END_TEST

START_TEST(one_byte_more_is_refused)
{
	for (int kind = 1; kind < EVENT_KIND_END; kind++) {
		for (int byte = 0; event_kinds[kind].name && byte < 256; byte += 51) {
			struct event event = make(kind, false), decoded = {0};
			struct bytes bytes = encode(&event);

			bytes_put_u8(&bytes, (uint8_t)byte);
			FAILS(SB_ECORRUPT, "after its end",
			      event_decode(bytes.data, bytes.len, &decoded, &error));
			bytes_release(&bytes);
			event_release(&event);
			event_release(&decoded);
		}
	}
}
END_TEST

/* Accepted bytes are the only form of their entry. */
START_TEST(a_changed_byte_is_refused_or_is_another_right_entry)
{
	size_t refused = 0, taken = 0;

	for (int kind = 1; kind < EVENT_KIND_END; kind++) {
		struct event event, decoded = {0};
		struct bytes bytes;

		if (!event_kinds[kind].name)
			continue;
		event = make(kind, false);
		event.ref = "r";
		event.request = "q";
		event.note = "n";
		bytes = encode(&event);
		for (size_t i = 0; i < bytes.len; i++) {
			for (unsigned byte = 0; byte < 256; byte++) {
				struct bytes again = {0};
				unsigned char *copy, right = bytes.data[i];
				int rc;

				if (byte == right)
					continue;
				bytes.data[i] = (unsigned char)byte;
				rc = decode_copy(bytes.data, bytes.len, &decoded, &copy);
				ck_assert(rc == SB_ECORRUPT || rc == SB_OK);
				if (rc) {
					refused++;
				} else {
					taken++;
					OK(event_encode(&decoded, &again, &error));
					ck_assert_uint_eq(again.len, bytes.len);
					ck_assert_mem_eq(again.data, bytes.data, bytes.len);
				}
				bytes.data[i] = right;
				bytes_release(&again);
				free(copy);
			}
		}
		bytes_release(&bytes);
		event_release(&event);
		event_release(&decoded);
	}
	ck_assert_uint_gt(refused, 0);
	ck_assert_uint_gt(taken, 0);
}
END_TEST

START_TEST(bytes_of_chance_are_refused)
{
	uint64_t random = util_seed();
	struct event decoded = {0};

	for (int i = 0; i < 20000; i++) {
		unsigned char data[200], *copy;
		size_t len = (size_t)util_below(&random, sizeof(data));

		for (size_t j = 0; j < len; j++)
			data[j] = (unsigned char)util_random(&random);
		if (len > 1) {
			data[0] = 1;
			data[1] = (unsigned char)util_below(&random, EVENT_KIND_END + 1);
		}
		ck_assert_int_eq(decode_copy(data, len, &decoded, &copy), SB_ECORRUPT);
		free(copy);
	}
	event_release(&decoded);
}
END_TEST

START_TEST(every_kind_survives_storing)
{
	struct event decoded = {0};

	for (int kind = 1; kind < EVENT_KIND_END; kind++) {
		for (int large = 0; event_kinds[kind].name && large < VARIANTS; large++) {
			struct event event = make(kind, large);
			struct bytes bytes = encode(&event), again = {0};
			unsigned char *copy;

			OK(decode_copy(bytes.data, bytes.len, &decoded, &copy));
			compare(&event, &decoded);
			OK(event_encode(&decoded, &again, &error));
			ck_assert_uint_eq(again.len, bytes.len);
			ck_assert_mem_eq(again.data, bytes.data, bytes.len);
			free(copy);
			bytes_release(&bytes);
			bytes_release(&again);
			event_release(&event);
		}
	}
	event_release(&decoded);
}
END_TEST

/* The numbers are in journals: they never change. */
START_TEST(the_stored_bytes_are_those_of_the_first_version)
{
	static const unsigned char expected[] = {
		1,   EVENT_DEPOSIT,
		0,   0,
		0,   0,
		0,   0,
		1,   2, /* time */
		0,   0,
		3,   4,
		'u', 0, /* uid, user */
		255, 255,
		255, 255,
		'h', 0, /* login, host */
		'r', 0,
		'q', 0,
		'n', 0, /* ref, request, note */
		'a', 0,
		'b', 'i',
		'l', 'l',
		'i', 'n',
		'g', 0, /* account, resource */
		0,   0,
		0,   0,
		0,   0,
		14,  16, /* amount */
		0,   0,
		0,   0,
		0,   0,
		0,   5, /* start */
		127, 255,
		255, 255,
		255, 255,
		255, 255, /* end */
		0,   0,
		0,   0,
		0,   0,
		0,   6, /* debt */
	};
	static const struct {
		int kind;
		const char *name;
	} kinds[] = {
		{1, "open"},	 {2, "close"},	{4, "baseline"}, {5, "deposit"},  {6, "withdraw"},
		{7, "transfer"}, {8, "charge"}, {15, "hold"},	 {16, "release"}, {17, "lever"},
		{18, "applied"}, {24, "fee"},	{25, "forgive"}, {26, "queue"},	  {27, "queued"},
	};
	struct event event = {.kind = EVENT_DEPOSIT,
			      .time = 258,
			      .uid = 772,
			      .login = LOGIN_NONE,
			      .user = "u",
			      .host = "h",
			      .ref = "r",
			      .request = "q",
			      .note = "n",
			      .account = "a",
			      .resource = RESOURCE_BILLING,
			      .amount = 3600,
			      .start = 5,
			      .end = WHEN_NEVER,
			      .debt = 6};
	struct bytes bytes = encode(&event);

	ck_assert_uint_eq(bytes.len, sizeof(expected));
	ck_assert_mem_eq(bytes.data, expected, sizeof(expected));
	bytes_release(&bytes);
	/* With sudo's user: version 3, and no other field. */
	event.sudo = "s";
	bytes = encode(&event);
	ck_assert_uint_eq(bytes.len, sizeof(expected) + 2);
	ck_assert_uint_eq(bytes.data[0], 3);
	ck_assert_mem_eq(bytes.data + bytes.len - 42, expected + sizeof(expected) - 42, 42);
	bytes_release(&bytes);
	/* The quota of a period: version 4, with one more field, and an empty user of sudo. */
	event.sudo = "";
	event.period = 7;
	bytes = encode(&event);
	ck_assert_uint_eq(bytes.len, sizeof(expected) + 1 + 8);
	ck_assert_uint_eq(bytes.data[0], 4);
	ck_assert_mem_eq(bytes.data + bytes.len - 50, expected + sizeof(expected) - 42, 42);
	ck_assert_uint_eq(bytes.data[bytes.len - 1], 7);
	bytes_release(&bytes);
	for (size_t i = 0; i < COUNT(kinds); i++)
		ck_assert_str_eq(event_kinds[kinds[i].kind].name, kinds[i].name);
	ck_assert_str_eq(event_word(FIELD_AT_CAUSE, CAUSE_FUNDS), "funds");
	ck_assert_str_eq(event_word(FIELD_AT_OUTCOME, OUTCOME_LEFT), "left");
	ck_assert_str_eq(event_word(FIELD_AT_ACTION, LEVER_RESTORE), "restore");
}
END_TEST

/* Refused by the writer, and by the reader when it was written nevertheless. */
static void refused(const struct event *event, const char *field, int64_t value)
{
	struct event decoded = {0};
	struct bytes bytes = {0};

	ck_assert_msg(event_check(event, &error) == SB_EINVAL, "%s: %s %" PRId64,
		      event_kinds[event->kind].name, field, value);
	OK(event_encode(event, &bytes, &error));
	ck_assert_msg(event_decode(bytes.data, bytes.len, &decoded, &error) == SB_ECORRUPT,
		      "stored %s: %s %" PRId64, event_kinds[event->kind].name, field, value);
	event_release(&decoded);
	bytes_release(&bytes);
}

START_TEST(each_field_is_kept_within_its_bounds)
{
	for (int kind = 1; kind < EVENT_KIND_END; kind++) {
		for (size_t i = 0;
		     event_kinds[kind].name && i < FIELD_ENVELOPE_COUNT + event_kinds[kind].count;
		     i++) {
			enum event_field at = (enum event_field)(
				i < FIELD_ENVELOPE_COUNT
					? i
					: event_kinds[kind].fields[i - FIELD_ENVELOPE_COUNT]);
			const struct field_spec *field = &event_fields[at];
			struct event event = make(kind, true);
			int64_t bad[] = {-1, -2, INT64_MIN, 256, WHEN_MAX + 1};
			bool wrong[] = {true, true, true, false, false};

			switch (field->type) {
			case FIELD_NAME:
			case FIELD_PURSE:
			case FIELD_TEXT:
				set_text(&event, at, texts[at]);
				texts[at][field->max] = 'a';
				texts[at][field->max + 1] = '\0';
				refused(&event, field->name, (int64_t)field->max + 1);
				memcpy(texts[at], "a\nb", 4);
				refused(&event, field->name, 0);
				memcpy(texts[at],
				       "a\xff"
				       "b",
				       4);
				refused(&event, field->name, 0);
				if (field->type == FIELD_TEXT)
					break;
				texts[at][0] = '\0';
				refused(&event, field->name, 0);
				memcpy(texts[at], "A", 2);
				FAILS(SB_EINVAL, "lower case", event_check(&event, &error));
				refused(&event, field->name, 0);
				set_text(&event, at, NULL);
				refused(&event, field->name, 0);
				break;
			case FIELD_UID:
			case FIELD_UNSIGNED:
			case FIELD_PARTS:
				break;
			case FIELD_READING:
			case FIELD_LIMIT:
				wrong[0] = false;
				goto numbers;
			case FIELD_WORD:
				wrong[0] = wrong[1] = true;
				wrong[2] = false; /* its low byte is 0 */
				goto numbers;
			case FIELD_TIME:
			case FIELD_UNTIL:
			case FIELD_END:
				wrong[4] = true;
				goto numbers;
			case FIELD_PERCENT:
				wrong[4] = true;
				bad[3] = EVENT_PERCENT_MAX + 1;
				wrong[3] = true;
				goto numbers;
			case FIELD_AMOUNT:
			case FIELD_ENTRY:
				bad[3] = 0;
				wrong[3] = true;
				goto numbers;
			case FIELD_COUNT:
			case FIELD_NUMBER:
			numbers:
				for (size_t j = 0; j < COUNT(bad); j++) {
					set_number(&event, at, bad[j]);
					if (wrong[j])
						refused(&event, field->name, bad[j]);
				}
				break;
			}
			event_release(&event);
		}
	}
}
END_TEST

START_TEST(notes_have_at_most_1024_bytes)
{
	char note[1026];
	struct event event = {.kind = EVENT_OPEN, .account = "a", .note = note};

	memset(note, 'x', sizeof(note));
	note[1025] = '\0';
	FAILS(SB_EINVAL, "note has 1025 bytes", event_check(&event, &error));
	note[1024] = '\0';
	OK(event_check(&event, &error));
	/* The last character must not be cut either. */
	memcpy(note + 1022, "\xe2\x82", 3);
	FAILS(SB_EINVAL, "UTF-8", event_check(&event, &error));
}
END_TEST

START_TEST(a_ref_goes_with_its_request)
{
	struct event event = {.kind = EVENT_OPEN, .account = "a", .ref = "r"};

	FAILS(SB_EINVAL, "together", event_check(&event, &error));
	event = (struct event){.kind = EVENT_OPEN, .account = "a", .request = "r"};
	FAILS(SB_EINVAL, "together", event_check(&event, &error));
	event.ref = "x";
	OK(event_check(&event, &error));
}
END_TEST

static struct event charge(struct part *parts, size_t count, int64_t amount, int64_t debt)
{
	return (struct event){.kind = EVENT_CHARGE,
			      .account = "a",
			      .cluster = "c",
			      .resource = RESOURCE_BILLING,
			      .amount = amount,
			      .before = 10,
			      .now = 10 + amount,
			      .since = 1,
			      .until = 2,
			      .debt = debt,
			      .parts = parts,
			      .part_count = count};
}

START_TEST(charges_that_do_not_add_up_are_refused)
{
	static const struct {
		struct part parts[3];
		size_t count;
		int64_t amount, debt;
		const char *text; /* NULL: it is right */
	} cases[] = {
		{{{1, 0, 5}}, 1, 6, 0, "add up to 5s, the amount is 6s"},
		{{{1, 0, 5}}, 1, 4, 0, "add up to 5s"},
		{{{1, 0, 5}}, 1, 5, 5, "add up to 10s"},
		{{{1, 0, 5}}, 1, 5, 6, "debt is larger"},
		{{{1, 0, 5}}, 0, 5, 0, "add up to 0s"},
		{{{0, 0, 5}}, 1, 5, 0, "part 1 names no lot"},
		{{{1, 0, 5}, {2, 0, 0}}, 2, 5, 0, "part 2 names no lot"},
		{{{1, 0, 6}, {2, 0, -1}}, 2, 5, 0, "part 2 names no lot"},
		{{{UINT64_MAX, 0, 5}}, 1, 5, 0, "part 1 names no lot"},
		{{{1, 0, 5}}, 1, -5, 0, "amount is -5"},
		{{{1, 0, 5}}, 0, 0, 0, "amount is 0"},
		{{{1, 0, 5}}, 1, 5, 0, NULL},
		{{{1, 0, 2}, {1, 1, 1}, {2, 0, 1}}, 3, 5, 1, NULL},
		{{{1, 0, 5}}, 0, 5, 5, NULL},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct part parts[3];
		struct event event;

		memcpy(parts, cases[i].parts, sizeof(parts));
		event = charge(parts, cases[i].count, cases[i].amount, cases[i].debt);
		if (cases[i].text)
			FAILS(SB_EINVAL, cases[i].text, event_check(&event, &error));
		else
			OK(event_check(&event, &error));
	}
}
END_TEST

START_TEST(parts_past_int64_are_refused)
{
	struct part parts[] = {{1, 0, INT64_MAX}, {2, 0, 1}};
	struct event event = charge(parts, 2, 5, 0);

	FAILS(SB_EOVERFLOW, "int64", event_check(&event, &error));
}
END_TEST

START_TEST(fields_that_contradict_each_other_are_refused)
{
	struct part parts[] = {{1, 0, 5}};
	struct event event = charge(parts, 1, 5, 0);

	event.now++;
	FAILS(SB_EINVAL, "difference", event_check(&event, &error));
	event = charge(parts, 1, 5, 0);
	event.before = -1;
	event.now = 4;
	FAILS(SB_EINVAL, "difference", event_check(&event, &error));
	event = charge(parts, 1, 5, 0);
	event.until = event.since;
	FAILS(SB_EINVAL, "ends before", event_check(&event, &error));
	event = (struct event){.kind = EVENT_DEPOSIT,
			       .account = "a",
			       .resource = RESOURCE_BILLING,
			       .amount = 5,
			       .start = 7,
			       .end = 7};
	FAILS(SB_EINVAL, "window", event_check(&event, &error));
	event.end = 8;
	OK(event_check(&event, &error));
	event.debt = 6;
	FAILS(SB_EINVAL, "debt", event_check(&event, &error));
	event.debt = 0;
	event.period = 7;
	FAILS(SB_EINVAL, "the period ends outside the window", event_check(&event, &error));
	event.period = 9;
	FAILS(SB_EINVAL, "the period ends outside the window", event_check(&event, &error));
	event.period = 8;
	OK(event_check(&event, &error));
	event = (struct event){.kind = EVENT_TERMS, .account = "a", .every = EVERY_MONTH};
	FAILS(SB_EINVAL, "without a quota", event_check(&event, &error));
	event = (struct event){.kind = EVENT_TERMS, .account = "a", .carry = 1};
	FAILS(SB_EINVAL, "without a quota", event_check(&event, &error));
	event = (struct event){.kind = EVENT_TERMS, .account = "a", .forgive_below = 1};
	FAILS(SB_EINVAL, "without a quota", event_check(&event, &error));
	event.quota = 5;
	FAILS(SB_EINVAL, "no period", event_check(&event, &error));
	event.every = EVERY_DAY;
	OK(event_check(&event, &error));
	event.carry = EVENT_CARRY_MAX + 1;
	FAILS(SB_EINVAL, "too many periods", event_check(&event, &error));
	event = (struct event){.kind = EVENT_TERMS, .account = "a:cpu~u", .share = 1};
	FAILS(SB_EINVAL, "a share of a user has no users", event_check(&event, &error));
	event.account = "a:cpu";
	OK(event_check(&event, &error));
	event = (struct event){.kind = EVENT_TRANSFER,
			       .account = "a",
			       .to = "a",
			       .resource = RESOURCE_BILLING,
			       .amount = 5,
			       .parts = parts,
			       .part_count = 1};
	FAILS(SB_EINVAL, "itself", event_check(&event, &error));
	event.to = "b";
	OK(event_check(&event, &error));
}
END_TEST

START_TEST(more_parts_than_allowed_are_refused)
{
	struct event event = {.kind = EVENT_WITHDRAW};
	struct bytes bytes = {0};

	for (uint64_t i = 1; i <= EVENT_PARTS_MAX; i++)
		OK(event_add_part(&event, i, 0, 1, &error));
	FAILS(SB_EREFUSED, "more than 10000 lots", event_add_part(&event, 20000, 0, 1, &error));
	OK(event_add_part(&event, 2000, 0, 0, &error));
	ck_assert_uint_eq(event.part_count, EVENT_PARTS_MAX);
	event.account = "a";
	event.resource = RESOURCE_BILLING;
	event.amount = EVENT_PARTS_MAX;
	bytes = encode(&event);
	/* One more, by hand. */
	bytes.data[bytes.len - 18 * EVENT_PARTS_MAX - 1]++;
	bytes_put_u64(&bytes, 2000);
	bytes_put_u16(&bytes, 0);
	bytes_put_i64(&bytes, 1);
	FAILS(SB_ECORRUPT, "malformed", event_decode(bytes.data, bytes.len, &event, &error));
	bytes_release(&bytes);
	event_release(&event);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("event");
	TCase *stored = tcase_create("stored"), *rules = tcase_create("rules");

	tcase_set_timeout(stored, TEST_TIMEOUT);
	tcase_set_timeout(rules, TEST_TIMEOUT);
	tcase_add_test(stored, unknown_versions_and_kinds_are_refused);
	tcase_add_test(stored, later_fields_are_stored_in_their_version_only);
	tcase_add_test(stored, sudo_is_stored_in_its_version_only);
	tcase_add_test(stored, the_newest_fields_are_stored_in_their_version_only);
	tcase_add_test(stored, a_word_that_is_new_is_stored_in_its_version_only);
	tcase_add_test(stored, malformed_people_are_refused);
	tcase_add_test(stored, kinds_of_later_are_refused);
	tcase_add_test(stored, cut_short_at_every_length_is_refused);
	tcase_add_test(stored, one_byte_more_is_refused);
	tcase_add_test(stored, a_changed_byte_is_refused_or_is_another_right_entry);
	tcase_add_test(stored, bytes_of_chance_are_refused);
	tcase_add_test(stored, every_kind_survives_storing);
	tcase_add_test(stored, the_stored_bytes_are_those_of_the_first_version);
	tcase_add_test(rules, each_field_is_kept_within_its_bounds);
	tcase_add_test(rules, notes_have_at_most_1024_bytes);
	tcase_add_test(rules, a_ref_goes_with_its_request);
	tcase_add_test(rules, charges_that_do_not_add_up_are_refused);
	tcase_add_test(rules, parts_past_int64_are_refused);
	tcase_add_test(rules, fields_that_contradict_each_other_are_refused);
	tcase_add_test(rules, more_parts_than_allowed_are_refused);
	suite_add_tcase(suite, stored);
	suite_add_tcase(suite, rules);
	return util_run(suite);
}
