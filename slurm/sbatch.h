/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads what a user would give to sbatch: options, the lines of a script and the environment. Keeps
 * what decides the price of a job and ignores the other options of sbatch. Measured on 22.05.8;
 * the names of newer options are those of 26.05. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/error.h"

/* What a number of a TRES is for. */
enum request_per { PER_JOB, PER_NODE, PER_SOCKET, PER_TASK };

enum {
	REQUEST_TRES_MAX = 32,
	REQUEST_NAME_SIZE = 128,
	REQUEST_PARTS_MAX = 128, /* components of a heterogeneous job, as in Slurm */
	SCRIPT_SIZE_MAX = 4 << 20, /* Slurm's own limit of a script */
};

#define REQUEST_NO_LIMIT INT64_MAX /* of time */

/* One job, or one component of a heterogeneous job. Texts are those of argv, of the script or of
 * the environment; NULL: not given. Numbers: -1: not given. */
struct job_request {
	const char *account, *partition, *qos, *clusters, *reservation;
	int64_t seconds; /* the time limit, rounded up to minutes as Slurm does, or
			    REQUEST_NO_LIMIT */
	int64_t min_nodes, max_nodes; /* both or neither are given */
	int64_t tasks, tasks_per_node, tasks_per_gpu;
	int64_t cpus_per_task, cpus_per_gpu, min_cpus; /* the last one for each node */
	int64_t sockets_per_node;
	int64_t memory, memory_per_cpu, memory_per_gpu; /* MiB; the first one for each node, 0: all
							   of it */
	int64_t hosts; /* of --nodelist: their number, or more */
	bool whole_nodes; /* --exclusive, or cores or threads of nodes are reserved */
	bool whole_cores; /* a CPU of the job takes a core */
	bool overcommit;
	bool pbs; /* the script has lines for PBS or LSF, some of which sbatch would read */
	bool file; /* --nodefile: the nodes are in a file */
	int64_t array; /* the number of jobs; 1 without --array */
	struct request_tres {
		char name[REQUEST_NAME_SIZE]; /* "gres/gpu", "gres/gpu:a100", "license/matlab" */
		enum request_per per;
		const char *option; /* that asks for it: a total is of one option */
		int64_t count;
	} tres[REQUEST_TRES_MAX];
	size_t tres_count;
};

/* One submission. Zeroed ones may be released. */
struct submission {
	struct job_request *parts; /* one, or the components of a heterogeneous job */
	size_t count;
	const char *script; /* the script's name in argv; NULL: none was given */
	char **texts; /* the words of the script, which the parts point into */
	size_t text_count;
};

/* Returns the value of an environment variable; NULL: it is not set. */
typedef const char *request_env(const char *name);

/* Finds the script among the arguments of sbatch, argv[0...argc): the first that is neither an
 * option nor its value nor ":". Sets *ret to NULL if there is none. SB_EINVAL for an option that
 * sbatch does not have, or that lacks its value. */
int sbatch_script(int argc, const char *const argv[], const char **ret, struct sb_error *err);

/* Reads a submission: the #SBATCH lines of [script] before its first command, then the environment,
 * then the arguments, each of which overrides those before it, as in sbatch. [script] has [len]
 * bytes; NULL: there is none. SB_EINVAL, SB_EFORMAT: sbatch would refuse it too. The texts of argv
 * and of the environment must stay valid. On success the caller calls submission_release(). */
int sbatch_read(int argc, const char *const argv[], const char *script, size_t len,
		request_env *environment, struct submission *ret, struct sb_error *err);

void submission_release(struct submission *submission);

/* Reads a time limit in any form that sbatch takes: "90", "1:30", "12:00:00", "1-0", "1-12:00",
 * "1-12:00:00"; "0", "-1", "INFINITE" and "UNLIMITED" are REQUEST_NO_LIMIT. Seconds, rounded up to
 * minutes. Returns false for anything else. */
bool request_time(const char *text, int64_t *ret);

/* Counts the jobs of an array such as "0-15:4%3" or "1,3,5-7"; each number counts once. Returns
 * false if that is no array. */
bool request_array(const char *text, int64_t *ret);

/* Reads memory such as "100", "4G" or "512KB" in MiB, rounded up. */
bool request_memory(const char *text, int64_t *ret);

/* Reads numbers of nodes such as "4", "2-8", "1k" or "1,2,4". */
bool request_nodes(const char *text, int64_t *ret_min, int64_t *ret_max);
