/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The users who are in an account of the bank: those with an association of an
 * account in Slurm, on a cluster of the bank, whose jobs the bank's account is the first to pay
 * for. (An account of the same name on another cluster of slurmdbd may be somebody else's.) Slurm's
 * answer is kept as JSON, so that only checks ask Slurm, and only some of them:
 *
 *     {"read": 1764460800000000, "clusters": ["dev"], "local": "dev",
 *      "members": {"dev": {"physics": ["alice", …]}},
 *      "uids": {"alice": 1001, "ghost": -1}}
 *
 * "local" is null if the settings listed the clusters. */
#pragma once

#include <jansson.h>

#include "cmd/frame/env.h"
#include "ledger/books/nesting.h"

/* Whether it is time to ask Slurm again. A check asks once an hour, and when the settings have
 * other clusters. */
bool membership_is_due(const struct env *env, const json_t *kept);

/* Loads the answer that membership_ask() keeps beside the books. *ret becomes NULL if there is
 * none; otherwise the caller calls json_decref(). */
int membership_load(struct books *books, json_t **ret, struct sb_error *err);

/* Asks Slurm if that is due, and keeps the answer beside the books. That may take many seconds:
 * call it without a lock. [answered] is the answer if another caller has just asked Slurm, or NULL.
 * A copy of a bank, which does not command Slurm, does nothing. */
int membership_ask(struct env *env, const json_t *answered, struct sb_error *err);

/* Asks Slurm, and looks up the UIDs of all users. On failure [kept] does not change. */
int membership_read(struct env *env, json_t *kept, struct sb_error *err);

struct reader_of {
	char account[NAME_SIZE]; /* of the bank */
	uint32_t uid;
};
struct readers {
	struct reader_of *list; /* by account and uid */
	size_t count;
};

/* The answer, and which clusters are the bank's now. */
struct membership {
	const json_t *kept;
	const struct settings *settings;
};

/* Calls [each] for the users of each account by the trees of the last check, in no order; a user
 * can come twice. [account] is the bank's. */
typedef int membership_fn(const char *account, const char *user, void *ctx, struct sb_error *err);
int membership_each(const struct membership *of, struct books *books, struct nesting *nesting,
		    membership_fn *each, void *ctx, struct sb_error *err);

/* Lists those users of each account that have a UID. free() the list. */
int membership_find(const struct membership *of, struct books *books, struct nesting *nesting,
		    struct readers *ret, struct sb_error *err);
