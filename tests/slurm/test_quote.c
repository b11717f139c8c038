/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests what is read of sbatch's command lines and scripts, and the estimate of what a job gets. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "slurm/estimate.h"
#include "slurm/sbatch.h"
#include "slurm/tariff.h"
#include "slurm/user_assoc.h"
#include "tests/util.h"

/* ---- one value ---- */

START_TEST(times_are_those_of_sbatch)
{
	static const char *const bad[] = {"",	"x",	"1:",  "1:2:3:4", "1-2-3",
					  "-",	"-2",	"1-x", "1:x",	  " 1",
					  "1 ", "1-2:", "1.5", "+1",	  "99999999999"};
	static const struct {
		const char *text;
		int64_t seconds;
	} good[] = {
		{"1", 60},
		{"90", 5400},
		{"0:01", 60},
		{"1:00", 60},
		{"1:01", 120},
		{"59:59", 3600},
		{"12:00:00", 43200},
		{"0:0:61", 120},
		{"1-", 86400},
		{"1-0", 86400},
		{"1-1", 90000},
		{"1-1:30", 91800},
		{"1-12:00:00", 129600},
		{"0", REQUEST_NO_LIMIT},
		{"0:0", REQUEST_NO_LIMIT},
		{"-1", REQUEST_NO_LIMIT},
		{"infinite", REQUEST_NO_LIMIT},
		{"UNLIMITED", REQUEST_NO_LIMIT},
	};
	int64_t seconds = 7;

	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!request_time(bad[i], &seconds) && seconds == 7, "%s", bad[i]);
	for (size_t i = 0; i < COUNT(good); i++) {
		ck_assert_msg(request_time(good[i].text, &seconds), "%s", good[i].text);
		ck_assert_msg(seconds == good[i].seconds, "%s: %lld", good[i].text,
			      (long long)seconds);
	}
}
END_TEST

START_TEST(arrays_count_each_number_once)
{
	static const char *const bad[] = {"",
					  "x",
					  "1-",
					  "3-1",
					  "1,",
					  "1-3:0",
					  "-1",
					  "1%x",
					  "[1-3",
					  "1-3:",
					  "1--2",
					  "4000002",
					  "0-4000000,0-4000000"};
	static const struct {
		const char *text;
		int64_t count;
	} good[] = {{"0", 1},	    {"0-15", 16}, {"0-15:4", 4}, {"0-16:4", 5},	 {"0-15:4%3", 4},
		    {"1,3,5-7", 5}, {"1,1-3", 3}, {"[1-3]", 3},	 {"4000001", 1}, {"1-3%1", 3}};
	int64_t count = 7;

	for (size_t i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!request_array(bad[i], &count) && count == 7, "%s", bad[i]);
	for (size_t i = 0; i < COUNT(good); i++) {
		ck_assert_msg(request_array(good[i].text, &count), "%s", good[i].text);
		ck_assert_msg(count == good[i].count, "%s: %lld", good[i].text, (long long)count);
	}
}
END_TEST

START_TEST(memory_and_nodes)
{
	static const char *const bad_memory[] = {"", "x", "1.5G", "-1", "1X", "1GG", "1GBB", "B"};
	static const char *const bad_nodes[] = {"",   "x",   "2-1",   "1-",  "-2",
						"1,", "1kk", "1-2-3", "1:0", "3000m"};
	int64_t least = 7, most = 7;

	for (size_t i = 0; i < COUNT(bad_memory); i++)
		ck_assert_msg(!request_memory(bad_memory[i], &most) && most == 7, "%s",
			      bad_memory[i]);
	for (size_t i = 0; i < COUNT(bad_nodes); i++)
		ck_assert_msg(!request_nodes(bad_nodes[i], &least, &most) && most == 7, "%s",
			      bad_nodes[i]);
	ck_assert(request_memory("0", &most) && most == 0);
	ck_assert(request_memory("1", &most) && most == 1);
	ck_assert(request_memory("1025k", &most) && most == 2);
	ck_assert(request_memory("1024KB", &most) && most == 1);
	ck_assert(request_memory("3m", &most) && most == 3);
	ck_assert(request_memory("4G", &most) && most == 4096);
	ck_assert(request_memory("1TB", &most) && most == 1 << 20);
	ck_assert(request_nodes("4", &least, &most) && least == 4 && most == 4);
	ck_assert(request_nodes("2-8", &least, &most) && least == 2 && most == 8);
	ck_assert(request_nodes("1k-2K", &least, &most) && least == 1024 && most == 2048);
	ck_assert(request_nodes("2,4-6:2,9", &least, &most) && least == 2 && most == 9);
}
END_TEST

