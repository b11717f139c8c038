/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/mail/occasion.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cmd/frame/messages.h"
#include "ledger/account/purse.h"
#include "ledger/base/text.h"
#include "ledger/base/when.h"

struct message {
	const struct env *env;
	const json_t *entry, *balance;
	char purse[NAME_SIZE];
	struct occasion *occasion;
	struct sb_error *err;
};

static int malformed(const struct message *in, const char *what)
{
	return sb_error_set(in->err, SB_EFORMAT,
			    "the message on the standard input is no entry of subank: %s", what);
}

/* Returns the text of the key; "" if there is none. */
static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static int64_t number_at(const json_t *object, const char *key)
{
	return (int64_t)json_integer_value(json_object_get(object, key));
}

/* Sets a value from text of outside. */
static int set_text(const struct message *in, enum mail_word word, const char *text)
{
	char escaped[4 * EVENT_NOTE_MAX + 1];

	return mail_value(&in->occasion->values, word, in->err, "%s",
			  text_escape(escaped, sizeof(escaped), text));
}

static int set_amount(const struct message *in, enum mail_word word, const json_t *object,
		      const char *key)
{
	char text[QUANTITY_SIZE];

	if (!json_is_integer(json_object_get(object, key)))
		return malformed(in, key);
	return set_text(in, word, quantity(in->env, text, in->purse, number_at(object, key)));
}

static int read_time(const struct message *in, const char *key, int64_t *ret)
{
	struct sb_error why;

	return when_parse_exact(text_at(in->entry, key), ret, &why) ? malformed(in, key) : SB_OK;
}

/* Formats a time for a letter: 2026-11-22 17:00. Returns [buf]. */
static const char *format_minute(char buf[WHEN_TEXT_SIZE], int64_t when)
{
	char text[WHEN_TEXT_SIZE];

	(void)when_format_local(text, when);
	(void)snprintf(buf, WHEN_TEXT_SIZE, "%.10s %.5s", text, text + 11);
	return buf;
}

static bool has_state(const struct message *in, const char *state)
{
	return strcmp(text_at(in->balance, "state"), state) == 0;
}

static bool has_cause(const struct message *in, const char *cause)
{
	return strcmp(text_at(in->entry, "cause"), cause) == 0;
}

/* Whether its own hold holds the account now; the mail may be late. */
static bool is_held(const struct message *in)
{
	return has_state(in, "held") || has_state(in, "scavenge") || has_state(in, "closed");
}

/* Whether jobs wait now, for a hold of its own or one of an account above it. */
static bool is_blocked(const struct message *in)
{
	return is_held(in) || has_state(in, "blocked");
}

/* ---- values ---- */

/* Writes which new jobs are meant: " of alice", " that ask for gres/gpu". Returns false if none are
 * held: Slurm does not measure the resource. */
static bool which_jobs(const char *purse, char *to, size_t size)
{
	const char *user = purse_user(purse);
	char lever[RESOURCE_SIZE], resource[RESOURCE_SIZE];

	if (!resource_lever(purse_resource(purse), lever))
		return false;
	(void)snprintf(to, size, "%s%s%s%s", user ? " of " : "", user ? user : "",
		       purse_is_su(purse) ? "" : " that ask for ",
		       purse_is_su(purse) ? "" : resource_base(resource, purse_resource(purse)));
	return true;
}

static const char extension[] =
	" Waiting jobs start by themselves once the allocation is extended; "
	"they need not be resubmitted.";

/* Says what jobs do now. */
static int set_effect(const struct message *in)
{
	const char *scavenger = text_at(in->balance, "scavenger_qos");
	const char *until = in->occasion->values.of[WORD_UNTIL];
	const bool ended = in->occasion->kind == MAIL_RELEASED;
	/* An extension ends neither a closure nor the hold of an account above. */
	const bool spent = (in->occasion->kind == MAIL_SPENT || has_cause(in, "overrun")) &&
			   (has_state(in, "held") || has_state(in, "scavenge"));
	char which[2 * NAME_SIZE], text[6 * NAME_SIZE], except[2 * NAME_SIZE] = "";

	if (*scavenger)
		(void)snprintf(except, sizeof(except), ", except those in the QOS %.255s",
			       scavenger);
	if (!which_jobs(in->purse, which, sizeof(which)))
		(void)snprintf(text, sizeof(text), "This holds no jobs.");
	else if (is_blocked(in) && ended)
		(void)snprintf(text, sizeof(text),
			       "Another hold is still in force: new jobs%s wait%s.", which, except);
	else if (is_blocked(in))
		(void)snprintf(
			text, sizeof(text),
			"Running jobs go on. New jobs%s can be submitted, but they wait%s.%s",
			which, except, spent ? extension : "");
	else if (ended && until)
		(void)snprintf(text, sizeof(text), "Waiting and new jobs%s can start until %s.",
			       which, until);
	else
		(void)snprintf(text, sizeof(text), "%saiting and new jobs%s start again.",
			       ended ? "W" : "The hold has ended in the meantime: w", which);
	return set_text(in, WORD_EFFECT, text);
}

