/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes a file for readers outside the bank: beside its name and renamed, so that it is whole at
 * any time, in a folder where only root and the bank's owner can put files. */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cmd/frame/env.h"
#include "ledger/base/error.h"

/* Finds the owner of the bank's folder. */
int public_bank_owner(const struct env *env, uid_t *ret, struct sb_error *err);

struct public_file {
	const char *path; /* absolute */
	const char *setting; /* names [path] in the settings, for messages */
	const char *failure; /* begins each error: "the balances for users are not published" */
	uid_t bank_owner;
	/* Of the file: */
	mode_t mode;
	uid_t uid; /* (uid_t)-1: this process's user */
	bool folder_group; /* it gets its folder's group, not this process's */
};

/* Opens the folder of the file and fills [ret] with its status. Returns its descriptor, which the
 * caller closes, or -1. SB_EREFUSED: another user can change the folder, and so put another file
 * there. */
int public_folder_open(const struct public_file *file, struct stat *ret, struct sb_error *err);

/* Prints the contents to [to]. Returns 0; anything else means that errno is set. */
typedef int public_contents(FILE *to, const void *ctx);

/* Writes the file into the open folder of status [st], and renames it to [name]. It is not synced:
 * after a power loss the next check writes it again. */
int public_file_write(const struct public_file *file, int folder, const struct stat *st,
		      const char *name, public_contents *print, const void *ctx,
		      struct sb_error *err);

/* The same for the file's own name, in its folder, which it opens. */
int public_file_replace(const struct public_file *file, public_contents *print, const void *ctx,
			struct sb_error *err);

/* Contents: [ctx] is a text, or a json_t. */
int public_file_text(FILE *to, const void *ctx);
int public_file_json(FILE *to, const void *ctx);

/* Tests whether the file can be written. With [write] writes, renames and removes a file beside
 * it. The error says what to do. */
int public_file_try(const struct public_file *file, bool write, struct sb_error *err);
