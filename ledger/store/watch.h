/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A watchdog: in a damaged file LMDB may loop forever or fail an assertion. */
#ifndef SUBANK_LEDGER_STORE_WATCH_H
#define SUBANK_LEDGER_STORE_WATCH_H

/* Deadlines in ticks of TICK_SECONDS of processor time. A step of LMDB takes far less; a commit
 * sorts and writes everything that changed. */
enum { TICK_SECONDS = 2, STEP_TICKS = 3, COMMIT_TICKS = 31 };

/* Starts the watchdog, if store_on_damage() set a handler. */
void store_watch(void);

/* Watches a call of LMDB that follows the file's contents; the value is the call's. */
#define WATCHED(ticks, call) (store_step_begins(ticks), store_step_ended(call))
void store_step_begins(int ticks);
int store_step_ended(int rc);

/* Calls the registered damage handler. */
void store_damaged(const char *text);

#endif
