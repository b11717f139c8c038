/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The contacts and managers of an account, from its newest `people` entry. */
#pragma once

#include "ledger/account/people.h"
#include "ledger/books/books.h"

struct people {
	char contacts[PEOPLE_SIZE]; /* a list, as in people_list_check() */
	char managers[PEOPLE_SIZE];
};

/* Reads them; for a budget or share, those of its account. Both lists are "" if there are none. */
int books_people(struct books *books, const struct account *account, struct people *ret,
		 struct sb_error *err);