/* ---- submissions ---- */

static struct submission submission;

static const char *no_environment(const char *name)
{
	(void)name;
	return NULL;
}

static const char *environment(const char *name)
{
	return strcmp(name, "SBATCH_TIMELIMIT") == 0	  ? "30"
	       : strcmp(name, "SBATCH_ACCOUNT") == 0	  ? "env"
	       : strcmp(name, "SBATCH_MEM_PER_NODE") == 0 ? "2G"
							  : NULL;
}

/* Reads words separated by blanks, and a script. */
static int read_with(request_env *env, const char *line, const char *script)
{
	static char copy[1024];
	static const char *argv[64];
	int argc = 0;

	submission_release(&submission);
	(void)snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	return sbatch_read(argc, argv, script, script ? strlen(script) : 0, env, &submission,
			   &error);
}

static struct job_request *request_of(const char *line)
{
	ck_assert_msg(read_with(no_environment, line, NULL) == SB_OK, "%s: %s", line, error.text);
	return &submission.parts[0];
}

static void refuse(const char *line, const char *script, const char *text)
{
	ck_assert_msg(read_with(no_environment, line, script) != SB_OK, "%s", line);
	ck_assert_msg(strstr(error.text, text), "'%s' is not in '%s'", text, error.text);
}

START_TEST(bad_command_lines)
{
	refuse("--no-such-option", NULL, "has no option '--no-such-option'");
	refuse("-n4 --n 3", NULL, "has no option '--n'");
	refuse("--nt=4", NULL, "has no option '--nt=4', or it is short for several");
	refuse("-y", NULL, "has no option '-y'");
	refuse("-n", NULL, "option '-n' of sbatch needs a value");
	refuse("--ntasks", NULL, "option '--ntasks' of sbatch needs a value");
	refuse("--hold=1", NULL, "option '--hold' of sbatch takes no value");
	refuse("-n 0", NULL, "--ntasks: '0' is not a number");
	refuse("-n 4k", NULL, "--ntasks: '4k' is not a number");
	refuse("-N 2-1", NULL, "--nodes: '2-1' is not a number of nodes");
	refuse("-t soon", NULL, "--time: 'soon' is not a time");
	refuse("-a x", NULL, "--array: 'x' is not an array");
	refuse("--mem=1X", NULL, "--mem: '1X' is not memory");
	refuse("--mem=1 --mem-per-cpu=1", NULL, "exclude one another");
	refuse("--gres=gpu:a100:x", NULL, "--gres: 'a100:x' is not a list");
	refuse("--gres=:2", NULL, "--gres: '2' is not a list");
	refuse("--gpus=a:b:2", NULL, "--gpus: 'a:b:2' is not a list");
}
END_TEST

