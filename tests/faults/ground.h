/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the methods in C share: chance, time, folders, running subank, and judging a bank. Each ends
 * the program, with a message, when what it needs of the machine fails. */
#ifndef SUBANK_TESTS_FAULTS_GROUND_H
#define SUBANK_TESTS_FAULTS_GROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/books/journal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { PATH_SIZE = 4096 };

void __attribute__((noreturn, format(printf, 1, 2))) give_up(const char *fmt, ...);

/* $NAME, which must be set. */
const char *ground_env(const char *name);

/* The same numbers for the same seed ($FAULT_SEED at first). below() gives 0 to n - 1. */
void chance_seed(uint64_t seed);
uint64_t chance(void);
size_t below(size_t n);

/* Seconds since the start of the program. */
double elapsed(void);
/* $FAULT_SECONDS. */
double seconds_given(void);

void folder_remove(const char *path); /* and all in it; it may be missing */
void folder_copy(const char *from, const char *to); /* [to] must not be there */
void file_write(const char *path, const void *data, size_t len);
/* To be freed; NULL when there is no such file. A NUL stands behind it. */
char *file_read(const char *path, size_t *ret_len);

/* Cuts [line] at blanks and puts subank, its settings file (./settings) and the words into argv,
 * which point into [words]. */
enum { WORDS_MAX = 32, LINE_SIZE = 1024 };
char **subank_argv(const char *line, char words[LINE_SIZE], char *argv[WORDS_MAX]);
/* Runs it to its end, with its output in ./out and ./err; status as trace_run() gives it. */
int subank_run(const char *line);
/* Runs it and ends this program when it fails. */
void subank_must(const char *line);
/* The same so many seconds ago, on another machine: the bank is to be adopted afterwards. */
void subank_past(long ago, const char *line);

/* The make-believe Slurm of tests/fake, in ./slurm, with the cluster dev; and ./settings, for a
 * bank and, unless it is NULL, a folder of backups in this folder. */
void ground_prepare(const char *bank, const char *backup);
/* Other settings, which publish to FOLDER/users the balances of FOLDER/bank. */
void ground_publishing(const char *settings, const char *folder);
/* What Slurm has counted for an account, in billing-seconds; it is made if need be. */
void slurm_usage(const char *account, long usage);
/* Slurm has one more job on record, of an account, that began so many seconds ago and ran so long.
 */
void slurm_job(const char *account, long ago, long ran);
/* ./list, for import --append: so many deposits, most to bio, some to chem. */
void ground_list(int count);
/* ./dump.json, for import --predecessor: the accounts old1 and old2, which Slurm has. */
void ground_dump(void);

/* A bank as another process finds it, which opens it and verifies it. */
enum judged_as {
	JUDGED_WHOLE,
	JUDGED_NO_BANK,
	JUDGED_REFUSED, /* it cannot be opened */
	JUDGED_DAMAGED, /* verify is not content */
	JUDGED_CRASHED, /* or it hangs: the one who looked did not end by himself */
};
struct judged {
	enum judged_as as;
	struct head head;
	/* Of the entries without times, hashes, numbers and order. */
	uint64_t digest;
	char text[1024];
};
void judge(const char *folder, struct judged *ret);
/* Whether both are the same bank in the same state. */
bool judged_same(const struct judged *a, const struct judged *b);

/* Prints a row, and says whether it is without violations. */
bool row(const char *method, uint64_t cases, uint64_t violations);

/* With FAULTS=long: whether so many cases are enough; says so if not. */
bool long_enough(const char *what, uint64_t cases, uint64_t least);
/* FAULTS=long */
bool long_form(void);

#endif
