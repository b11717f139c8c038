/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/post.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "cmd/check/checkup.h"
#include "cmd/enter/batch.h"
#include "cmd/frame/command.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/frame/this_machine.h"
#include "cmd/show/account_text.h"
#include "cmd/show/head_text.h"
#include "ledger/base/text.h"
#include "ledger/books/entries.h"

struct receipt {
	struct posting *posting;
	const char *ref;
	struct head head; /* of the entry; its time is not set */
	struct funds funds; /* of the account, now */
	bool repeated; /* an entry has the ref already */
	bool ref_refused; /* an entry of another request has it */
	char place[PLACE_SIZE]; /* of this machine and folder */
	bool commands; /* the bank commands Slurm from that place */
	/* Whether the account and the receiver are held, or have a limit in Slurm that is or is to
	 * be the bank's. */
	bool settle, settle_receiver;
};

int read_account(struct env *env, const char *text, char ret[NAME_SIZE])
{
	struct sb_error err;

	return name_fold("account", text, ret, &err) ? fail(env, &err) : EXIT_DONE;
}

int read_purse(struct env *env, const char *account, char ret[NAME_SIZE])
{
	const char *resource = option_if_known(env, "resource");
	struct sb_error err;

	return purse_name(account, resource ? resource : RESOURCE_BILLING, ret, &err)
		       ? fail(env, &err)
		       : EXIT_DONE;
}

int posting_begin(struct posting *posting, const char *account)
{
	int status = read_purse(posting->env, account, posting->account);

	if (status == EXIT_DONE)
		request_add(posting, "%s %s", posting->env->command->name, posting->account);
	return status;
}

__attribute__((format(printf, 3, 0))) static void add_text(char *to, size_t size, const char *fmt,
							   va_list ap)
{
	size_t len = strlen(to);

	(void)vsnprintf(to + len, size - len, fmt, ap);
}

void request_add(struct posting *posting, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_text(posting->request, sizeof(posting->request), fmt, ap);
	va_end(ap);
}

void done_add(struct posting *posting, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_text(posting->done, sizeof(posting->done), fmt, ap);
	va_end(ap);
}

int post_append(const struct posting *posting, struct books *books, struct event *event,
		struct sb_error *err)
{
	const char *ref = option(posting->env, "ref"), *text = option(posting->env, "note");

	event->ref = ref ? ref : "";
	event->request = ref ? posting->request : "";
	event->note = text ? text : posting->note ? posting->note : "";
	return books_append(books, event, err);
}

/* Writes the ref of a request's second or later entry. Returns false if it is too long. */
static bool numbered_ref(char to[EVENT_REF_MAX + 1], const char *ref, int number)
{
	int len = snprintf(to, EVENT_REF_MAX + 1, "%s#%d", ref, number);

	return len <= EVENT_REF_MAX;
}

int post_append_numbered(const struct posting *posting, struct books *books, int number,
			 struct event *event, struct sb_error *err)
{
	const char *ref = option(posting->env, "ref"), *text = option(posting->env, "note");
	char own[EVENT_REF_MAX + 1];
	uint64_t seq;

	if (!ref || number == 1)
		return post_append(posting, books, event, err);
	if (!numbered_ref(own, ref, number))
		return sb_error_set(err, SB_EINVAL,
				    "the ref '%s' is too long for a request of several entries, "
				    "whose refs are '%s#2' and so on: use a shorter one",
				    ref, ref);
	TRY(entries_with_ref(books, own, &seq, err));
	if (seq)
		return sb_error_set(err, SB_EREFUSED,
				    "ref '%s' is taken by entry %" PRIu64
				    ", and entry %d of this request would have it: use another ref",
				    own, seq, number);
	event->ref = own;
	event->request = posting->request;
	event->note = text ? text : "";
	return books_append(books, event, err);
}

static int check_ref(const char *ref, bool own, struct sb_error *err)
{
	if (!ref)
		return SB_OK;
	if (!*ref || strlen(ref) > EVENT_REF_MAX || !text_ok(ref))
		return sb_error_set(err, SB_EINVAL,
				    "the ref '%s' must have 1 to %d bytes of printable text", ref,
				    EVENT_REF_MAX);
	if (own)
		return SB_OK;
	if (strncmp(ref, "job:", 4) == 0 || strncmp(ref, "import:", 7) == 0)
		return sb_error_set(err, SB_EINVAL,
				    "the ref '%s' begins with a word that subank keeps for itself "
				    "(job:, import:): use another",
				    ref);
	return SB_OK;
}

