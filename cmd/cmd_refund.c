/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/correction.h"
#include "ledger/amount.h"

/* Reads "50%"; false if it is not one from 1 to 100. */
static bool read_percent(const char *text, int *ret)
{
	size_t digits = strspn(text, "0123456789");
	int value = 0;

	if (digits == 0 || digits > 3 || strcmp(text + digits, "%") != 0)
		return false;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (text[i] - '0');
	if (value < 1 || value > 100)
		return false;
	*ret = value;
	return true;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct correction correction = {.refund = true};
	struct sb_error err;
	char how[32] = "all";

	if (argc > 1 && strchr(argv[1], '%')) {
		if (!read_percent(argv[1], &correction.percent))
			return usage(env, "'%s' is not a whole percentage from 1%% to 100%%",
				     argv[1]);
		(void)snprintf(how, sizeof(how), "%d%%", correction.percent);
	} else if (argc > 1 && strcmp(argv[1], "all") != 0) {
		if (amount_parse(argv[1], &correction.amount, &err))
			return fail(env, &err);
		(void)snprintf(how, sizeof(how), "%" PRId64 "s", correction.amount);
	}
	return correction_post(env, &correction, argv[0], how);
}

static const struct example examples[] = {
	{"subank journal physics --kind charge --last 10", "find the charge"},
	{"subank refund 4711 --note \"node c12 failed\"", "all of it"},
	{"subank refund 4711 50% --note \"half of it\"", "in part"},
	{NULL, NULL},
};

const struct command cmd_refund = {
	.name = "refund",
	.arguments = "ENTRY [SU|PERCENT%|all]",
	.summary = "give back what an entry charged",
	.details = "ENTRY is a charge. Without an amount all of it is given back that was not "
		   "before; a percentage is of what was charged, cut to whole billing-seconds. "
		   "More than was charged is refused. --note says why and is needed.\n"
		   "Debt is paid first. The rest goes back to what the charge was taken from, "
		   "what ends last, first. If a window of that has ended, give --end (and "
		   "--start) for a new one; without, it is refused.",
	.examples = examples,
	.see_also = "reverse journal",
	.min_args = 1,
	.max_args = 2,
	.flags = CMD_WRITE | CMD_ENTER | CMD_SLURM,
	.options = correction_options,
	.run = run,
};
