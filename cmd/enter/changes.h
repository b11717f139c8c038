/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Balances of accounts before and after a change. */
#pragma once

#include "cmd/frame/env.h"
#include "ledger/check/funds.h"

struct change {
	char name[NAME_SIZE];
	bool was, is; /* the account exists before; after */
	struct funds before, after;
	int64_t waiting; /* after, in windows that have not started */
};

/* By name, each once. Start with a zeroed one; changes_release(). */
struct changes {
	struct change **list;
	size_t count;
};

/* Returns NULL when the account is not there. */
struct change *changes_find(const struct changes *changes, const char *name);
/* Returns the account, added if it is not there; NULL when memory ran out. */
struct change *changes_add(struct changes *changes, const char *name);
/* Removes all. */
void changes_clear(struct changes *changes);
void changes_release(struct changes *changes);

/* Prints them, or those of --accounts. The command must be CMD_LIST. Returns the exit status. */
int changes_print(struct env *env, const struct changes *changes);
