/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A purse is what an account has of one resource: its lots, debt, meters and holds. An account's
 * own name is its purse of SU. The purse of another resource is named ACCOUNT:RESOURCE, as in
 * "physics:gres/gpu"; an account's name has no colon. Slurm knows only the account.
 *
 * A resource is a TRES of Slurm by its name there, or something else that the site counts, such as
 * "storage". It is counted in seconds: of billing, of a GPU, of a MiB of memory.
 *
 * A share is also a purse of its account: how much of a resource one user may use in the account.
 * It is named ACCOUNT:RESOURCE~USER, as in "physics:billing~alice". Its amounts are not money of
 * the account, and its use is part of the account's use. Below, a "resource" can also be
 * RESOURCE~USER. */
#pragma once

#include "ledger/base/amount.h"
#include "ledger/base/name.h"

#define RESOURCE_BILLING "billing"

enum { RESOURCE_SIZE = 65 }; /* the longest resource and its NUL */

/* Makes the name of an account's purse; for "billing" that is the account's name. Upper case is
 * folded. SB_EINVAL if a name is not allowed or the purse's name would have more than 255 bytes. */
int purse_name(const char *account, const char *resource, char ret[NAME_SIZE],
	       struct sb_error *err);

/* Reads a name that a person typed: an account, or ACCOUNT:RESOURCE. Fails as purse_name(). */
int purse_fold(const char *text, char ret[NAME_SIZE], struct sb_error *err);

/* Makes the name of a share in the same way. The user's name follows the rule for accounts: Slurm
 * stores it in lower case, unless slurmdbd has PreserveCaseUser. SB_EINVAL. */
int share_name(const char *account, const char *resource, const char *user, char ret[NAME_SIZE],
	       struct sb_error *err);

/* Returns the user of a share; NULL for any other purse or resource. */
const char *purse_user(const char *purse);
const char *resource_user(const char *resource);

/* Whether the amounts are SU: of an account's own purse, and of a share of it. */
bool purse_is_su(const char *purse);
bool resource_is_su(const char *resource);

/* Writes the resource without the user of a share. Returns [to]. */
const char *resource_base(char to[RESOURCE_SIZE], const char *resource);

/* Checks a purse's name as purse_name() makes it. [what] is its role, for the message. SB_EINVAL.
 */
int purse_check(const char *what, const char *purse, struct sb_error *err);
/* The same without a message. */
bool purse_ok(const char *purse);

/* Whether it is an account's own purse, that of SU. */
bool purse_is_account(const char *purse);

/* Returns the resource; it points into [purse], or is "billing". */
const char *purse_resource(const char *purse);

/* Writes the name of the account that has the purse. Returns [to]. */
const char *purse_account(char to[NAME_SIZE], const char *purse);

/* Whether it is a purse of the account; the account's own is one. */
bool purse_is_of(const char *purse, const char *account);

/* Compares two purses as strcmp() does, but puts those of an account directly after it. */
int purse_order(const char *a, const char *b);

/* Writes the TRES whose limit in Slurm holds jobs that use the resource. Returns false if there is
 * none: Slurm does not measure the resource, or ignores limits on it (energy, vmem, pages, fs/...).
 * For a type of a GRES the TRES is the GRES: under a limit on "gres/gpu:a100" Slurm still starts
 * jobs that request any GPU (measured on 22.05.8). For a share it is TRES~USER, a limit of that
 * user in the account: "cpu~alice" for SU. */
bool resource_lever(const char *resource, char to[RESOURCE_SIZE]);

/* Returns the unit in which people read and write the purse's amounts. */
struct unit purse_unit(const char *purse);
