/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the published balances for users who cannot open the bank. Only the owner of the file is
 * trusted: anybody might have put a file there. */
#pragma once

#include <jansson.h>

#include "cmd/show/balance_row.h"

enum { PUBLISHED_FORM = 1 };

/* Makes a key from a name in Slurm, which may be any bytes: escapes what is not printable, and cuts
 * the result to fit. Returns [to]. */
const char *published_key(char to[NAME_SIZE], const char *name);

struct published {
	int64_t time; /* when it was written */
	bool own; /* it has no accounts: each user has files of his own (published_own.h) */
	int64_t read, seen; /* the times that most accounts of those files have */
	struct published_account {
		struct balance_row row;
		char above[NAME_SIZE]; /* the nearest account of the bank above it; "" for none */
		const json_t *details; /* from a file of the user's own; NULL: not published */
	} * list; /* accounts and purses, by purse_order() */
	size_t count;
	struct inside {
		char account[NAME_SIZE]; /* an account that the bank does not have, as a key */
		char above[NAME_SIZE];
	} * inside; /* in no order */
	size_t inside_count;
	json_t *documents; /* that [details] point into */
};

/* The text of the file, checked but not parsed. */
struct published_text {
	const char *path; /* borrowed */
	char *bytes; /* with a NUL at the end */
	size_t len;
};

/* Reads the text, and refuses a file as published_read() does. The caller frees [bytes]. */
int published_read_text(const char *path, const char *bank_folder, struct published_text *ret,
			struct sb_error *err);

/* Reads the file. Refuses one that anybody but root, the slurm user and the owner of the bank's
 * folder could have written, one that is malformed, and one of a newer form. SB_ENOTFOUND: there is
 * none. The caller calls published_release(). */
int published_read(const char *path, const char *bank_folder, struct published *ret,
		   struct sb_error *err);

/* Reads only the time and the rows of some accounts, sorted by strcmp(), and of their purses.
 * Searches the text for them, which is much faster. Other accounts, and [inside], stay empty. Fails
 * as published_read(); an account that is not published is no error. The caller calls
 * published_release(). */
int published_read_some(const struct published_text *text, const char accounts[][NAME_SIZE],
			size_t count, struct published *ret, struct sb_error *err);

/* Returns NULL when the account is not published. */
const struct published_account *published_find(const struct published *published, const char *name);

/* Opens a published file in the folder [at], reads its JSON and checks that it is of this form.
 * Trusts its owner alone, as published_read() does; [path] names it in messages. The caller calls
 * json_decref(). */
int published_load(int at, const char *name, const char *path, const char *bank_folder,
		   json_t **ret, struct sb_error *err);

/* Reads a row. Returns false if it is malformed. */
bool published_row(json_t *object, struct published_account *ret);

/* Sorts the list, so that published_find() works. */
void published_sort(struct published *published);

void published_release(struct published *published);
