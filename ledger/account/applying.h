/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What account.c (the state) and apply*.c (the rules) share. */
#pragma once

#include "ledger/account/account.h"

/* Copies a text and truncates it to [size] bytes with the NUL. event_check() has checked the
 * length. */
void account_copy_text(char *to, size_t size, const char *from);

/* Whether [a] is spent before [b]: the order of an account's lots. */
bool lot_spent_before(const struct lot *a, const struct lot *b);
struct lot *account_find_lot(const struct account *account, uint64_t seq, uint16_t index);
/* The same for the parts of an entry, one after the other: [*at], first 0, is where the last one
 * was. Parts are in the order of the lots or against it, so this takes few steps. */
struct lot *account_find_part(const struct account *account, const struct part *part, size_t *at);
/* Sets the meter of the event's cluster to the event's reading and time. Only later use is
 * charged. */
int account_set_meter(struct account *account, const struct event *event, struct sb_error *err);
struct meter *account_find_meter(const struct account *account, const char *cluster);
struct lever *account_find_lever(const struct account *account, const char *cluster,
				 const char *field, const char *tres);

/* Set the error and return its code: SB_ECORRUPT if the entry breaks a rule, SB_EOVERFLOW if a sum
 * would be past int64. */
int rule_broken(const struct event *event, struct sb_error *err, const char *what);
int rule_overflow(const struct event *event, struct sb_error *err);

int apply_deposit(struct account *account, const struct event *event, struct sb_error *err);
int apply_forgive(struct account *account, const struct event *event, struct sb_error *err);
int apply_withdraw(struct account *account, const struct event *event, struct sb_error *err);
int apply_transfer(struct account *from, struct account *to, const struct event *event,
		   struct sb_error *err);
int apply_charge(struct account *account, const struct event *event, struct sb_error *err);
int apply_fee(struct account *account, const struct event *event, struct sb_error *err);
int apply_charge_job(struct account *account, const struct event *event, struct sb_error *err);
int apply_expire(struct account *account, const struct event *event, struct sb_error *err);
int apply_refund(struct account *account, const struct event *event, struct sb_error *err);
int apply_adjust(struct account *account, const struct event *event, struct sb_error *err);
int apply_reconcile(struct account *account, const struct event *event, struct sb_error *err);
int apply_reverse(struct account *account, struct account *to, const struct event *event,
		  struct sb_error *err);
int apply_rename(struct account *from, struct account *to, const struct event *event,
		 struct sb_error *err);
int apply_merge(struct account *from, struct account *to, const struct event *event,
		struct sb_error *err);
/* Orders by id, then by batch. */
int queue_job_compare(const void *a, const void *b);
int apply_queue(struct account *account, const struct event *event, struct sb_error *err);
int apply_queued(struct account *account, const struct event *event, struct sb_error *err);
