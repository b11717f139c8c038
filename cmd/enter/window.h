/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --start and --end: when money may be used. */
#pragma once

#include "cmd/enter/post.h"
#include "cmd/frame/command.h"
#include "ledger/base/when.h"
#include "ledger/books/correct.h"

struct window {
	const char *start_text, *end_text; /* as they were given; NULL: not given */
	int64_t start, end; /* microseconds, UTC; if not given: 0, and WHEN_NEVER */
	int64_t default_end; /* without --end; 0: that of the settings */
	bool may_be_over; /* it may have ended: for money from other books */
};

/* Two rows of a verb's table of options; NEW_… is for windows that replace ended ones. */
#define WINDOW_OPTIONS                                                                             \
	{"start", 0, "TIME", "usable from this time on (default: now)"},                           \
	{                                                                                          \
		"end", 0, "TIME", "usable until then, or `never` (default: project_days)"          \
	}

#define NEW_WINDOW_OPTIONS                                                                         \
	{"start", 0, "TIME", "with --end: usable from this time on (default: now)"},               \
	{                                                                                          \
		"end", 0, "TIME", "for money whose window has ended: new end, or `never`"          \
	}

/* Reads both options. Returns EXIT_DONE or, with a message, EXIT_USAGE. */
int window_read(struct env *env, struct window *ret);

/* Returns whether either option was given. */
bool window_given(const struct window *window);

/* Adds them to the request as they were written: "now+7days" is another time at each try, but the
 * same request. */
void window_request(const struct window *window, struct posting *posting);

/* Sets start and end of [event]. Without --start it starts now; without --end it ends at
 * window->default_end or as the settings say. SB_EINVAL when it ends before it starts or has ended
 * already. */
int window_set(const struct env *env, const struct window *window, const struct books *books,
	       struct event *event, struct sb_error *err);

/* Makes a window for money whose own has ended, in the same way; ret->given is false when neither
 * option was given. */
int window_new(const struct env *env, const struct window *window, const struct books *books,
	       struct new_window *ret, struct sb_error *err);
