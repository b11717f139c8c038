/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/head_text.h"

#include <inttypes.h>
#include <stdio.h>

const char *head_text(char to[HEAD_TEXT_SIZE], const struct head *head)
{
	char hash[HASH_TEXT_SIZE];

	(void)snprintf(to, HEAD_TEXT_SIZE, "%" PRIu64 ":%.*s", head->seq, HASH_SHORT,
		       hex_format(hash, head->hash, HASH_SIZE));
	return to;
}
