/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Appends entries: new ones and replayed ones. */
#include <inttypes.h>
#include <string.h>

#include "ledger/books/answers.h"
#include "ledger/books/books_inside.h"
#include "ledger/books/entries.h"

static int index_ref(struct books *books, const struct event *event, struct sb_error *err)
{
	unsigned char seq[8];

	u64_store(seq, event->seq);
	return store_add(books->txn, STORE_REFS, text_slice(event->ref),
			 (struct slice){seq, sizeof(seq)}, err);
}

/* The accounts that an event changes. Valid until the next one is loaded. */
struct parties {
	struct loaded *from;
	struct loaded *to; /* NULL: it changes one */
};

/* Loads the account of a purse, which must be in the bank. */
static int load_owner(struct books *books, const char *purse, struct sb_error *err)
{
	const struct account *owner;
	char name[NAME_SIZE];

	return books_account(books, purse_account(name, purse), &owner, err);
}

/* Loads an account; one that is not in the bank is created if [create] and else unknown. */
static int load_or_create(struct books *books, const char *name, bool create, size_t *ret,
			  struct sb_error *err)
{
	struct account *account;
	bool found;
	int rc = books_load(books, name, ret, err);

	if (rc != SB_ENOTFOUND)
		return rc;
	if (!create)
		return books_unknown_account(books, name, err);
	if (!purse_is_account(name)) {
		TRY(load_owner(books, name, err));
		*ret = books_search(books, name, &found);
	}
	account = account_new(name);
	TRY(account ? books_insert(books, *ret, account, err) : sb_error_nomem(err));
	return books->txn && !purse_is_account(name)
		       ? books_add_resource(books, purse_resource(name), err)
		       : SB_OK;
}

static int load_parties(struct books *books, const struct event *event, struct parties *ret,
			struct sb_error *err)
{
	const char *receiver = event_receiver(event);
	size_t from, to = 0;

	TRY(load_or_create(books, event->account, event->kind == EVENT_OPEN, &from, err));
	if (receiver) {
		TRY(load_or_create(books, receiver, event->kind == EVENT_RENAME, &to, err));
		/* Loading the receiver may have moved the first account in the array. */
		TRY(books_load(books, event->account, &from, err));
	}
	*ret = (struct parties){&books->accounts[from], receiver ? &books->accounts[to] : NULL};
	return SB_OK;
}

/* Applies a checked event. */
static int apply(struct books *books, const struct parties *parties, const struct event *event,
		 struct sb_error *err)
{
	parties->from->dirty = true;
	if (parties->to)
		parties->to->dirty = true;
	TRY(account_apply(parties->from->account, parties->to ? parties->to->account : NULL, event,
			  err));
	return books->txn && event->kind == EVENT_TERMS && event->share
		       ? books_add_default_share(books, purse_resource(event->account), err)
		       : SB_OK;
}

int books_store_entry(struct books *books, struct loaded *from, struct loaded *to,
		      const struct event *event, struct sb_error *err)
{
	TRY(journal_add(books->txn, books->bank, &books->head, event, &books->stored, err));
	TRY(books_index_later(books, from, event->seq, err));
	if (to)
		TRY(books_index_later(books, to, event->seq, err));
	if (event->kind == EVENT_REFUND || event->kind == EVENT_REVERSE)
		TRY(answers_index(books, event, err));
	return event->ref && *event->ref ? index_ref(books, event, err) : SB_OK;
}

void books_stamp(const struct books *books, struct event *event)
{
	event->seq = books->head.seq + 1;
	event->time = books->time;
	event->uid = books->author->uid;
	event->login = books->author->login;
	event->user = books->author->user;
	event->host = books->author->host;
	event->sudo = books->author->sudo ? books->author->sudo : "";
}

