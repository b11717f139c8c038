/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests of managers, and the answers to them, as files in the spool folder (`requests` in the
 * settings):
 *
 *     requests/            0711, of the bank's owner
 *       1001/              the box of user 1001 (user_folders.h)
 *         ID               a request that waits; a file of user 1001
 *         ID.answer        the answer; a file of the bank's owner, kept for 30 days
 *
 * An ID has 32 digits of 0-9 and a-f. Both files hold one JSON object:
 *
 *     {"subank": 1, "request": ["transfer", "physics", "chemistry", "100"],
 *      "resource": "gres/gpu", "note": "for the course"}
 *
 *     {"subank": 1, "request": "transfer physics chemistry 100", "time": "2027-01-01T…",
 *      "state": "recorded", "entry": 12, "answer": "entry 12: transferred …"}
 *
 * "resource" and "note" may be missing. "state" is "recorded", "done" (nothing was to be recorded)
 * or "refused"; "entry" is missing unless it is "recorded". */
#pragma once

#include <jansson.h>
#include <sys/stat.h>

#include "cmd/frame/env.h"

enum {
	REQUEST_ARGS = 3,
	REQUEST_FILE_MAX = 4096, /* bytes */
	REQUEST_NOTE_MAX = 512, /* bytes */
	REQUEST_ID_SIZE = 33, /* with its NUL */
	REQUEST_TEXT_SIZE = 1100,
	REQUESTS_SCANNED = 1000, /* files in a box that a check or a list reads */
	ANSWER_DAYS = 30,
};

#define ANSWER_SUFFIX ".answer"
enum { ANSWER_NAME_SIZE = REQUEST_ID_SIZE + sizeof(ANSWER_SUFFIX) - 1 };

struct request {
	const struct command *command; /* transfer or share */
	char args[REQUEST_ARGS][NAME_SIZE]; /* as on its command line */
	char resource[NAME_SIZE]; /* "": SU */
	char note[REQUEST_NOTE_MAX + 1]; /* "": none */
};

/* Fills in the request from a command line ("transfer", "physics", …). Checks the texts, names of
 * accounts and the amount. SB_EINVAL. [resource] and [note] may be NULL. */
int request_set(struct request *ret, const char *const words[1 + REQUEST_ARGS],
		const char *resource, const char *note, struct sb_error *err);

/* Returns the object; NULL when memory ran out. */
json_t *request_encode(const struct request *request);
/* Reads the contents of a file, which may be hostile. SB_EINVAL. */
int request_decode(const char *bytes, size_t len, struct request *ret, struct sb_error *err);

/* Writes "transfer physics chemistry 100 --resource gres/gpu". Returns [to]. */
const char *request_text(char to[REQUEST_TEXT_SIZE], const struct request *request);

/* Whether [name] is the name of a request, or of an answer. */
bool request_is_id(const char *name);
bool request_is_answer(const char *name);

/* Opens the file of a request or answer that [owner] has in the box, and reads it into [to]. Waits
 * for nothing, and follows no link. SB_ENOTFOUND: it is gone. SB_EREFUSED: it is not such a file;
 * SB_ESYSTEM. [ret] becomes its status. */
int request_file_read(int box, const char *name, uint32_t owner, char to[REQUEST_FILE_MAX + 1],
		      struct stat *ret, struct sb_error *err);