/* Whether the kind sets what an account has when it is opened: of a share that is given again, it
 * may be less than before. */
static bool is_first_amount(enum event_kind kind)
{
	return kind == EVENT_DEPOSIT || kind == EVENT_WITHDRAW || kind == EVENT_ADJUST;
}

/* Moves the receipt from the entry with the ref to the last one of the same request: opening an
 * account also records baselines and an amount, at the same time. */
static int find_last_entry(struct books *books, struct receipt *receipt, int64_t time,
			   struct sb_error *err)
{
	unsigned char hash[HASH_SIZE];
	struct event next = {0};
	int rc;

	for (;;) {
		rc = journal_get(books_txn(books), receipt->head.seq + 1, &next, hash, err);
		if (rc || next.time != time || *next.ref ||
		    (next.kind != EVENT_BASELINE && !is_first_amount(next.kind)) ||
		    strcmp(next.account, receipt->posting->account) != 0)
			break;
		receipt->head.seq++;
		memcpy(receipt->head.hash, hash, HASH_SIZE);
		if (is_first_amount(next.kind))
			break;
	}
	event_release(&next);
	return rc == SB_ENOTFOUND ? SB_OK : rc;
}

/* Makes the receipt that of the last entry, if the request made several. Another request may have
 * the same text and such a ref. */
static int find_last_numbered(struct books *books, struct receipt *receipt, struct sb_error *err)
{
	unsigned char hash[HASH_SIZE];
	char ref[EVENT_REF_MAX + 1];
	struct event next = {0};
	uint64_t seq;
	int rc = SB_OK;

	for (int number = 2; !rc && number <= receipt->posting->entries; number++) {
		if (!numbered_ref(ref, receipt->ref, number))
			break;
		rc = entries_with_ref(books, ref, &seq, err);
		if (rc || seq != receipt->head.seq + 1)
			break;
		rc = journal_get(books_txn(books), seq, &next, hash, err);
		/* Another request may use such a ref as its own. */
		if (rc || strcmp(next.request, receipt->posting->request) != 0)
			break;
		receipt->head.seq = seq;
		memcpy(receipt->head.hash, hash, HASH_SIZE);
	}
	event_release(&next);
	return rc;
}

/* Finds whether the ref was used for the same request before; then that entry is the answer. A
 * books_fn. */
static int find_ref(struct books *books, void *ctx, struct sb_error *err)
{
	struct receipt *receipt = ctx;
	struct head *head = &receipt->head;
	struct event event = {0};
	int rc;

	receipt->repeated = false;
	if (!receipt->ref)
		return SB_OK;
	rc = books_find_ref(books, receipt->ref, receipt->posting->request, &head->seq, err);
	if (rc == SB_ENOTFOUND)
		return SB_OK;
	if (!rc)
		rc = journal_get(books_txn(books), head->seq, &event, head->hash, err);
	if (!rc && event.kind == EVENT_OPEN)
		rc = find_last_entry(books, receipt, event.time, err);
	if (!rc && receipt->posting->entries)
		rc = find_last_numbered(books, receipt, err);
	event_release(&event);
	receipt->repeated = !rc;
	return rc;
}

bool post_recorded(struct posting *posting)
{
	struct env *env = posting->env;
	struct receipt receipt = {.posting = posting, .ref = option(env, "ref")};
	int rc = env->batch && env->batch->books
			 ? find_ref(env->batch->books, &receipt, NULL)
			 : bank_read(env->bank, env->os.now(), find_ref, &receipt, NULL);

	/* post() refuses another request with the ref, whatever Slurm answers. Other errors may be
	 * over by then. */
	return rc == SB_EREFUSED || receipt.repeated;
}

static bool needs_slurm(const struct env *env, const struct account *account)
{
	const struct rules rules = settings_rules(&env->settings);

	/* The levers are the account's, and its terms also decide what may change. */
	if (!purse_is_account(account->name))
		return true;
	return account->causes || account->lever_count > 0 || wants_caps(account, &rules);
}

static int run(struct books *books, void *ctx, struct sb_error *err)
{
	struct receipt *receipt = ctx;
	struct posting *posting = receipt->posting;
	const struct rules rules = settings_rules(&posting->env->settings);
	const struct account *account;
	char place[PLACE_SIZE];
	int rc;

	rc = find_ref(books, receipt, err);
	receipt->ref_refused = rc == SB_EREFUSED;
	TRY(rc);
	if (!receipt->repeated) {
		posting->done[0] = '\0';
		TRY(posting->plan(posting, books, err));
		receipt->head = *books_head(books);
	}
	TRY(books_account(books, posting->account, &account, err));
	TRY(funds_of(books, account, &rules, &receipt->funds, err));
	TRY(books_machine(books, place, sizeof(place), err));
	receipt->commands = strcmp(place, receipt->place) == 0;
	receipt->settle = posting->settle || needs_slurm(posting->env, account);
	if (*posting->receiver) {
		TRY(books_account(books, posting->receiver, &account, err));
		receipt->settle_receiver = needs_slurm(posting->env, account);
	}
	return receipt->repeated ? STORE_ABORT : SB_OK;
}

