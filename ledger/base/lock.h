/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Locks between processes: flock() on files of the bank's folder. The kernel drops them when the
 * holder dies; an exclusive one when the programs that he has started are gone too. Every wait has
 * a deadline, and whoever gives up says who is in the way. */
#ifndef SUBANK_LEDGER_BASE_LOCK_H
#define SUBANK_LEDGER_BASE_LOCK_H

#include <stdbool.h>

#include "ledger/base/error.h"

/* Opens a file of locks, or makes it: mode 0640, with the owner of the folder. Follows no link. Its
 * descriptor, or -1 and errno. */
int lock_open(int dirfd, const char *name);

/* Takes the lock [name] in the folder [dirfd], shared or exclusive, waiting at most [wait_ms]. The
 * file is made if it is missing, mode 0640, with the owner of the folder. [doing] ("subank check")
 * is written into it with the pid for exclusive locks. [what] says what is locked, for the
 * message: "the books". Writes the descriptor, which lock_drop() closes. SB_EBUSY, SB_ESYSTEM. */
int lock_take(int dirfd, const char *name, bool exclusive, int wait_ms, const char *doing,
	      const char *what, int *ret, struct sb_error *err);

/* -1 is allowed. */
void lock_drop(int fd);

#endif
