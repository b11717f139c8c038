/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The people of an account, in lists such as "pi@example.org,office@example.org": contacts, who get
 * mail about it, and managers, who may ask for its money to be moved. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ledger/base/error.h"

enum { PEOPLE_SIZE = 1025 }; /* of a list, with its NUL */

/* Checks an address: local@domain, in printable ASCII without blanks and the characters that a mail
 * program or a header could take for something else ("(),:;<>[\]). It does not begin with "-", so
 * it can be an argument. SB_EINVAL. */
int contact_check(const char *address, struct sb_error *err);

/* Checks the name of a user of the system in the same way: printable ASCII without blanks, colons
 * and slashes, not beginning with "-"; "alice@example.org", as some directories have it, is a name.
 * SB_EINVAL. */
int manager_check(const char *name, struct sb_error *err);

typedef int people_check(const char *item, struct sb_error *err);

/* Checks the stored form of a list: items that [check] accepts, each once; "" is the empty list.
 * SB_EINVAL. */
int people_list_check(const char *list, people_check *check, struct sb_error *err);

/* Returns whether the list has the item. */
bool people_list_has(const char *list, const char *item);
