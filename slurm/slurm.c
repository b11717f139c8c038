/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/slurm.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "ledger/base/comma.h"
#include "ledger/base/number.h"
#include "slurm/error.h"

enum { NAME_MAX_BYTES = 255 };

#define FIRST "abcdefghijklmnopqrstuvwxyz0123456789_."

bool slurm_name_ok(const char *name)
{
	size_t len;

	if (!name)
		return false;
	len = strspn(name, FIRST "-@%/");
	return len > 0 && len <= NAME_MAX_BYTES && name[len] == '\0' && strchr(FIRST, name[0]);
}

bool slurm_qos_ok(const char *qos)
{
	char name[NAME_MAX_BYTES + 1];
	const char *item;
	size_t len;

	if (strlen(qos) > NAME_MAX_BYTES)
		return false;
	for (const char *rest = qos; comma_next(&rest, &item, &len);) {
		(void)snprintf(name, sizeof(name), "%.*s", (int)len, item);
		if (!slurm_name_ok(name))
			return false;
	}
	return true;
}

int slurm_check_accounts(const char *const names[], size_t count, struct sb_error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (!slurm_name_ok(names[i]))
			return slurm_error(err, SB_EINVAL,
					   "\"%.255s\" is no account: use a-z 0-9 _ . - @ %% /",
					   names[i] ? names[i] : "");
	}
	return SB_OK;
}

int slurm_check_cluster(const char *name, struct sb_error *err)
{
	if (slurm_name_ok(name) && !strpbrk(name, "@%/"))
		return SB_OK;
	return slurm_error(err, SB_EINVAL,
			   "\"%.255s\" cannot be a cluster's name: use a-z, 0-9, _ . -",
			   name ? name : "");
}

int slurm_check_user(const char *name, struct sb_error *err)
{
	size_t len = 0;

	while (len <= SLURM_USER_MAX && name[len] &&
	       (isalnum((unsigned char)name[len]) || strchr("_.-@\\$", name[len])))
		len++;
	if (len <= SLURM_USER_MAX && !name[len])
		return SB_OK;
	return slurm_error(err, SB_EINVAL,
			   "\"%.255s\" cannot be a user's name: Slurm was not asked", name);
}

bool slurm_duration(const char *text, int64_t *ret)
{
	enum { DAYS_MAX = 2932896 }; /* from 1970 to 9999 */
	size_t len = strcspn(text, "-");
	const char *clock = text[len] ? text + len + 1 : text;
	int64_t days = 0, hours, minutes, seconds;

	if ((text[len] && !number_slice(text, len, 0, DAYS_MAX, &days)) || strlen(clock) != 8 ||
	    clock[2] != ':' || clock[5] != ':' || !number_slice(clock, 2, 0, 23, &hours) ||
	    !number_slice(clock + 3, 2, 0, 59, &minutes) ||
	    !number_slice(clock + 6, 2, 0, 59, &seconds))
		return false;
	*ret = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
	return true;
}

/* Writes the command as one line to try by hand, cut with "..." if it is long. */
static void describe(const char *const argv[], char *line, size_t size)
{
	size_t len = 0;

	line[0] = '\0';
	for (size_t i = 0; argv[i]; i++) {
		int n = snprintf(line + len, size - len, "%s%s", i ? " " : "", argv[i]);

		if (n < 0)
			return;
		if ((size_t)n >= size - len) {
			memcpy(line + size - sizeof("..."), "...", sizeof("..."));
			return;
		}
		len += (size_t)n;
	}
}

/* Finds the first line of [text] that is not blank. Returns it without leading blanks. */
static const char *first_line(const char *text, size_t *ret_len)
{
	text += strspn(text, " \t\r\n");
	*ret_len = strcspn(text, "\r\n");
	return text;
}

/* The name of the setting with the path of the program. */
static const char *setting_of(const struct slurm *slurm, const char *program)
{
	return program == slurm->sshare	    ? "sshare"
	       : program == slurm->sacctmgr ? "sacctmgr"
	       : program == slurm->scontrol ? "scontrol"
	       : program == slurm->squeue   ? "squeue"
					    : "sacct";
}

static void trace(const struct slurm *slurm, const char *const argv[])
{
	char line[4096];

	if (!slurm->trace)
		return;
	describe(argv, line, sizeof(line));
	slurm->trace(line, slurm->trace_ctx);
}

/* Fails when [argv] did not run ([code]) or its status is not 0. */
static int judge(const struct slurm *slurm, const char *const argv[], int code,
		 const struct run_result *answer, struct sb_error *err)
{
	char command[256], how[64];
	const char *why;
	size_t why_len;

	if (code == SB_EMISSING && err) {
		size_t len = strlen(err->text);

		(void)snprintf(err->text + len, sizeof(err->text) - len, " (`%s: PATH`)",
			       setting_of(slurm, argv[0]));
	}
	if (code != SB_OK || answer->status == 0)
		return code;

	/* sacctmgr prints "Nothing modified" to stdout; most other messages go to stderr. */
	why = first_line(answer->err_line, &why_len);
	if (why_len == 0 && answer->out)
		why = first_line(answer->out, &why_len);
	if (why_len == 0)
		why = first_line("it gave no reason", &why_len);
	/* Statuses above the signals are the program's own, such as ssh's 255 in a wrapper. */
	if (answer->status > 128 && answer->status <= 128 + SIGRTMAX)
		(void)snprintf(how, sizeof(how), "ended by signal %d", answer->status - 128);
	else
		(void)snprintf(how, sizeof(how), "failed with status %d", answer->status);
	describe(argv, command, sizeof(command));
	return slurm_error(err, SB_EFAILED, "%s %s: %.*s (to see it again: %s)", argv[0], how,
			   (int)(why_len < 300 ? why_len : 300), why, command);
}

int slurm_ask(const struct slurm *slurm, const char *const argv[], struct run_result *ret,
	      struct sb_error *err)
{
	struct run_result answer = {0};
	int code;

	trace(slurm, argv);
	code = slurm->run(argv, slurm->deadline_ms, &answer, err);
	code = judge(slurm, argv, code, &answer, err);
	if (code == SB_OK)
		*ret = answer;
	else
		run_result_release(&answer);
	return code;
}

int slurm_ask_lines(const struct slurm *slurm, const char *const argv[], const char *const env[],
		    const struct line_sink *sink, struct sb_error *err)
{
	struct run_result answer = {0};
	int code;

	trace(slurm, argv);
	code = slurm->lines(argv, env, slurm->deadline_ms, sink, &answer, err);
	return judge(slurm, argv, code, &answer, err);
}
