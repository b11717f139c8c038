/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs verbs in the process of the test, with a clock that the test sets and the Slurm of
 * fake_slurm.h. Each test has an empty bank, and settings with the cluster "dev" and without
 * thresholds and notices. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/fake_slurm.h"
#include "tests/util.h"

/* Output, messages and exit status of the last verb. */
extern char *out, *err;
extern int status;

extern int64_t clock_now; /* advances by a second with each verb, */
extern int64_t clock_tick; /* and by this, 1 microsecond, at each reading */
extern const char *machine; /* the name of this machine */
extern uint32_t login; /* the login uid: 1000, alice */
/* The user who runs the verb: slurm, 64030. Otherwise only alice, bob and carol have numbers, 1001
 * to 1003, and "me" has that of this process. */
struct acting {
	const char *name;
	uint32_t uid;
};
extern struct acting acting;
extern size_t (*groups_here)(char names[][NAME_SIZE], size_t max); /* his groups; NULL: none */

/* If true, no user is found, as when a directory does not answer. */
extern bool no_directory;
/* 1002 at first; 0: he was deleted, and his number is dave's */
extern uint32_t uid_of_bob;
extern const char *sudo_user; /* SUDO_USER; "" for none */
extern const char *answers; /* the standard input */
extern char *told; /* all that the notify command has read from its standard input */
extern enum fake_mode notify_mode; /* how it behaves: FAKE_OK, FAILS, TIMES_OUT or MISSING */
extern int notify_calls;
extern int64_t notify_takes; /* how long it runs, microseconds */
extern char *mailed; /* all mail that sendmail has read, */
extern char mail_args[4096]; /* and its arguments: a line for each run */
extern int mail_deadline_ms; /* of the last run */
extern enum fake_mode mail_mode; /* how it behaves, as notify_mode */
extern bool at_terminal; /* whether the standard input is a terminal */
extern bool watched; /* whether the standard error is a terminal, and shows progress */
extern bool out_full; /* nothing can be written to the standard output, as with >/dev/full */
extern int out_width; /* columns of the standard output; 0: it is no terminal */
extern char logged[1 << 18]; /* messages that the last verb logged: a line "PRIORITY text" each */

void drive_setup(void); /* for a checked fixture */
void drive_teardown(void);

/* Replaces the settings. */
void set_settings(const char *text);

/* Runs subank with these arguments, NULL after the last. */
void drive(const char *const args[]);
#define RUN(...) drive((const char *const[]){__VA_ARGS__, NULL})

/* Checks that [text] contains [part], or is empty if [part] is NULL. */
void check_has(const char *file, int line, const char *name, const char *text, const char *part);

/* The verb must end with [code]; [in_out] must be in its output and [in_err] among its messages. */
#define GIVES(code, in_out, in_err, ...)                                                           \
	do {                                                                                       \
		RUN(__VA_ARGS__);                                                                  \
		ck_assert_msg(status == (code), "status %d, not %d: %s%s", status, code, out,      \
			      err);                                                                \
		check_has(__FILE__, __LINE__, "the output", out, in_out);                          \
		check_has(__FILE__, __LINE__, "the messages", err, in_err);                        \
	} while (0)

/* The verb must succeed without a message. */
#define DONE(in_out, ...) GIVES(0, in_out, NULL, __VA_ARGS__)

/* The verb must end with [code] and the message [in_err], print nothing and change neither the
 * books nor Slurm. */
#define REFUSED(code, in_err, ...)                                                                 \
	do {                                                                                       \
		char *before_ = exported();                                                        \
		int calls_ = fake_calls[FAKE_SACCTMGR];                                            \
		GIVES(code, NULL, in_err, __VA_ARGS__);                                            \
		unchanged(__FILE__, __LINE__, before_);                                            \
		ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], calls_);                               \
	} while (0)

/* Returns the ledger as `subank export` prints it; the caller frees it. Does not change out, err
 * and status. */
char *exported(void);
/* Checks that the export is still [before], and frees that. */
void unchanged(const char *file, int line, char *before);
#define UNCHANGED(before) unchanged(__FILE__, __LINE__, before)

/* A check must find nothing to do: it prints and records nothing and does not change Slurm. */
void nothing_to_do(void);

/* Returns the number of entries. */
uint64_t entries(void);
