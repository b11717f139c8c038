/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The YAML form of a bank: a header, then one entry a line. It is the portable form: across LMDB
 * versions, machines and years.
 *
 *     subank: 1                        the version of this form
 *     bank: "0f3c…"                    the bank's id, 32 hex digits
 *     unit: "billing-seconds"
 *     count: 2                         entries
 *     head: "9a1e…"                    the hash of the last one; 64 zeros if there is none
 *     journal:
 *     - {entry: 1, kind: open, time: "2026-11-22T17:00:05.123456Z", …, hash: "…"}
 *
 * The keys of an entry are the names in event_fields[]; a field that says nothing is left out.
 * Numbers and words stand plain, texts in double quotes, so `no`, 010 and 12:30 stay texts. Export,
 * import and export again give the same bytes. */
#ifndef SUBANK_LEDGER_FILES_EXPORT_H
#define SUBANK_LEDGER_FILES_EXPORT_H

#include <stdio.h>

#include "ledger/books/books.h"

/* Where the books go, in this form or another (csv.h, transactions.h). Flushing and closing stay
 * with the caller. */
struct export_to {
	FILE *file;
	void (*step)(uint64_t seq, void *ctx); /* called behind each entry; NULL: not */
	void *ctx;
};

/* Writes all of [books], streaming: nothing that is kept grows with the number of entries.
 * SB_ECORRUPT, with a part written, where an entry does not fit its hash. */
typedef int export_books(struct books *books, const struct export_to *to, struct sb_error *err);
export_books export_yaml_to;
/* The same without steps. */
int export_yaml(struct books *books, FILE *file, struct sb_error *err);

/* Tells of an entry that was written. SB_ESYSTEM when the file cannot take more: the rest would be
 * written for nothing. */
int export_step(const struct export_to *to, uint64_t seq, struct sb_error *err);

#endif
