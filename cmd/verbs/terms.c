/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/check/checkup.h"
#include "cmd/enter/money.h"
#include "cmd/enter/post.h"
#include "cmd/frame/command.h"
#include "cmd/frame/lever.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "ledger/base/amount.h"
#include "ledger/base/nearest.h"

/* What was asked to change; the rest stays. */
struct terms {
	bool allowance_given, credit_given;
	uint8_t allowance;
	int64_t credit;
	const char *enforcement; /* NULL: not given */
	const char *lever;
	uint8_t enforcement_word;
	const char *meter;
	uint8_t meter_word;
	struct lever_choice choice; /* empty for the site's */
	bool thresholds_given;
	char thresholds[THRESHOLDS_TEXT_SIZE]; /* likewise "" */
};

/* The terms in force, in one line or, as [lines], each on its own with whose they are. */
static void describe(const struct env *env, const struct account *account, bool lines, char *to,
		     size_t size)
{
	const struct rules rules = settings_rules(&env->settings);
	const struct limit hold = hold_limit(account, &rules);
	char credit[QUANTITY_SIZE], lever[LEVER_NAME_SIZE], thresholds[THRESHOLDS_TEXT_SIZE];
	const struct {
		const char *name, *value;
		bool site;
	} terms[] = {
		{"allowance", account->unlimited ? "unlimited" : "limited", false},
		{"credit", quantity(env, credit, account->credit), false},
		{"enforcement",
		 event_word(FIELD_AT_ENFORCEMENT, (uint8_t)enforcement_of(account, &rules)),
		 account->enforcement == ENFORCE_SITE},
		{"lever", lever_name(lever, hold.field, hold.tres), !*account->field},
		{"meter", event_word(FIELD_AT_METER, (uint8_t)metering_of(account, &rules)),
		 account->meter == METER_SITE},
		{"thresholds", thresholds_text(thresholds, thresholds_of(account, &rules)),
		 !account->own_thresholds},
	};
	size_t len = 0;

	to[0] = '\0';
	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]) && len < size; i++) {
		const char *whose = terms[i].site ? " (the settings')" : "";

		len += (size_t)(lines ? snprintf(to + len, size - len, "%s%-11s  %s%s",
						 i ? "\n" : "", terms[i].name, terms[i].value,
						 whose)
				      : snprintf(to + len, size - len, "%s%s %s", i ? ", " : "",
						 terms[i].name, terms[i].value));
	}
}

static const char *own_thresholds(const struct account *account, char to[THRESHOLDS_TEXT_SIZE])
{
	return account->own_thresholds ? thresholds_text(to, &account->thresholds) : "";
}

static bool same(const struct account *account, const struct event *event)
{
	char thresholds[THRESHOLDS_TEXT_SIZE];

	return account->unlimited == (event->allowance == ALLOWANCE_UNLIMITED) &&
	       account->credit == event->credit && account->enforcement == event->enforcement &&
	       account->meter == event->meter && strcmp(account->field, event->field) == 0 &&
	       strcmp(account->tres, event->tres) == 0 &&
	       strcmp(own_thresholds(account, thresholds), event->thresholds) == 0;
}

static int plan(struct posting *posting, struct books *books, struct sb_error *err)
{
	const struct terms *terms = posting->ctx;
	struct event event = {.kind = EVENT_TERMS, .account = posting->account};
	char field[sizeof(terms->choice.field)], tres[sizeof(terms->choice.tres)];
	char now[480], thresholds[THRESHOLDS_TEXT_SIZE];
	const struct account *account;
	int rc = books_account(books, posting->account, &account, err);

	if (rc)
		return rc;
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
	describe(posting->env, account, false, now, sizeof(now));
	if (same(account, &event))
		return sb_error_set(err, SB_EREFUSED, "account '%s' has these terms already: %s",
				    posting->account, now);
	stamp(posting, &event);
	rc = books_append(books, &event, err);
	describe(posting->env, account, false, now, sizeof(now));
	(void)snprintf(posting->done, sizeof(posting->done), "terms are %s", now);
	return rc;
}