START_TEST(good_command_lines)
{
	const struct job_request *request = request_of("");

	ck_assert_int_eq(request->tasks, -1);
	ck_assert_int_eq(request->seconds, -1);
	ck_assert_int_eq(request->array, 1);
	ck_assert_ptr_null(submission.script);
	ck_assert_int_eq(request_of("-n4")->tasks, 4);
	ck_assert_int_eq(request_of("-n 4")->tasks, 4);
	ck_assert_int_eq(request_of("--ntasks=4")->tasks, 4);
	ck_assert_int_eq(request_of("--ntasks 4")->tasks, 4);
	ck_assert_int_eq(request_of("--acco x -n4")->tasks, 4);
	ck_assert_int_eq(request_of("-n4 -n5")->tasks, 5);
	ck_assert_int_eq(request_of("-HsOn4")->tasks, 4);
	ck_assert_int_eq(request_of("-n4 job.sh -n5")->tasks, 4);
	ck_assert_str_eq(submission.script, "job.sh");
	ck_assert(request_of("--exclusive")->whole_nodes);
	ck_assert(!request_of("--exclusive=user")->whole_nodes);
	ck_assert(request_of("--hint=nomultithread")->whole_cores);
	ck_assert(!request_of("--hint=multithread")->whole_cores);
	ck_assert_int_eq(request_of("-J name --mail-type ALL -o out -n4")->tasks, 4);
	ck_assert_int_eq(request_of("--nice job.sh")->tasks, -1);
	ck_assert_str_eq(submission.script, "job.sh");
	ck_assert_int_eq(request_of("-w n[1-4,07],m5")->hosts, 6);
	ck_assert_int_eq(request_of("-w m5")->hosts, 1);
	ck_assert_int_eq(request_of("-w n[1-4]m[2-3],a")->hosts, 9);
	ck_assert_int_eq(request_of("-w n[1-4")->hosts, 4);
	ck_assert_int_eq(request_of("-w n[0-99999][0-99999],b[1-9]")->hosts, INT32_MAX);
	ck_assert(!request_of("-w n1")->file);
	ck_assert(request_of("-w ./n1")->file);
	ck_assert(request_of("-F n1")->file);
	ck_assert_int_eq(request_of("--tres-per-task=cpu=3,gres/gpu:a100=2")->cpus_per_task, 3);
}
END_TEST

static void expect_tres(const char *line, size_t at, const char *name, enum request_per per,
			int64_t count)
{
	const struct job_request *request = request_of(line);

	ck_assert_msg(at < request->tres_count, "%s", line);
	ck_assert_str_eq(request->tres[at].name, name);
	ck_assert_int_eq(request->tres[at].per, per);
	ck_assert_msg(request->tres[at].count == count, "%s: %lld", line,
		      (long long)request->tres[at].count);
}

START_TEST(resources)
{
	expect_tres("--gres=gpu", 0, "gres/gpu", PER_NODE, 1);
	expect_tres("--gres=gpu:2", 0, "gres/gpu", PER_NODE, 2);
	expect_tres("--gres=gpu:a100", 0, "gres/gpu:a100", PER_NODE, 1);
	expect_tres("--gres=gpu:a100:2,shard:1K", 0, "gres/gpu:a100", PER_NODE, 2);
	expect_tres("--gres=gpu:a100:2,shard:1K", 1, "gres/shard", PER_NODE, 1024);
	expect_tres("--gres=gres/gpu:3", 0, "gres/gpu", PER_NODE, 3);
	expect_tres("-G 4", 0, "gres/gpu", PER_JOB, 4);
	expect_tres("-G a100:4", 0, "gres/gpu:a100", PER_JOB, 4);
	expect_tres("--gpus-per-task=1", 0, "gres/gpu", PER_TASK, 1);
	expect_tres("--gpus-per-socket=1", 0, "gres/gpu", PER_SOCKET, 1);
	expect_tres("--gpus-per-node=v100:1", 0, "gres/gpu:v100", PER_NODE, 1);
	expect_tres("-L matlab", 0, "license/matlab", PER_JOB, 1);
	expect_tres("-L matlab@server:2", 0, "license/matlab@server", PER_JOB, 2);
	expect_tres("-L a:2|b:3", 1, "license/b", PER_JOB, 3);
	expect_tres("--tres-per-task=cpu:3,gres/gpu:a100:2", 0, "gres/gpu:a100", PER_TASK, 2);
	ck_assert_uint_eq(request_of("--gres=none")->tres_count, 0);
}
END_TEST

START_TEST(bad_scripts)
{
	refuse("job.sh", "", "no batch script");
	refuse("job.sh", "echo\n", "no batch script");
	refuse("job.sh", "#!/bin/sh\r\necho\r\n", "DOS line breaks");
	refuse("job.sh", "#!/bin/sh\n#SBATCH -J 'a\n", "line 2 of the script: a quote is open");
	refuse("job.sh", "#!/bin/sh\n#SBATCH --what\n", "#SBATCH: sbatch has no option '--what'");
	refuse("job.sh", "#!/bin/sh\n#SBATCH -n 4 word\n", "'word' is neither an option");
}
END_TEST

