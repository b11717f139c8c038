/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder of a report. Each page is written beside its name and renamed, so that it is whole at
 * any time. No link is followed out of the folder, and no file is replaced or removed that does not
 * begin with PAGE_MARK. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "cmd/report/html.h"
#include "ledger/base/error.h"

/* Who can read an account's page. */
enum site_access {
	SITE_FLAT, /* all pages are in one folder, for its group */
	SITE_FOLDERS, /* a folder for each account, for the group of the report's folder */
	SITE_GROUPS, /* the same, for the Unix group with the account's name */
};

struct site {
	const char *path; /* for messages */
	enum site_access access;
	int fd;
	bool made; /* there was no folder */
	struct stat st;
	char **written; /* the names in the folder that are of this report */
	size_t written_count;
	size_t pages; /* written */
	size_t removed; /* pages of earlier reports */
	size_t alone; /* of accounts without a Unix group: only the owner can read them */
};

/* Opens and locks the folder; makes it if there is none, with mode 0750 or, with SITE_GROUPS, 0711.
 * SB_EREFUSED if another user can write into it, or made it a link; SB_EBUSY while another report
 * is written to it. The caller calls site_close(), also on failure. */
int site_open(const char *path, enum site_access access, struct site *ret, struct sb_error *err);

/* After a failure: removes the folder again, if site_open() made it and it is empty. */
void site_discard(struct site *site);

/* Writes the page of an account. */
int site_write_account(struct site *site, const char *account, const struct html *page,
		       struct sb_error *err);
/* Writes the page of all accounts: index.html, or with folders ALL/index.html. */
int site_write_index(struct site *site, const struct html *page, struct sb_error *err);

/* Removes pages of earlier reports that this one has not written. */
int site_remove_others(struct site *site, struct sb_error *err);
void site_close(struct site *site);

/* Return the constants around an account's page_name() in the address of its page, as seen from the
 * page of all accounts. */
const char *site_before(const struct site *site);
const char *site_after(const struct site *site);
