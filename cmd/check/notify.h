/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The notify command: told of each crossed threshold, hold, release and end that is near, once.
 * What it could not be told it is told at a later check. */
#ifndef SUBANK_CMD_CHECK_NOTIFY_H
#define SUBANK_CMD_CHECK_NOTIFY_H

#include "cmd/frame/env.h"

/* Before a check enters anything: from now on entries are to be told, or, without a notify command
 * in the settings, none. */
int notify_begin(struct env *env);

/* Runs the command for each entry that is still to be told, one after the other, with the entry as
 * one JSON object on its stdin; enters how it went. After one that did not end in time, or could
 * not be started, the rest waits for the next check. Returns EXIT_DONE, EXIT_PART when something
 * failed (said), or that of an error. */
int notify_run(struct env *env);

/* Runs the command with a message of the kind "test" on its stdin, which has the entry 0, a time
 * and a note, and no account. Enters nothing: no entry counts as told by it. SB_ESYSTEM says why it
 * failed. */
int notify_test(struct env *env, struct sb_error *err);

#endif
