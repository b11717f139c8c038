/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Marks stand for what users see of their accounts: a file whose mark has changed is written
 * anew. */
#pragma once

#include "cmd/check/own_parts.h"

/* Writes a hash as a mark. */
void own_write_mark(char to[MARK_SIZE], uint64_t hash);

/* Hashes all settings that the lines of `subank why` depend on. */
uint64_t own_hash_settings(const struct settings *settings);

/* Makes the JSON of a row, and its mark. */
int own_row_make(struct own *own, struct books *books, struct purse_row *row, struct sb_error *err);

/* Makes the marks of an account's files, once its rows, chain and [below] are there, and completes
 * those of the rows. */
void own_mark_account(const struct own *own, struct own_account *account);
