/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a mail is about, from the JSON object that the notify command gets (cmd/check/notify.h), and
 * the values for its template. */
#pragma once

#include "cmd/frame/env.h"
#include "cmd/mail/template.h"
#include "ledger/account/people.h"

struct occasion {
	enum mail_kind kind;
	struct mail_values values;
	char contacts[PEOPLE_SIZE]; /* those of the account, a list; "": none */
	bool told_by_hold; /* a threshold of an account that is spent by now, so that there is mail
			      about its hold, which says more */
	char id[64]; /* for letter.h; follows from the entry alone */
};

/* Reads one object of [len] bytes. Fails with SB_EFORMAT if it is no entry that there is mail
 * about, or has a malformed value or address. The caller calls mail_values_release(). */
int occasion_read(const struct env *env, const char *json, size_t len, struct occasion *ret,
		  struct sb_error *err);

/* Sets the values that all templates have. */
int occasion_common(const struct env *env, struct mail_values *values, struct sb_error *err);