static void print_receipt(struct env *env, const struct receipt *receipt)
{
	char available[FUNDS_SIZE], head[HEAD_TEXT_SIZE];
	const char *account = receipt->posting->account, *done = receipt->posting->done;
	uint64_t seq = receipt->head.seq;

	env->result.receipt_seq = seq;
	(void)snprintf(env->result.receipt, sizeof(env->result.receipt),
		       "entry %" PRIu64 " was recorded%s (%s: %s)", seq,
		       receipt->repeated ? " before" : "", account,
		       receipt->repeated ? "it has this ref" : done);
	report(env, "entry %" PRIu64 ": %s; %s %s; head %s", seq,
	       receipt->repeated ? "recorded before with this ref" : done, account,
	       funds_has(env, available, account, &receipt->funds),
	       head_text(head, &receipt->head));
	/* A program that waits for the receipt must not wait for Slurm too. */
	flush_out(env);
	if (!receipt->commands &&
	    (option(env, "no-apply") || !(receipt->settle || receipt->settle_receiver)))
		note(env, "%s", checkup_no_right);
}

static bool is_missing(struct books *books, const char *name)
{
	const struct account *account;
	struct sb_error err;

	return *name && books_find(books, name, &account, &err) == SB_ENOTFOUND;
}

/* Returns the column of a table that was refused; NULL: not known. */
static const char *refused_column(struct batch *batch, const struct receipt *receipt, int rc)
{
	const struct posting *posting = receipt->posting;
	char owner[NAME_SIZE];

	if (receipt->ref_refused)
		return "ref";
	if (batch->column || rc != SB_ENOTFOUND)
		return batch->column;
	if (is_missing(batch->books, purse_account(owner, posting->account)))
		return "account";
	if (is_missing(batch->books, purse_account(owner, posting->receiver)))
		return "to";
	return is_missing(batch->books, posting->account) ? "resource" : NULL;
}

static int plan_one_of(struct batch *batch, struct receipt *receipt, struct sb_error *err)
{
	const struct posting *posting = receipt->posting;
	int rc;

	TRY(batch_touch(batch, posting->account, err));
	if (*posting->receiver)
		TRY(batch_touch(batch, posting->receiver, err));
	rc = run(batch->books, receipt, err);
	if (rc && rc != STORE_ABORT)
		return rc;
	if (receipt->settle)
		TRY(batch_settle(batch, posting->account, err));
	return receipt->settle_receiver ? batch_settle(batch, posting->receiver, err) : SB_OK;
}

/* Posts one entry of a batch: it is only checked at first, then planned in the transaction. */
static int post_one_of(struct batch *batch, struct receipt *receipt)
{
	struct sb_error err;

	if (check_ref(receipt->ref, batch->own_refs, &err))
		return fail(receipt->posting->env, &err);
	if (!batch->books)
		return EXIT_DONE;
	batch->rc = plan_one_of(batch, receipt, &batch->err);
	if (batch->rc)
		batch->column = refused_column(batch, receipt, batch->rc);
	if (receipt->repeated)
		batch->skipped++;
	else
		batch->recorded++;
	return batch->rc ? EXIT_REFUSED : EXIT_DONE;
}

int post(struct posting *posting)
{
	struct env *env = posting->env;
	struct receipt receipt = {.posting = posting, .ref = option(env, "ref")};
	const char *settled[2];
	struct sb_error err;
	size_t count = 0;

	if (env->batch)
		return post_one_of(env->batch, &receipt);
	(void)place_of(env->os.here()->machine, env->store.folder, receipt.place);
	if (check_ref(receipt.ref, false, &err) ||
	    bank_write(env->bank, env->os.now(), run, &receipt, &err))
		return fail(env, &err);
	print_receipt(env, &receipt);
	if (receipt.settle)
		settled[count++] = posting->account;
	if (receipt.settle_receiver)
		settled[count++] = posting->receiver;
	return count ? checkup_after(env, settled, count, EXIT_DONE) : EXIT_DONE;
}