START_TEST(good_scripts)
{
	static const char script[] = "#!/bin/sh\n"
				     "#SBATCH -n 4 --job-name=\"a b\" -A phy\\sics # -n 5\n"
				     "  # a comment\n"
				     "#SBATCHn 6\n"
				     "# SBATCH -n 7\n"
				     "\n"
				     "#SBATCH\t--time=0:20:00 --mem=1G\n"
				     "echo\n"
				     "#SBATCH -n 8\n";
	const struct job_request *request;

	refuse("job.sh", script, "'n' is neither");
	ck_assert_int_eq(read_with(no_environment, "job.sh",
				   "#!/bin/sh\n#SBATCH -n 4 -A phy\\sics -J \"a b\" # -n 5\n\n"
				   "#SBATCH\t--time=0:20:00 --mem=1G\necho\n#SBATCH -n 8\n"),
			 SB_OK);
	request = &submission.parts[0];
	ck_assert_int_eq(request->tasks, 4);
	ck_assert_str_eq(request->account, "physics");
	ck_assert_int_eq(request->seconds, 1200);
	/* The environment overrides the script, the command line both. */
	ck_assert_int_eq(read_with(environment, "-A cli --mem-per-cpu=1 job.sh",
				   "#!/bin/sh\n#SBATCH -n 4 -A script -t 1 --mem=1\n"),
			 SB_OK);
	request = &submission.parts[0];
	ck_assert_str_eq(request->account, "cli");
	ck_assert_int_eq(request->seconds, 1800);
	ck_assert_int_eq(request->memory, -1);
	ck_assert_int_eq(request->memory_per_cpu, 1);
	ck_assert(!request->pbs);
	ck_assert_int_eq(read_with(no_environment, "job.sh", "#!/bin/sh\n#PBS -l a\n#SBATCH -n2"),
			 SB_OK);
	ck_assert(submission.parts[0].pbs);
	ck_assert_int_eq(submission.parts[0].tasks, 2);
	ck_assert_int_eq(read_with(no_environment, "--ignore-pbs job.sh", "#!/bin/sh\n#PBS -l a\n"),
			 SB_OK);
	ck_assert(!submission.parts[0].pbs);
}
END_TEST

START_TEST(heterogeneous_jobs)
{
	(void)request_of("-A a -n 2 -t 10 --exclusive : -n 3 : -A b job.sh");
	ck_assert_uint_eq(submission.count, 3);
	ck_assert_int_eq(submission.parts[1].tasks, 3);
	ck_assert_int_eq(submission.parts[1].seconds, 600);
	ck_assert(!submission.parts[1].whole_nodes);
	ck_assert_int_eq(submission.parts[2].tasks, -1);
	ck_assert_str_eq(submission.parts[1].account, "a");
	ck_assert_str_eq(submission.parts[2].account, "b");
	ck_assert_str_eq(submission.script, "job.sh");
	ck_assert_int_eq(read_with(no_environment, "-c 2 job.sh",
				   "#!/bin/sh\n#SBATCH -n 2\n#SBATCH hetjob\n#SBATCH -n 3\n"),
			 SB_OK);
	ck_assert_uint_eq(submission.count, 2);
	ck_assert_int_eq(submission.parts[0].tasks, 2);
	ck_assert_int_eq(submission.parts[1].tasks, 3);
	ck_assert_int_eq(submission.parts[1].cpus_per_task, 2);
}
END_TEST