static int set_reason(const struct message *in)
{
	if (strcmp(text_at(in->entry, "kind"), "close") == 0)
		return set_text(in, WORD_REASON, "The account was closed.");
	if (has_cause(in, "overrun"))
		return set_text(in, WORD_REASON,
				"Use exceeds the allocation by so much that even jobs in the "
				"scavenger QOS wait.");
	return set_text(in, WORD_REASON, "An administrator has set this hold.");
}

/* Sets the values that entries have of the present balance. */
static int set_balance(const struct message *in)
{
	struct mail_values *values = &in->occasion->values;
	int64_t percent;

	TRY(set_amount(in, WORD_ALLOCATED, in->balance, "allocated_seconds"));
	TRY(set_amount(in, WORD_USED, in->balance, "used_seconds"));
	if (json_is_true(json_object_get(in->balance, "unlimited")))
		TRY(set_text(in, WORD_AVAILABLE, "unlimited"));
	else
		TRY(set_amount(in, WORD_AVAILABLE, in->balance, "available_seconds"));
	percent = amount_percent(number_at(in->balance, "used_seconds"),
				 number_at(in->balance, "allocated_seconds"));
	if (percent >= 0)
		TRY(mail_value(values, WORD_PERCENT, in->err, "%" PRIi64, percent));
	if (number_at(in->balance, "debt_seconds") > 0)
		TRY(set_amount(in, WORD_DEBT, in->balance, "debt_seconds"));
	return SB_OK;
}

static int set_budget(const struct message *in)
{
	struct mail_values *values = &in->occasion->values;
	const char *user = purse_user(in->purse);
	char account[NAME_SIZE], resource[RESOURCE_SIZE];

	(void)purse_account(account, in->purse);
	(void)resource_base(resource, purse_resource(in->purse));
	TRY(mail_value(values, WORD_ACCOUNT, in->err, "%s", account));
	if (purse_is_account(in->purse))
		return mail_value(values, WORD_BUDGET, in->err, "account %s", account);
	if (!user)
		return mail_value(values, WORD_BUDGET, in->err, "budget %s of account %s", resource,
				  account);
	if (purse_is_su(in->purse))
		return mail_value(values, WORD_BUDGET, in->err, "share of %s in account %s", user,
				  account);
	return mail_value(values, WORD_BUDGET, in->err, "share of %s in budget %s of account %s",
			  user, resource, account);
}

static int set_window(const struct message *in)
{
	char text[WHEN_TEXT_SIZE];
	int64_t end;

	TRY(set_amount(in, WORD_AMOUNT, in->entry, "amount_seconds"));
	TRY(read_time(in, "end", &end));
	if (!when_format_last(text, end))
		(void)format_minute(text, end);
	return set_text(in, WORD_ENDS, text);
}

static int set_hold(const struct message *in)
{
	char text[WHEN_TEXT_SIZE];
	int64_t until;

	if (*text_at(in->entry, "until")) {
		TRY(read_time(in, "until", &until));
		TRY(set_text(in, WORD_UNTIL, format_minute(text, until)));
	}
	if (in->occasion->kind == MAIL_HELD)
		TRY(set_reason(in));
	return set_effect(in);
}

static int set_level(const struct message *in)
{
	int64_t level = number_at(in->entry, "level");

	if (level < 1 || level > EVENT_PERCENT_MAX)
		return malformed(in, "level");
	return mail_value(&in->occasion->values, WORD_LEVEL, in->err, "%" PRIi64, level);
}

int occasion_common(const struct env *env, struct mail_values *values, struct sb_error *err)
{
	const struct settings *settings = &env->settings;
	const char *support =
		settings->mail_reply_to ? settings->mail_reply_to : settings->mail_from;

	TRY(mail_value(values, WORD_SITE, err, "%s",
		       settings->mail_site ? settings->mail_site : "the cluster"));
	return mail_value(values, WORD_SUPPORT, err, "%s",
			  support ? support : "the administrators");
}

/* ---- the object ---- */

