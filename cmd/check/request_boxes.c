/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/request_boxes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static const char failure[] = "the requests of managers are not taken in";

int request_boxes_open(const struct env *env, struct user_folders *ret, char **ret_path,
		       struct sb_error *err)
{
	struct public_file file = {.setting = "requests", .failure = failure, .uid = (uid_t)-1};
	struct stat bank;
	char *path;
	int rc;

	if (fstat(store_folder(bank_store(env->bank)), &bank) != 0)
		return sb_error_path(err, "inspect", env->store.folder);
	if (asprintf(&path, "%s/", env->settings.requests) < 0)
		return sb_error_nomem(err);
	file.path = path;
	file.bank_owner = bank.st_uid;
	rc = user_boxes_open(&file, ret, err);
	if (rc)
		free(path);
	else
		*ret_path = path;
	return rc;
}

int request_boxes_try(const struct env *env, struct sb_error *err)
{
	struct user_folders boxes;
	char *path;
	int rc = SB_OK;

	TRY(request_boxes_open(env, &boxes, &path, err));
	if (faccessat(boxes.users, ".", W_OK | X_OK, AT_EACCESS) != 0)
		rc = sb_error_path(err, "write into the folder", env->settings.requests);
	else if (!(boxes.st.st_mode & S_IXOTH))
		rc = sb_error_set(err, SB_EREFUSED,
				  "%s: users cannot enter the folder %s: run chmod 711 on it",
				  failure, env->settings.requests);
	user_folders_close(&boxes);
	free(path);
	return rc;
}
