/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ledger/files/backup.h"

#include <stdio.h>

static void keep_first(const char *text, void *ctx)
{
	struct sb_error *first = ctx;

	if (!first->code)
		sb_error_set(first, SB_ECORRUPT, "%s", text);
}

static int damaged(const char *what, struct sb_error *err)
{
	return sb_error_set(err, SB_ECORRUPT,
			    "the books are damaged, they were not copied: %s; run `subank verify`, "
			    "and keep the copies that there are",
			    what);
}

/* LMDB must not copy, in a thread of its own, what does not hang together. */
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

/* Proves the copy, which must hold at least the entries up to [head]. */
static int prove(const struct store_options *copy, const struct head *head,
		 const struct steps *steps, struct verify *ret, struct sb_error *err)
{
	struct sb_error found = {0};
	struct old_head old = {.seq = head->seq};
	struct verify verify = {.heads = &old,
				.head_count = head->seq > 0,
				.found = keep_first,
				.ctx = &found,
				.steps = steps};
	struct head newest = {0};
	struct bank *bank = NULL;
	int rc = bank_open(copy, STORE_WRITE, NULL, &bank, err);

	hex_format(old.hash, head->hash, HASH_SIZE);
	if (!rc)
		rc = bank_read(bank, 0, get_head, &newest, err);
	if (!rc)
		rc = bank_write(bank, newest.time, forget_machine, NULL, err);
	if (!rc)
		rc = bank_read(bank, 0, verify_books, &verify, err);
	bank_close(bank);
	if (!rc && verify.problems)
		rc = damaged(found.text, err);
	if (rc)
		return rc;
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
	rc = bank_read(bank, 0, get_head, &head, err);
	if (!rc)
		rc = store_copy(bank_store(bank), folder, &leftover, err);
	if (rc)
		goto out;
	rc = prove(&beside, &head, steps, ret, err);
	if (!rc)
		rc = store_copy_install(folder, to->folder, err);
	if (rc)
		store_copy_remove(folder);
out:
	leftover_done(&leftover);
	return rc;
}