static int show(struct books *books, void *ctx, struct sb_error *err)
{
	struct posting *posting = ctx;
	const struct account *account;
	char now[480];
	int rc = books_account(books, posting->account, &account, err);

	if (rc)
		return rc;
	describe(posting->env, account, true, now, sizeof(now));
	for (char *at = now, *line; (line = strsep(&at, "\n"));)
		report(posting->env, "%s", line);
	return SB_OK;
}

static int read_credit(struct env *env, struct terms *terms)
{
	const char *credit = option(env, "credit");
	struct sb_error err;

	terms->credit_given = credit;
	if (credit && amount_parse_zero(credit, &terms->credit, &err))
		return fail(env, &err);
	return EXIT_DONE;
}

/* Reads one of the words of [field]; NULL is none. [what] is what it would be: "rule". */
static int read_word(struct env *env, const char *text, enum event_field field, const char *what,
		     uint8_t *ret)
{
	const char *const *words = event_fields[field].words;
	struct sb_error err;

	for (uint8_t i = 0; text && words[i]; i++) {
		if (strcmp(text, words[i]) == 0) {
			*ret = i;
			return EXIT_DONE;
		}
	}
	if (!text)
		return EXIT_DONE;
	nearest_error(what, text, words, &err);
	return fail(env, &err);
}

static int read_words(struct env *env, struct terms *terms)
{
	int status;

	terms->enforcement = option(env, "enforce");
	terms->meter = option(env, "meter");
	status = read_word(env, terms->enforcement, FIELD_AT_ENFORCEMENT,
			   "there is no rule for --enforce", &terms->enforcement_word);
	return status == EXIT_DONE ? read_word(env, terms->meter, FIELD_AT_METER,
					       "there is no meter", &terms->meter_word)
				   : status;
}

static int read_lever(struct env *env, struct terms *terms)
{
	struct sb_error err;

	terms->lever = option(env, "lever");
	if (!terms->lever || strcmp(terms->lever, "site") == 0)
		return EXIT_DONE;
	return lever_parse(terms->lever, &terms->choice, &err) ? fail(env, &err) : EXIT_DONE;
}

static int read_thresholds(struct env *env, struct terms *terms)
{
	const char *text = option(env, "thresholds");
	struct thresholds thresholds;
	struct sb_error err;

	terms->thresholds_given = text;
	if (!text || strcmp(text, "site") == 0)
		return EXIT_DONE;
	if (thresholds_parse(text, &thresholds, &err))
		return fail(env, &err);
	thresholds_text(terms->thresholds, &thresholds);
	return EXIT_DONE;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct terms terms = {0};
	struct posting posting = {.env = env, .plan = plan, .ctx = &terms, .settle = true};
	bool limited = option(env, "limited"), unlimited = option(env, "unlimited");
	char name[NAME_SIZE], credit[QUANTITY_SIZE] = "";
	struct sb_error err;
	int status = read_account(env, argv[0], name);

	(void)argc;
	if (status == EXIT_DONE && limited && unlimited)
		status = usage(env, "--limited and --unlimited exclude each other");
	if (status == EXIT_DONE)
		status = read_credit(env, &terms);
	if (status == EXIT_DONE)
		status = read_words(env, &terms);
	if (status == EXIT_DONE)
		status = read_lever(env, &terms);
	if (status == EXIT_DONE)
		status = read_thresholds(env, &terms);
	if (status != EXIT_DONE)
		return status;
	terms.allowance_given = limited || unlimited;
	terms.allowance = unlimited ? ALLOWANCE_UNLIMITED : ALLOWANCE_LIMITED;
	posting.account = name;
	if (!terms.allowance_given && !terms.credit_given && !terms.enforcement && !terms.lever &&
	    !terms.thresholds_given && !terms.meter)
		return bank_read(env->bank, env->os.now(), show, &posting, &err) ? fail(env, &err)
										 : EXIT_DONE;
	if (terms.credit_given)
		(void)snprintf(credit, sizeof(credit), " credit %" PRId64 "s", terms.credit);
	(void)snprintf(posting.request, sizeof(posting.request), "terms %s%s%s%s%s%s%s%s%s%s%s%s%s",
		       name,
		       limited	   ? " limited"
		       : unlimited ? " unlimited"
				   : "",
		       credit, terms.enforcement ? " enforce " : "",
		       terms.enforcement ? terms.enforcement : "", terms.lever ? " lever " : "",
		       *terms.choice.field ? terms.choice.field
		       : terms.lever	   ? "site"
					   : "",
		       *terms.choice.tres ? "=" : "", terms.choice.tres,
		       terms.thresholds_given ? " thresholds " : "",
		       *terms.thresholds	? terms.thresholds
		       : terms.thresholds_given ? "site"
						: "",
		       terms.meter ? " meter " : "", terms.meter ? terms.meter : "");
	if (terms.credit_given)
		status = amount_confirm(&posting, option(env, "credit"), terms.credit);
	return status == EXIT_DONE ? post(&posting) : status;
}

