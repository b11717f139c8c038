/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/base/leftover.h"

#include <signal.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
enum { ENDING = sizeof(ending) / sizeof(ending[0]) };

static struct leftover *newest;
static struct sigaction before[ENDING];

static sigset_t ending_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ENDING; i++)
		sigaddset(&set, ending[i]);
	return set;
}

static void on_end(int number)
{
	for (const struct leftover *at = newest; at; at = at->next)
		at->remove(at->path);
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

/* Blocks the signals. Returns the previous mask. */
static sigset_t hold(void)
{
	sigset_t set = ending_signals(), mask;

	(void)sigprocmask(SIG_BLOCK, &set, &mask);
	return mask;
}

/* Call with the signals blocked. */
static void push(struct leftover *leftover, const char *path, void (*remove)(const char *path))
{
	const struct sigaction action = {.sa_handler = on_end, .sa_mask = ending_signals()};

	for (size_t i = 0; i < ENDING && !newest; i++) {
		(void)sigaction(ending[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			(void)sigaction(ending[i], &action, NULL);
	}
	*leftover = (struct leftover){.path = path, .remove = remove, .next = newest};
	newest = leftover;
}

void leftover_add(struct leftover *leftover, const char *path, void (*remove)(const char *path))
{
	sigset_t mask = hold();

	push(leftover, path, remove);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
}

int leftover_mkdir(struct leftover *leftover, const char *path, mode_t mode,
		   void (*remove)(const char *path))
{
	sigset_t mask = hold();
	int rc = mkdir(path, mode);

	if (rc == 0)
		push(leftover, path, remove);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	return rc;
}

void leftover_done(struct leftover *leftover)
{
	sigset_t mask = hold();
	struct leftover **at = &newest;

	while (*at && *at != leftover)
		at = &(*at)->next;
	if (*at) {
		*at = leftover->next;
		for (size_t i = 0; i < ENDING && !newest; i++)
			(void)sigaction(ending[i], &before[i], NULL);
	}
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
}

void leftover_unlink(const char *path)
{
	(void)unlink(path);
}
