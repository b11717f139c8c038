/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/request.h"

#include <stdarg.h>
#include <string.h>

#include "ledger/base/amount.h"
#include "ledger/base/nearest.h"
#include "ledger/base/when.h"

const char *const request_verbs[] = {"open",  "deposit", "withdraw", "transfer", "charge", "set",
				     "terms", "hold",	 "release",  "close",	 NULL};

#define LIST_VERBS "open, deposit, withdraw, transfer, charge, set, terms, hold, release and close"

enum { NAMES_SIZE = 256 };

int request_error(const struct request *request, const struct place *at, struct sb_error *err,
		  const char *fmt, ...)
{
	char text[sizeof(err->text)], place_text[PLACE_TEXT_SIZE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return sb_error_set(err, SB_EFORMAT, "%s%s", batch_place(request->batch, at, place_text),
			    text);
}

struct pair *request_pair(struct request *request, const char *key)
{
	for (size_t i = 0; i < request->count; i++) {
		if (strcmp(request->pairs[i].key, key) == 0)
			return &request->pairs[i];
	}
	return NULL;
}

int request_add_pair(struct request *request, const struct pair *pair, struct sb_error *err)
{
	if (request_pair(request, pair->key))
		return request_error(request, &pair->key_at, err, "key '%s' is given twice",
				     pair->key);
	if (request->count == REQUEST_PAIRS_MAX)
		return request_error(request, &pair->key_at, err, "an entry has at most %d keys",
				     REQUEST_PAIRS_MAX);
	if (strlen(pair->value) > EVENT_NOTE_MAX)
		return request_error(request, &pair->value_at, err, "%s has more than %d bytes",
				     pair->key, EVENT_NOTE_MAX);
	request->pairs[request->count++] = *pair;
	return SB_OK;
}

int request_no_verb(const char *refusal, const char *word, struct sb_error *err)
{
	if (!command_find(word))
		return nearest_error(refusal, word, request_verbs, err);
	return sb_error_set(err, SB_EINVAL, "'%s' cannot be in a list, which has only " LIST_VERBS,
			    word);
}

/* Finds the verb of the request. */
static int find_verb(struct request *request, struct pair **ret, struct sb_error *err)
{
	struct pair *found = NULL;

	for (size_t i = 0; request_verbs[i]; i++) {
		struct pair *pair = request_pair(request, request_verbs[i]);

		if (pair && found)
			return request_error(request, &pair->key_at, err,
					     "an entry asks for one thing, not for '%s' and '%s'",
					     found->key, pair->key);
		if (pair)
			found = pair;
	}
	for (size_t i = 0; !found && i < request->count; i++) {
		const struct pair *pair = &request->pairs[i];
		const char *meant = nearest(pair->key, request_verbs);
		struct sb_error why;

		if (command_find(pair->key)) {
			(void)request_no_verb("", pair->key, &why);
			return request_error(request, &pair->key_at, err, "%s", why.text);
		}

		if (meant)
			return request_error(request, &pair->key_at, err,
					     "there is no '%s': did you mean '%s'?", pair->key,
					     meant);
	}
	if (!found)
		return request_error(request, &request->at, err,
				     "the entry asks for nothing: one of the keys " LIST_VERBS
				     " is expected, with the account");
	found->used = true;
	*ret = found;
	return SB_OK;
}

static int need(struct request *request, const char *key, const char *what, struct pair **ret,
		struct sb_error *err)
{
	struct pair *pair = request_pair(request, key);

	*ret = NULL;
	if (!pair)
		return request_error(request, &request->at, err, "the entry lacks the %s '%s': %s",
				     request->batch->is_table ? "column" : "key", key, what);
	pair->used = true;
	*ret = pair;
	return SB_OK;
}

/* Checks a name here, not only by its verb, so that the message has its place. */
static int check_name(struct request *request, struct pair *pair, struct sb_error *err)
{
	char name[NAME_SIZE];
	struct sb_error why;

	if (pair->wrong || name_fold("account", pair->value, name, &why) == SB_OK)
		return SB_OK;
	pair->wrong = true;
	return request_keep(request, request_error(request, &pair->value_at, err, "%s", why.text),
			    err);
}

/* Programs write 10.000 for ten, and people in many countries for ten thousand. A table comes from
 * either, so such a number is refused. In a list it was typed as it is. */
static int check_grouped(const struct request *request, const struct pair *pair,
			 struct sb_error *err)
{
	int whole = (int)strcspn(pair->value, ".");

	if (!request->batch->is_table || !amount_is_grouped(pair->value))
		return SB_OK;
	return request_error(request, &pair->value_at, err,
			     "'%s' could be %.*s or %.*s%s: write one of these, without a "
			     "thousands separator",
			     pair->value, whole, pair->value, whole, pair->value,
			     pair->value + whole + 1);
}

static int check_amount(struct request *request, const struct command *verb,
			const struct pair *pair, const struct pair *of, struct sb_error *err)
{
	bool may_be_zero = strcmp(verb->name, "set") == 0;
	bool may_be_all =
		strcmp(verb->name, "transfer") == 0 || strcmp(verb->name, "withdraw") == 0;
	const struct pair *resource = request_pair(request, "resource");
	/* The unit is that of the resource, whatever the account. */
	const char *account = of->wrong ? "a" : of->value;
	char purse[NAME_SIZE];
	struct sb_error why;
	struct unit unit;
	int64_t amount;

	if (pair->wrong || (resource && resource->wrong))
		return SB_OK;
	if (purse_name(account, resource ? resource->value : RESOURCE_BILLING, purse, &why))
		return request_error(request, &resource->value_at, err, "%s", why.text);
	if (may_be_all && strcmp(pair->value, "all") == 0)
		return SB_OK;
	unit = purse_unit(purse);
	if (may_be_zero ? amount_parse_zero_in(pair->value, &unit, &amount, &why)
			: amount_parse_in(pair->value, &unit, &amount, &why))
		return request_error(request, &pair->value_at, err, "%s", why.text);
	return check_grouped(request, pair, err);
}

/* Takes account, receiver and amount, in the order of the command line. */
static int take_arguments(struct request *request, struct batch_entry *entry, struct pair *account,
			  struct sb_error *err)
{
	const struct command *verb = entry->command;
	struct pair *to = NULL, *su = NULL;
	int rc;

	entry->argv[entry->argc++] = account->value;
	TRY(check_name(request, account, err));
	if (strcmp(verb->name, "transfer") == 0) {
		rc = need(request, "to", "the account that gets the SU", &to, err);
		TRY(request_keep(request, rc, err));
		if (to)
			TRY(check_name(request, to, err));
		entry->argv[entry->argc++] = to ? to->value : "";
	}
	if (entry->argc < verb->min_args)
		TRY(request_keep(request, need(request, "su", "how much", &su, err), err));
	else if (entry->argc < verb->max_args)
		su = request_pair(request, "su");
	if (!su)
		return SB_OK;
	su->used = true;
	entry->argv[entry->argc++] = su->value;
	return request_keep(request, check_amount(request, verb, su, account, err), err);
}

/* Returns the verb's own option of that name, or ref or note; NULL when there is none. */
static const struct option_spec *find_option(const struct command *verb, const char *name)
{
	static const struct option_spec common[] = {{"ref", 0, "REF", ""}, {"note", 0, "TEXT", ""}};

	for (size_t i = 0; i < 2; i++) {
		if (strcmp(common[i].name, name) == 0)
			return &common[i];
	}
	for (const struct option_spec *spec = verb->options; spec && spec->name; spec++) {
		if (strcmp(spec->name, name) == 0)
			return spec;
	}
	return NULL;
}

/* Writes the keys that an entry of the verb may have: "ref, note, su, start, end". Returns [to]. */
static const char *known_keys(const struct command *verb, char to[NAMES_SIZE])
{
	int len = snprintf(to, NAMES_SIZE, "ref, note%s%s",
			   strcmp(verb->name, "transfer") == 0 ? ", to" : "",
			   verb->max_args > 1 ? ", su" : "");

	for (const struct option_spec *spec = verb->options; spec && spec->name; spec++)
		len += snprintf(to + len, (size_t)(NAMES_SIZE - len), ", %s", spec->name);
	return to;
}

/* Checks the forms of times and amounts here, so that the message has their place. */
static int check_option(const struct request *request, const struct option_spec *spec,
			const struct pair *pair, struct sb_error *err)
{
	struct sb_error why;
	int64_t when;

	if (!spec->argument && strcmp(pair->value, "yes") != 0)
		return request_error(request, &pair->value_at, err,
				     "%s must be yes, or be left out, not '%s'", pair->key,
				     pair->value);
	if (spec->argument && strcmp(spec->argument, "SU") == 0)
		return check_grouped(request, pair, err);
	if (spec->argument && strcmp(spec->argument, "TIME") == 0 &&
	    !(strcmp(spec->name, "end") == 0 && strcmp(pair->value, "never") == 0) &&
	    when_parse(pair->value, request->env->os.now(), &when, &why))
		return request_error(request, &pair->value_at, err, "%s", why.text);
	return SB_OK;
}

static int take_option(struct request *request, struct batch_entry *entry, const struct pair *pair,
		       struct sb_error *err)
{
	const struct option_spec *spec = find_option(entry->command, pair->key);
	const char *what = request->batch->is_table ? "column" : "key";
	char names[NAMES_SIZE];

	if (!spec)
		return request_error(request, &pair->key_at, err,
				     "%s '%s' is not known with %s; the %ss are: %s", what,
				     pair->key, entry->command->name, what,
				     known_keys(entry->command, names));
	if (!pair->wrong)
		TRY(check_option(request, spec, pair, err));
	batch_option(entry, pair->key, pair->value);
	return SB_OK;
}

int request_take(struct request *request, struct sb_error *err)
{
	struct batch_entry *entry;
	struct pair *account = NULL, *ref = NULL;
	size_t options = 0;
	int rc;

	TRY(find_verb(request, &account, err));
	TRY(batch_add(request->batch, &entry, err));
	entry->at = request->at;
	entry->command = command_find(account->key);
	rc = need(request, "ref", "a name of your own, used once", &ref, err);
	TRY(request_keep(request, rc, err));
	batch_option(entry, "ref", ref && !ref->wrong ? ref->value : NULL);
	TRY(take_arguments(request, entry, account, err));
	for (size_t i = 0; i < request->count; i++) {
		const struct pair *pair = &request->pairs[i];

		if (pair->used)
			continue;
		TRY(request_keep(request, take_option(request, entry, pair, err), err));
		options += strcmp(pair->key, "note") != 0;
	}
	/* Without options the verb would only show the terms. */
	if (strcmp(entry->command->name, "terms") == 0 && options == 0)
		return request_error(request, &request->at, err,
				     "the entry changes no terms of '%s'", account->value);
	return SB_OK;
}

int request_keep(struct request *request, int rc, struct sb_error *err)
{
	if (rc != SB_EFORMAT)
		return rc;
	request->wrong = true;
	return batch_message(request->batch, request->at.line, err->text, err);
}

int request_mistake(const struct request *request, size_t count, struct sb_error *err)
{
	struct batch *batch = request->batch;

	if (batch_mistake(batch, batch->count > count ? &batch->entries[count] : NULL))
		return SB_OK;
	return sb_error_set(err, SB_EFORMAT,
			    "nothing was recorded: %d %s or more of %s have errors", MISTAKES_MAX,
			    batch->is_table ? "rows" : "entries", batch->name);
}