static const struct option_spec options[] = {
	{"limited", 0, NULL, "the allowance counts"},
	{"unlimited", 0, NULL, "use is charged, and never holds the account"},
	{"credit", 0, "SU", "how far below zero the balance may go; 0 for none"},
	{"enforce", 0, "RULE", "site, off, warn, hold or limit"},
	{"lever", 0, "LIMIT", "what holds it: site, GrpTRESMins=cpu, GrpJobs ..."},
	{"meter", 0, "METER", "what use is charged by: site, rawusage or jobs"},
	{"thresholds", 0, "PERCENTS", "percents used that it tells of (60,90), none or site"},
	{NULL, 0, NULL, NULL},
};

static const struct example examples[] = {
	{"subank terms physics", "what is agreed"},
	{"subank terms physics --credit 100", "may go 100 SU below zero"},
	{"subank terms physics --unlimited", "charged, never held for funds"},
	{"subank terms physics --enforce limit --lever GrpJobs", "its own rule and lever"},
	{"subank terms physics --meter jobs", "charged job by job, as sacct has them"},
	{"subank terms physics --thresholds site", "as the settings say"},
	{NULL, NULL},
};

const struct command cmd_terms = {
	.name = "terms",
	.arguments = "ACCOUNT",
	.summary = "show or change what is agreed with an account",
	.details = "Without options, shows the terms. What is not named stays as it is; `site` "
		   "takes the settings'.\n"
		   "RULE is what a spent allowance comes to:\n"
		   "- off: the books are kept\n"
		   "- warn: `subank check` says so\n"
		   "- hold: jobs no longer start\n"
		   "- limit: Slurm itself starts only jobs that fit into what is left, by their "
		   "time limits\n"
		   "LIMIT is set to 0 to hold the account. `GrpTRESMins=TRES` (cpu, node, "
		   "gres/gpu ...), `GrpTRESRunMins=TRES` and `GrpJobs` keep queued and new jobs "
		   "waiting; `GrpSubmitJobs` refuses new ones, and queued ones still start. "
		   "subank(7) compares them.\n"
		   "METER: rawusage charges what slurmctld counts at each check. jobs charges "
		   "each job once, when it has ended and slurmdbd has it on record; it also works "
		   "where usage decays. The check that finds another meter switches: it enters the "
		   "difference between the books and sacct up to that moment, and counts jobs from "
		   "there on. To rawusage it switches once none of the account's jobs runs: "
		   "subank(7) says why.",
	.examples = examples,
	.see_also = "check set",
	.min_args = 1,
	.max_args = 1,
	.flags = CMD_WRITE | CMD_RECORD | CMD_SLURM | CMD_ASK,
	.options = options,
	.run = run,
};
