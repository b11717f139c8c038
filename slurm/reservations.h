/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names of reservations, by their ids. sacct's column Reservation is empty for a job that
 * started in the second in which its reservation began (22.05.8: sacct looks only for reservations
 * that began earlier); ReservationId never is. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "slurm/odd.h"
#include "slurm/slurm.h"

struct reservations {
	struct reservation {
		int64_t id; /* a changed reservation has several rows with the same id; ids may also
			       be reused */
		int64_t start; /* seconds since 1970 UTC */
		char *name; /* any bytes */
		size_t line; /* of the answer, from 1 */
	} * list; /* by id and start */
	size_t count;
	struct odd_rows odd; /* rows that cannot be read, and ids that are left out */
};

/* Reads all reservations of a cluster that slurmdbd knows, also those that have ended: `sacctmgr -P
 * show reservation cluster=… start=… format=ID,TimeStart,Name`. Leaves out a row that cannot be
 * read. Leaves out an id with two names at one time: slurmdbd has one row for an id and a start, so
 * a line of some name imitates a row. Returns SB_EFORMAT for an answer without the column names. On
 * success the caller calls reservations_release(). */
int reservations_read(const struct slurm *slurm, const char *cluster, struct reservations *ret,
		      struct sb_error *err);

/* Returns the name that reservation [id] had for a job that started at [start] (seconds), or NULL
 * if there is no such id. The name belongs to the list. */
const char *reservations_name(const struct reservations *reservations, int64_t id, int64_t start);

/* A zeroed one is allowed. */
void reservations_release(struct reservations *reservations);
