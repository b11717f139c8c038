/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/files/transactions.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
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

/* A commodity of beancount has 2 to 24 capitals, digits and ' . _ -, begins with a letter and ends
 * with a letter or digit. */
enum { COMMODITY_MAX = 24, COMMODITY_SIZE = COMMODITY_MAX + 1 };

/* Whether the name of a resource can become a commodity without colliding with another: it is
 * short, begins with a letter, ends with a letter or digit, and otherwise has only letters (which
 * become capitals), digits, '_', '/' (becomes '-') and ':' (becomes '.'). */
static bool is_plain(const char *resource)
{
	size_t len = strlen(resource);

	return len > 1 && len <= COMMODITY_MAX && isalpha((unsigned char)*resource) &&
	       isalnum((unsigned char)resource[len - 1]) && !strpbrk(resource, ".-@+") &&
	       strcmp(resource, "bs") != 0;
}

static char in_commodity(char c)
{
	if (c == ':')
		return '.';
	return isalnum((unsigned char)c) || c == '_' ? (char)toupper((unsigned char)c) : '-';
}

/* Writes the commodity of a resource. Returns [to]. */
static const char *commodity(const char *resource, char to[COMMODITY_SIZE])
{
	uint32_t hash = 2166136261u; /* FNV-1a */
	size_t len = 0;

	if (strcmp(resource, RESOURCE_BILLING) == 0) {
		(void)snprintf(to, COMMODITY_SIZE, "%s", COMMODITY);
		return to;
	}
	for (const char *p = resource; *p; p++) {
		hash = (hash ^ (unsigned char)*p) * 16777619u;
		if (len < COMMODITY_MAX)
			to[len++] = in_commodity(*p);
	}
	to[len] = '\0';
	if (is_plain(resource))
		return to;
	/* The hash keeps names apart that become equal when cut. */
	if (!isalpha((unsigned char)*resource))
		*to = 'R';
	if (len > COMMODITY_MAX - 9)
		len = COMMODITY_MAX - 9;
	(void)snprintf(to + len, COMMODITY_SIZE - len, "-%08" PRIX32, hash);
	return to;
}

/* Writes the commodity of an amount. ledger and hledger need quotes if it has '-' or digits. */
static void put_commodity(const struct writing *writing, const char *resource)
{
	char name[COMMODITY_SIZE];
	const char *quote =
		writing->beancount || strcmp(resource, RESOURCE_BILLING) == 0 ? "" : "\"";

	fprintf(writing->to->file, "%s%s%s", quote, commodity(resource, name), quote);
}

static const char odd_in_names[] = "_.@%/:+";

/* Writes a part of an account's name for beancount. */
static void put_part(FILE *file, const char *name)
{
	/* Capitals replace what beancount refuses: names have no capitals. */
	if (!isalnum((unsigned char)*name))
		fputs("XX", file);
	for (const char *p = name; *p; p++) {
		const char *odd = strchr(odd_in_names, *p);

		fputc(odd	  ? "UDACSTP"[odd - odd_in_names]
		      : p == name ? toupper((unsigned char)*p)
				  : *p,
		      file);
	}
}

static void put_name(const struct writing *writing, const char *name)
{
	FILE *file = writing->to->file;
	char account[NAME_SIZE];

	if (!writing->beancount) {
		fputs(name, file);
		return;
	}
	/* A purse is below its account. */
	put_part(file, purse_account(account, name));
	if (!purse_is_account(name)) {
		fputc(':', file);
		put_part(file, purse_resource(name));
	}
}

static void put_posting(const struct writing *writing, const char *group, const char *name,
			const char *resource, int64_t amount)
{
	if (amount == 0)
		return;
	fprintf(writing->to->file, "    %s%s", group, name ? ":" : "");
	if (name)
		put_name(writing, name);
	/* Two blanks end the name, which may contain one. */
	fprintf(writing->to->file, "  %" PRId64 " ", amount);
	put_commodity(writing, resource);
	fputc('\n', writing->to->file);
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
	const char *resource = purse_resource(event->account);
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
	/* A share is no money of the account's. */
	if ((after || second_after) && !purse_user(event->account)) {
		put_head(writing, event);
		put_posting(writing, "Assets", event->account, resource, after);
		put_posting(writing, "Assets", second, resource, second_after);
		put_posting(writing, against,
			    (event_is_charge(event) && event->kind != EVENT_FEE) ||
					    event->kind == EVENT_RECONCILE
				    ? event->cluster
				    : NULL,
			    resource, -rest);
	}
	return export_step(writing->to, event->seq, err);
}

/* "; GRES-GPU: gres/gpu in GPU-seconds, 3600 to the GPU-hour" */
static void put_unit(const struct writing *writing, const char *resource)
{
	char purse[RESOURCE_SIZE + 2], name[COMMODITY_SIZE];
	struct unit unit;

	(void)snprintf(purse, sizeof(purse), "a:%s", resource);
	unit = purse_unit(purse);
	fprintf(writing->to->file, "; %s: %s in %ss, %" PRId64 " to the %.*s\n",
		commodity(resource, name), resource, unit.second, unit.size,
		(int)strlen(unit.name) - 1, unit.name);
}

static int write_all(struct books *books, const struct export_to *to, bool beancount,
		     struct sb_error *err)
{
	struct writing writing = {.to = to, .beancount = beancount};
	const struct head *head = books_head(books);
	struct resources resources;
	char hash[HASH_TEXT_SIZE];
	int rc;

	TRY(books_resources(books, &resources, err));
	writing.replayed = books_new(books_id(books));
	if (!writing.replayed) {
		resources_release(&resources);
		return sb_error_nomem(err);
	}
	fprintf(to->file, "; subank: entries %" PRIu64 ", head %" PRIu64 ":%s\n", head->seq,
		head->seq, hex_format(hash, head->hash, HASH_SIZE));
	fputs("; " COMMODITY ": billing-seconds, 3600 to the SU\n", to->file);
	for (size_t i = 0; i < resources.count; i++) {
		if (!resource_user(resources.list[i]))
			put_unit(&writing, resources.list[i]);
	}
	resources_release(&resources);
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
