/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Removes unfinished files when Ctrl-C, a hang-up, a closed pipe or a shutdown ends the process. A
 * signal that the process ignores or blocks removes nothing. */
#pragma once

#include <sys/types.h>

/* One unfinished file. Starts zeroed. [path] and [remove] must stay valid until leftover_done();
 * [remove] runs in a signal handler, and [path] may not exist yet. */
struct leftover {
	const char *path;
	void (*remove)(const char *path);
	struct leftover *next;
};

void leftover_add(struct leftover *leftover, const char *path, void (*remove)(const char *path));
/* Creates a folder and adds it; no signal comes in between, so a folder of another process is never
 * removed. Returns mkdir()'s result. */
int leftover_mkdir(struct leftover *leftover, const char *path, mode_t mode,
		   void (*remove)(const char *path));
/* Forgets a file that is finished or removed; it need not have been added. */
void leftover_done(struct leftover *leftover);

/* For leftover_add(): removes a file. */
void leftover_unlink(const char *path);
