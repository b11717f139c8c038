/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exports CSV tables for spreadsheets, as in RFC 4180: a header, commas, CRLF after every row,
 * UTF-8.
 *
 * Texts are in double quotes, numbers are not, and missing values are empty. Amounts are whole
 * billing-seconds in columns whose names end in _seconds, as in JSON. Times are as in YAML.
 *
 * A spreadsheet runs a text that begins with = + - @ or a tab as a formula. Such a text, and one
 * that begins with an apostrophe, gets an apostrophe in front: a program that reads the file back
 * removes one from every text that begins with one. */
#pragma once

#include "ledger/files/export.h"

/* Writes a row for each account and purse as it is at books_time(), by name. In a bank with purses
 * of other resources than SU two more columns name the resource and the unit; the columns _seconds
 * are in seconds of that resource. */
export_books csv_accounts;
/* Writes a row for each entry: number, kind, all fields and hash. Parts are LOT:AMOUNT or
 * LOT.INDEX:AMOUNT, with blanks between them. */
export_books csv_journal;
