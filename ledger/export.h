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
#ifndef SUBANK_LEDGER_EXPORT_H
#define SUBANK_LEDGER_EXPORT_H

#include <stdio.h>

#include "ledger/books.h"

/* Writes all of [books] to [file], streaming; flushing and closing stay with the caller. */
int export_yaml(struct books *books, FILE *file, struct sb_error *err);

#endif
