/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/files/verify_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/leftover.h"
#include "ledger/files/import.h"

static int make_workshop(char workshop[4096], struct sb_error *err)
{
	const char *dir = getenv("TMPDIR");

	dir = dir && *dir ? dir : "/tmp";
	if ((size_t)snprintf(workshop, 4096, "%s/subank-verify.XXXXXX", dir) >= 4096)
		return sb_error_set(err, SB_EINVAL, "the name in $TMPDIR is too long");
	if (mkdtemp(workshop))
		return SB_OK;
	return sb_error_set(err, SB_ESYSTEM, "cannot make a folder in %s to check the file in: %s",
			    dir, sb_errno(errno));
}

static int build_and_verify(const struct import_from *from, const char *workshop,
			    struct verify *verify, struct sb_error *err)
{
	struct store_options options = {
		.folder = workshop, .doing = "subank verify", .wait_ms = 10000};
	struct bank *bank;
	struct head head;
	int rc;

	TRY(import_yaml(&options, from, NULL, &head, err));
	TRY(bank_open(&options, STORE_READ, NULL, &bank, err));
	rc = bank_read(bank, 0, verify_books, verify, err);
	bank_close(bank);
	return rc;
}

int verify_file(FILE *file, const char *name, struct verify *verify, struct sb_error *err)
{
	const struct import_from from = {.file = file, .name = name, .steps = verify->steps};
	struct leftover leftover;
	char workshop[4096] = "";
	int rc;

	leftover_add(&leftover, workshop, store_copy_remove);
	rc = make_workshop(workshop, err);
	if (!rc) {
		rc = build_and_verify(&from, workshop, verify, err);
		store_copy_remove(workshop);
	}
	leftover_done(&leftover);
	return rc;
}

void verify_keep_first(const char *text, void *ctx)
{
	struct sb_error *first = ctx;

	if (!first->code)
		sb_error_set(first, SB_ECORRUPT, "%s", text);
}
