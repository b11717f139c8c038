/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A row of `subank balance` as JSON, in the form that publish.h describes. */
#pragma once

#include <jansson.h>

#include "cmd/show/balance_row.h"

/* null for 0. */
json_t *publish_time(int64_t time);

/* Makes the row; one of a purse of another resource, or of a share, has more fields. NULL: memory
 * ran out. */
json_t *publish_row(const struct balance_row *row, const char *above);
