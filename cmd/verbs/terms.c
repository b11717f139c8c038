/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/checkup.h"
#include "cmd/enter/every.h"
#include "cmd/enter/money.h"
#include "cmd/enter/post.h"
#include "cmd/frame/lever.h"
#include "cmd/show/output.h"
#include "cmd/show/selection.h"
#include "cmd/verbs/verb.h"
#include "ledger/base/amount.h"
#include "ledger/base/comma.h"
#include "ledger/base/nearest.h"
#include "ledger/books/people.h"
#include "ledger/check/funds.h"

enum {
	COLUMN_ACCOUNT,
	COLUMN_ALLOWANCE,
	COLUMN_CREDIT,
	COLUMN_UNIT,
	COLUMN_ENFORCEMENT,
	COLUMN_METER,
	COLUMN_LEVER,
	COLUMN_THRESHOLDS,
	COLUMN_OWN,
	COLUMN_QUOTA,
	COLUMN_EVERY,
	COLUMN_SHARE,
	COLUMN_RESOURCE,
	COLUMN_CONTACTS,
	COLUMN_MANAGERS,
	COLUMN_COUNT
};

static const struct column columns[COLUMN_COUNT] = {
	[COLUMN_ACCOUNT] = {"Account", false, true, CELL_NAME},
	[COLUMN_ALLOWANCE] = {"Allowance", false, true, CELL_WHOLE},
	[COLUMN_CREDIT] = {"Credit", true, true, CELL_AMOUNT},
	[COLUMN_UNIT] = {"Unit", false, false, CELL_UNIT},
	[COLUMN_ENFORCEMENT] = {"Enforce", false, true, CELL_WHOLE},
	[COLUMN_METER] = {"Meter", false, true, CELL_WHOLE},
	[COLUMN_LEVER] = {"Lever", false, true, CELL_NAME},
	[COLUMN_THRESHOLDS] = {"Thresholds", false, true, CELL_WHOLE},
	[COLUMN_OWN] = {"Own", false, false, CELL_WHOLE},
	[COLUMN_QUOTA] = {"Quota", true, false, CELL_AMOUNT},
	[COLUMN_EVERY] = {"Every", false, false, CELL_WHOLE},
	[COLUMN_SHARE] = {"Share", true, false, CELL_AMOUNT},
	[COLUMN_RESOURCE] = {"Resource", false, false, CELL_RESOURCE},
	[COLUMN_CONTACTS] = {"Contacts", false, false, CELL_PROSE},
	[COLUMN_MANAGERS] = {"Managers", false, false, CELL_PROSE},
};

enum { TERMS_SIZE = 768 };

/* The terms to change; the others stay. */
struct terms {
	bool allowance_given, credit_given;
	uint8_t allowance;
	int64_t credit;
	const char *enforcement; /* NULL: not given; the same for the next two */
	const char *lever;
	const char *meter;
	uint8_t enforcement_word, meter_word;
	struct lever_choice choice; /* empty for the site's */
	bool thresholds_given;
	char thresholds[THRESHOLDS_TEXT_SIZE]; /* "" for the site's */
	bool quota_given, no_quota, start_given, forgive_given;
	struct quota quota; /* 0 in a field, -1 in carry: not given */
	bool share_given;
	int64_t share; /* 0: none */
	const char *contacts; /* a list, "" for none; NULL: not given; the same for managers */
	const char *managers;
	bool others; /* any of the terms above [contacts] is given */
};

/* Writes the quota: "1000.00 SU every month from 2027-01-01, carried 1 month". Returns [to]. */
enum { QUOTA_TEXT_SIZE = 2 * QUANTITY_SIZE + WHEN_TEXT_SIZE + 96 };
static const char *quota_text(const struct env *env, const struct account *account,
			      char to[QUOTA_TEXT_SIZE])
{
	char amount[QUANTITY_SIZE], forgiven[QUANTITY_SIZE], start[WHEN_TEXT_SIZE];
	const struct quota *quota = &account->quota;
	const char *every = period_words[quota->every];
	size_t len;

	len = (size_t)snprintf(to, QUOTA_TEXT_SIZE, "%s every %s from %s",
			       quantity(env, amount, account->name, quota->amount), every,
			       when_format_short(start, quota->start));
	if (quota->carry)
		len += (size_t)snprintf(to + len, QUOTA_TEXT_SIZE - len,
					", carried %" PRId64 " %s%s", quota->carry, every,
					quota->carry == 1 ? "" : "s");
	if (quota->forgive_below)
		(void)snprintf(to + len, QUOTA_TEXT_SIZE - len, ", debt up to %s forgiven",
			       quantity(env, forgiven, account->name, quota->forgive_below));
	return to;
}

