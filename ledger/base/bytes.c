/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/base/bytes.h"

#include <stdlib.h>
#include <string.h>

unsigned char *bytes_grow(struct bytes *bytes, size_t len)
{
	size_t size = bytes->size ? bytes->size : 256;
	unsigned char *grown;

	while (size - bytes->len < len)
		size *= 2;
	grown = bytes->failed ? NULL : realloc(bytes->data, size);
	if (!grown) {
		bytes->failed = true;
		return NULL;
	}
	bytes->data = grown;
	bytes->size = size;
	bytes->len += len;
	return grown + bytes->len - len;
}

void bytes_put_text(struct bytes *bytes, const char *text)
{
	bytes_put(bytes, text ? text : "", (text ? strlen(text) : 0) + 1);
}

void bytes_clear(struct bytes *bytes)
{
	bytes->len = 0;
	bytes->failed = false;
}

void bytes_release(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){0};
}

struct reader reader_on(const void *data, size_t len)
{
	const unsigned char *at = data;

	return (struct reader){.at = at, .end = at + len};
}

const char *read_text(struct reader *reader, size_t max)
{
	const unsigned char *at = reader->at;
	size_t left = (size_t)(reader->end - at);
	const unsigned char *nul;

	if (left > max + 1)
		left = max + 1;
	nul = reader->failed || left == 0 ? NULL : memchr(at, '\0', left);
	if (!nul) {
		reader->failed = true;
		return "";
	}
	reader->at = nul + 1;
	return (const char *)at;
}

bool reader_done(const struct reader *reader)
{
	return !reader->failed && reader->at == reader->end;
}
