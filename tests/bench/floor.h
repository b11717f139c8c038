/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the bare programs. They do the minimum with the same bytes and the same libraries, and
 * exit at the first error. */
#pragma once

#include <lmdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline void need(int fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "floor: %s failed\n", what);
	exit(1);
}

/* Opens the environment in [folder] and one table of a bank. Returns the transaction. Exits on an
 * error. */
static inline MDB_txn *floor_open(const char *folder, unsigned flags, const char *table,
				  MDB_env **env, MDB_dbi *dbi)
{
	MDB_txn *txn;

	need(mdb_env_create(env) == 0, "mdb_env_create");
	need(mdb_env_set_maxdbs(*env, 1) == 0, "mdb_env_set_maxdbs");
	need(mdb_env_open(*env, folder, flags, 0640) == 0, "mdb_env_open");
	need(mdb_txn_begin(*env, NULL, flags, &txn) == 0, "mdb_txn_begin");
	need(mdb_dbi_open(txn, table, 0, dbi) == 0, "mdb_dbi_open");
	return txn;
}

/* Returns the seconds of the monotonic clock. */
static inline double floor_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
