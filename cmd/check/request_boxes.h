/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder of managers' requests (`requests` in the settings), with a box for each of them. */
#pragma once

#include "cmd/check/user_folders.h"
#include "cmd/frame/env.h"

/* Opens the boxes of the settings' folder. The caller calls user_folders_close() and then frees
 * *ret_path, which the boxes use. SB_EREFUSED: another user could change the folder, or its file
 * system has no access control lists. */
int request_boxes_open(const struct env *env, struct user_folders *ret, char **ret_path,
		       struct sb_error *err);

/* Tests whether they can be opened, and this user can make boxes. The error says what to do. */
int request_boxes_try(const struct env *env, struct sb_error *err);