static int find_kind(const struct message *in, enum mail_kind *ret)
{
	static const struct {
		const char *entry;
		enum mail_kind kind;
	} kinds[] = {{"threshold", MAIL_BELOW}, {"notice", MAIL_WINDOW},    {"hold", MAIL_HELD},
		     {"close", MAIL_HELD},	{"release", MAIL_RELEASED}, {"test", MAIL_TEST}};
	const char *kind = text_at(in->entry, "kind");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].entry, kind) != 0)
			continue;
		*ret = kinds[i].kind;
		if (*ret == MAIL_HELD && has_cause(in, "funds"))
			*ret = MAIL_SPENT;
		return SB_OK;
	}
	return malformed(in, "there is no mail about its kind");
}

static int read_contacts(const struct message *in)
{
	const json_t *list = json_object_get(in->entry, "contacts");
	char *to = in->occasion->contacts;
	size_t len = 0;
	struct sb_error why;

	if (list && !json_is_array(list))
		return malformed(in, "contacts");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *address = json_string_value(json_array_get(list, i));

		if (!address || !*address || len + strlen(address) + 2 > PEOPLE_SIZE)
			return malformed(in, "contacts");
		len += (size_t)snprintf(to + len, PEOPLE_SIZE - len, "%s%s", i > 0 ? "," : "",
					address);
	}
	/* They become arguments and a header. */
	return people_list_check(to, contact_check, &why) ? malformed(in, why.text) : SB_OK;
}

/* The hash tells the same entry number of two banks apart; a test has none, but a time. */
static void make_id(const struct message *in, int64_t time)
{
	struct occasion *occasion = in->occasion;
	const char *hash = text_at(in->entry, "hash");

	if (occasion->kind == MAIL_TEST)
		(void)snprintf(occasion->id, sizeof(occasion->id), "test.%" PRIi64, time);
	else
		(void)snprintf(occasion->id, sizeof(occasion->id), "%" PRIi64 ".%.*s",
			       number_at(in->entry, "entry"), HASH_SHORT, hash);
}

static int set_values(struct message *in)
{
	struct mail_values *values = &in->occasion->values;
	unsigned char hash[HASH_SIZE];
	char text[WHEN_TEXT_SIZE];
	struct sb_error why;
	int64_t time;

	TRY(occasion_common(in->env, values, in->err));
	TRY(read_time(in, "time", &time));
	make_id(in, time);
	TRY(set_text(in, WORD_TIME, format_minute(text, time)));
	if (*text_at(in->entry, "note"))
		TRY(set_text(in, WORD_NOTE, text_at(in->entry, "note")));
	if (in->occasion->kind == MAIL_TEST)
		return SB_OK;
	if (!hex_parse(text_at(in->entry, "hash"), hash, sizeof(hash)))
		return malformed(in, "hash");
	if (purse_check("account", text_at(in->entry, "account"), &why))
		return malformed(in, why.text);
	(void)snprintf(in->purse, sizeof(in->purse), "%s", text_at(in->entry, "account"));
	TRY(mail_value(values, WORD_ENTRY, in->err, "%" PRIi64, number_at(in->entry, "entry")));
	TRY(set_budget(in));
	TRY(set_balance(in));
	switch (in->occasion->kind) {
	case MAIL_BELOW:
		in->occasion->told_by_hold =
			is_held(in) &&
			!json_is_null(json_object_get(in->balance, "available_seconds")) &&
			number_at(in->balance, "available_seconds") <= 0;
		return set_level(in);
	case MAIL_WINDOW:
		return set_window(in);
	default:
		return set_hold(in);
	}
}

static int read_entry(struct message *in)
{
	if (!json_is_integer(json_object_get(in->entry, "entry")))
		return malformed(in, "it has no number");
	in->balance = json_object_get(in->entry, "balance");
	TRY(find_kind(in, &in->occasion->kind));
	TRY(read_contacts(in));
	return set_values(in);
}

int occasion_read(const struct env *env, const char *json, size_t len, struct occasion *ret,
		  struct sb_error *err)
{
	struct occasion occasion = {.contacts = ""};
	struct message in = {.env = env, .occasion = &occasion, .err = err};
	json_error_t why;
	json_t *entry = json_loadb(json, len, JSON_REJECT_DUPLICATES, &why);
	int rc;

	in.entry = entry;
	if (len == 0) {
		json_decref(entry);
		return sb_error_set(err, SB_EFORMAT,
				    "the standard input is empty: mail reads an entry from it, as "
				    "the notify command gets it; --statements mails statements");
	}
	rc = json_is_object(entry) ? read_entry(&in)
				   : malformed(&in, entry ? "no object" : why.text);
	json_decref(entry);
	if (rc)
		mail_values_release(&occasion.values);
	else
		*ret = occasion;
	return rc;
}
