/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a program and stops it at the begin and the end of each of its system calls, in all of its
 * threads. Programs that it starts are not followed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct trace_call {
	pid_t thread; /* it is stopped */
	uint64_t number; /* SYS_… */
	uint64_t arguments[6];
	int64_t result; /* at its end: from the kernel, -errno for an error */
};

enum trace_do {
	TRACE_GO,
	TRACE_CHANGED, /* with the changed number and arguments of the call */
	TRACE_SKIP, /* without the call; the program gets call->result */
	TRACE_LIE, /* with the call, after which the program gets call->result */
};

struct trace {
	char *const *argv; /* ends with NULL; the program is searched in PATH */
	const char *preload; /* a library for it alone, or NULL */
	int in, out, err; /* its standard streams */
	/* Either may be NULL. */
	enum trace_do (*begins)(struct trace_call *call, void *ctx);
	void (*ended)(const struct trace_call *call, void *ctx);
	void *ctx;
};

/* Returns whether other answers than TRACE_GO work on this kind of machine. */
bool trace_can_change(void);

/* Returns whether processes may be traced here. */
bool trace_allowed(void);

/* Runs the program to its end. Returns its exit status, 128 and the signal, or TRACE_HANGS when it
 * was killed after a minute. Ends this program when tracing fails. */
enum { TRACE_HANGS = 1000 };
int trace_run(const struct trace *trace);

/* Copies from the program's memory; ends this program when the address is invalid. */
void trace_read(pid_t thread, uint64_t from, void *to, size_t size);
/* Copies a text of less than [size] bytes. */
void trace_read_text(pid_t thread, uint64_t from, char *to, size_t size);
