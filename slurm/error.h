/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What went wrong when Slurm was asked: a code to decide on and a line to read. */
#ifndef SUBANK_SLURM_ERROR_H
#define SUBANK_SLURM_ERROR_H

enum slurm_err {
	SLURM_OK = 0,
	SLURM_EMISSING = -1, /* the program could not be started */
	SLURM_ETIMEOUT = -2, /* it did not end before the deadline and was killed */
	SLURM_EFAILED =
		-3, /* it ended with another status than 0 or by a signal, or wrote too much */
	SLURM_EFORM = -4, /* it answered something that is not what it should be */
	SLURM_ENAME = -5, /* a name or value that must not reach a command line */
	SLURM_ESYSTEM = -6, /* memory, pipes or processes ran out */
};

/* One line without a newline at its end, fit to be read by a person; it may hold bytes that came
 * from a program, so whoever prints it escapes it. */
struct slurm_error {
	enum slurm_err code;
	char text[1024];
};

/* Sets [err], which may be NULL, and returns [code]: `return slurm_error_set(err, SLURM_EFORM, …);`
 */
int slurm_error_set(struct slurm_error *err, enum slurm_err code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
