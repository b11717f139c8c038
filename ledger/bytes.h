/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing and reading stored bytes: integers big-endian, texts as their bytes and a NUL. Errors are
 * sticky: write or read everything, then look at [failed] once. */
#ifndef SUBANK_LEDGER_BYTES_H
#define SUBANK_LEDGER_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Starts zeroed; bytes_release() frees it. After memory ran out [failed] stays true. */
struct bytes {
	unsigned char *data;
	size_t len;
	size_t size;
	bool failed;
};

void bytes_put(struct bytes *bytes, const void *data, size_t len);
void bytes_put_u8(struct bytes *bytes, uint8_t value);
void bytes_put_u16(struct bytes *bytes, uint16_t value);
void bytes_put_u32(struct bytes *bytes, uint32_t value);
void bytes_put_u64(struct bytes *bytes, uint64_t value);
void bytes_put_i64(struct bytes *bytes, int64_t value);
void bytes_put_text(struct bytes *bytes, const char *text); /* NULL is written as "" */
/* Empties it and keeps the memory. */
void bytes_clear(struct bytes *bytes);
void bytes_release(struct bytes *bytes);

/* Big-endian numbers at fixed places: keys. */
void u64_store(unsigned char to[8], uint64_t value);
uint64_t u64_load(const unsigned char from[8]);

struct reader {
	const unsigned char *at;
	const unsigned char *end;
	bool failed; /* something was cut short or malformed; everything read since is 0 or "" */
	bool no_memory; /* it failed for want of memory: the bytes may be right */
};

struct reader reader_on(const void *data, size_t len);
uint8_t read_u8(struct reader *reader);
uint16_t read_u16(struct reader *reader);
uint32_t read_u32(struct reader *reader);
uint64_t read_u64(struct reader *reader);
int64_t read_i64(struct reader *reader);
/* A text of at most [max] bytes; points into the bytes that are read. */
const char *read_text(struct reader *reader, size_t max);
/* Whether all was read, exactly. */
bool reader_done(const struct reader *reader);

#endif
