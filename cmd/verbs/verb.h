/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every verb's file needs: its struct command, options and messages. */
#pragma once

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/frame/command.h"
#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"

/* Tables for struct command: rows of struct option_spec and struct example, with the row that ends
 * them. */
#define OPTIONS(...)                                                                               \
	(const struct option_spec[])                                                               \
	{                                                                                          \
		__VA_ARGS__,                                                                       \
		{                                                                                  \
			NULL, 0, NULL, NULL                                                        \
		}                                                                                  \
	}
#define EXAMPLES(...)                                                                              \
	(const struct example[])                                                                   \
	{                                                                                          \
		__VA_ARGS__,                                                                       \
		{                                                                                  \
			NULL, NULL                                                                 \
		}                                                                                  \
	}
