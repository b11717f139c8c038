/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads what `publish: own` publishes for one user: the files in his own folder, which nobody but
 * he and the bank's owner can open (cmd/check/publish_own.h has their form). Takes no lock and does
 * not ask Slurm. */
#pragma once

#include "cmd/show/balance_parts.h"
#include "cmd/show/published.h"
#include "ledger/report/use_days.h"

/* The folders beside the common file, and the files in a user's folder. */
#define PUBLISHED_FOLDER ".d"
#define PUBLISHED_ROWS ".json"
#define PUBLISHED_USE ".use"

/* Makes the name of an account's files, without the suffix: bytes that do not belong in file names
 * are escaped ("/" as %2f), and a long name is cut and gets a hash. Returns [to]. */
enum { PUBLISHED_KEY_MAX = 200, PUBLISHED_KEY_SIZE = PUBLISHED_KEY_MAX + 1 };
const char *published_file_key(char to[PUBLISHED_KEY_SIZE], const char *account);

/* Continues a hash with a text, by FNV-1a. */
#define PUBLISHED_HASH UINT64_C(14695981039346656037)
uint64_t published_hash(uint64_t hash, const char *text);

/* Whether each user has files of his own beside the settings' publish_file. */
bool published_is_own(const struct env *env);

/* Reads the rows of the user's accounts, with their details. SB_ENOTFOUND: he has none. The caller
 * calls published_release(). */
int published_own_read(const struct env *env, struct published *ret, struct sb_error *err);

/* Finds a purse, or says that it is not among the user's. */
int published_own_find(const struct published *published, const char *name,
		       const struct published_account **ret, struct sb_error *err);

/* Reads the money and the forecast of a row; returns false if they are malformed. free() the
 * lots. */
bool published_lots(const struct published_account *account, struct lot **ret, size_t *ret_count);
bool published_forecast(const struct published_account *account, int64_t now, struct forecast *ret);
/* Returns the lines of `subank why`; NULL: malformed. */
const char *published_why(const struct published_account *account, bool seconds);

/* Reads the use of a purse of the user's. The caller calls use_days_release(). */
int published_own_use(const struct env *env, const char *purse, struct use_days *ret,
		      struct sb_error *err);
/* The numbers that stand for hours there: -1 as CPU-seconds if there is no job, -2 if they are not
 * known. */
void published_hours(const struct use_hours *hours, json_int_t *ret_cpu, json_int_t *ret_gpu);
/* Reads it from the JSON of a purse. Returns false if that is malformed; [ret] is then
 * incomplete. */
bool published_use(const json_t *purse, struct use_days *ret);