enum { SHARE_TEXT_SIZE = QUANTITY_SIZE + 32 };
static const char *share_text(const struct env *env, const struct account *account,
			      char to[SHARE_TEXT_SIZE])
{
	char amount[QUANTITY_SIZE];

	(void)snprintf(to, SHARE_TEXT_SIZE, "%s for each new user",
		       quantity(env, amount, account->name, account->share));
	return to;
}

/* An account or purse with the rules for it. */
struct holder {
	const struct env *env;
	const struct account *account;
	struct rules rules;
};

static int find_holder(const struct env *env, struct books *books, const struct account *account,
		       struct holder *ret, struct sb_error *err)
{
	const struct rules site = settings_rules(&env->settings);

	*ret = (struct holder){.env = env, .account = account};
	return rules_of_purse(books, account, &site, &ret->rules, err);
}

/* Writes the name of the limit in Slurm that holds it, or "none". Returns [to]. */
static const char *lever_of(const struct holder *holder, char to[LEVER_NAME_SIZE])
{
	const struct limit hold = hold_limit(holder->account, &holder->rules);
	char tres[RESOURCE_SIZE];

	if (purse_is_account(holder->account->name))
		return lever_name(to, hold.field, hold.tres);
	if (purse_lever(holder->account, tres))
		return lever_name(to, CAP_FIELD, tres);
	return lever_name(to, "none", "");
}

/* Writes the terms in force in one line or, with [lines], each on its own with its origin. */
static void describe(const struct holder *holder, bool lines, char *to, size_t size)
{
	const struct env *env = holder->env;
	const struct account *account = holder->account;
	const struct rules rules = holder->rules;
	const bool purse = !purse_is_account(account->name);
	char credit[QUANTITY_SIZE], lever[LEVER_NAME_SIZE], thresholds[THRESHOLDS_TEXT_SIZE];
	char quota[QUOTA_TEXT_SIZE], share[SHARE_TEXT_SIZE];
	const struct {
		const char *name, *value;
		bool site;
	} terms[] = {
		{"allowance", account->unlimited ? "unlimited" : "limited", false},
		{"credit", quantity(env, credit, account->name, account->credit), false},
		{"enforcement",
		 event_word(FIELD_AT_ENFORCEMENT, (uint8_t)enforcement_of(account, &rules)),
		 account->enforcement == ENFORCE_SITE},
		{"lever", lever_of(holder, lever), !purse && !*account->field},
		{"meter", event_word(FIELD_AT_METER, (uint8_t)metering_of(account, &rules)),
		 account->meter == METER_SITE},
		{"thresholds", thresholds_text(thresholds, thresholds_of(account, &rules)),
		 !account->own_thresholds},
		{"quota", account->quota.amount ? quota_text(env, account, quota) : NULL, false},
		{"share", account->share ? share_text(env, account, share) : NULL, false},
	};
	size_t len = 0;

	to[0] = '\0';
	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]) && len < size; i++) {
		const char *origin = !terms[i].site ? ""
				     : purse	    ? " (the account's)"
						    : " (the settings')";

		if (!terms[i].value)
			continue;
		len += (size_t)(lines ? snprintf(to + len, size - len, "%s%-11s  %s%s",
						 i ? "\n" : "", terms[i].name, terms[i].value,
						 origin)
				      : snprintf(to + len, size - len, "%s%s %s", i ? ", " : "",
						 terms[i].name, terms[i].value));
	}
}

static const char *own_thresholds(const struct account *account, char to[THRESHOLDS_TEXT_SIZE])
{
	return account->own_thresholds ? thresholds_text(to, &account->thresholds) : "";
}

static bool is_same_quota(const struct quota *quota, const struct event *event)
{
	return quota->amount == event->quota && quota->every == event->every &&
	       quota->start == event->start && quota->carry == event->carry &&
	       quota->forgive_below == event->forgive_below;
}

