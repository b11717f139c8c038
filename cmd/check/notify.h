/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The notify command, a program of the site: delivers each crossed threshold, hold, release and
 * approaching end of a window, once. A later check tries again what could not be delivered. */
#pragma once

#include "cmd/frame/env.h"

/* Follows the settings: if they have come to name a notify command, entries recorded from now on
 * are to be delivered; if they no longer do, none are. Call it before a check records anything.
 * Returns an exit status. */
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
