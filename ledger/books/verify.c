/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/books/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "ledger/base/number.h"
#include "ledger/books/ahead.h"

int old_head_parse(const char *text, struct old_head *ret, struct sb_error *err)
{
	size_t digits = strcspn(text, ":");
	const char *hash = text + digits + 1;
	size_t len;
	uint64_t seq;

	if (!text[digits] || !number_unsigned(text, digits, &seq))
		goto malformed;
	len = strspn(hash, "0123456789abcdef");
	if (hash[len] || len < HASH_SHORT || len >= sizeof(ret->hash) || seq == 0)
		goto malformed;
	ret->seq = seq;
	memcpy(ret->hash, hash, len + 1);
	return SB_OK;
malformed:
	return sb_error_set(err, SB_EINVAL,
			    "'%s' is not a head: give an entry's number, a colon and at least %d "
			    "hex digits of its hash, as on a receipt",
			    text, HASH_SHORT);
}

struct run {
	struct verify *verify;
	struct books *stored;
	struct books *replayed;
	struct head head; /* of the entries read so far, by their own hashes */
	struct event event; /* of an entry that is looked at once more */
	bool replaying; /* false after the first entry that cannot be applied */
	uint64_t key; /* of the tallies */
	uint64_t index_count; /* how many entries the index of accounts should have */
	uint64_t ref_count;
	uint64_t answer_count;
	size_t at; /* the next replayed account to compare */
};

