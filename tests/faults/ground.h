/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shared by the methods in C: random numbers, time, folders, running subank, and judging a bank.
 * Each function ends the program, with a message, when the machine fails it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/books/journal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { PATH_SIZE = 4096 };

void __attribute__((noreturn, format(printf, 1, 2))) give_up(const char *fmt, ...);

/* Returns $NAME, which must be set. */
const char *ground_env(const char *name);

/* Pseudo-random numbers, first from $FAULT_SEED. below() returns 0 to n - 1. */
void chance_seed(uint64_t seed);
uint64_t chance(void);
size_t below(size_t n);

/* Returns seconds since the start of the program. */
double elapsed(void);
/* Returns $FAULT_SECONDS. */
double seconds_given(void);

void folder_remove(const char *path); /* with its contents; it may be missing */
void folder_copy(const char *from, const char *to); /* [to] must not exist */
void file_write(const char *path, const void *data, size_t len);
/* Reads a file and appends a NUL. The caller frees; NULL when there is no such file. */
char *file_read(const char *path, size_t *ret_len);

/* Splits [line] at blanks and fills argv with subank, its settings file (./settings) and the words,
 * which point into [words]. */
enum { WORDS_MAX = 32, LINE_SIZE = 1024 };
char **subank_argv(const char *line, char words[LINE_SIZE], char *argv[WORDS_MAX]);
/* Runs the command to its end, with its output in ./out and ./err. Returns trace_run()'s status. */
int subank_run(const char *line);
/* Does the same, and ends this program when the command fails. */
void subank_must(const char *line);
/* Does the same so many seconds ago on another machine: the bank must be adopted afterwards. */
void subank_past(long ago, const char *line);

/* Creates the simulated Slurm of tests/fake in ./slurm, with the cluster dev, and ./settings for a
 * bank and, unless it is NULL, a folder of backups in this folder. */
void ground_prepare(const char *bank, const char *backup);
/* Writes other settings, which publish the balances of FOLDER/bank to FOLDER/users. */
void ground_publishing(const char *settings, const char *folder);
/* Sets what Slurm has counted for an account, in billing-seconds; creates a missing account. */
void slurm_usage(const char *account, long usage);
/* Adds a job to Slurm's records: its account, the seconds since it began, and how long it ran. */
void slurm_job(const char *account, long ago, long ran);
/* Writes ./list for import --append: so many deposits, most to bio, some to chem. */
void ground_list(int count);
/* Writes ./dump.json for import --predecessor: the accounts old1 and old2, which Slurm has. */
void ground_dump(void);

/* The state of a bank, from another process that opens and verifies it. */
enum judged_as {
	JUDGED_WHOLE,
	JUDGED_NO_BANK,
	JUDGED_REFUSED, /* it cannot be opened */
	JUDGED_DAMAGED, /* verify finds damage */
	JUDGED_CRASHED, /* the other process crashed or hung */
};
struct judged {
	enum judged_as as;
	struct head head;
	/* A hash of the entries without times, hashes, numbers and order. */
	uint64_t digest;
	char text[1024];
};
void judge(const char *folder, struct judged *ret);
/* Returns whether both are the same bank in the same state. */
bool judged_same(const struct judged *a, const struct judged *b);

/* Prints a row. Returns whether it has no violations. */
bool row(const char *method, uint64_t cases, uint64_t violations);

/* With FAULTS=long: returns whether so many cases are enough, and prints it if not. */
bool long_enough(const char *what, uint64_t cases, uint64_t least);
/* FAULTS=long */
bool long_form(void);
