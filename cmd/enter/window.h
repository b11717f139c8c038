/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --start and --end: when money may be used. */
#ifndef SUBANK_CMD_ENTER_WINDOW_H
#define SUBANK_CMD_ENTER_WINDOW_H

#include "cmd/enter/post.h"
#include "cmd/frame/command.h"
#include "ledger/base/when.h"

struct window {
	const char *start_text, *end_text; /* as they were given; NULL: not */
	int64_t start, end; /* of what was given */
	bool may_be_over; /* as that of money from other books may be */
};

/* Two rows of a verb's table of options; the second ones are for windows that replace others. */
#define WINDOW_OPTIONS                                                                             \
	{"start", 0, "TIME", "usable from then on; otherwise from now"},                           \
	{                                                                                          \
		"end", 0, "TIME", "usable until then, or `never`; otherwise project_days"          \
	}

#define NEW_WINDOW_OPTIONS                                                                         \
	{"start", 0, "TIME", "with --end: usable from then on; otherwise from now"},               \
	{                                                                                          \
		"end", 0, "TIME", "for money whose window ended: until then, or `never`"           \
	}

/* Reads both options. Returns EXIT_DONE or, with a message, EXIT_USAGE. */
int window_read(struct env *env, struct window *ret);

/* Whether either was given. */
bool window_given(const struct window *window);

/* Adds them to the text of a request, as they were written: "now+7days" is another time at each
 * try, but the same request. */
void window_request(const struct window *window, char request[REQUEST_SIZE]);

/* Gives [event] its window: from now where no start, and to the end that the settings give where no
 * end was asked for. SB_EINVAL when it ends before it starts or is over already. */
int window_set(const struct env *env, const struct window *window, const struct books *books,
	       struct event *event, struct sb_error *err);

#endif
