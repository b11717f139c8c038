/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/files/transactions.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "ledger/base/amount.h"
#include "ledger/base/when.h"
#include "ledger/books/ahead.h"
#include "ledger/books/history.h"

#define COMMODITY "BS"

/* The other side of an entry; NULL: another account of the bank, or the entry moves no money. */
static const char *const counterparts[EVENT_KIND_END] = {
	[EVENT_DEPOSIT] = "Equity:Deposits",	   [EVENT_WITHDRAW] = "Equity:Withdrawals",
	[EVENT_CHARGE] = "Expenses:Charges",	   [EVENT_CHARGE_JOB] = "Expenses:Charges",
	[EVENT_REFUND] = "Expenses:Refunds",	   [EVENT_REVERSE] = "Equity:Reversals",
	[EVENT_ADJUST] = "Equity:Adjustments",	   [EVENT_EXPIRE] = "Expenses:Expired",
	[EVENT_RECONCILE] = "Expenses:Reconciled", [EVENT_FEE] = "Expenses:Fees",
	[EVENT_FORGIVE] = "Expenses:Forgiven",
};

struct writing {
	const struct export_to *to;
	bool beancount;
	struct books *replayed;
};

static const char odd_in_names[] = "_.@%/";

static void put_name(const struct writing *writing, const char *name)
{
	FILE *file = writing->to->file;

	if (!writing->beancount) {
		fputs(name, file);
		return;
	}
	/* Capitals replace what beancount refuses: names have no capitals. */
	if (*name == '_' || *name == '.')
		fputs("XX", file);
	for (const char *p = name; *p; p++) {
		const char *odd = strchr(odd_in_names, *p);

		fputc(odd	  ? "UDACS"[odd - odd_in_names]
		      : p == name ? toupper((unsigned char)*p)
				  : *p,
		      file);
	}
}

static void put_posting(const struct writing *writing, const char *group, const char *name,
			int64_t amount)
{
	if (amount == 0)
		return;
	fprintf(writing->to->file, "    %s%s", group, name ? ":" : "");
	if (name)
		put_name(writing, name);
	/* Two blanks end the name, which may contain one. */
	fprintf(writing->to->file, "  %" PRId64 " " COMMODITY "\n", amount);
}

static void put_note(const struct writing *writing, const char *note)
{
	const char *special = writing->beancount ? "\"\\" : ";|\\";
	FILE *file = writing->to->file;

	for (const char *p = note; *p; p++) {
		bool at_end = *p == ' ' && (p == note || !p[1]);

		if (writing->beancount && strchr(special, *p))
			fprintf(file, "\\%c", *p);
		else if (!writing->beancount && (at_end || strchr(special, *p)))
			fprintf(file, "\\x%02x", (unsigned)*p);
		else
			fputc(*p, file);
	}
}

static void put_head(const struct writing *writing, const struct event *event)
{
	const char *kind = event_kinds[event->kind].name;
	FILE *file = writing->to->file;
	char time[WHEN_TEXT_SIZE];

	fprintf(file, "\n%.10s * ", when_format_exact(time, event->time));
	if (writing->beancount)
		fprintf(file, "\"%s", kind);
	else
		fprintf(file, "(%" PRIu64 ") %s", event->seq, kind);
	if (*event->note) {
		fputs(": ", file);
		put_note(writing, event->note);
	}
	fputs(writing->beancount ? "\"\n" : "\n", file);
	if (writing->beancount)
		fprintf(file, "  entry: %" PRIu64 "\n", event->seq);
}

static int net_of(const struct writing *writing, const char *name, int64_t *ret,
		  struct sb_error *err)
{
	const struct account *account;
	int rc;

	*ret = 0;
	if (!name)
		return SB_OK;
	rc = books_find(writing->replayed, name, &account, err);
	if (!rc)
		*ret = account_net(account);
	/* An account that is not opened yet has no money. */
	return rc == SB_ENOTFOUND ? SB_OK : rc;
}

/* Writes the differences between the balances before and after an entry, so that all sums agree
 * with the books. */
static int put_entry(const struct entry *entry, void *ctx, struct sb_error *err)
{
	const struct event *event = entry->event;
	const char *second = event_receiver(event), *against = counterparts[event->kind];
	const struct writing *writing = ctx;
	int64_t before, second_before, after, second_after, rest;

	TRY(net_of(writing, event->account, &before, err));
	TRY(net_of(writing, second, &second_before, err));
	TRY(books_follow(writing->replayed, event, entry->hash, err));
	TRY(net_of(writing, event->account, &after, err));
	TRY(net_of(writing, second, &second_after, err));
	if (!amount_sub(after, before, &after) ||
	    !amount_sub(second_after, second_before, &second_after) ||
	    !amount_add(after, second_after, &rest) || (rest && !against))
		return sb_error_set(err, SB_ECORRUPT,
				    "entry %" PRIu64 ", a %s, does not add up: the books are "
				    "damaged, run `subank verify`",
				    event->seq, event_kinds[event->kind].name);
	if (after || second_after) {
		put_head(writing, event);
		put_posting(writing, "Assets", event->account, after);
		put_posting(writing, "Assets", second, second_after);
		put_posting(writing, against,
			    (event_is_charge(event) && event->kind != EVENT_FEE) ||
					    event->kind == EVENT_RECONCILE
				    ? event->cluster
				    : NULL,
			    -rest);
	}
	return export_step(writing->to, event->seq, err);
}

static int write_all(struct books *books, const struct export_to *to, bool beancount,
		     struct sb_error *err)
{
	struct writing writing = {.to = to, .beancount = beancount};
	const struct head *head = books_head(books);
	char hash[HASH_TEXT_SIZE];
	int rc;

	writing.replayed = books_new(books_id(books));
	if (!writing.replayed)
		return sb_error_nomem(err);
	fprintf(to->file, "; subank: entries %" PRIu64 ", head %" PRIu64 ":%s\n", head->seq,
		head->seq, hex_format(hash, head->hash, HASH_SIZE));
	fputs("; " COMMODITY ": billing-seconds, 3600 to the SU\n", to->file);
	/* With this plugin accounts need no lines of their own. */
	if (beancount)
		fputs("option \"operating_currency\" \"" COMMODITY "\"\n"
		      "plugin \"beancount.plugins.auto_accounts\"\n",
		      to->file);
	rc = ahead_prove(books_txn(books), books_id(books), books_head(books), put_entry, &writing,
			 err);
	books_free(writing.replayed);
	return rc;
}

int transactions_ledger(struct books *books, const struct export_to *to, struct sb_error *err)
{
	return write_all(books, to, false, err);
}

int transactions_beancount(struct books *books, const struct export_to *to, struct sb_error *err)
{
	return write_all(books, to, true, err);
}
