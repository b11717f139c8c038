/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/report/file_name.h"

#include <nettle/sha2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "ledger/books/journal.h"

enum { HASH_BYTES = 16, KEPT = 160 }; /* of a name that is too long */

static bool is_plain(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
	       (c == '.' && !first);
}

const char *page_name(char to[PAGE_NAME_SIZE], const char *account)
{
	/* A page beside index.html. */
	bool index = strcmp(account, "index") == 0;
	size_t len = 0;

	for (const char *at = account; *at && len < PAGE_NAME_SIZE; at++) {
		if (is_plain(*at, at == account) && !(index && at == account))
			to[len++] = *at;
		else if (len + 4 <= PAGE_NAME_SIZE)
			len += (size_t)snprintf(to + len, 4, "X%02x", (unsigned char)*at);
		else
			len = PAGE_NAME_SIZE;
	}
	if (len < PAGE_NAME_SIZE) {
		to[len] = '\0';
	} else {
		unsigned char hash[SHA256_DIGEST_SIZE];
		struct sha256_ctx ctx;

		sha256_init(&ctx);
		sha256_update(&ctx, strlen(account), (const uint8_t *)account);
		sha256_digest(&ctx, sizeof(hash), hash);
		memcpy(to + KEPT, "X-", 2);
		hex_format(to + KEPT + 2, hash, HASH_BYTES);
	}
	return to;
}
