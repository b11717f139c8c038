/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An entry in a few words, for people. */
#ifndef SUBANK_CMD_SHOW_ENTRY_TEXT_H
#define SUBANK_CMD_SHOW_ENTRY_TEXT_H

#include "cmd/frame/env.h"

/* What it says beyond number, time, kind, account and amount; to the [receiver] of a transfer
 * it says from whom. Not escaped. */
void entry_text(const struct env *env, const struct event *event, bool receiver, char *to,
		size_t size);

/* Who made it: the user that subank ran as, and who that was: "slurm (login alice)", or, as the
 * environment said, "slurm (sudo alice)". Not escaped. Returns [to]. */
enum { ACTOR_SIZE = 2 * 256 + 16 };
const char *entry_actor(const struct env *env, const struct event *event, char to[ACTOR_SIZE]);

#endif
