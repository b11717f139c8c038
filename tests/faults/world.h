/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records every change of a folder, and computes what may be on the disk when the power fails.
 *
 * A write is durable once fsync() or fdatasync() of its file has returned, or the write itself if
 * the file was opened with O_DSYNC; a change of a name, once fsync() of its folder has. Until then
 * each of its sectors of 512 bytes, and each change of a name, may be on the disk or not,
 * independently and in any order. The contents of files named *.lock and lock.mdb, which do not
 * matter to LMDB and subank, count as written at once. */
#pragma once

#include "tests/faults/trace.h"

enum op_type {
	OP_CREATE, /* a file or, with [folder], a folder */
	OP_WRITE,
	OP_TRUNCATE,
	OP_RENAME,
	OP_EXCHANGE,
	OP_REMOVE,
	OP_SYNC, /* of a file or of a folder */
	OP_SAID, /* a write to standard output */
	OP_ENDED, /* a program ended */
};

struct op {
	enum op_type type;
	bool folder; /* create */
	bool replaces; /* rename: an existing file of the name */
	bool dsync; /* write */
	bool meta; /* write: to one of the first two pages of data.mdb, so perhaps a commit */
	int node; /* create, write, truncate, sync */
	int in; /* the folder of the name and of the new name */
	char name[96], new_name[96];
	uint64_t offset; /* write; truncate: the length */
	size_t len;
	unsigned char *data; /* write; said: a text */
	int status; /* ended */
};

struct world;

/* Starts with the contents of [folder], which count as durable. */
struct world *world_new(const char *folder);
void world_free(struct world *world);

/* Runs a program and records every change; its standard output goes to ./out, its standard error to
 * ./err. Returns trace_run()'s status. */
int world_run(struct world *world, char *const argv[], const char *preload);

size_t world_ops(const struct world *world);
const struct op *world_op(const struct world *world, size_t index);

/* A replay of the recording. */
struct replay;
struct replay *replay_new(const struct world *world);
void replay_free(struct replay *replay);
/* Applies the next op. */
void replay_step(struct replay *replay);
/* Returns the count of pending changes, oldest first. */
size_t replay_pending(const struct replay *replay);
/* Computes an image: the durable changes, and the pending ones with chosen[i]. Returns a hash of
 * the image. */
uint64_t replay_image(struct replay *replay, const bool *chosen);
/* Writes the image into [folder], which must not exist. */
void replay_write(struct replay *replay, const char *folder);
