/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/files/backup.h"

#include <stdio.h>

#include "ledger/files/verify_file.h"

static int damaged(const char *what, struct sb_error *err)
{
	return sb_error_set(err, SB_ECORRUPT,
			    "the books are damaged and were not copied: %s; run `subank verify`, "
			    "and keep the older copies",
			    what);
}

/* Gets the head, after a check of all pages: LMDB copies in another thread, and must not meet
 * damaged pages there. */
static int get_head(struct books *books, void *ctx, struct sb_error *err)
{
	struct sb_error why;
	int rc = store_check_pages(books_txn(books), &why);

	*(struct head *)ctx = *books_head(books);
	if (rc == SB_ECORRUPT)
		return damaged(why.text, err);
	return rc ? sb_error_set(err, why.code, "%s", why.text) : SB_OK;
}

static int forget_machine(struct books *books, void *ctx, struct sb_error *err)
{
	(void)ctx;
	return books_set_machine(books, "", err);
}

/* Detaches the copy from Slurm and proves it. */
static int prove_bank(struct bank *bank, struct verify *verify, struct sb_error *err)
{
	struct head newest;

	TRY(bank_read(bank, 0, get_head, &newest, err));
	TRY(bank_write(bank, newest.time, forget_machine, NULL, err));
	return bank_read(bank, 0, verify_books, verify, err);
}

/* Proves the copy, which must have at least the entries up to [head]. */
static int prove(const struct store_options *copy, const struct head *head,
		 const struct steps *steps, struct verify *ret, struct sb_error *err)
{
	struct sb_error found = {0};
	struct old_head old = {.seq = head->seq};
	struct verify verify = {.heads = &old,
				.head_count = head->seq > 0,
				.found = verify_keep_first,
				.ctx = &found,
				.steps = steps};
	struct bank *bank;
	int rc;

	hex_format(old.hash, head->hash, HASH_SIZE);
	TRY(bank_open(copy, STORE_WRITE, NULL, &bank, err));
	rc = prove_bank(bank, &verify, err);
	bank_close(bank);
	TRY(rc);
	if (verify.problems)
		return damaged(found.text, err);
	*ret = verify;
	ret->heads = NULL;
	ret->steps = NULL;
	ret->head_count = 0;
	return SB_OK;
}

int bank_backup(struct bank *bank, const struct store_options *to, const struct steps *steps,
		struct verify *ret, struct sb_error *err)
{
	struct store_options beside = *to;
	struct leftover leftover = {0};
	struct head head = {0};
	char folder[4096];
	int rc;

	if ((size_t)snprintf(folder, sizeof(folder), "%s.new", to->folder) >= sizeof(folder))
		return sb_error_set(err, SB_EINVAL, "the name of the backup is too long");
	beside.folder = folder;
	TRY(bank_read(bank, 0, get_head, &head, err));
	rc = store_copy(bank_store(bank), folder, &leftover, err);
	if (!rc) {
		rc = prove(&beside, &head, steps, ret, err);
		if (!rc)
			rc = store_copy_install(folder, to->folder, err);
		if (rc)
			store_copy_remove(folder);
	}
	leftover_done(&leftover);
	return rc;
}
