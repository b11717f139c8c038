/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes in the requests of managers (`subank request`): judges, runs, answers and removes each.
 *
 * The identity of a requester is the owner of the file, in a box that the kernel lets no other user
 * into. A request may move money only from and to an account that its user manages, and the
 * accounts below that; a share may be of these accounts. The verb itself then runs, without
 * --immediate, so its rules and messages are those of the command line.
 *
 * The id of a request is part of its entry's ref, and an answered request is not run again. So a
 * check that is killed anywhere has recorded the request once, or the next check does.
 *
 * A transfer takes at most what is available. A request waits for the next check if the last one
 * could not read what its accounts used. */
#pragma once

#include "cmd/frame/env.h"

/* Takes in what waits, at most 100 requests of each user (5 for shares) and for about a minute, and
 * prints what became of them. Then brings Slurm in line and publishes. Call it after a whole check
 * that began at [began], without its locks: requests rely on what that check has read. Does nothing
 * if the settings have no `requests`, if this bank does not command Slurm from here, or if the
 * check will not trust the clock ([clock_ok]: it will). Returns EXIT_DONE, or EXIT_PART with a
 * message. */
int requests_take(struct env *env, int64_t began, bool clock_ok);
