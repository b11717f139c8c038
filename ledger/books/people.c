/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/books/people.h"

#include <stdio.h>
#include <string.h>

#include "ledger/account/purse.h"
#include "ledger/books/journal.h"

int books_people(struct books *books, const struct account *account, struct people *ret,
		 struct sb_error *err)
{
	struct event event = {0};
	struct people people = {0};
	char name[NAME_SIZE];
	int rc;

	if (!purse_is_account(account->name))
		TRY(books_account(books, purse_account(name, account->name), &account, err));
	if (account->people) {
		rc = journal_get(books_txn(books), account->people, &event, NULL, err);
		if (!rc) {
			(void)snprintf(people.contacts, sizeof(people.contacts), "%s",
				       event.contacts);
			(void)snprintf(people.managers, sizeof(people.managers), "%s",
				       event.managers);
		}
		event_release(&event);
		if (rc)
			return rc;
	}
	*ret = people;
	return SB_OK;
}
