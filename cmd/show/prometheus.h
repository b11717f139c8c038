/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints samples in the text format of Prometheus, version 0.0.4. */
#pragma once

#include <stdint.h>
#include <stdio.h>

/* Begins a metric: HELP and TYPE. [type] is "counter" or "gauge". */
void prometheus_metric(FILE *to, const char *name, const char *type, const char *help);

struct label {
	const char *name; /* NULL ends a list */
	const char *value; /* any bytes: those that are not UTF-8 become U+FFFD */
};

/* Prints a sample of that metric, without a time. */
void prometheus_sample(FILE *to, const char *name, const struct label labels[], int64_t value);
