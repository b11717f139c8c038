/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What would stay behind half made when Ctrl-C, a hang-up, a closed pipe or a shutdown ends the
 * process: it is removed first. Signals that the process ignores or has blocked do nothing here
 * either. */
#ifndef SUBANK_LEDGER_BASE_LEFTOVER_H
#define SUBANK_LEDGER_BASE_LEFTOVER_H

#include <sys/types.h>

/* Zeroed, it is nothing. Path and function are the caller's until leftover_done(); the function
 * runs in a signal handler, and must not mind that there is nothing yet of that name. */
struct leftover {
	const char *path;
	void (*remove)(const char *path);
	struct leftover *next;
};

void leftover_add(struct leftover *leftover, const char *path, void (*remove)(const char *path));
/* Makes a folder and adds it at once, so that no signal comes in between: what others have made is
 * not touched. Returns mkdir()'s result. */
int leftover_mkdir(struct leftover *leftover, const char *path, mode_t mode,
		   void (*remove)(const char *path));
/* It has its name now, or was removed. Also for what was never added. */
void leftover_done(struct leftover *leftover);

/* For leftover_add(): a file. */
void leftover_unlink(const char *path);

#endif
