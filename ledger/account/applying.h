/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of the reducer share: account.c has the state, apply.c and apply_money.c the
 * rules. */
#ifndef SUBANK_LEDGER_ACCOUNT_APPLYING_H
#define SUBANK_LEDGER_ACCOUNT_APPLYING_H

#include "ledger/account/account.h"

/* Lengths were checked with the event; what is longer is cut. */
void account_copy_text(char *to, size_t size, const char *from);
/* Makes room for one more behind [count] things of [size] bytes. Arrays have room for the next
 * power of two, so only a count that is one needs more; what is taken out leaves the room. */
void *account_grow(void *array, size_t count, size_t size);

struct lot *account_find_lot(const struct account *account, uint64_t seq, uint16_t index);
int account_add_lot(struct account *account, struct lot lot, struct sb_error *err);
/* From the reading in the event on, use on its cluster is charged. */
int account_set_meter(struct account *account, const struct event *event, struct sb_error *err);
struct meter *account_find_meter(struct account *account, const char *cluster);
struct lever *account_find_lever(const struct account *account, const char *cluster,
				 const char *field, const char *tres);

/* SB_ECORRUPT: the entry breaks a rule; SB_EOVERFLOW: a sum would pass int64. */
int rule_broken(const struct event *event, struct sb_error *err, const char *what);
int rule_overflow(const struct event *event, struct sb_error *err);

int apply_deposit(struct account *account, const struct event *event, struct sb_error *err);
int apply_withdraw(struct account *account, const struct event *event, struct sb_error *err);
int apply_transfer(struct account *from, struct account *to, const struct event *event,
		   struct sb_error *err);
int apply_charge(struct account *account, const struct event *event, struct sb_error *err);
int apply_charge_job(struct account *account, const struct event *event, struct sb_error *err);
int apply_expire(struct account *account, const struct event *event, struct sb_error *err);
int apply_refund(struct account *account, const struct event *event, struct sb_error *err);
int apply_adjust(struct account *account, const struct event *event, struct sb_error *err);
int apply_reconcile(struct account *account, const struct event *event, struct sb_error *err);
int apply_reverse(struct account *account, struct account *to, const struct event *event,
		  struct sb_error *err);

#endif
