/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the balances that publish.h writes, as a user who may not look into the bank. The file is
 * not trusted further than its owner: anybody might have put one there. */
#ifndef SUBANK_CMD_SHOW_PUBLISHED_H
#define SUBANK_CMD_SHOW_PUBLISHED_H

#include "cmd/show/balance_row.h"

enum { PUBLISHED_FORM = 1 };

/* What stands for a name of Slurm's, which are any bytes: the name, what is not printable in it
 * escaped, cut if it is longer. Returns [to]. */
const char *published_key(char to[NAME_SIZE], const char *name);

struct published {
	int64_t time; /* when it was written */
	struct published_account {
		struct balance_row row;
		char above[NAME_SIZE]; /* the account of the bank that it is inside of; "" */
	} * list; /* by name */
	size_t count;
	struct inside {
		char account[NAME_SIZE]; /* one that the bank does not have, by published_key() */
		char above[NAME_SIZE];
	} * inside; /* in no order */
	size_t inside_count;
};

/* Refuses a file that others than root, the slurm user and the owner of the bank's folder could
 * have written, one that is not whole, and one of a newer form. SB_ENOTFOUND when there is none. */
int published_read(const char *path, const char *bank_folder, struct published *ret,
		   struct sb_error *err);

/* NULL when it is not there. */
const struct published_account *published_find(const struct published *published, const char *name);

void published_release(struct published *published);

#endif
