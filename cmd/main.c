/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "cmd/frame/command.h"
#include "cmd/frame/locale.h"
#include "cmd/subank.h"
#include "ledger/base/number.h"
#include "slurm/run.h"

/* Prints [text] and whether entries may have been recorded, and returns the latter. Calls only what
 * a signal handler may call. */
static bool print_end(const char *text)
{
	static const char unknown[] =
		"subank: entries may have been recorded before that: run `subank journal`\n";
	static const char nothing[] = "subank: nothing was changed\n";
	bool wrote = store_may_have_written();
	const char *rest = wrote ? unknown : nothing;
	/* If this fails there is no other place for the message. */
	ssize_t written = write(STDERR_FILENO, text, strlen(text));

	written = write(STDERR_FILENO, rest, strlen(rest));
	(void)written;
	return wrote;
}

static void on_damage(const char *text)
{
	(void)text;
	_exit(print_end("subank: the data file of the bank is damaged: run `subank verify`, and "
			"restore an export or a backup\n")
		      ? EXIT_UNKNOWN
		      : EXIT_REFUSED);
}

/* SA_RESETHAND has restored the default action, so the raised signal ends the process: a caller can
 * tell a crash from a refusal. */
static void on_crash(int number)
{
	if (number == SIGBUS)
		(void)print_end("subank: the data file of the bank cannot be read (it was cut "
				"short, or the disk failed): restore an export or a backup\n");
	else
		(void)print_end("subank: ended by a crash: the data file of the bank is damaged, "
				"or this is a defect of subank; run `subank verify`, and keep a "
				"copy of the bank's folder\n");
	(void)raise(number);
}

/* LMDB can crash on a damaged file. Sanitizers report crashes themselves, except SIGBUS for a file
 * that was cut short. */
static void catch_crashes(void)
{
	static const int signals[] = {
		SIGBUS,
#ifndef SANITIZED
		SIGSEGV, SIGFPE, SIGABRT, SIGILL,
#endif
	};
	/* SA_NODEFER: the signal is not blocked within the handler, so raise() does not return. */
	const struct sigaction action = {.sa_handler = on_crash,
					 .sa_flags = (int)SA_RESETHAND | SA_NODEFER};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)sigaction(signals[i], &action, NULL);
}

/* Opens those of descriptors 0 to 2 that are closed, so that no file of the bank gets their
 * numbers. Opens them read-only, so that writing to them fails: such output would be lost. */
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

/* The standard error of a cron job may be lost. systemd keeps it, and sets JOURNAL_STREAM
 * (systemd.exec(5)). */
static bool wants_syslog(void)
{
	return !isatty(STDERR_FILENO) && !getenv("JOURNAL_STREAM");
}

/* COLUMNS overrides the terminal, as with ls. */
static int terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	int64_t width;

	if (columns && number_parse(columns, 1, INT16_MAX, &width))
		return (int)width;
	/* The standard error has messages even if the output goes to a file. */
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
	catch_crashes();
	store_on_damage(on_damage);
	openlog("subank", LOG_PID, LOG_DAEMON);
	env = (struct env){.os = {.in = stdin,
				  .out = stdout,
				  .err = stderr,
				  .in_is_terminal = isatty(STDIN_FILENO),
				  .out_is_terminal = isatty(STDOUT_FILENO),
				  .out_width = terminal_width(),
				  .err_is_terminal = isatty(STDERR_FILENO),
				  .now = system_clock,
				  .run = run_program,
				  .lines = run_lines,
				  .run_with = run_program_with,
				  .log = wants_syslog() ? log_to_syslog : NULL,
				  .here = this_machine,
				  .user_name = name_of_user,
				  .groups = names_of_groups,
				  .user_id = uid_of_user}};
	return subank(&env, argc, argv);
}
