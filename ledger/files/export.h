/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exports books. The YAML form has a header and then one entry a line. It is portable across LMDB
 * versions, machines and years:
 *
 *     subank: 1                        the version of this form
 *     bank: "0f3c…"                    the bank's id, 32 hex digits
 *     unit: "billing-seconds"
 *     count: 2                         entries
 *     head: "9a1e…"                    the hash of the last one; 64 zeros if there is none
 *     journal:
 *     - {entry: 1, kind: open, time: "2026-11-22T17:00:05.123456Z", …, hash: "…"}
 *
 * The keys of an entry are the names in event_fields[]; a field with its default value is left out.
 * Numbers and words are plain, texts in double quotes, so `no`, 010 and 12:30 stay texts. Export,
 * import and another export give the same bytes. */
#pragma once

#include <stdio.h>

#include "ledger/base/when.h"
#include "ledger/books/books.h"

/* Where an export goes. The caller flushes and closes the file. */
struct export_to {
	FILE *file;
	void (*step)(uint64_t seq, void *ctx); /* called after each entry; may be NULL */
	void *ctx;
};

/* Writes all of [books] in some form, with memory that does not grow with the number of entries.
 * Returns SB_ECORRUPT, after a part was written, when an entry does not match its hash. */
typedef int export_books(struct books *books, const struct export_to *to, struct sb_error *err);
export_books export_yaml;

/* Ends an entry: calls to->step(). Returns SB_ESYSTEM if a write to the file has failed, so that
 * the export ends early. */
int export_step(const struct export_to *to, uint64_t seq, struct sb_error *err);

/* Returns a field that is a text, a time or a word as text, valid as long as [event] and [buf];
 * NULL for parts and numbers. */
const char *export_text(const struct event *event, enum event_field at, char buf[WHEN_TEXT_SIZE]);