static bool is_same(const struct account *account, const struct event *event)
{
	char thresholds[THRESHOLDS_TEXT_SIZE];

	return account->unlimited == (event->allowance == ALLOWANCE_UNLIMITED) &&
	       account->credit == event->credit && account->enforcement == event->enforcement &&
	       account->meter == event->meter && strcmp(account->field, event->field) == 0 &&
	       strcmp(account->tres, event->tres) == 0 &&
	       strcmp(own_thresholds(account, thresholds), event->thresholds) == 0 &&
	       account->share == event->share && is_same_quota(&account->quota, event);
}

/* Sets the quota of the event: the parts that were given, the others as the account has them. */
static int set_quota(const struct terms *terms, const struct account *account, int64_t now,
		     struct event *event, struct sb_error *err)
{
	const struct quota *old = &account->quota, *given = &terms->quota;
	bool goes_on = old->amount && (!given->every || given->every == old->every);

	if (terms->no_quota)
		return SB_OK;
	event->quota = given->amount ? given->amount : old->amount;
	event->every = given->every ? given->every : old->every;
	event->carry = given->carry >= 0 ? given->carry : old->carry;
	event->forgive_below = terms->forgive_given ? given->forgive_below : old->forgive_below;
	event->start = old->start;
	if (!terms->quota_given)
		return SB_OK;
	if (!event->quota)
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' has no quota: give --quota SU and --every PERIOD",
				    account->name);
	if (event->every == EVERY_NONE)
		return sb_error_set(
			err, SB_EREFUSED,
			"account '%s' has no quota so far: give --every too: day, week, "
			"month, quarter or year",
			account->name);
	if (terms->start_given)
		event->start = given->start;
	else if (!goes_on)
		event->start = period_start(event->every, now);
	return SB_OK;
}

static const char *or_none(const char *list)
{
	return *list ? list : "none";
}

/* Records the contacts and managers as entry [number] of the request. If the account has them
 * already, the first entry is refused, and a later one omitted. */
static int plan_people(struct posting *posting, struct books *books, int number,
		       struct sb_error *err)
{
	const struct terms *terms = posting->ctx;
	const struct account *account;
	struct people people;
	struct event event = {.kind = EVENT_PEOPLE, .account = posting->account};

	TRY(books_account(books, posting->account, &account, err));
	TRY(books_people(books, account, &people, err));
	event.contacts = terms->contacts ? terms->contacts : people.contacts;
	event.managers = terms->managers ? terms->managers : people.managers;
	if (strcmp(event.contacts, people.contacts) == 0 &&
	    strcmp(event.managers, people.managers) == 0) {
		if (number > 1)
			return SB_OK;
		return sb_error_set(err, SB_EREFUSED,
				    "account '%s' has these already: contacts %s, managers %s",
				    posting->account, or_none(people.contacts),
				    or_none(people.managers));
	}
	TRY(post_append_numbered(posting, books, number, &event, err));
	done_add(posting, "%scontacts are %s, managers are %s", number > 1 ? "; " : "",
		 or_none(event.contacts), or_none(event.managers));
	return SB_OK;
}

static int plan_terms(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct terms *terms = posting->ctx;
	struct event event = {.kind = EVENT_TERMS, .account = posting->account};
	char field[sizeof(terms->choice.field)], tres[sizeof(terms->choice.tres)];
	char now[TERMS_SIZE], thresholds[THRESHOLDS_TEXT_SIZE];
	const struct account *account;
	struct holder holder;

	TRY(books_account(books, posting->account, &account, err));
	TRY(renew_first(posting, books, posting->account, err));
	/* The append changes the account that the texts come from. */
	memcpy(field, terms->lever ? terms->choice.field : account->field, sizeof(field));
	memcpy(tres, terms->lever ? terms->choice.tres : account->tres, sizeof(tres));
	event.field = field;
	event.tres = tres;
	event.thresholds =
		terms->thresholds_given ? terms->thresholds : own_thresholds(account, thresholds);
	event.allowance = terms->allowance_given ? terms->allowance
			  : account->unlimited	 ? ALLOWANCE_UNLIMITED
						 : ALLOWANCE_LIMITED;
	event.credit = terms->credit_given ? terms->credit : account->credit;
	event.enforcement = terms->enforcement ? terms->enforcement_word : account->enforcement;
	event.meter = terms->meter ? terms->meter_word : account->meter;
	event.share = terms->share_given ? terms->share : account->share;
	TRY(set_quota(terms, account, books_time(books), &event, err));
	TRY(find_holder(posting->env, books, account, &holder, err));
	describe(&holder, false, now, sizeof(now));
	if (is_same(account, &event))
		return sb_error_set(err, SB_EREFUSED, "account '%s' has these terms already: %s",
				    posting->account, now);
	TRY(post_append(posting, books, &event, err));
	describe(&holder, false, now, sizeof(now));
	done_add(posting, "terms are %s", now);
	return SB_OK;
}

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct terms *terms = posting->ctx;

	if (terms->others)
		TRY(plan_terms(posting, books, err));
	if (terms->contacts || terms->managers)
		TRY(plan_people(posting, books, terms->others ? 2 : 1, err));
	return SB_OK;
}

