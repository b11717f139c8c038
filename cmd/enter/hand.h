/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps that hold and release share: one account, and perhaps a time. */
#pragma once

#include "cmd/enter/post.h"
#include "cmd/frame/command.h"

struct hand {
	int64_t until; /* microseconds, UTC; 0: none was given */
	char phrase[64]; /* " until …", or "" */
};

extern const struct option_spec hand_options[];

/* Returns SB_EINVAL when the time has already passed at the time of the entry. */
int hand_check(const struct hand *hand, const struct books *books, struct sb_error *err);

/* Reads account and --until and posts; posting->ctx is then a struct hand. */
int hand_post(struct posting *posting, const char *account);
