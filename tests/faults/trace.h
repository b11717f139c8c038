/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a program and stops it at the begin and the end of each of its system calls, in all of its
 * threads. Programs that it starts are not followed. */
#ifndef SUBANK_TESTS_FAULTS_TRACE_H
#define SUBANK_TESTS_FAULTS_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct trace_call {
	pid_t thread; /* it stands still */
	uint64_t number; /* SYS_… */
	uint64_t arguments[6];
	int64_t result; /* at its end: as the kernel gives it, -errno for an error */
};

enum trace_do {
	TRACE_GO,
	TRACE_CHANGED, /* with the number and arguments as they stand in the call now */
	TRACE_SKIP, /* it is not made; call->result is what the program sees */
	TRACE_LIE, /* it is made, and then the program sees call->result */
};

struct trace {
	char *const *argv; /* ends with NULL; the program is looked for in PATH */
	const char *preload; /* a library that it alone gets, or NULL */
	int in, out, err; /* its standard streams */
	/* Either may be NULL. */
	enum trace_do (*begins)(struct trace_call *call, void *ctx);
	void (*ended)(const struct trace_call *call, void *ctx);
	void *ctx;
};

/* Whether another answer than TRACE_GO can be obeyed on this kind of machine. */
bool trace_can_change(void);

/* Whether a process may be traced here at all. */
bool trace_allowed(void);

/* Follows the program to its end. Its exit status, 128 and the signal, or TRACE_HANGS when it did
 * not end within a minute and was killed. Ends this program when tracing fails. */
enum { TRACE_HANGS = 1000 };
int trace_run(const struct trace *trace);

/* Copies from the program's memory; ends this program when there is nothing. */
void trace_read(pid_t thread, uint64_t from, void *to, size_t size);
/* The same with a text of less than [size] bytes. */
void trace_read_text(pid_t thread, uint64_t from, char *to, size_t size);

#endif
