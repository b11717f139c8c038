/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drives verbs in the test's own process, with a clock of the test's own and the Slurm of
 * fake_slurm.h. Each test has a bank, made and empty, and settings that name the cluster "dev" and
 * ask for neither thresholds nor notices. */
#ifndef SUBANK_TESTS_DRIVE_H
#define SUBANK_TESTS_DRIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/fake_slurm.h"
#include "tests/util.h"

/* What the last verb printed and gave. */
extern char *out, *err;
extern int status;

extern int64_t clock_now; /* moves on by a second with each verb, */
extern int64_t clock_tick; /* and by this, 1 microsecond, each time it is looked at */
extern const char *machine; /* what this machine is called */
extern uint32_t login; /* who had logged in: 1000, whose name is alice */
extern const char *sudo_user; /* who ran sudo, as the environment says; "" */
extern const char *answers; /* what stands on the standard input */
extern char *told; /* what the notify command got on its stdin, one after the other */
extern enum fake_mode notify_mode; /* how it behaves: FAKE_OK, FAILS, TIMES_OUT or MISSING */
extern int notify_calls;
extern int64_t notify_takes; /* how long it runs */
extern bool at_terminal; /* whether that is a terminal */
extern bool watched; /* whether the standard error is one, and shows progress */
extern bool out_full; /* nothing can be written to the standard output, as with >/dev/full */
extern int out_width; /* columns of the standard output; 0: it is no terminal */
extern char logged[1 << 18]; /* what the last verb logged: "PRIORITY text" and a newline for each */

void drive_setup(void); /* for a checked fixture */
void drive_teardown(void);

/* Writes the settings anew. */
void set_settings(const char *text);

/* Runs subank with these arguments, NULL after the last. */
void drive(const char *const args[]);
#define RUN(...) drive((const char *const[]){__VA_ARGS__, NULL})

/* Whether [text] has [part] in it; "" is in every text, NULL asks for an empty text. */
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

/* It must be done, without a message. */
#define DONE(in_out, ...) GIVES(0, in_out, NULL, __VA_ARGS__)

/* It must end with [code], say [in_err], print nothing and change neither the books nor Slurm. */
#define REFUSED(code, in_err, ...)                                                                 \
	do {                                                                                       \
		char *before_ = exported();                                                        \
		int calls_ = fake_calls[FAKE_SACCTMGR];                                            \
		GIVES(code, NULL, in_err, __VA_ARGS__);                                            \
		unchanged(__FILE__, __LINE__, before_);                                            \
		ck_assert_int_eq(fake_calls[FAKE_SACCTMGR], calls_);                               \
	} while (0)

/* The whole ledger as `subank export` prints it; free() it. Leaves out, err and status alone. */
char *exported(void);
/* The export must still be [before], which is freed. */
void unchanged(const char *file, int line, char *before);
#define UNCHANGED(before) unchanged(__FILE__, __LINE__, before)

/* A check must find nothing to do: it prints nothing, enters nothing and leaves Slurm alone. */
void nothing_to_do(void);

/* How many entries there are. */
uint64_t entries(void);

#endif
