/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/mail/statements.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/mail/fill.h"
#include "cmd/mail/occasion.h"
#include "cmd/mail/send.h"
#include "cmd/show/selection.h"
#include "ledger/base/array.h"
#include "ledger/base/lock.h"
#include "ledger/base/period.h"
#include "ledger/base/when.h"
#include "ledger/books/people.h"
#include "ledger/report/statement.h"

/* A purse of the account at hand. */
struct section {
	char purse[NAME_SIZE];
	bool jobs; /* it is charged by job: its users are known */
	bool used; /* it had or moved something in the period */
};

struct run {
	struct env *env;
	struct selection selection;
	int64_t since, until;
	char (*accounts)[NAME_SIZE];
	size_t account_count;
	char bank[BANK_ID_TEXT_SIZE];
	/* of the account at hand: */
	const char *account;
	struct people people;
	int64_t sent;
	struct section *sections;
	size_t section_count;
	/* results */
	size_t mailed, before, alone, failed;
};

/* ---- reading the books ---- */

static int list_accounts(struct books *books, void *ctx, struct sb_error *err)
{
	struct run *run = ctx;
	size_t count;

	free(run->accounts);
	run->accounts = NULL;
	run->account_count = 0;
	(void)hex_format(run->bank, books_id(books), BANK_ID_SIZE);
	if (run->selection.count > 0)
		TRY(selection_find(&run->selection, run->env, books, err));
	TRY(books_load_all(books, &count, err));
	for (size_t i = 0; i < count; i++) {
		const char *name = books_at(books, i)->name;
		char(*added)[NAME_SIZE];

		if (!purse_is_account(name) || !selection_has(&run->selection, name))
			continue;
		added = array_add(run->accounts, run->account_count);
		if (!added)
			return sb_error_nomem(err);
		memcpy(*added, name, strlen(name) + 1);
	}
	return SB_OK;
}

static int add_section(struct run *run, const struct account *purse, struct sb_error *err)
{
	struct section *section;

	if (purse_user(purse->name))
		return SB_OK;
	section = array_add(run->sections, run->section_count);
	if (!section)
		return sb_error_nomem(err);
	*section = (struct section){.purse = ""};
	(void)snprintf(section->purse, sizeof(section->purse), "%s", purse->name);
	for (size_t i = 0; i < purse->meter_count; i++)
		section->jobs = section->jobs || purse->meters[i].jobs;
	return SB_OK;
}

/* Reads the contacts and purses of the account at hand. */
static int read_account(struct books *books, void *ctx, struct sb_error *err)
{
	struct run *run = ctx;
	const struct account *account;
	struct purses purses;
	int rc;

	free(run->sections);
	run->sections = NULL;
	run->section_count = 0;
	TRY(books_account(books, run->account, &account, err));
	TRY(books_people(books, account, &run->people, err));
	TRY(books_statement_sent(books, run->account, &run->sent, err));
	TRY(add_section(run, account, err));
	TRY(books_purses(books, run->account, &purses, err));
	rc = SB_OK;
	for (size_t i = 0; i < purses.count && !rc; i++)
		rc = add_section(run, purses.list[i], err);
	purses_release(&purses);
	return rc;
}

/* Finds whether there is anything to report about a purse. */
static int find_use(const struct run *run, struct section *section, struct sb_error *err)
{
	struct statement statement = {
		.account = section->purse, .since = run->since, .until = run->until};

	TRY(bank_read(run->env->bank, run->env->os.now(), statement_make, &statement, err));
	section->used = statement.count > 0 || statement.opening.balance != 0 ||
			statement.closing.balance != 0;
	statement_release(&statement);
	return SB_OK;
}

/* ---- the text ---- */

/* Prints the statement of a purse to [to], by `subank statement`. Returns its exit status. */
static int print_section(const struct run *run, const struct section *section, FILE *to)
{
	const char *const argv[] = {section->purse};
	const char *values[OPTIONS_MAX] = {NULL};
	char since[WHEN_TEXT_SIZE], until[WHEN_TEXT_SIZE];
	struct env own = *run->env;

	own.command = command_find("statement");
	own.values = values;
	own.os.out = to;
	own.os.out_is_terminal = true;
	own.os.out_width = FILL_COLUMNS_MAX;
	own.os.err_is_terminal = false;
	own.quiet = false;
	values[option_place(own.command, "color")] = "never";
	values[option_place(own.command, "since")] = when_format_offset(since, run->since);
	values[option_place(own.command, "until")] = when_format_offset(until, run->until);
	if (section->jobs)
		values[option_place(own.command, "by")] = "user";
	return own.command->run(&own, 1, argv);
}

/* Makes the text of all purses, which the caller frees. "" if there is nothing to report. If
 * *ret_status is not EXIT_DONE, an error was printed. */
static int make_text(struct run *run, char **ret, int *ret_status, struct sb_error *err)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	bool begun = false;
	int rc = SB_OK;

	*ret_status = EXIT_DONE;
	if (!to)
		return sb_error_nomem(err);
	for (size_t i = 0; i < run->section_count && !rc && *ret_status == EXIT_DONE; i++) {
		struct section *section = &run->sections[i];

		rc = find_use(run, section, err);
		if (rc || !section->used)
			continue;
		if (begun)
			fputc('\n', to);
		begun = true;
		*ret_status = print_section(run, section, to);
	}
	if (fclose(to) != 0 && !rc)
		rc = sb_error_nomem(err);
	if (rc)
		free(text);
	else
		*ret = text;
	return rc;
}

static int fill_values(const struct run *run, const char *text, struct mail_values *values,
		       struct sb_error *err)
{
	char from[WHEN_TEXT_SIZE], to[WHEN_TEXT_SIZE];

