/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Serialises and parses stored bytes: big-endian integers, texts with a NUL. Errors are sticky:
 * write or read everything, then check [failed] once. */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A growing buffer. Starts zeroed; bytes_release() frees it. [failed] becomes true when memory runs
 * out, and stays true until bytes_clear(). */
struct bytes {
	unsigned char *data;
	size_t len;
	size_t size;
	bool failed;
};

/* Store and load a big-endian number. These functions and those below are inline: an entry has
 * dozens of numbers, and each becomes an instruction or two. */
static inline void u64_store(unsigned char to[8], uint64_t value)
{
	value = htobe64(value);
	memcpy(to, &value, sizeof(value));
}

static inline uint64_t u64_load(const unsigned char from[8])
{
	uint64_t value;

	memcpy(&value, from, sizeof(value));
	return be64toh(value);
}

/* bytes_room() for a buffer that must grow. */
unsigned char *bytes_grow(struct bytes *bytes, size_t len);

/* Appends [len] uninitialised bytes. Returns the first; NULL when memory ran out. */
static inline unsigned char *bytes_room(struct bytes *bytes, size_t len)
{
	if (len > bytes->size - bytes->len)
		return bytes_grow(bytes, len);
	bytes->len += len;
	return bytes->data + bytes->len - len;
}

static inline void bytes_put(struct bytes *bytes, const void *data, size_t len)
{
	unsigned char *to = len > 0 ? bytes_room(bytes, len) : NULL;

	if (to)
		memcpy(to, data, len);
}

static inline void bytes_put_u8(struct bytes *bytes, uint8_t value)
{
	bytes_put(bytes, &value, sizeof(value));
}

static inline void bytes_put_u16(struct bytes *bytes, uint16_t value)
{
	value = htobe16(value);
	bytes_put(bytes, &value, sizeof(value));
}

static inline void bytes_put_u32(struct bytes *bytes, uint32_t value)
{
	value = htobe32(value);
	bytes_put(bytes, &value, sizeof(value));
}

static inline void bytes_put_u64(struct bytes *bytes, uint64_t value)
{
	value = htobe64(value);
	bytes_put(bytes, &value, sizeof(value));
}

static inline void bytes_put_i64(struct bytes *bytes, int64_t value)
{
	bytes_put_u64(bytes, (uint64_t)value);
}

void bytes_put_text(struct bytes *bytes, const char *text); /* NULL is written as "" */
/* Empties the buffer, clears [failed], keeps the memory. */
void bytes_clear(struct bytes *bytes);
void bytes_release(struct bytes *bytes);

struct reader {
	const unsigned char *at;
	const unsigned char *end;
	bool failed; /* truncated or malformed; all further reads return 0 or "" */
	bool no_memory; /* it failed because memory ran out: the bytes may be valid */
};

struct reader reader_on(const void *data, size_t len);

/* Returns the next [len] bytes; NULL if fewer are left. */
static inline const unsigned char *read_bytes(struct reader *reader, size_t len)
{
	const unsigned char *at = reader->at;

	if (reader->failed || (size_t)(reader->end - at) < len) {
		reader->failed = true;
		return NULL;
	}
	reader->at += len;
	return at;
}

static inline uint8_t read_u8(struct reader *reader)
{
	const unsigned char *at = read_bytes(reader, 1);

	return at ? *at : 0;
}

static inline uint16_t read_u16(struct reader *reader)
{
	const unsigned char *at = read_bytes(reader, 2);

	if (!at)
		return 0;
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t read_u32(struct reader *reader)
{
	const unsigned char *at = read_bytes(reader, 4);

	return at ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]
		  : 0;
}

static inline uint64_t read_u64(struct reader *reader)
{
	const unsigned char *at = read_bytes(reader, 8);

	return at ? u64_load(at) : 0;
}

static inline int64_t read_i64(struct reader *reader)
{
	return (int64_t)read_u64(reader);
}

/* Returns a text of at most [max] bytes, which points into the bytes that are read. */
const char *read_text(struct reader *reader, size_t max);
/* Returns whether all bytes were read and no read failed. */
bool reader_done(const struct reader *reader);