START_TEST(the_script_among_arguments)
{
	static const char *const none[] = {"-n", "4"}, *const some[] = {"-n", "4", "job.sh", "-n"};
	static const char *const parts[] = {"-n", "4", ":", "-n4", "job.sh"};
	const char *script = "";

	ck_assert_int_eq(sbatch_script(0, NULL, &script, &error), SB_OK);
	ck_assert_ptr_null(script);
	ck_assert_int_eq(sbatch_script(1, none, &script, &error), SB_EINVAL);
	ck_assert_int_eq(sbatch_script(2, none, &script, &error), SB_OK);
	ck_assert_ptr_null(script);
	ck_assert_int_eq(sbatch_script(4, some, &script, &error), SB_OK);
	ck_assert_str_eq(script, "job.sh");
	ck_assert_int_eq(sbatch_script(5, parts, &script, &error), SB_OK);
	ck_assert_str_eq(script, "job.sh");
	ck_assert_int_eq(sbatch_script(3, parts, &script, &error), SB_OK);
	ck_assert_ptr_null(script);
}
END_TEST

/* ---- estimates ---- */

static struct slurm_config config;
static struct partition partition;
static struct node_row rows[2];
static struct nodes nodes;

/* Two nodes with 64 CPUs in cores of two threads, 64000 MiB and GPUs of two types. */
static void setup(void)
{
	config = (struct slurm_config){.select_type = "select/cons_tres",
				       .select_parameters = "CR_CORE_MEMORY",
				       .over_time = "0 min"};
	partition = (struct partition){.name = "main",
				       .billing_weights = "CPU=1.0",
				       .qos = "N/A",
				       .is_default = "YES",
				       .default_time = "NONE",
				       .max_time = "1-00:00:00",
				       .over_time = "NONE",
				       .total_nodes = "2",
				       .max_nodes = "UNLIMITED",
				       .oversubscribe = "NO",
				       .exclusive = "",
				       .select_parameters = "NONE",
				       .memory_per_cpu = "",
				       .memory_per_node = "UNLIMITED",
				       .max_memory_per_cpu = "",
				       .job_defaults = "(null)"};
	for (int i = 0; i < 2; i++)
		rows[i] = (struct node_row){
			.name = i ? "b" : "a",
			.partitions = "other,main",
			.tres = "cpu=64,mem=62.50G,billing=116,gres/gpu=6,gres/gpu:a100=4,"
				"gres/gpu:v100=2",
			.size = {.cpus = 64, .threads = 2, .sockets = 2, .memory = 64000}};
	nodes = (struct nodes){.rows = rows, .count = 2};
}

static void teardown(void)
{
	submission_release(&submission);
}

static struct estimate estimate_of(const char *line)
{
	struct estimate estimate;

	ck_assert_msg(estimate_make(request_of(line), &partition, &config, &nodes, &estimate,
				    &error) == SB_OK,
		      "%s: %s", line, error.text);
	return estimate;
}

/* Expects the least and the most. */
static void expect(const char *line, int64_t least, int64_t most)
{
	const struct estimate estimate = estimate_of(line);

	ck_assert_msg(estimate.least.billing == least && estimate.most.billing == most,
		      "%s: %lld and %lld, not %lld and %lld (%s)", line,
		      (long long)estimate.least.billing, (long long)estimate.most.billing,
		      (long long)least, (long long)most, estimate.most.tres);
}

