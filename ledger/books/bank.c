/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens, creates and replaces a bank. */
#include <inttypes.h>
#include <stdlib.h>

#include "ledger/base/when.h"
#include "ledger/books/books_inside.h"

int bank_open(const struct store_options *options, enum store_mode mode,
	      const struct author *author, struct bank **ret, struct sb_error *err)
{
	struct bank *bank = calloc(1, sizeof(*bank));
	int rc;

	if (!bank)
		return sb_error_nomem(err);
	if (author)
		bank->author = bank->opener = *author;
	rc = store_open(options, mode, &bank->store, err);
	if (rc)
		free(bank);
	else
		*ret = bank;
	return rc;
}

void bank_close(struct bank *bank)
{
	if (!bank)
		return;
	store_close(bank->store);
	free(bank);
}

void bank_act_for(struct bank *bank, const uint32_t *login)
{
	bank->author = bank->opener;
	if (!login)
		return;
	bank->author.login = *login;
	/* SUDO_USER has no part in it. */
	bank->author.sudo = NULL;
}

struct store *bank_store(struct bank *bank)
{
	return bank->store;
}

static int refuse_entries(struct books *books, void *ctx, struct sb_error *err)
{
	if (books->head.seq == 0)
		return SB_OK;
	return sb_error_set(err, SB_EREFUSED,
			    "the bank in %s is not empty, it has %" PRIu64 " entries: nothing was "
			    "changed; `subank import` puts others in their place with --replace "
			    "and adds requests with --append; or name another folder",
			    (const char *)ctx, books->head.seq);
}

/* Checks that the old books, if there are any, may be replaced. Closes [old]; [rc] is the result of
 * opening it. */
static int check_old(const struct store_options *options, struct store *old, int rc, bool may_exist,
		     struct sb_error *err)
{
	struct bank bank = {.store = old};
	union {
		const char *in;
		void *out;
	} folder = {.in = options->folder};

	if (rc == SB_ENOTFOUND)
		return SB_OK;
	if (rc == SB_ECORRUPT)
		sb_error_prefix(err,
				"move %s/books away first, or use `subank import --replace` (the "
				"old books are damaged)",
				options->folder);
	if (rc)
		return rc;
	if (may_exist)
		rc = bank_read(&bank, WHEN_MAX, refuse_entries, folder.out, err);
	else
		rc = sb_error_set(err, SB_EREFUSED,
				  "there is a bank in %s already: nothing was changed",
				  options->folder);
	store_close(old);
	return rc;
}

/* Copies the old books unless they are damaged. Closes [old]; [rc] is the result of opening it. */
static int keep_old(struct store *old, int rc, struct replacing *replacing, struct sb_error *err)
{
	struct bank bank = {.store = old};

	if (rc == SB_ENOTFOUND)
		return SB_OK;
	if (!rc) {
		rc = replacing->keep(&bank, replacing->ctx, err);
		store_close(old);
	}
	if (rc != SB_ECORRUPT)
		return rc;
	replacing->damaged = true;
	return SB_OK;
}

/* Puts the built books in place of the old ones once no other process uses these. */
static int put_in_place(const struct store_options *options, struct store *built, bool may_exist,
			struct replacing *replacing, struct sb_error *err)
{
	struct store *old = NULL;
	int rc = store_take_over(built, err);

	if (!rc && !(replacing && replacing->damaged)) {
		rc = store_open_old(built, &old, err);
		rc = replacing ? keep_old(old, rc, replacing, err)
			       : check_old(options, old, rc, may_exist, err);
	}
	if (!rc)
		return store_install(
			built, replacing && replacing->damaged ? replacing->aside : NULL, err);
	store_close(built);
	return rc;
}

static int build(const struct store_options *options, bool may_exist,
		 int (*fill)(struct bank *, void *, struct sb_error *), void *ctx,
		 struct replacing *replacing, struct sb_error *err)
{
	struct bank bank = {.building = true};
	struct store *old = NULL;
	int rc = store_build(options, &bank.store, err);

	if (rc)
		return rc;
	/* Refuse before a long file is read. */
	if (!replacing) {
		rc = store_open(options, STORE_READ, &old, err);
		rc = check_old(options, old, rc, may_exist, err);
	}
	if (!rc)
		rc = store_write(bank.store, books_init, NULL, err);
	if (!rc)
		rc = fill(&bank, ctx, err);
	if (!rc && replacing)
		rc = replacing->agree(&bank, replacing->ctx, err);
	if (!rc)
		return put_in_place(options, bank.store, may_exist, replacing, err);
	store_close(bank.store);
	return rc;
}

int bank_build(const struct store_options *options,
	       int (*fill)(struct bank *, void *, struct sb_error *), void *ctx,
	       struct replacing *replacing, struct sb_error *err)
{
	return build(options, true, fill, ctx, replacing, err);
}

static int adopt_machine(struct books *books, void *ctx, struct sb_error *err)
{
	return books_set_machine(books, ctx, err);
}

static int fill_machine(struct bank *bank, void *ctx, struct sb_error *err)
{
	return bank_write(bank, 0, adopt_machine, ctx, err);
}

int bank_create(const struct store_options *options, const char *machine, struct sb_error *err)
{
	union {
		const char *in;
		void *out;
	} name = {.in = machine};

	return build(options, false, fill_machine, name.out, NULL, err);
}
