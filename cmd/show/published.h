/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the published balances for users who cannot open the bank. Only the owner of the file is
 * trusted: anybody might have put a file there. */
#pragma once

#include "cmd/show/balance_row.h"

enum { PUBLISHED_FORM = 1 };

/* Makes a key from a name in Slurm, which may be any bytes: escapes what is not printable, and cuts
 * the result to fit. Returns [to]. */
const char *published_key(char to[NAME_SIZE], const char *name);

struct published {
	int64_t time; /* when it was written */
	struct published_account {
		struct balance_row row;
		char above[NAME_SIZE]; /* the nearest account of the bank above it; "" for none */
	} * list; /* accounts and purses, by purse_order() */
	size_t count;
	struct inside {
		char account[NAME_SIZE]; /* an account that the bank does not have, as a key */
		char above[NAME_SIZE];
	} * inside; /* in no order */
	size_t inside_count;
};

/* Reads the file. Refuses one that anybody but root, the slurm user and the owner of the bank's
 * folder could have written, one that is malformed, and one of a newer form. SB_ENOTFOUND: there is
 * none. The caller calls published_release(). */
int published_read(const char *path, const char *bank_folder, struct published *ret,
		   struct sb_error *err);

/* Returns NULL when the account is not published. */
const struct published_account *published_find(const struct published *published, const char *name);

void published_release(struct published *published);