START_TEST(cpus)
{
	/* The pairs that a real Slurm billed are in quote.test.bash. */
	expect("-N1 -n1", 2, 2);
	expect("-N1 -n2", 2, 2);
	expect("-N1 -n3", 4, 4);
	expect("-n1", 2, 2);
	expect("-n2", 2, 4);
	expect("-n3", 4, 4);
	expect("-N2", 4, 4);
	expect("-N1-2 -n4", 4, 6);
	expect("-N1-2", 2, 4);
	expect("-N1-2 -n1", 2, 2);
	expect("-n 64", 64, 66);
	expect("-n 65", 66, 66);
	expect("-n4 --ntasks-per-node=3", 8, 8);
	expect("-N2 --ntasks-per-node=3", 8, 8);
	expect("-N1 -n2 --hint=nomultithread", 4, 4);
	expect("-N1 -n5 --mincpus=8", 8, 8);
	expect("-N1 -n2 --mincpus=7 --hint=nomultithread", 14, 14);
	expect("-n1 --exclusive", 64, 64);
	expect("-N2 --exclusive", 128, 128);
	expect("-n1 -w a,b", 4, 4);
	partition.oversubscribe = "EXCLUSIVE";
	expect("-n1", 64, 64);
	partition.oversubscribe = "NO";
	partition.exclusive = "NODE";
	expect("-n1", 64, 64);
	partition.exclusive = "TOPO";
	expect("-n1", 64, 64);
	partition.exclusive = "USER";
	expect("-N1 -n1", 2, 2);
	partition.exclusive = "";
	(void)snprintf(config.select_type, sizeof(config.select_type), "select/linear");
	expect("-n1", 64, 64);
	(void)snprintf(config.select_type, sizeof(config.select_type), "select/cons_tres");
	partition.select_parameters = "CR_SOCKET";
	expect("-N1 -n1", 2, 32);
	/* Tasks are dealt to sockets in turn. */
	expect("-N1 -n2", 2, 64);
	expect("-N1 -n4", 4, 64);
	expect("-N2 -n2", 4, 64);
	expect("-N2 -n3", 4, 96);
	expect("-N1 -c40", 40, 64);
	partition.select_parameters = "NONE";
	/* No two tasks share a core. */
	(void)snprintf(config.select_parameters, sizeof(config.select_parameters),
		       "CR_CORE_MEMORY,CR_ONE_TASK_PER_CORE");
	expect("-N1 -n4", 8, 8);
	expect("-N1 -n4 -c3", 16, 16);
	expect("-N1 -n4 -c2", 8, 8);
	expect("-N1 --gpus=2 --cpus-per-gpu=3", 6, 6);
	(void)snprintf(config.select_parameters, sizeof(config.select_parameters),
		       "CR_CORE_MEMORY");
	expect("-N1 -n4 -B *:*:1", 8, 8);
	expect("-N1 -n4 -B 2:4:1", 8, 8);
	expect("-N1 -n4 -B 2:4:*", 4, 4);
	expect("-N1 -n4 -B 2:4", 4, 4);
	expect("-N1 -n4 -B 2", 4, 4);
	partition.max_nodes = "1";
	expect("-n2", 2, 2);
	/* Nodes that Slurm hides. */
	nodes.count = 0;
	expect("-N1 -n3", 3, 3);
	ck_assert(!estimate_bounded(&(struct estimate){.notes = estimate_of("-n1").notes}));
}
END_TEST

START_TEST(memory)
{
	partition.billing_weights = "Mem=1G";
	expect("-N1 -n1 --mem=1G", 1, 1);
	expect("-n2 --mem=1G", 1, 2);
	expect("-N2 --mem=3G", 6, 6);
	expect("-N1 -n1 --mem=1023", 0, 0);
	expect("-N1 -n3 --mem-per-cpu=1G", 4, 4);
	expect("-N1 -n1", 62, 62);
	ck_assert(estimate_of("-N1 -n1").notes & ESTIMATE_ALL_MEMORY);
	expect("-N1 -n1 --mem=0", 62, 62);
	ck_assert(!(estimate_of("-N1 -n1 --mem=0").notes & ESTIMATE_ALL_MEMORY));
	expect("-N1 --gpus-per-node=2 --mem-per-gpu=4G", 8, 8);
	partition.memory_per_cpu = "1024";
	expect("-N1 -n1", 2, 2);
	partition.max_memory_per_cpu = "1024";
	partition.billing_weights = "CPU=1";
	expect("-N1 -n1 --mem=1024", 2, 2);
	expect("-N1 -n1 --mem=3072", 4, 4);
	expect("-N1 -n1 --mem-per-cpu=1025", 2, 2);
	expect("-N1 -n1 --mem-per-cpu=2049", 4, 4);
	/* A node's memory, asked for or by default, needs as many CPUs. */
	expect("-N1 -n1 --mem=0", 64, 64);
	expect("-N1 -n1 --mem-per-cpu=0", 64, 64);
	partition.memory_per_cpu = "2000";
	partition.max_memory_per_cpu = "1000";
	expect("-N1 -n4", 8, 8);
	expect("-N1 -n3 -c3", 18, 18);
	ck_assert_int_eq(estimate_of("-N1 -n4").most.memory, 8000);
	expect("-N1 -n1 --mem=500", 2, 2);
	partition.memory_per_cpu = "";
	partition.memory_per_node = "20000";
	expect("-N1 -n4", 20, 20);
	expect("-N2 -n4", 40, 42);
	expect("-N1 -n4 --hint=nomultithread", 40, 40);
	expect("-N1 -n2 --mem=2500 --hint=nomultithread", 6, 6);
	partition.memory_per_node = "UNLIMITED";
	expect("-N1 -n1", 64, 64);
	expect("-n1", 64, 64);
	expect("-N1 -n4 --mem-per-cpu=1500", 8, 8);
	/* Slurm does not allocate memory. */
	partition.billing_weights = "Mem=1G";
	(void)snprintf(config.select_parameters, sizeof(config.select_parameters), "CR_CORE");
	expect("-N1 -n1 --mem=4G", 0, 0);
	partition.billing_weights = "CPU=1";
	expect("-N1 -n1", 64, 64);
	expect("-N1 -n1 --mem=0", 64, 64);
	partition.memory_per_node = "20000";
	expect("-N1 -n1", 20, 20);
}
END_TEST

