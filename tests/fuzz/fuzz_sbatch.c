/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes command lines and scripts of sbatch. The input is words, one a line, up to an empty line,
 * and then the lines of a script behind its first one. In the estimate of any accepted input, the
 * most is no smaller than the least. */
#include "slurm/estimate.h"
#include "tests/fuzz/fuzz.h"

enum { WORDS_MAX = 64 };

static const struct slurm_config config = {.select_type = "select/cons_tres",
					   .select_parameters = "CR_CORE_MEMORY",
					   .over_time = "0 min"};
static const struct partition partition = {
	.name = "main",
	.billing_weights = "CPU=1.0,Mem=0.25G,GRES/gpu=10.0,GRES/gpu:v100=2.5,license/matlab=3",
	.qos = "",
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
	.max_memory_per_cpu = "2000",
	.job_defaults = ""};

static const char *environment(const char *name)
{
	return strcmp(name, "SBATCH_TIMELIMIT") == 0 ? "30" : NULL;
}

/* Cuts the words off *text, which is then what follows the empty line. */
static int take_words(char **text, const char *argv[WORDS_MAX])
{
	int argc = 0;
	char *word;

	while (argc < WORDS_MAX && (word = strsep(text, "\n")) && *word)
		argv[argc++] = word;
	return argc;
}

static void estimate(const struct submission *submission)
{
	struct node_row row = {.name = "n",
			       .partitions = "main",
			       .tres = "cpu=64,gres/gpu=6,gres/gpu:v100=2",
			       .size = {.cpus = 64, .threads = 2, .sockets = 2, .memory = 64000}};
	const struct nodes nodes = {.rows = &row, .count = 1};
	struct estimate found;
	struct sb_error err;

	for (size_t i = 0; i < submission->count; i++) {
		MUST(submission->parts[i].array >= 1);
		if (estimate_make(&submission->parts[i], &partition, &config, &nodes, &found, &err))
			continue;
		MUST(found.least.billing >= 0 && found.most.billing >= found.least.billing);
		MUST(found.least.nodes >= 1 && found.most.nodes >= 1 && found.most.cpus >= 1);
		MUST(found.seconds > 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char first[] = "#!/bin/sh\n";
	char *text = fuzz_text(data, size), *rest = text, *script = NULL;
	const char *argv[WORDS_MAX], *name;
	const int argc = take_words(&rest, argv);
	struct submission submission;
	struct sb_error err;
	size_t len = 0;

	if (rest) {
		const size_t lines = (size_t)(text + size - rest);

		len = strlen(first) + lines;
		script = malloc(len);
		MUST(script);
		memcpy(script, first, strlen(first));
		memcpy(script + strlen(first), rest, lines);
	}
	if (sbatch_script(argc, argv, &name, &err) == SB_OK &&
	    sbatch_read(argc, argv, script, len, environment, &submission, &err) == SB_OK) {
		MUST(submission.count >= 1 && submission.script == name);
		estimate(&submission);
		submission_release(&submission);
	}
	free(script);
	free(text);
	return 0;
}
