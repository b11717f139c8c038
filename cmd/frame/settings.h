/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The site's settings: one YAML file, read strictly. Every setting is optional. */
#pragma once

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

enum publish {
	PUBLISH_NONE,
	PUBLISH_OWN, /* each user sees his own accounts alone, in detail */
	PUBLISH_GROUP,
	PUBLISH_ALL,
};
/* What slurmctld does at the submission of a job that costs more than is left. */
enum submission_mode { SUBMISSION_OFF, SUBMISSION_WARN, SUBMISSION_REFUSE };

struct settings {
	char *bank; /* the bank's folder */
	char *backup; /* the folder of backups; NULL: copies of books that are replaced go to the
			 folder `backup` in the bank's */
	char **clusters; /* folded names; none: the local one, as slurmctld names it */
	size_t cluster_count;
	char **accounts; /* fnmatch patterns of the accounts in the bank; none: all but root */
	size_t account_count;
	int charge_minutes; /* how long use may stay deferred; 0: not at all */
	enum metering meter; /* how use is charged */
	struct tariff tariff; /* under `meter: jobs` */
	enum enforcement enforcement;
	char *scavenger_qos; /* its jobs start in spent accounts under ENFORCE_SCAVENGE; NULL: none
			      */
	int stop_at; /* percent: with that much used, they no longer start; 0: they always do */
	bool move_queued; /* queued jobs of a spent account move to the scavenger QOS */
	bool committed; /* holds count what running jobs are committed to, not what they used */
	struct lever_choice lever;
	bool spare_moneyless; /* an account that never had money is reported, not held */
	bool put_right; /* a limit that somebody else changed is set back, not left */
	struct cluster_share *shares; /* of a balance under `limit`; clusters not listed have 1 */
	size_t share_count;
	bool pooled; /* each cluster may use the whole balance */
	char *sshare; /* Slurm's commands: names to find in PATH, or paths */
	char *sacctmgr;
	char *scontrol;
	char *sacct;
	char *squeue;
	int slurm_seconds; /* how long each of them may take */
	int lock_seconds; /* how long to wait for another subank */
	struct thresholds thresholds;
	int notice_days; /* days before a window ends to report its unspent money; 0: never */
	char *notify; /* the program that delivers notices (notify.h); NULL: none */
	int notify_seconds; /* how long it may take */
	char *sendmail; /* the command that `subank mail` hands mail to */
	char *mail_from; /* an address; NULL: the mail system's default */
	char *mail_reply_to; /* an address; NULL: none */
	char *mail_to; /* addresses with commas between, for mail about accounts without contacts;
			  NULL: none */
	char *mail_site; /* the name of the site or cluster in mail; NULL: none */
	char *mail_templates; /* the folder of the site's own templates */
	enum publish publish; /* the users who may see balances */
	char *publish_file; /* the balances for them */
	char *metrics_file; /* what Prometheus reads; NULL: none */
	char *ondemand_file; /* what Open OnDemand's dashboard reads; NULL: none */
	bool ondemand_days; /* it has the days that the money lasts, not SU */
	enum submission_mode submission;
	char *submit_file; /* what slurmctld reads at submissions */
	char *requests; /* the folder of managers' requests; NULL: none are taken */
	int64_t confirm_above; /* larger amounts need confirmation; billing-seconds; 0: none do */
	int project_days; /* how long a deposit without --end can be used; 0: for ever */
};

/* The documentation of a setting. */
struct settings_key {
	const char *name;
	const char *example; /* a value in YAML: the default, if there is one */
	const char *about; /* at most 78 bytes */
};

/* Returns the documentation of setting [i], from 0; NULL after the last. */
const struct settings_key *settings_key(size_t i);

/* Fills [ret] with the defaults and then with the settings in [path]. The caller calls
 * settings_release(). A missing file is an error only if it [must_exist]. Fails with SB_EREFUSED
 * for a file that everybody can write, or that neither root nor this user owns; with SB_EFORMAT and
 * file, line and column for an unknown key, a key given twice or a malformed value. */
int settings_read(const char *path, bool must_exist, struct settings *ret, struct sb_error *err);

void settings_release(struct settings *settings);

/* Replaces the clusters by those in [list], "a,b". Fails with SB_EINVAL. */
int settings_set_clusters(struct settings *settings, const char *list, struct sb_error *err);

int64_t settings_share(const struct settings *settings, const char *cluster);

/* Whether `accounts` includes [account], a folded name. Wildcards do not match root, which is the
 * whole cluster. */
bool settings_has_account(const struct settings *settings, const char *account);

/* Returns the settings that the ledger decides by. Its texts belong to [settings]. */
struct rules settings_rules(const struct settings *settings);
