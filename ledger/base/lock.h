/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Locks between processes: flock() on files in the bank's folder. The kernel releases a lock when
 * its holder dies, but an exclusive one only when the programs that the holder started have ended
 * too. */
#pragma once

#include <stdbool.h>

#include "ledger/base/error.h"

struct lock_request {
	int folder; /* its descriptor */
	const char *name; /* of the lock file */
	bool shared; /* otherwise exclusive */
	int wait_ms; /* the deadline */
	const char *doing; /* the holder's command, which others report: "subank check" */
	const char *what; /* what the lock protects, for the message: "the books" */
};

/* Opens a lock file; a missing one is created with mode 0640 and the owner of the folder. Follows
 * no link. Returns the descriptor, or -1 and sets errno. */
int lock_open(int folder, const char *name);

/* Takes a lock on a file that it opens with lock_open(). The holder of an exclusive lock writes its
 * pid and [doing] into the file. *ret is the descriptor, which lock_drop() closes. SB_EBUSY after
 * the deadline, with the holder in the message; SB_ESYSTEM. */
int lock_take(const struct lock_request *request, int *ret, struct sb_error *err);

/* Releases the lock and closes [fd]; -1 is allowed. */
void lock_drop(int fd);
