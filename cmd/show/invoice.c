/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/invoice.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/frame/messages.h"
#include "ledger/base/array.h"
#include "ledger/books/nesting.h"

int invoice_make(const struct statement *statement, const struct price *price, struct invoice *ret,
		 struct sb_error *err)
{
	struct invoice invoice = {.purse = statement->account,
				  .price = *price,
				  .billed = *statement->billed,
				  .so_far = statement->so_far,
				  .until = statement->until};

	if (statement->last.seq == 0)
		return sb_error_set(err, SB_EREFUSED,
				    "the bank has no entry before the end of this period: there is "
				    "nothing to bill");
	if (!price_cost(price, invoice.billed.total, purse_unit(invoice.purse).size,
			&invoice.cents))
		return sb_error_set(
			err, SB_EOVERFLOW,
			"the invoice of '%s' is past what int64 holds in cents: ask for "
			"a shorter period, or give a lower price",
			invoice.purse);
	(void)head_text(invoice.head, &statement->last);
	if (!invoice.so_far)
		(void)invoice_number(invoice.number, invoice.purse, statement->since,
				     statement->until, statement->last.seq);
	*ret = invoice;
	return SB_OK;
}

static void report_part(struct env *env, const struct invoice *invoice, const char *name,
			int64_t amount)
{
	char text[QUANTITY_SIZE];

	if (amount != 0)
		report(env, "%s: %s", name, quantity(env, text, invoice->purse, amount));
}

void invoice_report(struct env *env, const struct invoice *invoice)
{
	const struct billed *billed = &invoice->billed;
	const struct unit unit = purse_unit(invoice->purse);
	/* "per GPU-hour". */
	const size_t plural = purse_is_su(invoice->purse) ? 0 : 1;
	char amount[QUANTITY_SIZE], exact[QUANTITY_SIZE] = "", price[PRICE_TEXT_SIZE],
				    cents[PRICE_TEXT_SIZE];

	if (!invoice->so_far)
		report(env, "Invoice %s", invoice->number);
	else
		report(env, "Preview of an invoice of %s", invoice->purse);
	if (invoice->so_far && env->os.now() < invoice->until)
		report(env, "It has no number: the period is not over");
	else if (invoice->so_far)
		report(env, "It has no number: the bank has no entry after the period yet; any "
			    "gives it one");
	report_part(env, invoice, "Used", billed->used);
	report_part(env, invoice, "Fees", billed->fees);
	report_part(env, invoice, "Reconciled", billed->reconciled);
	report_part(env, invoice, "Refunds and reversals", billed->returned);
	/* Units are cut to two decimals: with the seconds, the sum can be computed again. */
	if (!env->seconds)
		(void)snprintf(exact, sizeof(exact), " (%" PRId64 " %ss)", billed->total,
			       unit.second);
	report(env, "Billed: %s%s", quantity(env, amount, invoice->purse, billed->total), exact);
	report(env, "At %s %s per %.*s: %s %s", price_format(price, &invoice->price),
	       invoice->price.currency, (int)(strlen(unit.name) - plural), unit.name,
	       cents_format(cents, invoice->cents), invoice->price.currency);
	report(env, "Based on the entries up to this head; to check them:");
	report(env, "  subank verify --head %s", invoice->head);
}

bool invoice_has_use(const struct invoice *invoice)
{
	return invoice->billed.total != invoice->billed.fees;
}

static int by_purse(const void *key, const void *item)
{
	return purse_order(key, item);
}

/* A nesting_takes. */
static int takes_billed(struct books *books, const char *purse, void *ctx, bool *ret,
			struct sb_error *err)
{
	const struct invoiced *invoiced = ctx;

	(void)books;
	(void)err;
	*ret = array_find(invoiced->purses, invoiced->count, purse, by_purse);
	return SB_OK;
}

int invoice_check_nested(struct books *books, void *ctx, struct sb_error *err)
{
	struct nesting nesting = {0};
	struct invoiced *invoiced = ctx;
	char above[NAME_SIZE], first_above[NAME_SIZE] = "";
	const char *first = NULL;
	size_t nested = 0;
	int rc = SB_OK;

	for (size_t i = 0; i < invoiced->count && !rc; i++) {
		const struct account *purse;

		rc = books_account(books, invoiced->purses[i], &purse, err);
		if (!rc)
			rc = nesting_purse_above(&nesting, books, purse, takes_billed, invoiced,
						 above, err);
		if (!rc && *above && nested++ == 0) {
			first = invoiced->purses[i];
			memcpy(first_above, above, sizeof(above));
		}
	}
	nesting_release(&nesting);
	if (rc || nested == 0)
		return rc;
	return sb_error_set(
		err, SB_EREFUSED,
		"these invoices have no sum: %s is inside %s, which counts the same use, "
		"so that both bill it%s. Name the accounts to bill",
		first, first_above, nested > 1 ? ", and so do those of other accounts" : "");
}
