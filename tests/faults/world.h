/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder whose every change is recorded, and what of it may be on the disk when the power goes.
 *
 * A write is on the disk for certain once fsync() or fdatasync() of its file has returned, or the
 * write itself if the file was opened with O_DSYNC; what happened to a name, once fsync() of its
 * folder has. Until then each of its sectors of 512 bytes, and each change of a name, may be there
 * or not, by itself: no order is taken for granted. The contents of files named *.lock and
 * lock.mdb, which LMDB and subank do not care for, count as written at once. */
#ifndef SUBANK_TESTS_FAULTS_WORLD_H
#define SUBANK_TESTS_FAULTS_WORLD_H

#include "tests/faults/trace.h"

enum op_type {
	OP_CREATE, /* a file or, with [folder], a folder */
	OP_WRITE,
	OP_TRUNCATE,
	OP_RENAME,
	OP_EXCHANGE,
	OP_REMOVE,
	OP_SYNC, /* of a file or of a folder */
	OP_SAID, /* something was written to the standard output */
	OP_ENDED, /* a program came to its end */
};

struct op {
	enum op_type type;
	bool folder; /* create */
	bool replaces; /* rename: whatever has the name */
	bool dsync; /* write */
	bool meta; /* write: to one of the first two pages of data.mdb, so perhaps a commit */
	int node; /* create, write, truncate, sync */
	int in; /* the folder that has the name, and the new name */
	char name[96], new_name[96];
	uint64_t offset; /* write; truncate: the length */
	size_t len;
	unsigned char *data; /* write; said: a text */
	int status; /* ended */
};

struct world;

/* What is in [folder] now is on the disk. */
struct world *world_new(const char *folder);
void world_free(struct world *world);

/* Runs a program with every change of the world recorded; its standard output goes to ./out, its
 * standard error to ./err. The status is that of trace_run(). */
int world_run(struct world *world, char *const argv[], const char *preload);

size_t world_ops(const struct world *world);
const struct op *world_op(const struct world *world, size_t index);

/* The recording played back. */
struct replay;
struct replay *replay_new(const struct world *world);
void replay_free(struct replay *replay);
/* Makes the next op. */
void replay_step(struct replay *replay);
/* How many changes may be on the disk now or not, oldest first. */
size_t replay_pending(const struct replay *replay);
/* Works out an image: what is on the disk, and of the pending changes those with chosen[i]. Gives a
 * number that is the same for the same image. */
uint64_t replay_image(struct replay *replay, const bool *chosen);
/* Writes the image into [folder], which must not be there. */
void replay_write(struct replay *replay, const char *folder);

#endif