/* What `terms` shows. */
struct listing {
	struct env *env;
	struct selection *selection;
	struct output *output;
	bool has_own; /* a term of a row is the account's own */
};

static int show_lines(struct books *books, void *ctx, struct sb_error *err)
{
	struct listing *listing = ctx;
	const struct account *account;
	struct holder holder;
	struct people people;
	char now[TERMS_SIZE];

	TRY(books_account(books, listing->selection->list[0], &account, err));
	TRY(find_holder(listing->env, books, account, &holder, err));
	describe(&holder, true, now, sizeof(now));
	for (char *at = now, *line; (line = strsep(&at, "\n"));)
		report(listing->env, "%s", line);
	TRY(books_people(books, account, &people, err));
	if (*people.contacts)
		report(listing->env, "%-11s  %s", "contacts", people.contacts);
	if (*people.managers)
		report(listing->env, "%-11s  %s", "managers", people.managers);
	return SB_OK;
}

/* Prints a term that can also come from the settings; in a table, one of the account's [own] is
 * marked. */
static void print_term(struct listing *listing, size_t column, const char *value, bool own)
{
	char marked[LEVER_NAME_SIZE + 1];

	listing->has_own = listing->has_own || own;
	(void)snprintf(marked, sizeof(marked), "%s%s", value,
		       own && prints_for_people(listing->env) ? "*" : "");
	output_text(listing->output, column, marked);
}

static int print_row(struct listing *listing, struct books *books, const struct account *account,
		     struct sb_error *err)
{
	struct holder holder;
	const bool enforcement = account->enforcement != ENFORCE_SITE;
	const bool meter = account->meter != METER_SITE, lever = *account->field;
	char name[LEVER_NAME_SIZE], thresholds[THRESHOLDS_TEXT_SIZE], own[64];
	struct output *output = listing->output;
	struct people people;

	TRY(find_holder(listing->env, books, account, &holder, err));
	output_row(output);
	output_text(output, COLUMN_ACCOUNT, account->name);
	output_unit(output, account->name);
	output_text(output, COLUMN_ALLOWANCE, account->unlimited ? "unlimited" : "limited");
	output_amount(output, COLUMN_CREDIT, account->credit);
	print_term(
		listing, COLUMN_ENFORCEMENT,
		event_word(FIELD_AT_ENFORCEMENT, (uint8_t)enforcement_of(account, &holder.rules)),
		enforcement);
	print_term(listing, COLUMN_METER,
		   event_word(FIELD_AT_METER, (uint8_t)metering_of(account, &holder.rules)), meter);
	print_term(listing, COLUMN_LEVER, lever_of(&holder, name), lever);
	print_term(listing, COLUMN_THRESHOLDS,
		   thresholds_text(thresholds, thresholds_of(account, &holder.rules)),
		   account->own_thresholds);
	(void)snprintf(own, sizeof(own), "%s%s%s%s", enforcement ? ",enforce" : "",
		       meter ? ",meter" : "", lever ? ",lever" : "",
		       account->own_thresholds ? ",thresholds" : "");
	output_text(output, COLUMN_OWN, *own ? own + 1 : "");
	output_amount(output, COLUMN_QUOTA, account->quota.amount);
	output_text(output, COLUMN_EVERY,
		    account->quota.amount ? period_words[account->quota.every] : "");
	output_amount(output, COLUMN_SHARE, account->share);
	TRY(books_people(books, account, &people, err));
	output_text(output, COLUMN_CONTACTS, people.contacts);
	output_text(output, COLUMN_MANAGERS, people.managers);
	return SB_OK;
}

