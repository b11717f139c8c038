/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes an entry of a batch out of the keys and values of a request, in whatever form a list has
 * them. */
#pragma once

#include "cmd/enter/batch.h"

enum { REQUEST_PAIRS_MAX = 20 };

/* The verbs that a request may name; NULL after the last. */
extern const char *const request_verbs[];

/* A key with its value, and their places. A verb is the key of its account. */
struct pair {
	const char *key, *value;
	struct place key_at, value_at;
	bool used;
	bool wrong; /* a mistake in it was kept: the value is not to be looked at */
};

struct request {
	struct env *env;
	struct batch *batch;
	struct place at;
	struct pair pairs[REQUEST_PAIRS_MAX];
	size_t count;
	bool wrong; /* a mistake was kept */
};

/* Sets the text after the name of the file and the place in it. Returns SB_EFORMAT. */
int request_error(const struct request *request, const struct place *at, struct sb_error *err,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Adds a pair of texts that live as long as the batch, and nothing else of which is checked.
 * SB_EFORMAT if the key is there already, or the value is too long for any key. */
int request_add_pair(struct request *request, const struct pair *pair, struct sb_error *err);

/* Returns the pair with the key, or NULL. */
struct pair *request_pair(struct request *request, const char *key);

/* Adds the request to the batch. Keeps a mistake for each key or value that its verb does not have;
 * SB_EFORMAT, with its place, for one that leaves nothing else to check. It may have been added
 * then. */
int request_take(struct request *request, struct sb_error *err);

/* Keeps the mistake in [err], if [rc] is SB_EFORMAT, so that more of the request can be checked.
 * Returns SB_OK then, and [rc] otherwise. */
int request_keep(struct request *request, int rc, struct sb_error *err);

/* Counts the request, of which mistakes were kept and which may be entry [count] of the batch.
 * SB_EFORMAT once there are MISTAKES_MAX. */
int request_mistake(const struct request *request, size_t count, struct sb_error *err);

/* Refuses a word that is no verb of lists, after a text such as "there is no verb". */
int request_no_verb(const char *refusal, const char *word, struct sb_error *err);
