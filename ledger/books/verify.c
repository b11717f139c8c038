/* SPDX-License-Identifier: GPL-3.0-or-later */
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
	struct event event; /* of an entry that is decoded again */
	bool replaying; /* false after the first entry that cannot be applied */
	uint64_t key; /* of the tallies */
	uint64_t index_count; /* how many entries the index of accounts should have */
	uint64_t ref_count;
	uint64_t answer_count;
	size_t at; /* the next replayed account to compare */
};

__attribute__((format(printf, 2, 3))) static void problem(struct run *run, const char *fmt, ...)
{
	struct verify *verify = run->verify;
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

/* Finds whether the index has [expected] under [key]. */
static int index_has(struct run *run, enum store_table table, struct slice key, uint64_t expected,
		     bool *ret, struct sb_error *err)
{
	struct slice value;
	int rc = store_get(books_txn(run->stored), table, key, &value, err);

	if (rc && rc != SB_ENOTFOUND)
		return rc;
	*ret = !rc && value.len == 8 && u64_load(value.data) == expected;
	return SB_OK;
}

static int check_ref(struct run *run, const struct event *event, struct sb_error *err)
{
	bool there;

	run->ref_count++;
	TRY(index_has(run, STORE_REFS, (struct slice){event->ref, strlen(event->ref)}, event->seq,
		      &there, err));
	if (!there)
		problem(run, "ref '%s' of entry %" PRIu64 " is not in the index of refs",
			event->ref, event->seq);
	return SB_OK;
}

static int check_answer(struct run *run, const struct event *event, struct sb_error *err)
{
	unsigned char key[16];
	bool there;

	run->answer_count++;
	books_answer_key(key, event);
	TRY(index_has(run, STORE_ANSWERS, (struct slice){key, sizeof(key)}, (uint64_t)event->amount,
		      &there, err));
	if (!there)
		problem(run,
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
			problem(run,
				"entry %" PRIu64 " had hash %s and now has %s: the journal was "
				"rewritten",
				seq, old->hash, text);
	}
}

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
		problem(run, "%s", why.text);
		run->replaying = false;
	}
	return SB_OK;
}

static int check_event(struct run *run, const struct ahead *entry, struct sb_error *err)
{
	const struct event *event = &entry->event;

	if (event->kind == EVENT_REFUND || event->kind == EVENT_REVERSE)
		TRY(check_answer(run, event, err));
	if (*event->ref)
		TRY(check_ref(run, event, err));
	return replay(run, entry, err);
}

/* Reports why an entry cannot be decoded. */
static int report_undecoded(struct run *run, const struct ahead *entry, struct sb_error *err)
{
	struct sb_error why;
	int rc = event_decode((const unsigned char *)entry->value.data + HASH_SIZE,
			      entry->value.len - HASH_SIZE, &run->event, &why);

	/* A lack of memory is not a problem of the books. */
	if (entry->rc == SB_ESYSTEM || rc == SB_ESYSTEM)
		return sb_error_nomem(err);
	problem(run, "entry %" PRIu64 ": %s", u64_load(entry->key.data), why.text);
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
		problem(run, "the journal holds %zu bytes that are no entry",
			entry->key.len + entry->value.len);
		run->replaying = false;
		return SB_OK;
	}
	seq = u64_load(entry->key.data);
	if (seq != run->head.seq + 1) {
		problem(run, "entry %" PRIu64 " follows entry %" PRIu64 ": entries are missing",
			seq, run->head.seq);
		run->replaying = false;
	}
	if (!entry->fits) {
		problem(run,
			"entry %" PRIu64 " does not fit its hash: it, or its hash, was changed",
			seq);
		run->replaying = false;
	}
	check_heads(run, seq, bytes);
	rc = entry->rc ? report_undecoded(run, entry, err) : check_event(run, entry, err);
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
		problem(run, "account '%.*s' has a state but no entries", (int)key.len,
			(const char *)key.data);
		return SB_OK;
	}
	account = books_at(run->replayed, run->at++);
	rc = account_encode(account, &state, err);
	if (!rc &&
	    (key.len != strlen(account->name) || memcmp(key.data, account->name, key.len) != 0))
		problem(run, "account '%s' has entries but another account's state", account->name);
	else if (!rc && (state.len != value.len || memcmp(state.data, value.data, state.len) != 0))
		problem(run, "the stored state of account '%s' differs from its entries",
			account->name);
	bytes_release(&state);
	return rc;
}