static bool has_credit(const struct purses *purses)
{
	for (size_t i = 0; i < purses->count; i++) {
		if (purses->list[i]->credit > 0)
			return true;
	}
	return false;
}

static int list(struct books *books, void *ctx, struct sb_error *err)
{
	struct listing *listing = ctx;
	struct purses purses;
	int rc = SB_OK;

	TRY(selection_find(listing->selection, listing->env, books, err));
	TRY(selection_purses(listing->selection, books, &purses, err));
	output_if_empty(listing->output,
			"the bank has no accounts yet: `subank open ACCOUNT SU` opens one");
	/* Without any credit there are no amounts that need a unit. */
	if (has_resources(&purses) && (has_credit(&purses) || !prints_for_people(listing->env)))
		output_show_units(listing->output);
	for (size_t i = 0; i < purses.count && !rc; i++)
		rc = print_row(listing, books, purses.list[i], err);
	purses_release(&purses);
	return rc;
}

static int print_table(struct listing *listing)
{
	struct env *env = listing->env;
	struct column shown[COLUMN_COUNT];
	int status;

	memcpy(shown, columns, sizeof(columns));
	shown[COLUMN_OWN].shown = !prints_for_people(env);
	status = output_from_bank(env, shown, COLUMN_COUNT, list, listing, &listing->output);
	if (status == EXIT_DONE && listing->has_own && env->os.out_is_terminal &&
	    output_has_frame(env))
		report(env, "Terms with * are the account's own, not the settings'.");
	return status;
}

/* Shows the terms of one account in lines, those of several in a table. */
static int show(struct env *env, int argc, const char *const argv[])
{
	struct selection selection;
	struct listing listing = {.env = env, .selection = &selection};
	struct sb_error err;
	int status = selection_read_purses(env, argc, argv, &selection);

	if (status != EXIT_DONE)
		return status;
	if (selection.count == 1 && prints_for_people(env) && !option(env, "format"))
		status = bank_read(env->bank, env->os.now(), show_lines, &listing, &err)
				 ? fail(env, &err)
				 : EXIT_DONE;
	else
		status = print_table(&listing);
	if (status == EXIT_DONE && selection.missing > 0)
		status = EXIT_REFUSED;
	selection_release(&selection);
	return status;
}

/* Reads one of the words of [field]; NULL is none. [what] begins the error. */
static int read_word(const char *text, enum event_field field, const char *what, uint8_t *ret,
		     struct sb_error *err)
{
	const char *const *words = event_fields[field].words;

	if (!text)
		return SB_OK;
	for (uint8_t i = 0; words[i]; i++) {
		if (strcmp(text, words[i]) == 0) {
			*ret = i;
			return SB_OK;
		}
	}
	return nearest_error(what, text, words, err);
}

static int read_quota(const struct posting *posting, struct terms *terms, struct sb_error *err)
{
	const struct env *env = posting->env;
	const char *quota = option(env, "quota"), *start = option(env, "start");
	const char *forgive = option(env, "forgive-below");

	terms->start_given = start;
	terms->forgive_given = forgive;
	terms->no_quota = quota && strcmp(quota, "none") == 0;
	terms->quota_given =
		quota || start || forgive || option(env, "every") || option(env, "carry");
	terms->quota.carry = -1;
	if (quota && !terms->no_quota)
		TRY(amount_read(posting, quota, false, &terms->quota.amount, err));
	TRY(every_option(env, &terms->quota.every, err));
	TRY(count_option(env, "carry", 0, EVENT_CARRY_MAX, &terms->quota.carry, err));
	if (start)
		TRY(when_parse(start, env->os.now(), &terms->quota.start, err));
	return forgive ? amount_read(posting, forgive, true, &terms->quota.forgive_below, err)
		       : SB_OK;
}

/* "none" and 0 are none. */
static int read_share(const struct posting *posting, struct terms *terms, struct sb_error *err)
{
	const char *share = option(posting->env, "default-share");

	terms->share_given = share;
	if (!share || strcmp(share, "none") == 0)
		return SB_OK;
	if (purse_user(posting->account))
		return sb_error_set(err, SB_EINVAL,
				    "'%s' is the share of one user: --default-share is a term of "
				    "the account",
				    posting->account);
	return amount_read(posting, share, false, &terms->share, err);
}