START_TEST(gpus)
{
	partition.billing_weights = "GRES/gpu=10,GRES/gpu:v100=5";
	expect("-N1 --gres=gpu:a100:2", 20, 20);
	expect("-N1 --gres=gpu:v100:2", 30, 30);
	expect("-N1 --gres=gpu:2", 20, 30);
	ck_assert(estimate_of("-N1 --gres=gpu:2").notes & ESTIMATE_ANY_TYPE);
	expect("-N2 --gres=gpu:a100:1", 20, 20);
	expect("-n2 --gres=gpu:a100:1", 10, 20);
	expect("-N1 --gpus=a100:1,v100:1", 25, 25);
	expect("-N1 -n3 --gpus-per-task=a100:1", 30, 30);
	expect("--gpus=a100:4 --gpus-per-task=a100:2", 40, 40);
	expect("-N1 --gpus-per-socket=a100:1", 10, 20);
	expect("-N1 --gpus-per-socket=a100:1 --sockets-per-node=2", 20, 20);
	/* Two options that state the same total. */
	expect("-N1 --gres=gpu:a100:2 --gpus=a100:2", 20, 20);
	expect("-n1 --exclusive", 70, 70);
	partition.billing_weights = "CPU=1";
	expect("-N1 --gpus=2 --cpus-per-gpu=4", 8, 8);
	expect("-N1 --gpus=2 --ntasks-per-gpu=3", 6, 6);
	partition.job_defaults = "DefCpuPerGPU=6,DefMemPerGPU=1";
	expect("-N1 --gpus=2", 12, 12);
	expect("-N1 --gpus=2 -c1", 2, 2);
}
END_TEST

START_TEST(weights)
{
	struct estimate estimate;

	partition.billing_weights = "CPU=0.3,Mem=0.25G,license/matlab=3,GRES/gpu=10";
	estimate = estimate_of("-N1 -n1 --mem=1G -L matlab:2 --gres=gpu:1");
	ck_assert_int_eq(estimate.most.billing, 16);
	ck_assert_int_eq(estimate.most.excess, 850000000000);
	/* The largest of a node's TRES alone, and with the GRES added. */
	config.billing = BILLING_MAX;
	expect("-N1 -n1 --mem=1G -L matlab:2 --gres=gpu:1", 16, 16);
	expect("-N1 -n64 --mem=1G --gres=gpu:1", 19, 19);
	config.billing = BILLING_MAX_GRES;
	expect("-N1 -n64 --mem=1G --gres=gpu:1", 29, 29);
	config.billing = BILLING_SUM;
	partition.billing_weights = "";
	expect("-N1 -n3", 4, 4);
	partition.billing_weights = "CPU=x";
	ck_assert_int_eq(
		estimate_make(request_of("-n1"), &partition, &config, &nodes, &estimate, &error),
		SB_EFORMAT);
	partition.billing_weights = "CPU=1";
	ck_assert_int_eq(estimate_make(request_of("-n2147483647 -c2147483647"), &partition, &config,
				       &nodes, &estimate, &error),
			 SB_EOVERFLOW);
}
END_TEST

