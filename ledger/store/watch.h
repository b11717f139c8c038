/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In a damaged file LMDB may go round in a circle for ever, or find that it cannot be so. */
#ifndef SUBANK_LEDGER_STORE_WATCH_H
#define SUBANK_LEDGER_STORE_WATCH_H

/* In TICK_SECONDS of processor time; no single step of LMDB takes so long. A commit sorts and
 * writes all that was changed. */
enum { TICK_SECONDS = 2, STEP_TICKS = 3, COMMIT_TICKS = 31 };

/* Begins to watch, when somebody wants to be told (store_on_damage()). */
void store_watch(void);

/* A call of LMDB that follows what stands in the file; its result. */
#define WATCHED(ticks, call) (store_step_begins(ticks), store_step_ended(call))
void store_step_begins(int ticks);
int store_step_ended(int rc);

/* Tells who wants to be told. */
void store_damaged(const char *text);

#endif
