/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Short texts about an entry, for people. None are escaped. */
#pragma once

#include "cmd/frame/env.h"

/* Describes an entry beyond its number, time, kind, account and amount. For the [receiver] of a
 * transfer it names the sender. */
void entry_text(const struct env *env, const struct event *event, bool receiver, char *to,
		size_t size);

/* Writes the user that subank ran as. If another user had logged in, adds that one: "slurm (login
 * alice)"; or, by the environment, the user who ran sudo: "slurm (sudo alice)". Returns [to]. */
enum { ACTOR_SIZE = 2 * 256 + 16 };
const char *entry_actor(const struct env *env, const struct event *event, char to[ACTOR_SIZE]);
