/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of publish_own.c share: the accounts, and access to the existing files. */
#pragma once

#include <jansson.h>

#include "cmd/check/membership.h"
#include "cmd/check/user_folders.h"
#include "cmd/frame/env.h"
#include "cmd/show/balance_row.h"
#include "cmd/show/published_own.h"
#include "ledger/books/nesting.h"

/* The files of an account: "physics.json", "physics.use" */
enum { FILE_ROWS, FILE_USE, FILES };

/* Size of a mark, which only tells one content from the next. */
enum { MARK_SIZE = 24 };

/* A purse or a share. */
struct purse_row {
	const struct account *purse;
	struct balance_row row;
	json_t *json;
	uint64_t entries; /* hash of its entries */
	char mark[MARK_SIZE];
};

/* An account and what its files must be. */
struct own_account {
	const char *name;
	size_t first, end; /* its rows: [first, end) */
	size_t first_reader, end_reader;
	json_t *chain; /* the accounts above, the nearest first */
	uint64_t below; /* hash of the accounts below */
	char key[PUBLISHED_KEY_SIZE]; /* the name of its files, without the suffix */
	char marks[FILES][MARK_SIZE];
	bool changed[FILES]; /* to be written */
	json_t *documents[FILES]; /* of those that are to be written */
};

struct own {
	struct env *env;
	struct user_folders folders;
	json_t *state;
	bool fresh; /* there is no state that can be relied on */
	bool granted;
	int64_t now, read, seen; /* the times that most rows have */
	struct readers readers;
	struct purse_row *rows; /* by purse_order() */
	size_t row_count;
	struct own_account *accounts;
	size_t account_count;
	struct nesting nesting;
	uint64_t settings; /* their hash */
	json_t *names; /* of the accounts, which are not valid after the transaction */
	char bank[2 * BANK_ID_SIZE + 1];
};

/* Writes the name of one of an account's files. Returns [to]. */
const char *own_file_name(char to[USER_FILE_SIZE], const char *key, size_t file);
/* Reads accounts/NAME; NULL: it is missing or damaged. */
json_t *own_load(const struct user_folders *folders, const char *name);

bool own_has_text(const json_t *object, const char *key, const char *text);
/* Finds a purse in an older file of the account; NULL: it has none. [at] is its place unless purses
 * were added or removed. */
json_t *own_find_purse(const json_t *document, const char *name, size_t at);

/* Adds the number and the hash of an entry ("seq", "hash"), by which a later run knows that it has
 * the same books. */
int own_add_entry_hash(struct books *books, json_t *object, uint64_t seq, struct sb_error *err);
/* Whether an older file was made from these books: entry [seq] has the hash. */
bool own_same_journal(struct books *books, const json_t *object, uint64_t seq);
