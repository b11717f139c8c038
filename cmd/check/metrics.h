/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes the metrics of the bank for Prometheus: a file for the textfile collector of
 * node_exporter. subank-metrics(7), which is made from the tables in metrics.c, describes each
 * metric. */
#pragma once

#include "cmd/frame/env.h"
#include "ledger/books/books.h"

/* Collects and writes the metrics, if the settings name a file. A copy of a bank, which does not
 * command Slurm, does nothing. Returns EXIT_DONE, or EXIT_PART after a warning. */
int metrics_publish(struct env *env);

/* Keeps how a check of all accounts went, for metrics_publish(). Of [outcome], only silent and odd
 * count; [done]: it did its work, at least in part. Without metrics_file it does nothing. Returns
 * EXIT_DONE, or EXIT_PART after a warning. */
int metrics_keep(struct env *env, const struct check_outcome *outcome, bool done, int status);

/* Tests whether the file can be written, as public_file_try(). */
int metrics_try(struct env *env, bool write, struct sb_error *err);

/* The documentation of a metric. */
struct metric_text {
	const char *name;
	const char *type; /* of Prometheus: counter or gauge */
	const char *help;
	const char *labels; /* "account, resource"; "": none */
};

/* Returns the documentation of metric [i], from 0, in the order of the file; NULL after the
 * last. */
const struct metric_text *metrics_text(size_t i);
