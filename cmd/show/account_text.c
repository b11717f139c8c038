/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/account_text.h"

#include <stdio.h>

#include "cmd/frame/messages.h"

const char *account_state(const struct account *account, const struct rules *rules)
{
	if (!account->open)
		return "closed";
	if (account_held(account))
		return is_scavenging(account, rules) ? "scavenge" : "held";
	return account->causes ? "grace" : "open";
}

const char *account_causes(const struct account *account, const char *separator,
			   char buf[CAUSES_SIZE])
{
	size_t len = 0;

	buf[0] = '\0';
	for (uint8_t cause = 0; event_fields[FIELD_AT_CAUSE].words[cause]; cause++) {
		if (account_has_cause(account, (enum cause)cause))
			len += (size_t)snprintf(buf + len, CAUSES_SIZE - len, "%s%s",
						len ? separator : "",
						event_word(FIELD_AT_CAUSE, cause));
	}
	return buf;
}

const char *purse_words(char buf[PURSE_WORDS_SIZE], const char *purse)
{
	char account[NAME_SIZE];

	purse_account(account, purse);
	if (purse_is_account(purse))
		(void)snprintf(buf, PURSE_WORDS_SIZE, "%s", account);
	else
		(void)snprintf(buf, PURSE_WORDS_SIZE, "%s --resource %s", account,
			       purse_resource(purse));
	return buf;
}

const char *funds_text(const struct env *env, char buf[QUANTITY_SIZE], const char *purse,
		       const struct funds *funds)
{
	if (!funds->unlimited)
		return quantity(env, buf, purse, funds->available);
	(void)snprintf(buf, QUANTITY_SIZE, "unlimited");
	return buf;
}

const char *funds_has(const struct env *env, char buf[FUNDS_SIZE], const char *purse,
		      const struct funds *funds)
{
	char text[QUANTITY_SIZE];

	(void)snprintf(buf, FUNDS_SIZE, "%s %s", funds->unlimited ? "is" : "has",
		       funds_text(env, text, purse, funds));
	return buf;
}

struct waiting account_waiting(const struct account *account)
{
	struct waiting waiting = {0};
	__int128 sum = 0;

	for (size_t i = 0; i < account->lot_count; i++) {
		const struct lot *lot = &account->lots[i];

		if (lot->start <= account->time || lot->rest == 0)
			continue;
		sum += lot->rest;
		waiting.several = waiting.several || (waiting.start && waiting.start != lot->start);
		if (!waiting.start || lot->start < waiting.start)
			waiting.start = lot->start;
	}
	waiting.amount = account_sum(sum);
	return waiting;
}