/* Reads --contact or --manager; "none" is the empty list. */
static int read_people(const struct posting *posting, const char *name, people_check *check,
		       const char **ret, struct sb_error *err)
{
	const char *list = option(posting->env, name);

	*ret = list && strcmp(list, "none") == 0 ? "" : list;
	if (!list)
		return SB_OK;
	if (!purse_is_account(posting->account))
		return sb_error_set(err, SB_EINVAL,
				    "--%s is a term of the account: leave --resource out", name);
	if (!*list)
		return sb_error_set(err, SB_EINVAL, "--%s is empty: `none` ends the list", name);
	return people_list_check(*ret, check, err);
}

static int read_terms(const struct posting *posting, struct terms *terms, struct sb_error *err)
{
	const struct env *env = posting->env;
	const char *credit = option(env, "credit"), *list = option(env, "thresholds");
	struct thresholds thresholds;

	if (!purse_is_account(posting->account) && (option(env, "lever") || option(env, "meter")))
		return sb_error_set(
			err, SB_EINVAL,
			"--lever and --meter are terms of the account: a budget of %s is "
			"metered like the account and held by its own limit; leave "
			"--resource out",
			purse_resource(posting->account));

	terms->allowance_given = option(env, "limited") || option(env, "unlimited");
	terms->allowance = option(env, "unlimited") ? ALLOWANCE_UNLIMITED : ALLOWANCE_LIMITED;
	terms->credit_given = credit;
	terms->enforcement = option(env, "enforce");
	terms->meter = option(env, "meter");
	terms->lever = option(env, "lever");
	terms->thresholds_given = list;
	if (credit)
		TRY(amount_read(posting, credit, true, &terms->credit, err));
	TRY(read_word(terms->enforcement, FIELD_AT_ENFORCEMENT, "there is no rule for --enforce",
		      &terms->enforcement_word, err));
	if (terms->enforcement && terms->enforcement_word == ENFORCE_SCAVENGE &&
	    !env->settings.scavenger_qos)
		return sb_error_set(err, SB_EREFUSED,
				    "--enforce scavenge needs `scavenger_qos` in the settings: the "
				    "QOS whose jobs start in a spent account");
	TRY(read_word(terms->meter, FIELD_AT_METER, "there is no meter", &terms->meter_word, err));
	TRY(read_quota(posting, terms, err));
	TRY(read_share(posting, terms, err));
	TRY(read_people(posting, "contact", contact_check, &terms->contacts, err));
	TRY(read_people(posting, "manager", manager_check, &terms->managers, err));
	if (terms->lever && strcmp(terms->lever, "site") != 0)
		TRY(lever_parse(terms->lever, &terms->choice, err));
	if (list && strcmp(list, "site") != 0) {
		TRY(thresholds_parse(list, &thresholds, err));
		thresholds_text(terms->thresholds, &thresholds);
	}
	return SB_OK;
}

static void add_quota_request(struct posting *posting, const struct terms *terms)
{
	const struct quota *quota = &terms->quota;

	if (terms->no_quota)
		request_add(posting, " quota none");
	if (quota->amount)
		request_add(posting, " quota %" PRId64 "s", quota->amount);
	if (quota->every)
		request_add(posting, " every %s", period_words[quota->every]);
	if (terms->start_given)
		request_add(posting, " start %s", option(posting->env, "start"));
	if (quota->carry >= 0)
		request_add(posting, " carry %" PRId64, quota->carry);
	if (terms->forgive_given)
		request_add(posting, " forgive-below %" PRId64 "s", quota->forgive_below);
}

static void add_request(struct posting *posting, const struct terms *terms)
{
	const struct lever_choice *choice = &terms->choice;

	if (terms->allowance_given)
		request_add(posting,
			    terms->allowance == ALLOWANCE_UNLIMITED ? " unlimited" : " limited");
	if (terms->credit_given)
		request_add(posting, " credit %" PRId64 "s", terms->credit);
	if (terms->enforcement)
		request_add(posting, " enforce %s", terms->enforcement);
	if (terms->lever)
		request_add(posting, " lever %s%s%s", *choice->field ? choice->field : "site",
			    *choice->tres ? "=" : "", choice->tres);
	if (terms->thresholds_given)
		request_add(posting, " thresholds %s",
			    *terms->thresholds ? terms->thresholds : "site");
	if (terms->meter)
		request_add(posting, " meter %s", terms->meter);
	add_quota_request(posting, terms);
	if (terms->share)
		request_add(posting, " default-share %" PRId64 "s", terms->share);
	else if (terms->share_given)
		request_add(posting, " default-share none");
	if (terms->contacts)
		request_add(posting, " contact %s", or_none(terms->contacts));
	if (terms->managers)
		request_add(posting, " manager %s", or_none(terms->managers));
}

