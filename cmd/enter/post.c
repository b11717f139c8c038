/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/enter/post.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/check/checkup.h"
#include "cmd/enter/batch.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/frame/this_machine.h"
#include "cmd/show/account_text.h"
#include "ledger/base/text.h"

struct receipt {
	struct posting *posting;
	const char *ref;
	uint64_t seq;
	unsigned char hash[HASH_SIZE], next_hash[HASH_SIZE];
	struct funds funds; /* of the account, now */
	bool repeated;
	char place[PLACE_SIZE]; /* this one */
	bool commands; /* the bank commands Slurm from it */
	/* Accounts that are held, or on which a limit in Slurm is, or is to be, ours. */
	bool settle;
	bool settle_receiver;
};

int read_account(struct env *env, const char *text, char ret[NAME_SIZE])
{
	struct sb_error err;

	return name_fold("account", text, ret, &err) ? fail(env, &err) : EXIT_DONE;
}

void stamp(const struct posting *posting, struct event *event)
{
	const char *ref = option(posting->env, "ref"), *text = option(posting->env, "note");

	event->ref = ref ? ref : "";
	event->request = ref ? posting->request : "";
	event->note = text ? text : "";
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

/* Moves the receipt from the entry with the ref to the last one that the same request made: opening
 * an account enters baselines and a deposit behind it, at the same time. */
static int find_last_entry(struct books *books, struct receipt *receipt, int64_t time,
			   struct sb_error *err)
{
	struct event next = {0};
	int rc;

	for (;;) {
		rc = journal_get(books_txn(books), receipt->seq + 1, &next, receipt->next_hash,
				 err);
		if (rc || next.time != time || *next.ref ||
		    (next.kind != EVENT_BASELINE && next.kind != EVENT_DEPOSIT) ||
		    strcmp(next.account, receipt->posting->account) != 0)
			break;
		receipt->seq++;
		memcpy(receipt->hash, receipt->next_hash, HASH_SIZE);
		if (next.kind == EVENT_DEPOSIT)
			break;
	}
	event_release(&next);
	return rc == SB_ENOTFOUND ? SB_OK : rc;
}

/* Whether the ref was used for the same request before; then the first entry is the answer. */
static int look_for_ref(struct books *books, struct receipt *receipt, struct sb_error *err)
{
	struct event event = {0};
	int rc;

	receipt->repeated = false;
	if (!receipt->ref)
		return SB_OK;
	rc = books_find_ref(books, receipt->ref, receipt->posting->request, &receipt->seq, err);
	if (rc == SB_ENOTFOUND)
		return SB_OK;
	if (!rc)
		rc = journal_get(books_txn(books), receipt->seq, &event, receipt->hash, err);
	if (!rc && event.kind == EVENT_OPEN)
		rc = find_last_entry(books, receipt, event.time, err);
	event_release(&event);
	receipt->repeated = !rc;
	return rc;
}

static int look(struct books *books, void *ctx, struct sb_error *err)
{
	return look_for_ref(books, ctx, err);
}

bool post_entered(struct posting *posting)
{
	struct env *env = posting->env;
	struct receipt receipt = {.posting = posting, .ref = option(env, "ref")};
	int rc = env->batch && env->batch->books
			 ? look(env->batch->books, &receipt, NULL)
			 : bank_read(env->bank, env->os.now(), look, &receipt, NULL);

	/* Another request with the ref is refused by post(), whatever Slurm has to say. Other
	 * errors may be over by then. */
	return rc == SB_EREFUSED || receipt.repeated;
}

static bool needs_slurm(const struct env *env, const struct account *account)
{
	const struct rules rules = settings_rules(&env->settings);

	return account->causes || account->lever_count > 0 || wants_caps(account, &rules);
}

static int look_up_right(struct books *books, struct receipt *receipt, struct sb_error *err)
{
	char place[PLACE_SIZE];
	int rc = books_machine(books, place, sizeof(place), err);

	receipt->commands = !rc && strcmp(place, receipt->place) == 0;
	return rc;
}

static int run(struct books *books, void *ctx, struct sb_error *err)
{
	struct receipt *receipt = ctx;
	struct posting *posting = receipt->posting;
	const struct rules rules = settings_rules(&posting->env->settings);
	const struct account *account;
	int rc = look_for_ref(books, receipt, err);

	if (!rc && !receipt->repeated) {
		rc = posting->plan(posting, books, err);
		receipt->seq = books_head(books)->seq;
		memcpy(receipt->hash, books_head(books)->hash, HASH_SIZE);
	}
	if (!rc)
		rc = books_account(books, posting->account, &account, err);
	if (!rc)
		rc = funds_of(books, account, &rules, &receipt->funds, err);
	if (!rc)
		rc = look_up_right(books, receipt, err);
	if (!rc)
		receipt->settle = posting->settle || needs_slurm(posting->env, account);
	if (!rc && posting->receiver) {
		rc = books_account(books, posting->receiver, &account, err);
		receipt->settle_receiver = !rc && needs_slurm(posting->env, account);
	}
	if (rc)
		return rc;
	return receipt->repeated ? STORE_ABORT : SB_OK;
}

static bool needs_checkup(const struct receipt *receipt)
{
	return receipt->settle || receipt->settle_receiver;
}

static void print_receipt(struct env *env, const struct receipt *receipt)
{
	char available[FUNDS_SIZE], hash[HASH_TEXT_SIZE];

	env->result.receipt_seq = receipt->seq;
	(void)snprintf(env->result.receipt, sizeof(env->result.receipt),
		       "entry %" PRIu64 " was recorded%s (%s: %s)", receipt->seq,
		       receipt->repeated ? " before" : "", receipt->posting->account,
		       receipt->repeated ? "it has this ref" : receipt->posting->done);
	hex_format(hash, receipt->hash, HASH_SIZE);
	report(env, "entry %" PRIu64 ": %s; %s %s; head %" PRIu64 ":%.*s", receipt->seq,
	       receipt->repeated ? "entered before with this ref" : receipt->posting->done,
	       receipt->posting->account, funds_has(env, available, &receipt->funds), receipt->seq,
	       HASH_SHORT, hash);
	/* Whoever waits for it must not wait for Slurm too. */
	flush_out(env);
	if (!receipt->commands && (option(env, "no-apply") || !needs_checkup(receipt)))
		note(env, "%s", checkup_no_right);
}

/* One entry of many: first it is only looked at, then planned in the transaction of all. */
static int post_one_of(struct batch *batch, struct receipt *receipt)
{
	struct posting *posting = receipt->posting;
	struct books *books = batch->books;
	struct sb_error err;
	int rc = check_ref(receipt->ref, batch->own_refs, &err);

	if (rc)
		return fail(posting->env, &err);
	if (!books)
		return EXIT_DONE;
	rc = batch_touch(batch, posting->account, &batch->err);
	if (!rc && posting->receiver)
		rc = batch_touch(batch, posting->receiver, &batch->err);
	if (!rc)
		rc = run(books, receipt, &batch->err);
	if (rc == STORE_ABORT)
		rc = SB_OK;
	if (!rc && receipt->settle)
		rc = batch_settle(batch, posting->account, &batch->err);
	if (!rc && receipt->settle_receiver)
		rc = batch_settle(batch, posting->receiver, &batch->err);
	if (receipt->repeated)
		batch->skipped++;
	else
		batch->entered++;
	batch->rc = rc;
	return rc ? EXIT_REFUSED : EXIT_DONE;
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
