/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <signal.h>
#include <sys/time.h>

#include "ledger/store/inside.h"

static void (*damage_handler)(const char *text);

void store_on_damage(void (*handler)(const char *text))
{
	damage_handler = handler;
}

void store_damaged(const char *text)
{
	if (damage_handler)
		damage_handler(text);
}

static volatile sig_atomic_t stepping; /* inside LMDB, for at most so many ticks; 0: outside */
static volatile sig_atomic_t stepped; /* left LMDB since the last tick */

static void on_tick(int number)
{
	static volatile sig_atomic_t ticks;

	(void)number;
	ticks = stepping && !stepped ? ticks + 1 : 0;
	stepped = 0;
	if (ticks && ticks == stepping)
		store_damaged("LMDB is in an endless loop");
}

void store_watch(void)
{
	struct sigaction act = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
	struct itimerval often = {.it_interval.tv_sec = TICK_SECONDS,
				  .it_value.tv_sec = TICK_SECONDS};

	if (damage_handler && sigaction(SIGVTALRM, &act, NULL) == 0)
		(void)setitimer(ITIMER_VIRTUAL, &often, NULL);
}

void store_step_begins(int ticks)
{
	stepping = ticks;
}

int store_step_ended(int rc)
{
	stepping = 0;
	stepped = 1;
	return rc;
}