/* Compares the stored list of resources, by which checks find purses, with the purses. */
static int check_resources(struct run *run, struct sb_error *err)
{
	const int problems = run->verify->problems;
	struct resources listed, used;
	bool same;
	int rc;

	TRY(books_used_resources(run->replayed, &used, err));
	rc = books_resources(run->stored, &listed, err);
	if (rc) {
		resources_release(&used);
		return rc;
	}
	same = resources_same(&listed, &used);
	resources_sort(&listed);
	for (size_t i = 0; i < used.count; i++) {
		if (!resources_have(&listed, used.list[i]))
			problem(run,
				"the list of resources lacks '%s': checks do not find budgets of "
				"it; the next whole check corrects that",
				used.list[i]);
	}
	for (size_t i = 0; i < listed.count; i++) {
		if (!resources_have(&used, listed.list[i]))
			problem(run, "the list of resources has '%s', of which there is no budget",
				listed.list[i]);
	}
	if (!same && run->verify->problems == problems)
		problem(run, "the list of resources is not in order");
	resources_release(&listed);
	resources_release(&used);
	return SB_OK;
}

/* The list may have more: a resource whose last default share was ended. */
static int check_default_shares(struct run *run, struct sb_error *err)
{
	struct resources listed, used;
	int rc;

	TRY(books_used_default_shares(run->replayed, &used, err));
	rc = books_default_shares(run->stored, &listed, err);
	if (!rc)
		resources_sort(&listed);
	for (size_t i = 0; !rc && i < used.count; i++) {
		if (!resources_have(&listed, used.list[i]))
			problem(run,
				"the list of default shares lacks '%s': checks do not look for new "
				"users; the next whole check corrects that",
				used.list[i]);
	}
	if (!rc)
		resources_release(&listed);
	resources_release(&used);
	return rc;
}

/* ---- the index of accounts ---- */

/* The whole index, compared with the entries that each account was replayed from. */
struct compared {
	const struct run *run;
	size_t at; /* among the accounts */
	struct tally tally; /* of that account's index */
	uint64_t count; /* of all entries in the index */
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

/* Advances to the account whose name [key] begins with. */
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

static int compare_index(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	struct compared *compared = ctx;
	const unsigned char *others = value.data;

	(void)err;
	if (!find_account(compared, key) || value.len % 8) {
		compared->differs = true;
		compared->count += 1 + value.len / 8;
		return SB_OK;
	}
	add_entry(compared, (const unsigned char *)key.data + key.len - 8);
	for (size_t i = 0; i < value.len; i += 8)
		add_entry(compared, others + i);
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
		problem(run, "entry %" PRIu64 " is missing in the index of account '%s'",
			run->event.seq, account);
	return SB_OK;
}

/* Skips damaged entries, which were reported. */
static int find_entry(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	struct run *run = ctx;
	const char *receiver;
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
	receiver = event_receiver(&run->event);
	TRY(find_in_index(run, run->event.account, err));
	return receiver ? find_in_index(run, receiver, err) : SB_OK;
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
	/* Find the entries that are missing. */
	rc = store_each(books_txn(run->stored), STORE_JOURNAL, (struct slice){0}, false, find_entry,
			run, err);
	if (!rc && compared.count != run->index_count)
		problem(run, "the index of accounts has %" PRIu64 " entries instead of %" PRIu64,
			compared.count, run->index_count);
	if (!rc && run->replaying && run->verify->problems == problems)
		problem(run, "the index of accounts does not fit the entries");
	return rc;
}

/* ---- after all entries were read ---- */

static int check_count(struct run *run, enum store_table table, const char *name, uint64_t expected,
		       struct sb_error *err)
{
	uint64_t count;

