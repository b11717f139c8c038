/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes a report: reads the books in one transaction and writes a page for each account and one of
 * all. */
#pragma once

#include "cmd/report/site.h"
#include "cmd/show/selection.h"

struct report_options {
	const char *folder;
	enum site_access access;
	int64_t since, until; /* the period, microseconds */
	struct selection *selection; /* of accounts; names of none are reported and removed */
};

/* *ret has the head and, in [site], what was written. */
struct report_result {
	struct head head;
	size_t pages, removed, alone; /* as in struct site */
	bool barred; /* other users cannot pass the folder to those of their groups */
};
int report_make(struct env *env, const struct report_options *options, struct report_result *ret,
		struct sb_error *err);
