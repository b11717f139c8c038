/* SPDX-License-Identifier: GPL-3.0-or-later */
/* subank for tests/test_screens.sh: with a clock that is read from the file $SUBANK_CLOCK, in
 * microseconds, and advances by a second with each call, and always the same user and machine. */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/frame/command.h"
#include "cmd/frame/locale.h"
#include "cmd/subank.h"
#include "ledger/base/when.h"
#include "slurm/run.h"

static int64_t clock_now;

static int64_t now(void)
{
	return clock_now++;
}

static int read_clock(const char *path)
{
	FILE *file = path ? fopen(path, "r+") : NULL;
	int rc = -1;

	if (file && fscanf(file, "%" SCNd64, &clock_now) == 1) {
		rewind(file);
		rc = fprintf(file, "%" PRId64 "\n", clock_now + WHEN_SECOND) > 0 ? 0 : -1;
	}
	if (file && fclose(file) != 0)
		rc = -1;
	return rc;
}

static const struct this_machine *here(void)
{
	static const struct this_machine head = {
		.author = {.uid = 64030, .login = 1000, .user = "slurm", .host = "head"},
		.machine = "id/head"};

	return &head;
}

int main(int argc, char *argv[])
{
	struct env env = {.os.in = stdin,
			  .os.out = stdout,
			  .os.err = stderr,
			  .os.in_is_terminal = isatty(STDIN_FILENO),
			  .os.out_is_terminal = isatty(STDOUT_FILENO),
			  .os.out_width = 80,
			  .os.err_is_terminal = isatty(STDERR_FILENO),
			  .os.now = now,
			  .os.run = run_program,
			  .os.lines = run_lines,
			  .os.run_with = run_program_with,
			  .os.here = here};

	if (read_clock(getenv("SUBANK_CLOCK")) != 0) {
		perror("SUBANK_CLOCK");
		return EXIT_REFUSED;
	}
	locale_follow_user();
	(void)umask(027);
	return subank(&env, argc, argv);
}