	TRY(store_count(books_txn(run->stored), table, &count, err));
	if (count != expected)
		problem(run, "the index of %s has %" PRIu64 " entries instead of %" PRIu64, name,
			count, expected);
	return SB_OK;
}

static int check_counts(struct run *run, struct sb_error *err)
{
	TRY(check_index(run, err));
	TRY(check_count(run, STORE_REFS, "refs", run->ref_count, err));
	return check_count(run, STORE_ANSWERS, "answers", run->answer_count, err);
}

static int check_rest(struct run *run, struct sb_error *err)
{
	const struct head *head = books_head(run->stored);

	if (head->seq != run->head.seq || memcmp(head->hash, run->head.hash, HASH_SIZE) != 0)
		problem(run,
			"the journal ends with entry %" PRIu64 ", but its head is entry %" PRIu64,
			run->head.seq, head->seq);
	else if (head->time != run->head.time)
		problem(run, "the head's time is not that of entry %" PRIu64 ", the last one",
			head->seq);
	for (size_t i = 0; i < run->verify->head_count; i++) {
		if (run->verify->heads[i].seq > run->head.seq)
			problem(run,
				"entry %" PRIu64 " is gone: the journal ends with entry %" PRIu64,
				run->verify->heads[i].seq, run->head.seq);
	}
	if (run->replaying) {
		TRY(books_load_all(run->replayed, &run->verify->accounts, err));
		TRY(check_resources(run, err));
		TRY(check_default_shares(run, err));
	}
	if (run->replaying && books_states_current(run->stored)) {
		TRY(store_each(books_txn(run->stored), STORE_ACCOUNTS, (struct slice){0}, false,
			       check_state, run, err));
		if (run->at < run->verify->accounts)
			problem(run, "%zu accounts have entries but no state",
				run->verify->accounts - run->at);
	}
	return check_counts(run, err);
}

static int ignore(struct slice key, struct slice value, void *ctx, struct sb_error *err)
{
	(void)key;
	(void)value;
	(void)ctx;
	(void)err;
	return SB_OK;
}

/* Checks the pages of the file, and the tables that do not follow from entries. If the pages are
 * not consistent, no entries are read: LMDB might not return. */
static int check_file(struct run *run, bool *ret_sound, struct sb_error *err)
{
	static const enum store_table loose[] = {STORE_READINGS, STORE_META};
	struct store_txn *txn = books_txn(run->stored);
	struct sb_error why;
	int rc = store_check_pages(txn, &why);

	for (size_t i = 0; i < 2 && !rc; i++)
		rc = store_each(txn, loose[i], (struct slice){0}, false, ignore, NULL, &why);
	if (rc && rc != SB_ECORRUPT)
		return sb_error_set(err, (enum sb_err)rc, "%s", why.text);
	if (rc)
		problem(run, "%s", why.text);
	*ret_sound = !rc;
	return SB_OK;
}

/* A random key: nobody can forge an index that fits a key that is not known yet. */
static int pick_key(struct run *run, struct sb_error *err)
{
	if (getrandom(&run->key, sizeof(run->key), 0) != (ssize_t)sizeof(run->key))
		return sb_error_set(err, SB_ESYSTEM, "cannot get random bytes: %s",
				    sb_errno(errno));
	run->key = 1 + run->key % (TALLY_PRIME - 1);
	books_keep_tallies(run->replayed, run->key);
	return SB_OK;
}

static int check_all(struct run *run, struct sb_error *err)
{
	struct books *books = run->stored;
	bool sound = false;

	TRY(pick_key(run, err));
	TRY(check_file(run, &sound, err));
	if (!sound)
		return SB_OK;
	TRY(ahead_each(books_txn(books), books_id(books), check_entry, run, err));
	return check_rest(run, err);
}

int verify_books(struct books *books, void *ctx, struct sb_error *err)
{
	struct verify *verify = ctx;
	struct run run = {.verify = verify, .stored = books, .replaying = true};
	int rc;

	verify->entries = 0;
	verify->accounts = 0;
	verify->problems = 0;
	verify->head = *books_head(books);
	run.replayed = books_new(books_id(books));
	if (!run.replayed)
		return sb_error_nomem(err);
	rc = check_all(&run, err);
	event_release(&run.event);
	books_free(run.replayed);
	return rc;
}