/* Returns whether a term is given that belongs to a `terms` entry. */
static bool changes_terms(const struct env *env)
{
	static const char *const terms[] = {
		"limited", "unlimited",	    "credit",	    "enforce", "lever",
		"meter",   "thresholds",    "quota",	    "every",   "start",
		"carry",   "forgive-below", "default-share"};

	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		if (option(env, terms[i]))
			return true;
	}
	return false;
}

/* Warns about a manager whom the machine does not know, perhaps by a slip. A comma_item. */
static int warn_unknown(void *ctx, const char *user, struct sb_error *err)
{
	struct env *env = ctx;
	uint32_t uid;

	(void)err;
	if (*user && env->os.user_id && env->os.user_id(user, &uid) == UID_ABSENT)
		warning(env,
			"this machine knows no user '%s': the manager can send requests once "
			"it does",
			user);
	return SB_OK;
}

static bool shows(const struct env *env)
{
	return !changes_terms(env) && !option(env, "contact") && !option(env, "manager");
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct terms terms = {.others = changes_terms(env)};
	struct posting posting = {.env = env, .plan = plan, .ctx = &terms, .settle = terms.others};
	struct sb_error err;
	int status;

	if (shows(env))
		return show(env, argc, argv);
	if (argc != 1 || option(env, "accounts"))
		return usage(env, "terms are changed for one account at a time: ACCOUNT");
	status = posting_begin(&posting, argv[0]);
	if (status == EXIT_DONE && option(env, "limited") && option(env, "unlimited"))
		status = usage(env, "--limited and --unlimited exclude each other");
	if (status == EXIT_DONE && read_terms(&posting, &terms, &err))
		status = fail(env, &err);
	if (status == EXIT_DONE && terms.no_quota &&
	    (terms.quota.every || terms.start_given || terms.quota.carry >= 0 ||
	     terms.forgive_given))
		status = usage(env, "--quota none ends the quota: leave out --every, --start, "
				    "--carry and --forgive-below");
	if (status != EXIT_DONE)
		return status;
	add_request(&posting, &terms);
	if (terms.others && (terms.contacts || terms.managers))
		posting.entries = 2;
	if (terms.credit_given)
		status = amount_confirm(&posting, option(env, "credit"), terms.credit);
	if (status == EXIT_DONE && terms.quota.amount)
		status = amount_confirm(&posting, option(env, "quota"), terms.quota.amount);
	if (status == EXIT_DONE && terms.share)
		status = amount_confirm(&posting, option(env, "default-share"), terms.share);
	if (status == EXIT_DONE)
		status = post(&posting);
	if (status_goes_on(status) && terms.managers)
		(void)comma_each(terms.managers, warn_unknown, env, &err);
	return status;
}

