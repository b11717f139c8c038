/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A mail as sendmail takes it: headers (RFC 5322, 2047 and 3834), a blank line, and a body of plain
 * text in UTF-8. No text can add a header: none may have a control character. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/error.h"

struct letter {
	const char *from; /* an address; NULL: the mail system fills it in */
	const char *from_name; /* NULL: none */
	const char *reply_to; /* an address; NULL: none */
	const char *to; /* addresses, with commas between */
	const char *subject;
	const char *body;
	int64_t time; /* microseconds, UTC */
	const char *id; /* identifies the occasion, so that a mail that is sent twice can be
			   recognised: letters, digits, '.' and '-' */
	const char *host; /* of this machine, for a mail without [from] */
};

/* Writes the mail. The caller frees it. SB_EINVAL if a header has a control character; SB_ESYSTEM
 * when memory ran out. */
int letter_write(const struct letter *letter, char **ret, size_t *ret_len, struct sb_error *err);
