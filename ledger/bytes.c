/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/bytes.h"

#include <stdlib.h>
#include <string.h>

void bytes_put(struct bytes *bytes, const void *data, size_t len)
{
	if (bytes->failed || len == 0)
		return;
	if (len > bytes->size - bytes->len) {
		size_t size = bytes->size ? bytes->size : 256;
		unsigned char *grown;

		while (size - bytes->len < len)
			size *= 2;
		grown = realloc(bytes->data, size);
		if (!grown) {
			bytes->failed = true;
			return;
		}
		bytes->data = grown;
		bytes->size = size;
	}
	memcpy(bytes->data + bytes->len, data, len);
	bytes->len += len;
}

static void put_number(struct bytes *bytes, uint64_t value, size_t size)
{
	unsigned char raw[8];

	u64_store(raw, value);
	bytes_put(bytes, raw + 8 - size, size);
}

void bytes_put_u8(struct bytes *bytes, uint8_t value)
{
	put_number(bytes, value, 1);
}

void bytes_put_u16(struct bytes *bytes, uint16_t value)
{
	put_number(bytes, value, 2);
}

void bytes_put_u32(struct bytes *bytes, uint32_t value)
{
	put_number(bytes, value, 4);
}

void bytes_put_u64(struct bytes *bytes, uint64_t value)
{
	put_number(bytes, value, 8);
}

void bytes_put_i64(struct bytes *bytes, int64_t value)
{
	put_number(bytes, (uint64_t)value, 8);
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

void u64_store(unsigned char to[8], uint64_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 8)
		to[i] = (unsigned char)(value & 0xff);
}

uint64_t u64_load(const unsigned char from[8])
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | from[i];
	return value;
}

struct reader reader_on(const void *data, size_t len)
{
	const unsigned char *at = data;

	return (struct reader){.at = at, .end = at + len};
}

static const unsigned char *read_bytes(struct reader *reader, size_t len)
{
	const unsigned char *at = reader->at;

	if (reader->failed || (size_t)(reader->end - at) < len) {
		reader->failed = true;
		return NULL;
	}
	reader->at += len;
	return at;
}

static uint64_t read_number(struct reader *reader, size_t size)
{
	const unsigned char *at = read_bytes(reader, size);
	uint64_t value = 0;

	for (size_t i = 0; at && i < size; i++)
		value = value << 8 | at[i];
	return value;
}

uint8_t read_u8(struct reader *reader)
{
	return (uint8_t)read_number(reader, 1);
}

uint16_t read_u16(struct reader *reader)
{
	return (uint16_t)read_number(reader, 2);
}

uint32_t read_u32(struct reader *reader)
{
	return (uint32_t)read_number(reader, 4);
}

uint64_t read_u64(struct reader *reader)
{
	return read_number(reader, 8);
}

int64_t read_i64(struct reader *reader)
{
	return (int64_t)read_number(reader, 8);
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