static int append(struct books *books, const struct parties *parties, struct event *event,
		  struct sb_error *err)
{
	TRY(books_record_waiting(books, parties->from, err));
	if (parties->to)
		TRY(books_record_waiting(books, parties->to, err));
	books_stamp(books, event);
	TRY(apply(books, parties, event, err));
	return books_store_entry(books, parties->from, parties->to, event, err);
}

int books_check_entry(const struct books *books, struct event *event, struct sb_error *err)
{
	books_stamp(books, event);
	return event_check(event, err);
}

int books_append(struct books *books, struct event *event, struct sb_error *err)
{
	struct sb_error why = {0};
	struct parties parties;
	bool refused;
	int rc;

	TRY(books_may_write(books, err));
	books_stamp(books, event);
	rc = event_check(event, &why);
	if (!rc)
		rc = load_parties(books, event, &parties, &why);
	/* These errors changed nothing. An import continues after them, to report further
	 * mistakes. */
	refused = rc == SB_EINVAL || rc == SB_ENOTFOUND;
	if (!rc)
		rc = append(books, &parties, event, &why);
	return books_wrote(books, rc, !refused, &why, err);
}

/* Checks number and time, and applies. */
static int follow(struct books *books, const struct event *event, struct parties *parties,
		  struct sb_error *err)
{
	int rc;

	if (event->seq != books->head.seq + 1)
		return sb_error_set(err, SB_ECORRUPT,
				    "entry %" PRIu64 " is where entry %" PRIu64 " belongs",
				    event->seq, books->head.seq + 1);
	if (event->time < books->head.time)
		return sb_error_set(err, SB_ECORRUPT,
				    "entry %" PRIu64 " is older than the one before it",
				    event->seq);
	rc = load_parties(books, event, parties, err);
	if (!rc)
		rc = apply(books, parties, event, err);
	if (rc)
		sb_error_prefix(err, "entry %" PRIu64, event->seq);
	return rc;
}

int books_follow(struct books *books, const struct event *event, const unsigned char *hash,
		 struct sb_error *err)
{
	struct parties parties;

	TRY(follow(books, event, &parties, err));
	if (books->tally_key) {
		tally_add(&parties.from->tally, books->tally_key, event->seq);
		if (parties.to)
			tally_add(&parties.to->tally, books->tally_key, event->seq);
	}
	books->head.seq = event->seq;
	books->head.time = event->time;
	memcpy(books->head.hash, hash, HASH_SIZE);
	return SB_OK;
}

static int replay(struct books *books, const struct event *event, const unsigned char *hash,
		  struct sb_error *err)
{
	char expected[HASH_TEXT_SIZE];
	struct parties parties;

	TRY(follow(books, event, &parties, err));
	TRY(books_store_entry(books, parties.from, parties.to, event, err));
	if (memcmp(books->head.hash, hash, HASH_SIZE) == 0)
		return SB_OK;
	return sb_error_set(err, SB_ECORRUPT,
			    "entry %" PRIu64 " was changed: its hash should be %s", event->seq,
			    hex_format(expected, books->head.hash, HASH_SIZE));
}

int books_replay(struct books *books, const struct event *event, const unsigned char *hash,
		 struct sb_error *err)
{
	struct sb_error why = {0};

	TRY(books_may_write(books, err));
	return books_wrote(books, replay(books, event, hash, &why), true, &why, err);
}

int books_find_ref(struct books *books, const char *ref, const char *request, uint64_t *ret_seq,
		   struct sb_error *err)
{
	struct event event = {0};
	uint64_t seq;
	int rc;

	TRY(entries_with_ref(books, ref, &seq, err));
	if (!seq)
		return SB_ENOTFOUND;
	rc = journal_get(books->txn, seq, &event, NULL, err);
	if (!rc && strcmp(event.request, request) != 0)
		rc = sb_error_set(err, SB_EREFUSED,
				  "ref '%s' is taken by entry %" PRIu64 ", which was another "
				  "request: '%s'; use another ref",
				  ref, seq, event.request);
	if (!rc)
		*ret_seq = seq;
	event_release(&event);
	return rc;
}
