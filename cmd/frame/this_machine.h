/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who runs subank, and where. */
#ifndef SUBANK_CMD_FRAME_THIS_MACHINE_H
#define SUBANK_CMD_FRAME_THIS_MACHINE_H

#include "ledger/books/books.h"

struct this_machine {
	struct author author; /* texts point into this struct */
	char user[256];
	char sudo[256];
	char host[256];
	char machine[320]; /* what adopt enters: "machine-id/host". Cloned disks share the first,
			      renamed ones the other. */
};

/* Found out when it is first asked for: a name may come from far, and verbs that only read need
 * none. */
const struct this_machine *this_machine(void);

/* The name of that user, as the system has it now; NULL: none. Valid until the process ends. */
const char *name_of_user(uint32_t uid);

enum { PLACE_SIZE = 320 + 4096 + 2 };

/* "machine:folder", with the folder's full path: the place from which a bank commands Slurm. A copy
 * in another folder is another place. Returns [to]. */
const char *place_of(const char *machine, const char *folder, char to[PLACE_SIZE]);

/* Microseconds since 1970 UTC by the system's clock. */
int64_t system_clock(void);

#endif
