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

/* Writes the names of the groups that this process is in, at most [max]. Returns their number. */
size_t names_of_groups(char names[][NAME_SIZE], size_t max);

enum uid_found {
	UID_FOUND,
	UID_ABSENT, /* there is no such user */
	UID_UNKNOWN, /* a directory did not answer */
};
/* Finds the number of a user. Only getpwnam_r() tells a directory that does not answer from an
 * absent user: sssd's library then fails with ENOENT, while an absent user is no error
 * (measured). */
enum uid_found uid_of_user(const char *name, uint32_t *ret);

enum { PLACE_SIZE = 320 + 4096 + 2 };

/* Writes "machine:folder", with the folder's full path: the place from which a bank changes Slurm.
 * A copy in another folder is another place. Returns [to]. */
const char *place_of(const char *machine, const char *folder, char to[PLACE_SIZE]);

/* Reads the system's clock: microseconds since 1970 UTC. */
int64_t system_clock(void);
