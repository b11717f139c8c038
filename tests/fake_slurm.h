/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A make-believe Slurm in memory, for tests that drive verbs in their own process: fake_run() takes
 * the place of run_program() and fake_lines() that of run_lines(). They answer sshare, sacctmgr,
 * scontrol, sacct and squeue from a table, which sacctmgr changes. It counts the calls, keeps the
 * last and can be told to misbehave. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slurm/run.h"

enum fake_program {
	FAKE_SSHARE,
	FAKE_SACCTMGR,
	FAKE_SCONTROL,
	FAKE_SACCT,
	FAKE_SQUEUE,
	FAKE_PROGRAMS
};

enum fake_mode {
	FAKE_OK,
	FAKE_FAILS, /* status 1 and a line on stderr; nothing is done */
	FAKE_TIMES_OUT,
	FAKE_MISSING, /* cannot be started */
	FAKE_EMPTY, /* status 0, no output, nothing is done */
	FAKE_MALFORMED, /* the same with output that makes no sense */
	FAKE_NO_ROWS, /* sshare, sacct and sacctmgr show: the header alone, status 0 */
	FAKE_LIES, /* sacctmgr: says yes and does nothing */
	FAKE_KILLED, /* does its work, then ends by a signal */
};

/* An association of a user in an account: in one partition, or in all. */
struct fake_member {
	char user[64];
	int id;
	int64_t usage; /* not in that of the account: put it in there too */
	char raw_usage[64]; /* printed in place of it, if set */
	char limits[256]; /* GrpTRESMins as printed */
};

enum { FAKE_MEMBERS = 8 };

struct fake_account {
	char name[256];
	char parent[256]; /* "" is root */
	char users[256]; /* "alice,bob" */
	int64_t usage; /* printed as it is: put in what the children have used too */
	char raw_usage[64]; /* printed in place of it, if set */
	char tres_raw[256]; /* GrpTRESRaw as printed; "" stands for [usage] in minutes */
	int64_t running; /* minutes that running jobs may still use */
	char limits[256]; /* GrpTRESMins as printed */
	char run_limits[256]; /* GrpTRESRunMins as printed */
	int64_t grp_jobs, grp_submit_jobs; /* -1 is none */
	const char *qos; /* its list, also that of its users; NULL: "normal,scav" */
	const char *user_qos; /* that of its user "someone"; NULL: as the account's */
	struct fake_member members[FAKE_MEMBERS]; /* that sshare -a shows */
	size_t member_count;
};

/* A record of a job that has not ended, as squeue shows it. */
struct fake_queued {
	const char *name; /* %i: "12", "12_3", "12_[4-6%2]", "15+1" */
	int record; /* %A */
	int array; /* %F; 0: the same as the record, and it has no task */
	const char *account; /* "bio" */
	const char *state; /* "PD" */
	char limit[32]; /* "10:00" */
	char qos[256]; /* "normal" */
	bool stuck; /* scontrol cannot change it */
	bool flees; /* when scontrol changes it, its user changes it to QOS "fast" at once */
};

enum { FAKE_QUEUED = 64 };

struct fake_cluster {
	char name[256];
	bool silent; /* neither sshare nor scontrol -M can reach it */
	bool deaf; /* sacctmgr changes nothing on it, and says yes */
	const char *priority_type, *half_life, *reset, *enforce;
	const char *calc_period, *version;
	const char *flags; /* PriorityFlags */
	const char *private_data; /* PrivateData */
	const char *preempt_type; /* PreemptType */
	const char *root_qos; /* the QOS list of root; NULL: "normal,scav" */
	int slurm_user; /* uid of SlurmUser */
	const char *job_submit; /* JobSubmitPlugins */
	const char *partitions; /* all that scontrol -o show partition prints */
	const char *jobs; /* rows of sacct as printed, without the cluster, with FAKE_BAR and
			     FAKE_NEWLINE in names; */
	char *more_jobs; /* those of fake_add_job() */
	const char *queue; /* lines of squeue behind those of jobs */
	const char *runaway; /* "7,8": of those without an end squeue does not know these */
	struct fake_queued queued[FAKE_QUEUED]; /* what squeue --array-unique shows */
	size_t queued_count;
	const char *more_queued; /* lines behind those */
	struct fake_account *accounts; /* sorted by name; one named "root" is the uppermost */
	size_t count;
};

