/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that only chosen users can read. Beside a published file FILE is a folder:
 *
 *     FILE.d/            0711
 *       accounts/        0700: the files; only the bank's owner can reach them here
 *       users/           0711
 *         1001/          0700 and, by an access control list, read access for user 1001
 *
 * A user's folder has hard links to the files that he may read. So the kernel decides which users
 * can read a file, any number of users may read it (an access control list of the file itself would
 * have to fit into a block of ext4: some 500 users), and nobody learns even the name of a file that
 * is not for him. When a file is written anew, new links replace the old ones in all folders. */
#pragma once

#include <stdint.h>

#include "cmd/check/public_file.h"

#define USER_FOLDERS_SUFFIX ".d"

/* The longest name of a file in it, and its NUL. */
enum { USER_FILE_SIZE = 240 };

struct user_folders {
	struct public_file file; /* of the files */
	struct stat st; /* of [accounts] */
	uid_t owner; /* of all of it */
	bool boxes; /* [users] alone is open, with boxes */
	int top, accounts, users; /* descriptors; -1: not open */
};

/* Opens the folders of [common], and makes those that are missing. SB_EREFUSED: another user could
 * change them. The caller calls user_folders_close(), also after an error. */
int user_folders_open(const struct public_file *common, struct user_folders *ret,
		      struct sb_error *err);
void user_folders_close(struct user_folders *folders);

/* Opens a folder of boxes: folders named after uids, directly below the folder of common->path.
 * Only that user and the bank's owner can enter a box, and both can put files there. So a file in
 * it whose owner is that user came there by that user: nobody else can link or rename it there. Of
 * the functions below, only user_folders_let_in() and those of a box take boxes. */
int user_boxes_open(const struct public_file *common, struct user_folders *ret,
		    struct sb_error *err);
/* Whether the user has a box that he can enter. user_folders_let_in() makes it. */
bool user_box_is_ready(const struct user_folders *boxes, uint32_t uid);
/* Lets the user no longer in to the box, which stays. */
int user_box_shut(const struct user_folders *boxes, uint32_t uid, struct sb_error *err);

/* Writes accounts/NAME, which no user can read yet. */
int user_folders_write(const struct user_folders *folders, const char *name, public_contents *print,
		       const void *ctx, struct sb_error *err);
/* Removes accounts/NAME, if it exists. */
int user_folders_remove(const struct user_folders *folders, const char *name, struct sb_error *err);
/* Returns how many users have a link to accounts/NAME; -1: there is no such file. */
int64_t user_folders_readers(const struct user_folders *folders, const char *name);

/* Makes the user's folder, or gives him access to it again. */
int user_folders_let_in(const struct user_folders *folders, uint32_t uid, struct sb_error *err);
/* Puts a link to accounts/NAME into the user's folder, which is made if it is missing. It replaces
 * an older one at once. */
int user_folders_give(const struct user_folders *folders, uint32_t uid, const char *name,
		      struct sb_error *err);
/* Removes the temporary link that user_folders_give() may leave. Call it after the last one. */
int user_folders_settle(const struct user_folders *folders, struct sb_error *err);
/* Removes the link, and the folder if it is then empty. */
int user_folders_take(const struct user_folders *folders, uint32_t uid, const char *name,
		      struct sb_error *err);

/* Removes all links for which [keep] returns false, and everything else in the users' folders. */
typedef bool user_folders_keep(uint32_t uid, const char *name, const void *ctx);
int user_folders_sweep(const struct user_folders *folders, user_folders_keep *keep, const void *ctx,
		       struct sb_error *err);

/* Tests whether the file system of [common] has access control lists. With [write] also whether
 * the folders can be made and a user let in. */
int user_folders_try(const struct public_file *common, bool write, struct sb_error *err);
