/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files in the boxes of managers: cmd/show/request.h describes them. A user may put anything
 * into the own box, at any moment. */
#pragma once

#include "cmd/check/user_folders.h"
#include "cmd/show/request.h"

struct request_waiting {
	uint32_t uid;
	size_t turn; /* for the caller */
	int64_t time; /* of the file; microseconds */
	char id[REQUEST_ID_SIZE];
};

/* What became of a request. */
struct request_answer {
	const char *request; /* request_text(); "": the file was none */
	const char *state; /* "recorded", "done", "refused" */
	uint64_t entry; /* 0: none */
	char text[1280];
};

/* Opens the user's box. Returns its descriptor, or -1 and sets errno. */
int request_box_open(const struct user_folders *boxes, uint32_t uid);

/* Lists the requests in the box, the oldest first; the caller frees. Reads REQUESTS_SCANNED names
 * at most: from a box with more names no request is taken, so that no answers are added. Removes
 * old answers, and other files that are older than a day. */
int request_box_read(const struct user_folders *boxes, uint32_t uid, int64_t now,
		     struct request_waiting **ret, size_t *ret_count, struct sb_error *err);

/* Writes the answer, whole and synced. SB_EREFUSED if the user's own files prevent it. */
int request_answer(const struct user_folders *boxes, int box, const char *id,
		   const struct request_answer *answer, int64_t now, struct sb_error *err);
/* Whether a check has answered the request. */
bool request_is_answered(const struct user_folders *boxes, int box, const char *id);

/* Removes the request that was [read], unless the user has put another file in its place: that is a
 * new request. */
int request_remove(int box, const char *id, const struct stat *read, struct sb_error *err);