/* How each program behaves, and how often it was called; FAKE_OK and 0 after fake_reset(). */
extern enum fake_mode fake_mode[FAKE_PROGRAMS];
extern int fake_calls[FAKE_PROGRAMS];
/* The two kinds of sacctmgr's calls: show, and modify. Show behaves as fake_show_mode says when
 * that is not FAKE_OK, and else as sacctmgr does. */
extern int fake_shows, fake_modifies;
extern enum fake_mode fake_show_mode;
/* The default account of every user. */
extern const char *fake_default_account;

/* The rows of sacctmgr -P show qos, the name first; flags may be left out. */
extern const char *fake_qos;
/* The bounds of each QOS, as sacctmgr -P show qos where name= prints them, without the name: eight
 * cells. */
extern const char *fake_bounds;
/* The rows of sacctmgr -P show reservation format=ID,TimeStart,Name; none. */
extern const char *fake_reservations;
/* The rows of sacctmgr -P show account withcoord format=Coordinators,Account, and a line of
 * sacctmgr show config, "DisableCoordDBD = yes\n"; both "" after fake_reset(). */
extern const char *fake_coordinators, *fake_disabled;
/* PrivateData of slurmdbd ("none"), the uid of its SlurmUser (64030, whose the tests' bank is) and
 * the AdminLevel of that user there ("Administrator"; "" is a user that slurmdbd does not have). */
extern const char *fake_private, *fake_level;
/* The version that it says slurmdbd has. */
extern const char *fake_dbd_version;
extern int fake_dbd_user;
/* The last call, arguments joined by blanks, cut if longer. */
extern char fake_line[4096];
/* Called before each answer, if set; fake_line tells the call. */
extern void (*fake_hook)(enum fake_program program);

/* Forgets everything; then there is one cluster, "dev", which is also the local one. */
void fake_reset(void);
void fake_release(void);

/* The cluster or account of that name, made when it is not there. Pointers are valid until the next
 * one is made. */
struct fake_cluster *fake_cluster(const char *name);
struct fake_account *fake_account(const char *cluster, const char *name);
/* Adds an association of the user; several are for partitions. Valid like the account. */
struct fake_member *fake_member(const char *cluster, const char *account, const char *user);
void fake_remove_account(const char *cluster, const char *name);

/* In rows of sacct: what a name may hold. */
#define FAKE_BAR "\001"
#define FAKE_NEWLINE "\002"

/* The DBIndex of job 0 on a cluster whose id is 3000: of 24.11 and later, past INT64_MAX. */
#define FAKE_HIGH_INDEX UINT64_C(13512637919694125056)

/* What stands for 0 or NULL is said with each field. Times are seconds since 1970 UTC. */
struct fake_job {
	int id; /* also, if there is none, its name; */
	uint64_t index; /* DBIndex: an odd id itself, an even one added to FAKE_HIGH_INDEX */
	const char *name;
	const char *account; /* "bio" */
	const char *user; /* "ann" */
	const char *partition; /* "main" */
	const char *qos; /* "normal" */
	const char *state; /* RUNNING, or COMPLETED when it has an end */
	const char *tres; /* "billing=1,cpu=1,node=1" */
	int64_t submit; /* five seconds before its start */
	int64_t start; /* it never ran */
	int64_t ran; /* from its start until now, or its end */
	int64_t suspended; /* of that */
	bool runs; /* it has no end */
	int64_t limit; /* seconds, whole minutes; "UNLIMITED" */
	int reservation; /* its id; none */
};

/* slurmdbd gets to know of it; one with the same id and submit time is replaced. */
void fake_add_job(const char *cluster, struct fake_job job);

/* Adds a job that squeue shows. Returns it; fake_find_queued() finds it again. */
struct fake_queued *fake_add_queued(const char *cluster, struct fake_queued job);
struct fake_queued *fake_find_queued(const char *cluster, const char *name);
void fake_end_queued(const char *cluster, const char *name);

int fake_run(const char *const argv[], int deadline_ms, struct run_result *ret,
	     struct sb_error *err);
int fake_lines(const char *const argv[], const char *const env[], int deadline_ms,
	       const struct line_sink *sink, struct run_result *ret, struct sb_error *err);
