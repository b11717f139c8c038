/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors in ledger/, slurm/ and cmd/: a function returns 0 or a negative code of enum sb_err, and
 * fills in the struct sb_error that its last argument points to, unless that is NULL. Only cmd/
 * prints and exits. Output arguments (ret, ret_…) are written only on success. */
#pragma once

enum sb_err {
	SB_OK = 0,
	SB_EINVAL = -1, /* a malformed amount, name, time or option: nothing was tried */
	SB_EREFUSED = -2, /* a rule of the books forbids it */
	SB_ENOTFOUND = -3, /* no such account, entry, bank … */
	SB_EOVERFLOW = -4, /* a sum would leave int64 */
	SB_EBUSY = -5, /* another process held a lock past the deadline */
	SB_EFORMAT = -6, /* a file or a program's output is malformed; the text says where */
	SB_ECORRUPT = -7, /* the stored books contradict themselves */
	SB_ESYSTEM = -8, /* memory, disk or permissions; nothing was changed */
	SB_EUNKNOWN = -9, /* the disk failed while committing: the outcome is unknown */
	SB_EMISSING = -11, /* a program could not be started */
	SB_ETIMEOUT = -12, /* a program did not end before the deadline and was killed */
	SB_EFAILED = -13, /* a program exited with a status other than 0, was ended by a signal or
			     wrote too much */
	SB_EFULL = -10, /* the LMDB map is full; never leaves the store, which enlarges it */
};

struct sb_error {
	enum sb_err code;
	char text[1024]; /* one line; may contain foreign bytes: escape it before printing */
};

/* Returns from the calling function with the code of [call] if that failed. Only for functions that
 * have nothing to release at that point. */
#define TRY(call)                                                                                  \
	do {                                                                                       \
		int try_code = (call);                                                             \
		if (try_code)                                                                      \
			return try_code;                                                           \
	} while (0)

/* Sets [err], which may be NULL, and returns [code]: `return sb_error_set(err, SB_EINVAL, …);` */
int sb_error_set(struct sb_error *err, enum sb_err code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Prepends "text: " to the text of [err]. Returns the code in [err]; SB_ESYSTEM if [err] is NULL.
 */
int sb_error_prefix(struct sb_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Describes an errno and, where known, the remedy: "No space left on device: make room". Valid
 * until the next call. */
const char *sb_errno(int number);

/* Sets "cannot WHAT PATH: " and sb_errno(errno). Returns SB_ESYSTEM. */
int sb_error_path(struct sb_error *err, const char *what, const char *path);

/* Sets the error for exhausted memory. Returns SB_ESYSTEM. */
int sb_error_nomem(struct sb_error *err);
