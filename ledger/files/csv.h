/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables for spreadsheets, as RFC 4180 has them: a header, commas, CRLF behind every row, UTF-8.
 *
 * Texts stand in double quotes, numbers plain; what there is not is empty. Amounts are whole
 * billing-seconds under names that end in _seconds, as in JSON. Times are those of the YAML form.
 *
 * A spreadsheet takes a text that begins with = + - @ or a tab for a formula and runs it. Such a
 * text, and one that begins with an apostrophe, gets an apostrophe in front: whoever reads the file
 * back takes one away from every text that begins with one. */
#ifndef SUBANK_LEDGER_FILES_CSV_H
#define SUBANK_LEDGER_FILES_CSV_H

#include "ledger/files/export.h"

/* A row for each account as it is at books_time(), by name. */
export_books csv_accounts;
/* A row for each entry: its number, kind, every field that there is, and its hash. Parts are
 * LOT:AMOUNT, or LOT.INDEX:AMOUNT, with blanks between them. */
export_books csv_journal;

#endif