	TRY(occasion_common(run->env, values, err));
	TRY(mail_value(values, WORD_ACCOUNT, err, "%s", run->account));
	(void)when_format_last(to, run->until);
	TRY(mail_value(values, WORD_FROM, err, "%s", when_format_short(from, run->since)));
	TRY(mail_value(values, WORD_TO, err, "%s", to));
	return mail_value(values, WORD_STATEMENT, err, "%s", text);
}

/* Names the statement in a Message-ID, where an account's name may not be as it is. */
static void make_id(const struct run *run, char *to, size_t size)
{
	char from[WHEN_TEXT_SIZE];
	size_t len = (size_t)snprintf(to, size, "statement.%s.%.*s.",
				      when_format_short(from, run->since), HASH_SHORT, run->bank);

	for (const char *c = run->account; *c && len + 4 < size; c++) {
		bool plain = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '-';

		len += (size_t)snprintf(to + len, size - len, plain ? "%c" : "=%02x",
					(unsigned char)*c);
	}
}

/* ---- sending ---- */

static int set_sent(struct books *books, void *ctx, struct sb_error *err)
{
	const struct run *run = ctx;

	return books_set_statement_sent(books, run->account, run->until, err);
}

static int send_text(struct run *run, const char *to, const char *text, struct sb_error *err)
{
	struct env *env = run->env;
	struct mail_values values = {0};
	char id[4 * NAME_SIZE];
	const struct mailing mailing = {.kind = MAIL_STATEMENT,
					.values = &values,
					.to = to,
					.id = id,
					.deadline_ms = env->settings.notify_seconds * 1000};
	int rc = fill_values(run, text, &values, err);

	make_id(run, id, sizeof(id));
	if (option(env, "dry-run") && run->mailed > 0)
		fputc('\n', env->os.out);
	if (!rc)
		rc = mail_send(env, &mailing, err);
	mail_values_release(&values);
	/* After the mail: one that is sent twice is better than none. */
	if (!rc && !option(env, "dry-run"))
		rc = bank_write(env->bank, env->os.now(), set_sent, run, err);
	return rc;
}

/* Mails the statement of the account at hand. *ret_status is not EXIT_DONE if the statement cannot
 * be made, which was printed. */
static int mail_account(struct run *run, int *ret_status, struct sb_error *err)
{
	const struct env *env = run->env;
	const char *to;
	char *text = NULL;
	int rc;

	*ret_status = EXIT_DONE;
	TRY(bank_read(env->bank, env->os.now(), read_account, run, err));
	to = *run->people.contacts ? run->people.contacts : env->settings.mail_to;
	if (!to) {
		run->alone++;
		return SB_OK;
	}
	if (run->sent >= run->until && !option(env, "again")) {
		run->before++;
		return SB_OK;
	}
	TRY(make_text(run, &text, ret_status, err));
	rc = SB_OK;
	if (text && *text && *ret_status == EXIT_DONE) {
		rc = send_text(run, to, text, err);
		run->mailed += !rc;
	}
	free(text);
	return rc;
}

/* Whether other mails may succeed after this error. */
static bool is_of_one(int code)
{
	return code == SB_EFAILED || code == SB_ECORRUPT;
}

static int mail_all(struct run *run)
{
	struct env *env = run->env;
	int status = run->selection.missing > 0 ? EXIT_PART : EXIT_DONE;

	for (size_t i = 0; i < run->account_count; i++) {
		struct sb_error err;
		int printed, rc;

		run->account = run->accounts[i];
		rc = mail_account(run, &printed, &err);
		if (rc)
			warning(env,
				"%s: the statement was not mailed, the next `subank mail "
				"--statements` tries again: %s",
				run->account, err.text);
		if (rc || printed != EXIT_DONE)
			status = EXIT_PART;
		if (rc && !is_of_one(rc))
			break;
	}
	return status;
}

static void report_run(const struct run *run)
{
	struct env *env = run->env;
	char from[WHEN_TEXT_SIZE];

	if (option(env, "dry-run")) {
		/* Otherwise the mail was printed. */
		if (run->mailed == 0)
			note(env,
			     "no statement of the month from %s would be mailed; %zu mailed "
			     "before; %zu account%s without contacts",
			     when_format_short(from, run->since), run->before, run->alone,
			     run->alone == 1 ? "" : "s");
		return;
	}
	report(env,
	       "mailed %zu statement%s of the month from %s; %zu mailed before; %zu account%s "
	       "without contacts",
	       run->mailed, run->mailed == 1 ? "" : "s", when_format_short(from, run->since),
	       run->before, run->alone, run->alone == 1 ? "" : "s");
}

static int run_locked(struct run *run)
{
	struct env *env = run->env;
	struct sb_error err;
	int status;

	if (bank_read(env->bank, env->os.now(), list_accounts, run, &err))
		return fail(env, &err);
	status = mail_all(run);
	report_run(run);
	return status;
}

int statements_mail(struct env *env, int argc, const char *const argv[])
{
	struct run run = {.env = env};
	int status = selection_read(env, argc, argv, &run.selection), lock = -1;
	struct sb_error err;

	if (status != EXIT_DONE)
		return status;
	run.until = period_start(EVERY_MONTH, env->os.now());
	run.since = period_start(EVERY_MONTH, run.until - 1);
	if (!option(env, "dry-run") &&
	    lock_take(&(struct lock_request){.folder = store_folder(bank_store(env->bank)),
					     .name = "mail.lock",
					     .wait_ms = env->store.wait_ms,
					     .doing = env->doing,
					     .what = "the mail of statements"},
		      &lock, &err))
		status = fail(env, &err);
	else
		status = run_locked(&run);
	lock_drop(lock);
	free(run.accounts);
	free(run.sections);
	selection_release(&run.selection);
	return status;
}