START_TEST(time_limits)
{
	ck_assert_int_eq(estimate_of("-t 10").seconds, 600);
	ck_assert_uint_eq(estimate_of("-t 1-0").notes & ESTIMATE_OVER_MAX, 0);
	ck_assert(estimate_of("-t 1-0:01").notes & ESTIMATE_OVER_MAX);
	ck_assert(estimate_of("-t 0").notes & ESTIMATE_NO_LIMIT);
	ck_assert_int_eq(estimate_of("").seconds, 86400);
	ck_assert(estimate_of("").notes & ESTIMATE_DEFAULT_LIMIT);
	partition.default_time = "02:00:00";
	ck_assert_int_eq(estimate_of("").seconds, 7200);
	partition.default_time = "NONE";
	partition.max_time = "UNLIMITED";
	ck_assert(estimate_of("").notes & ESTIMATE_NO_LIMIT);
	partition.over_time = "5";
	ck_assert_int_eq(estimate_of("-t 10").over_seconds, 300);
	partition.over_time = "UNLIMITED";
	ck_assert(estimate_of("-t 10").notes & ESTIMATE_PAST_LIMIT);
	ck_assert(estimate_of("-N3 -t 10").notes & ESTIMATE_TOO_LARGE);
	ck_assert_uint_eq(estimate_of("-N2 -t 10").notes & ESTIMATE_TOO_LARGE, 0);
}
END_TEST

START_TEST(counts_of_a_resource)
{
	struct allocation allocation = {.tres = "cpu=4,gres/gpu=3,gres/gpu:a100=1"};

	ck_assert_int_eq(allocation_count(&allocation, "cpu"), 4);
	ck_assert_int_eq(allocation_count(&allocation, "mem"), 0);
	ck_assert_int_eq(allocation_count(&allocation, "gres/gpu"), 3);
	ck_assert_int_eq(allocation_count(&allocation, "gres/gpu:a100"), 3);
	ck_assert_int_eq(allocation_count(&allocation, "gres/gpu:v100"), 2);
	ck_assert_int_eq(allocation_count(&allocation, "storage"), 0);
}
END_TEST

START_TEST(the_qos_that_slurmctld_chooses)
{
	char qos[USER_ASSOC_QOS_SIZE];
	struct user_assoc row = {.qos = "dear,normal,free", .default_qos = ""};

	ck_assert_str_eq(user_assoc_qos(qos, &row), "normal");
	row.default_qos = "dear";
	ck_assert_str_eq(user_assoc_qos(qos, &row), "dear");
	row = (struct user_assoc){.qos = "dear,free", .default_qos = ""};
	ck_assert_str_eq(user_assoc_qos(qos, &row), "dear");
	row.qos = "";
	ck_assert_str_eq(user_assoc_qos(qos, &row), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("quote");
	TCase *tcase = tcase_create("quote");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, TEST_TIMEOUT);
	tcase_add_test(tcase, times_are_those_of_sbatch);
	tcase_add_test(tcase, arrays_count_each_number_once);
	tcase_add_test(tcase, memory_and_nodes);
	tcase_add_test(tcase, bad_command_lines);
	tcase_add_test(tcase, good_command_lines);
	tcase_add_test(tcase, resources);
	tcase_add_test(tcase, bad_scripts);
	tcase_add_test(tcase, good_scripts);
	tcase_add_test(tcase, heterogeneous_jobs);
	tcase_add_test(tcase, the_script_among_arguments);
	tcase_add_test(tcase, cpus);
	tcase_add_test(tcase, memory);
	tcase_add_test(tcase, gpus);
	tcase_add_test(tcase, weights);
	tcase_add_test(tcase, time_limits);
	tcase_add_test(tcase, counts_of_a_resource);
	tcase_add_test(tcase, the_qos_that_slurmctld_chooses);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
