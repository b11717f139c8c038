/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/books/receiver.h"

#include <string.h>

#include "ledger/books/renames.h"

int books_is_receiver(struct books *books, const struct event *event, const char *account,
		      bool *ret, struct sb_error *err)
{
	const char *receiver = event_receiver(event);
	struct tenures tenures;
	size_t i;

	*ret = receiver && strcmp(receiver, account) == 0;
	/* No name is used for two accounts. */
	if (!receiver || *ret || strcmp(event->account, account) == 0)
		return SB_OK;
	TRY(books_tenures(books, account, &tenures, err));
	i = tenures.count;
	while (i-- > 0 && tenures.list[i].from > event->seq)
		;
	*ret = i < tenures.count && strcmp(tenures.list[i].name, receiver) == 0;
	tenures_release(&tenures);
	return SB_OK;
}
