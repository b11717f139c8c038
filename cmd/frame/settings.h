/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The site's settings: one YAML file, read strictly. Everything has a default, so none is needed.
 */
#ifndef SUBANK_CMD_FRAME_SETTINGS_H
#define SUBANK_CMD_FRAME_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/frame/lever.h"
#include "ledger/account/policy.h"
#include "ledger/base/error.h"
#include "slurm/tariff.h"

struct cluster_share {
	char *cluster;
	int64_t share; /* 0 or more */
};
struct settings {
	char *bank; /* the bank's folder */
	char *backup; /* where backups go; NULL: copies of books that are replaced go to `backup` in
			 the bank's folder */
	char **clusters; /* folded names; none: the local one, as slurmctld names it */
	size_t cluster_count;
	char **accounts; /* patterns (fnmatch) of what belongs to the bank; none: all but root */
	size_t account_count;
	int charge_minutes; /* how long use may wait for its entry; 0: it does not */
	enum metering meter; /* what use is charged by; under `jobs` also by */
	struct tariff tariff; /* states, QOS and partitions */
	enum enforcement enforcement;
	bool committed; /* holds go by what running jobs are committed to, not by what they used */
	struct lever_choice lever;
	bool spare_moneyless; /* an account that never had money may run; it is reported */
	bool put_right; /* a limit that somebody changed by hand is set again, not left */
	struct cluster_share *shares; /* of a balance under `limit`; a cluster that is not named has
					 1 */
	size_t share_count;
	bool pooled; /* each cluster may use the whole balance */
	char *sshare; /* Slurm's commands: names to look up in PATH, or paths */
	char *sacctmgr;
	char *scontrol;
	char *sacct;
	char *squeue;
	int slurm_seconds; /* how long each of them may take */
	int lock_seconds; /* how long to wait for another subank */
	struct thresholds thresholds;
	int notice_days; /* how long before its end what is left of a window is told; 0: never */
	char *notify; /* a program to tell of crossings, holds, releases and ends; NULL: none */
	int notify_seconds; /* how long it may take */
	enum { PUBLISH_NONE, PUBLISH_GROUP, PUBLISH_ALL } publish; /* who may see balances */
	char *publish_file; /* where they stand for them */
	int64_t confirm_above; /* amounts above it are asked for, billing-seconds; 0: none is */
	int project_days; /* how long a deposit without --end can be used; 0: for ever */
};

/* What people are told of a setting. */
struct settings_key {
	const char *name;
	const char *example; /* a value as it may stand behind "name: "; the default, if it has one
			      */
	const char *about; /* what it is; a line of at most 78 bytes */
};

/* The settings that there are, from 0 on; NULL after the last. */
const struct settings_key *settings_key(size_t i);

/* Fills [ret] with the defaults and then with what [path] says; settings_release() it. A missing
 * file is an error only if it [must_exist]. Refuses a file that everybody can write. SB_EFORMAT
 * with file, line and column for an unknown key, one given twice, a value of the wrong form. */
int settings_read(const char *path, bool must_exist, struct settings *ret, struct sb_error *err);

/* Puts another list of clusters ("a,b") in place. SB_EINVAL. */
int settings_set_clusters(struct settings *settings, const char *list, struct sb_error *err);

int64_t settings_share(const struct settings *settings, const char *cluster);

/* Whether the account, a folded name, belongs to the bank by `accounts`. Wildcards do not mean
 * root, which stands for the whole cluster. */
bool settings_has_account(const struct settings *settings, const char *account);

void settings_release(struct settings *settings);

/* The rules of the site, in the form that the ledger takes. */
struct rules settings_rules(const struct settings *settings);

#endif
