/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers of Slurm's jobs as the journal lists them and as `scontrol update` takes them: "12,15+0".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A job, or all tasks of an array, by the array's number. */
struct job_id {
	uint32_t number; /* 1 or more */
	uint16_t part; /* n + 1 for component n of a heterogeneous job, "15+n"; 0: not of one */
};

enum {
	JOB_ID_SIZE = 24, /* of the longest one and its NUL */
	JOB_IDS_MAX = 4000, /* bytes of a list */
};

/* Orders by number, then by component. */
int job_id_compare(struct job_id a, struct job_id b);

/* Writes "12" or "15+0". Returns [to]. */
const char *job_id_text(char to[JOB_ID_SIZE], struct job_id id);

/* Reads the next number of *rest and moves *rest past it and its comma. Returns false at the end,
 * where *rest is "", and at anything malformed, where it is not. Start with the whole list, which
 * may be "". */
bool job_ids_next(const char **rest, struct job_id *ret);

/* Whether [list] is one in its only form: in ascending order, each job once. "" is one. */
bool job_ids_ok(const char *list);

/* Returns how many jobs the list has. */
size_t job_ids_count(const char *list);

/* Whether the list has the job. */
bool job_ids_have(const char *list, struct job_id id);

/* Appends a job to the list in [to]. Returns false and changes nothing if it would be longer than
 * JOB_IDS_MAX. */
bool job_ids_add(char to[JOB_IDS_MAX + 1], struct job_id id);