static void problem(struct verify *verify, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void problem(struct verify *verify, const char *fmt, ...)
{
	char text[1200];
	va_list ap;

	/* A damaged file can have millions of them. */
	if (++verify->problems > VERIFY_FOUND_MAX)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	verify->found(text, verify->ctx);
}

static int check_ref(struct run *run, const struct event *event, struct sb_error *err)
{
	const char *ref = event->ref;
	struct slice value;
	int rc = store_get(books_txn(run->stored), STORE_REFS, (struct slice){ref, strlen(ref)},
			   &value, err);

	run->ref_count++;
	if (rc && rc != SB_ENOTFOUND)
		return rc;
	if (rc || value.len != 8 || u64_load(value.data) != event->seq)
		problem(run->verify, "ref '%s' of entry %" PRIu64 " is not in the index of refs",
			ref, event->seq);
	return SB_OK;
}

static int check_answer(struct run *run, const struct event *event, struct sb_error *err)
{
	unsigned char key[16];
	struct slice value;
	int rc;

	books_answer_key(key, event);
	rc = store_get(books_txn(run->stored), STORE_ANSWERS, (struct slice){key, sizeof(key)},
		       &value, err);
	run->answer_count++;
	if (rc && rc != SB_ENOTFOUND)
		return rc;
	if (rc || value.len != 8 || u64_load(value.data) != (uint64_t)event->amount)
		problem(run->verify,
			"entry %" PRIu64 ", which answers entry %" PRIu64
			", is not in the index of answers",
			event->seq, event->answers);
	return SB_OK;
}

static void check_heads(struct run *run, uint64_t seq, const unsigned char *hash)
{
	char text[HASH_TEXT_SIZE];

	for (size_t i = 0; i < run->verify->head_count; i++) {
		const struct old_head *old = &run->verify->heads[i];

		if (old->seq == seq &&
		    strncmp(hex_format(text, hash, HASH_SIZE), old->hash, strlen(old->hash)) != 0)
			problem(run->verify,
				"entry %" PRIu64 " had hash %s and now has %s: the journal was "
				"rewritten",
				seq, old->hash, text);
	}
}

/* Applies it, as long as that can be done. */
static int replay(struct run *run, const struct ahead *entry, struct sb_error *err)
{
	struct sb_error why;
	int rc;

	if (!run->replaying)
		return SB_OK;
	rc = books_follow(run->replayed, &entry->event, entry->value.data, &why);
	if (rc == SB_ESYSTEM)
		return sb_error_set(err, SB_ESYSTEM, "%s", why.text);
	if (rc) {
		problem(run->verify, "%s", why.text);
		run->replaying = false;
	}
	return SB_OK;
}

static int check_event(struct run *run, const struct ahead *entry, struct sb_error *err)
{
	const struct event *event = &entry->event;
	int rc = SB_OK;

	if (event->kind == EVENT_REFUND || event->kind == EVENT_REVERSE)
		rc = check_answer(run, event, err);
	if (!rc && *event->ref)
		rc = check_ref(run, event, err);
	return rc ? rc : replay(run, entry, err);
}

/* Says what is wrong with an entry that cannot be decoded. */
static int name_fault(struct run *run, const struct ahead *entry, struct sb_error *err)
{
	struct sb_error why;
	int rc = event_decode((const unsigned char *)entry->value.data + HASH_SIZE,
			      entry->value.len - HASH_SIZE, &run->event, &why);

	/* No memory is no problem of the books. */
	if (entry->rc == SB_ESYSTEM || rc == SB_ESYSTEM)
		return sb_error_nomem(err);
	problem(run->verify, "entry %" PRIu64 ": %s", u64_load(entry->key.data), why.text);
	run->replaying = false;
	return SB_OK;
}

static int check_entry(const struct ahead *entry, void *ctx, struct sb_error *err)
{
	const unsigned char *bytes = entry->value.data;
	struct run *run = ctx;
	uint64_t seq;
	int rc;

	if (!entry->whole) {
		problem(run->verify, "the journal holds %zu bytes that are no entry",
			entry->key.len + entry->value.len);
		run->replaying = false;
		return SB_OK;
	}
	seq = u64_load(entry->key.data);
	if (seq != run->head.seq + 1) {
		problem(run->verify,
			"entry %" PRIu64 " follows entry %" PRIu64 ": entries are "
			"missing",
			seq, run->head.seq);
		run->replaying = false;
	}
	if (!entry->fits) {
		problem(run->verify,
			"entry %" PRIu64 " does not fit its hash: it, or its hash, was "
			"changed",
			seq);
		run->replaying = false;
	}
	check_heads(run, seq, bytes);
	rc = entry->rc ? name_fault(run, entry, err) : check_event(run, entry, err);
	run->head.seq = seq;
	run->head.time = entry->rc ? run->event.time : entry->event.time;
	memcpy(run->head.hash, bytes, HASH_SIZE);
	run->verify->entries++;
	steps_at(run->verify->steps, run->verify->entries, books_head(run->stored)->seq);
	return rc;
}

static int check_state(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	struct run *run = ctx;
	struct bytes state = {0};
	const struct account *account;
	int rc = SB_OK;

	if (run->at == run->verify->accounts) {
		problem(run->verify, "account '%.*s' has a state but no entries", (int)key.len,
			(const char *)key.data);
		return SB_OK;
	}
	account = books_at(run->replayed, run->at++);
	rc = account_encode(account, &state, err);
	if (!rc &&
	    (key.len != strlen(account->name) || memcmp(key.data, account->name, key.len) != 0))
		problem(run->verify, "account '%s' has entries but another state stands there",
			account->name);
	else if (!rc && (state.len != value.len || memcmp(state.data, value.data, state.len) != 0))
		problem(run->verify, "the stored state of account '%s' differs from its entries",
			account->name);
	bytes_release(&state);
	return rc;
}

/* ---- the index of accounts ---- */

/* The index read once from its beginning to its end, beside what each account was replayed with. */
struct compared {
	const struct run *run;
	size_t at; /* among the accounts */
	struct tally tally; /* of the index of that one */
	uint64_t count; /* of all */
	bool differs;
};

static void close_account(struct compared *compared)
{
	if (!tally_same(&compared->tally, books_tally(compared->run->replayed, compared->at)))
		compared->differs = true;
	compared->tally = (struct tally){0};
	compared->at++;
}

static void add_entry(struct compared *compared, const unsigned char *stored)
{
	uint64_t seq = u64_load(stored);

	compared->count++;
	if (seq < TALLY_PRIME)
		tally_add(&compared->tally, compared->run->key, seq);
	else
		compared->differs = true;
}

/* Goes on to the account whose name a key begins with. */
static bool find_account(struct compared *compared, struct slice key)
{
	const char *name = key.data;
	size_t count = compared->run->verify->accounts;

	if (key.len < 9 || name[key.len - 9] != '\0')
		return false;
	while (compared->at < count &&
	       strcmp(books_at(compared->run->replayed, compared->at)->name, name) < 0)
		close_account(compared);
	return compared->at < count && strlen(name) == key.len - 9 &&
	       strcmp(books_at(compared->run->replayed, compared->at)->name, name) == 0;
}

/* Entries stand together under keys. */
static int compare_index(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	struct compared *compared = ctx;
	const unsigned char *behind = value.data;

	(void)err;
	if (!find_account(compared, key) || value.len % 8) {
		compared->differs = true;
		compared->count += 1 + value.len / 8;
		return SB_OK;
	}
	add_entry(compared, (const unsigned char *)key.data + key.len - 8);
	for (size_t i = 0; i < value.len; i += 8)
		add_entry(compared, behind + i);
	return SB_OK;
}

static int find_in_index(struct run *run, const char *account, struct sb_error *err)
{
	struct index_place place = {.account = account};
	int rc = books_index_move(run->stored, &place, run->event.seq, true, err);

	run->index_count++;
	if (rc && rc != SB_ECORRUPT)
		return rc;
	if (rc || place.seq != run->event.seq)
		problem(run->verify, "entry %" PRIu64 " is missing in the index of account '%s'",
			run->event.seq, account);
	return SB_OK;
}

/* Of entries that cannot be read it is known that they are damaged. */
static int find_entry(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	struct run *run = ctx;
	int rc;

	if (key.len != 8 || value.len < HASH_SIZE)
		return SB_OK;
	rc = event_decode((const unsigned char *)value.data + HASH_SIZE, value.len - HASH_SIZE,
			  &run->event, NULL);
	if (rc == SB_ESYSTEM)
		return sb_error_nomem(err);
	if (rc)
		return SB_OK;
	run->event.seq = u64_load(key.data);
	rc = find_in_index(run, run->event.account, err);
	return rc || !event_receiver(&run->event)
		       ? rc
		       : find_in_index(run, event_receiver(&run->event), err);
}

static int check_index(struct run *run, struct sb_error *err)
{
	struct compared compared = {.run = run, .differs = !run->replaying};
	int problems = run->verify->problems;
	int rc = store_each(books_txn(run->stored), STORE_BY_ACCOUNT, (struct slice){0}, false,
			    compare_index, &compared, err);

	while (!rc && compared.at < run->verify->accounts)
		close_account(&compared);
	if (rc || !compared.differs)
		return rc;
	/* Where is it? */
	rc = store_each(books_txn(run->stored), STORE_JOURNAL, (struct slice){0}, false, find_entry,
			run, err);
	if (!rc && compared.count != run->index_count)
		problem(run->verify,
			"the index of accounts has %" PRIu64 " entries instead of %" PRIu64,
			compared.count, run->index_count);
	if (!rc && run->replaying && run->verify->problems == problems)
		problem(run->verify, "the index of accounts is not that of the entries");
	return rc;
}

/* ---- what is left when all entries were read ---- */

static int check_counts(struct run *run, struct sb_error *err)
{
	uint64_t refs, answers;
	int rc = check_index(run, err);

	if (!rc)
		rc = store_count(books_txn(run->stored), STORE_REFS, &refs, err);
	if (!rc)
		rc = store_count(books_txn(run->stored), STORE_ANSWERS, &answers, err);
	if (rc)
		return rc;
	if (refs != run->ref_count)
		problem(run->verify,
			"the index of refs has %" PRIu64 " entries instead of %" PRIu64, refs,
			run->ref_count);
	if (answers != run->answer_count)
		problem(run->verify,
			"the index of answers has %" PRIu64 " entries instead of %" PRIu64, answers,
			run->answer_count);
	return SB_OK;
}

static int check_rest(struct run *run, struct sb_error *err)
{
	const struct head *head = books_head(run->stored);
	int rc = SB_OK;

	if (head->seq != run->head.seq || memcmp(head->hash, run->head.hash, HASH_SIZE) != 0)
		problem(run->verify,
			"the journal ends with entry %" PRIu64 ", but its head is entry %" PRIu64,
			run->head.seq, head->seq);
	else if (head->time != run->head.time)
		problem(run->verify,
			"the head's time is not that of entry %" PRIu64 ", the last one",
			head->seq);
	for (size_t i = 0; i < run->verify->head_count; i++) {
		if (run->verify->heads[i].seq > run->head.seq)
			problem(run->verify,
				"entry %" PRIu64 " is gone: the journal ends with entry %" PRIu64,
				run->verify->heads[i].seq, run->head.seq);
	}
	if (run->replaying) {
		rc = books_load_all(run->replayed, &run->verify->accounts, err);
		if (rc || !books_states_current(run->stored))
			return rc ? rc : check_counts(run, err);
		rc = store_each(books_txn(run->stored), STORE_ACCOUNTS, (struct slice){0}, false,
				check_state, run, err);
		if (!rc && run->at < run->verify->accounts)
			problem(run->verify, "%zu accounts have entries but no state",
				run->verify->accounts - run->at);
	}
	return rc ? rc : check_counts(run, err);
}

static int nothing(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	(void)key;
	(void)value;
	(void)ctx;
	(void)err;
	return SB_OK;
}

/* The file below the tables, and what stands in none of the entries. Where it does not hang
 * together the entries are not looked at: LMDB might not come back. */
static int check_file(struct run *run, bool *ret_sound, struct sb_error *err)
{
	static const enum store_table loose[] = {STORE_READINGS, STORE_META};
	struct store_txn *txn = books_txn(run->stored);
	struct sb_error why;
	int rc = store_check_pages(txn, &why);

	for (size_t i = 0; i < 2 && !rc; i++)
		rc = store_each(txn, loose[i], (struct slice){0}, false, nothing, NULL, &why);
	if (rc && rc != SB_ECORRUPT)
		return sb_error_set(err, (enum sb_err)rc, "%s", why.text);
	if (rc)
		problem(run->verify, "%s", why.text);
	*ret_sound = !rc;
	return SB_OK;
}

/* Nobody who made the books knows it. */
static int pick_key(struct run *run, struct sb_error *err)
{
	if (getrandom(&run->key, sizeof(run->key), 0) != (ssize_t)sizeof(run->key))
		return sb_error_set(err, SB_ESYSTEM, "cannot get random bytes: %s",
				    sb_errno(errno));
	run->key = 1 + run->key % (TALLY_PRIME - 1);
	books_keep_tallies(run->replayed, run->key);
	return SB_OK;
}

int verify_books(struct books *books, void *ctx, struct sb_error *err)
{
	struct verify *verify = ctx;
	struct run run = {.verify = verify, .stored = books, .replaying = true};
	bool sound = false;
	int rc;

	verify->entries = 0;
	verify->accounts = 0;
	verify->problems = 0;
	verify->head = *books_head(books);
	run.replayed = books_new(books_id(books));
	if (!run.replayed)
		return sb_error_nomem(err);
	rc = pick_key(&run, err);
	if (!rc)
		rc = check_file(&run, &sound, err);
	if (!rc && sound)
		rc = ahead_walk(books_txn(books), books_id(books), check_entry, &run, err);
	if (!rc && sound)
		rc = check_rest(&run, err);
	event_release(&run.event);
	books_free(run.replayed);
	return rc;
}
