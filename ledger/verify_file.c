/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/verify_file.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/import.h"

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
enum { ENDING = sizeof(ending) / sizeof(ending[0]) };

static char workshop[4096]; /* for the signal handler */

static void on_end(int number)
{
	store_copy_remove(workshop);
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

static int make_workshop(struct sb_error *err)
{
	const char *dir = getenv("TMPDIR");

	dir = dir && *dir ? dir : "/tmp";
	if ((size_t)snprintf(workshop, sizeof(workshop), "%s/subank-verify.XXXXXX", dir) >=
	    sizeof(workshop))
		return sb_error_set(err, SB_EINVAL, "the name in $TMPDIR is too long");
	if (mkdtemp(workshop))
		return SB_OK;
	return sb_error_set(err, SB_ESYSTEM, "cannot make a folder in %s to check the file in: %s",
			    dir, strerror(errno));
}

static int build_and_verify(FILE *file, const char *name, struct verify *verify,
			    struct sb_error *err)
{
	struct store_options options = {
		.folder = workshop, .doing = "subank verify", .wait_ms = 10000};
	struct bank *bank = NULL;
	struct head head;
	int rc = import_yaml(&options, file, name, NULL, &head, err);

	if (!rc)
		rc = bank_open(&options, STORE_READ, NULL, &bank, err);
	if (!rc)
		rc = bank_read(bank, 0, verify_books, verify, err);
	bank_close(bank);
	return rc;
}

int verify_file(FILE *file, const char *name, struct verify *verify, struct sb_error *err)
{
	struct sigaction act = {.sa_handler = on_end}, before[ENDING];
	int rc;

	workshop[0] = '\0';
	for (size_t i = 0; i < ENDING; i++) {
		(void)sigaction(ending[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			(void)sigaction(ending[i], &act, NULL);
	}
	rc = make_workshop(err);
	if (!rc) {
		rc = build_and_verify(file, name, verify, err);
		store_copy_remove(workshop);
	}
	for (size_t i = 0; i < ENDING; i++)
		(void)sigaction(ending[i], &before[i], NULL);
	return rc;
}
