/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who runs subank, and where. */
#ifndef SUBANK_CMD_THIS_MACHINE_H
#define SUBANK_CMD_THIS_MACHINE_H

#include "ledger/books.h"

struct this_machine {
	struct author author; /* texts point into this struct */
	char user[256];
	char host[256];
	char machine[320]; /* "machine-id/host": cloned disks share the first, renamed ones the
			      other */
};

/* Fills [ret], which must not be moved afterwards. */
void this_machine_read(struct this_machine *ret);

enum { PLACE_SIZE = 320 + 4096 + 2 };

/* "machine:folder", with the folder's full path: the place from which a bank commands Slurm. A copy
 * in another folder is another place. Returns [to]. */
const char *place_of(const char *machine, const char *folder, char to[PLACE_SIZE]);

/* Microseconds since 1970 UTC by the system's clock. */
int64_t system_clock(void);

#endif
