/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The notify command: gets each crossed threshold, hold, release and approaching end, once. What
 * could not be delivered is delivered at a later check. */
#pragma once

#include "cmd/frame/env.h"

/* Call it before a check records anything: entries from now on are to be delivered or, without a
 * notify command in the settings, none. Returns an exit status. */
int notify_begin(struct env *env);

/* Runs the command for each entry that is still to be delivered, one after the other, with the
 * entry as one JSON object on its stdin; records the outcomes. After a run that timed out or could
 * not start, the rest waits for the next check. Returns EXIT_DONE, EXIT_PART after a warning when a
 * run failed, or the status of an error. */
int notify_run(struct env *env);

/* Runs the command with a message of the kind "test" on its stdin, which has the entry 0, a time
 * and a note, and no account. Records nothing: no entry counts as delivered by it. SB_ESYSTEM has
 * the reason of a failure. */
int notify_test(struct env *env, struct sb_error *err);