const struct command cmd_terms = {
	.name = "terms",
	.arguments = "[ACCOUNT...]",
	.summary = "show the terms of accounts, or change those of one",
	.details =
		"Without an option that changes something, shows the terms that apply: those of "
		"one account in lines, those of several in a table. Columns: Account, Allowance, "
		"Credit, Enforce (the rule), Meter, Lever, Thresholds. A table marks terms of the "
		"account's own with `*`; forms for programs name them in the column Own. The "
		"others are those of the settings or, for a budget of another resource, those of "
		"its account; Allowance and Credit are never inherited. With `-o`, Quota and its "
		"period, Every, and Share, the default one, can be shown too.\n"
		"Terms that are not named stay; `site` takes the settings' (a budget of another "
		"resource: its account's).\n"
		"RULE is what happens when the allowance is spent:\n"
		"- off: nothing, only the books are kept\n"
		"- warn: `subank check` reports it\n"
		"- hold: jobs no longer start\n"
		"- limit: Slurm itself starts only jobs that fit into what is left, by their time "
		"limits\n"
		"- scavenge: as hold, but jobs in the site's scavenger QOS still start "
		"(`scavenger_qos` in the settings; subank(7))\n"
		"LIMIT is set to 0 to hold the account. `GrpTRESMins=TRES` (cpu, node, gres/gpu "
		"...), `GrpTRESRunMins=TRES` and `GrpJobs` keep queued and new jobs waiting; "
		"`GrpSubmitJobs` refuses new ones, and queued ones still start. subank(7) compares "
		"them.\n"
		"METER: rawusage charges what slurmctld counts at each check. jobs charges each "
		"job once, when it has ended and slurmdbd has it on record; it also works where "
		"usage decays. The first check under another meter switches: it records the "
		"difference between the books and sacct up to that moment, and counts jobs from "
		"there on. A switch to rawusage waits until none of the account's jobs runs: "
		"subank(7) explains why.\n"
		"The check deposits a quota once for each period, before it charges use of the "
		"period, even if the check is late. What is left at the end of the "
		"period expires, or with --carry N after N more periods. The quota pays debt "
		"first. With --forgive-below SU, debt of that much or less is forgiven before the "
		"quota is deposited. Without --start the first period is the present day, week "
		"(from Monday), month, quarter or year, and its whole quota comes at the next "
		"check. "
		"Periods follow the local calendar: from 31 January, the next months begin on the "
		"last day of February and on 31 March. A new amount counts from the next period "
		"on; a quota that is due already is deposited first. No time gets two quotas.\n"
		"With --default-share SU, the check gives each user whom Slurm has in the account, "
		"and who never had a share of it, a share of that amount, once (`subank share`). "
		"Those who are there get it at once. It counts from then on, and ends with the "
		"account's money that ends last. "
		"A share that was ended is not given again. A new amount is for later users: "
		"shares that exist stay. The check then reads all users (`sshare -a`); it leaves "
		"out those whose names no share can have.\n"
		"The contacts of an account are mail addresses, for the notify command. Its "
		"managers are users who may ask for its money to be moved; the verb warns about "
		"those whom the machine does not know. Each option replaces "
		"the whole list, and `none` empties it; the columns Contacts and Managers can be "
		"shown with `-o`.",
	.examples = EXAMPLES(
		{"subank terms physics", "show them"},
		{"subank terms", "those of all accounts, in a table"},
		{"subank terms physics --credit 100", "let it go 100 SU below zero"},
		{"subank terms physics --unlimited", "charged, never held for funds"},
		{"subank terms physics --enforce limit --lever GrpJobs", "its own rule and lever"},
		{"subank terms physics --meter jobs", "charged job by job, as sacct has them"},
		{"subank terms physics --quota 1000 --every month --carry 1",
		 "1000 SU a month, usable until the end of the next"},
		{"subank terms physics --default-share 100",
		 "100 SU for each user who never had a share"},
		{"subank terms physics --thresholds site", "use the settings'"},
		{"subank terms physics --contact pi@example.org", "its mail goes there"}),
	.see_also = "check set share",
	.max_args = -1,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM | CMD_ASK | CMD_LIST | CMD_SORT,
	.options = OPTIONS(
		{"limited", 0, NULL, "spent funds hold the account"},
		{"unlimited", 0, NULL, "use is charged, and never holds the account"},
		{"credit", 0, "SU", "how far below zero the balance may go; 0 for none"},
		{"enforce", 0, "RULE", "site, off, warn, hold, limit or scavenge"},
		{"lever", 0, "LIMIT", "limit that holds it: site, GrpTRESMins=cpu, GrpJobs"},
		{"meter", 0, "METER", "how to charge use: site, rawusage or jobs"},
		{"thresholds", 0, "PERCENTS", "percents of use to report (60,90), none or site"},
		{"quota", 0, "SU", "deposit this at the start of each period, or none"},
		{"every", 0, "PERIOD", "of the quota: how long a period is"},
		{"start", 0, "TIME", "of the quota: start of the first period"},
		{"carry", 0, "N", "of the quota: usable for N more periods; 0 for none"},
		{"forgive-below", 0, "SU", "of the quota: forgive debt up to this; 0 for none"},
		{"default-share", 0, "SU", "share for each user who never had one, or `none`"},
		{"contact", 0, "ADDRESSES", "who gets mail about it: a@x.org,b@x.org or none"},
		{"manager", 0, "USERS", "users who may ask for its money to be moved, or none"},
		RESOURCE_OPTION),
	.only_reads = shows,
	.run = run,
};
