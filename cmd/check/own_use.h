/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes the file ACCOUNT.use of publish_own.h. */
#pragma once

#include "cmd/check/own_parts.h"

/* Makes account->documents[FILE_USE]. Continues an older file if it is of the same books and the
 * accounts below are the same. */
int own_use_document(struct own *own, struct books *books, struct own_account *account,
		     struct sb_error *err);
