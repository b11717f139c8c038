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

/* Microseconds since 1970 UTC by the system's clock. */
int64_t system_clock(void);

#endif
