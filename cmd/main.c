/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/locale.h"
#include "slurm/run.h"

/* Only what is safe in a signal handler. */
static void say_and_exit(const char *text)
{
	static const char unknown[] =
		"subank: something may have been entered before that: look at `subank journal`\n";
	bool wrote = store_may_have_written();
	int status = wrote ? EXIT_UNKNOWN : EXIT_REFUSED;

	if (write(STDERR_FILENO, text, strlen(text)) < 0 ||
	    (wrote && write(STDERR_FILENO, unknown, sizeof(unknown) - 1) < 0))
		_exit(status);
	_exit(status);
}

static void on_damage(const char *text)
{
	(void)text;
	say_and_exit("subank: the data file of the bank is damaged: run `subank verify`, and "
		     "restore an export or a backup\n");
}

#ifndef SANITIZED
static void on_crash(int signal)
{
	(void)signal;
	say_and_exit("subank: ended by a crash: the data file of the bank is damaged, or this is a "
		     "defect of subank; run `subank verify`, and keep a copy of the bank's "
		     "folder\n");
}
#endif

static void on_bus_error(int signal)
{
	(void)signal;
	say_and_exit("subank: the data file of the bank cannot be read (it was cut short, or the "
		     "disk failed): restore an export or a backup\n");
}

/* LMDB follows what a damaged file says, and falls. Sanitizers want to tell of that themselves. */
static void catch_crashes(void)
{
#ifndef SANITIZED
	static const int signals[] = {SIGSEGV, SIGFPE, SIGABRT, SIGILL};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)signal(signals[i], on_crash);
#endif
}

/* Descriptors 0 to 2 must be open, or the books would be opened as one of them. Not for writing:
 * what is written to a closed stream is lost, and that is an error. */
static int open_standard_streams(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			return -1;
	}
	return 0;
}

static void log_to_syslog(int priority, const char *text)
{
	syslog(priority, "%s", text);
}

/* Nobody may read the standard error of cron and its like. systemd keeps it itself, and says so:
 * systemd.exec(5), JOURNAL_STREAM. */
static bool wants_syslog(void)
{
	return !isatty(STDERR_FILENO) && !getenv("JOURNAL_STREAM");
}

/* What the shell was told goes first, as with ls. */
static int terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	long width = columns ? strtol(columns, NULL, 10) : 0;
	struct winsize size;

	if (width > 0 && width <= INT16_MAX)
		return (int)width;
	/* Messages, where the result goes into a file. */
	if ((ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ||
	     ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0) &&
	    size.ws_col > 0)
		return size.ws_col;
	return DEFAULT_WIDTH;
}

int main(int argc, char *argv[])
{
	struct env env;

	if (open_standard_streams() != 0)
		return EXIT_REFUSED;
	locale_follow_user();
	(void)umask(027);
	(void)signal(SIGBUS, on_bus_error);
	catch_crashes();
	store_on_damage(on_damage);
	openlog("subank", LOG_PID, LOG_DAEMON);
	env = (struct env){.in = stdin,
			   .out = stdout,
			   .err = stderr,
			   .in_is_terminal = isatty(STDIN_FILENO),
			   .out_is_terminal = isatty(STDOUT_FILENO),
			   .out_width = terminal_width(),
			   .err_is_terminal = isatty(STDERR_FILENO),
			   .now = system_clock,
			   .run = run_program,
			   .lines = run_lines,
			   .log = wants_syslog() ? log_to_syslog : NULL,
			   .run_with = run_program_with,
			   .here = this_machine};
	return subank(&env, argc, argv);
}
