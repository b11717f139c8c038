/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The user and the machine that subank runs as and on. */
#pragma once

#include "ledger/books/books.h"

struct this_machine {
	struct author author; /* texts point into this struct */
	char user[256];
	char sudo[256];
	char host[256];
	char machine[320]; /* "machine-id/host", which adopt records. Cloned disks share the id, and
			      renamed machines keep it. */
};

/* Returns the user and the machine. The first call looks them up: a name may come from a remote
 * server, and verbs that only read need no names. */
const struct this_machine *this_machine(void);

/* Returns the current name of a user; NULL when there is none. Valid until the process ends. */
const char *name_of_user(uint32_t uid);

enum { PLACE_SIZE = 320 + 4096 + 2 };

/* Writes "machine:folder", with the folder's full path: the place from which a bank changes Slurm.
 * A copy in another folder is another place. Returns [to]. */
const char *place_of(const char *machine, const char *folder, char to[PLACE_SIZE]);

/* Reads the system's clock: microseconds since 1970 UTC. */
int64_t system_clock(void);
