/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "slurm/sacctmgr.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of "account=a,b,…", NUL included. Linux allows 128 KiB for one argument; a long name fits
 * hundreds of times. */
enum { LIST_MAX = 100 << 10 };

static bool only_of(const char *text, const char *allowed)
{
	return text && text[0] && text[strspn(text, allowed)] == '\0';
}

static int check_request(const char *cluster, const char *const accounts[], size_t count,
			 const char *field, const char *tres, int64_t value,
			 struct slurm_error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	if (!slurm_name_ok(cluster))
		return slurm_error_set(err, SLURM_ENAME,
				       "\"%.255s\" cannot be a cluster's name: use a-z, 0-9, _ . -",
				       cluster ? cluster : "");
	for (size_t i = 0; i < count; i++) {
		if (!slurm_name_ok(accounts[i]))
			return slurm_error_set(err, SLURM_ENAME,
					       "\"%.255s\" cannot be an account's name: use a-z, "
					       "0-9, _ . -, at most 255 of them and no '-' in "
					       "front; nothing was changed",
					       accounts[i] ? accounts[i] : "");
	}
	if (!only_of(field, letters))
		return slurm_error_set(err, SLURM_ENAME,
				       "\"%.100s\" is not a field of limits such as GrpTRESMins: "
				       "correct the lever in the settings",
				       field ? field : "");
	if (!only_of(tres, "abcdefghijklmnopqrstuvwxyz0123456789/_:.-"))
		return slurm_error_set(err, SLURM_ENAME,
				       "\"%.100s\" is not a TRES such as cpu or gres/gpu: correct "
				       "the lever in the settings",
				       tres ? tres : "");
	if (value < -1)
		return slurm_error_set(err, SLURM_ENAME,
				       "%" PRId64 " cannot be a limit of %s: Slurm takes 0 or "
				       "more, or -1 for none",
				       value, tres);
	return SLURM_OK;
}

int sacctmgr_set_limit(const struct slurm *slurm, const char *cluster, const char *const accounts[],
		       size_t count, const char *field, const char *tres, int64_t value,
		       struct slurm_error *err)
{
	char *list = NULL, *where_cluster = NULL, *setting = NULL;
	int code;

	code = check_request(cluster, accounts, count, field, tres, value, err);
	/* With no account there must be no call: "account=" alone means all of them. */
	if (code != SLURM_OK || count == 0)
		return code;

	list = malloc(LIST_MAX);
	if (!list || asprintf(&where_cluster, "cluster=%s", cluster) < 0) {
		where_cluster = NULL;
		code = SLURM_ESYSTEM;
	} else if (asprintf(&setting, "%s=%s=%" PRId64, field, tres, value) < 0) {
		setting = NULL;
		code = SLURM_ESYSTEM;
	}
	if (code != SLURM_OK) {
		slurm_error_set(err, SLURM_ESYSTEM, "sacctmgr: not started: out of memory");
		goto cleanup;
	}

	for (size_t i = 0; i < count;) {
		struct run_result answer = {0};
		size_t len = strlen("account=");

		memcpy(list, "account=", len);
		while (i < count) {
			size_t name_len = strlen(accounts[i]);
			bool first = list[len - 1] == '=';

			if (len + !first + name_len + 1 > LIST_MAX)
				break;
			if (!first)
				list[len++] = ',';
			memcpy(list + len, accounts[i], name_len);
			len += name_len;
			i++;
		}
		list[len] = '\0';

		const char *const argv[] = {
			slurm->sacctmgr, "-i",	"modify", "account", "where", list,
			where_cluster,	 "set", setting,  NULL,
		};
		code = slurm_ask(slurm, argv, &answer, err);
		run_result_release(&answer);
		if (code != SLURM_OK)
			goto cleanup;
	}

cleanup:
	free(list);
	free(where_cluster);
	free(setting);
	return code;
}
