/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes the file ACCOUNT.json of publish_own.h. */
#pragma once

#include "cmd/check/own_parts.h"

/* Makes account->documents[FILE_ROWS]. Reuses what an older file has of a purse whose mark is the
 * same. */
int own_rows_document(struct own *own, struct books *books, struct own_account *account,
		      struct sb_error *err);
