/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/sbatch.h"

#include <ctype.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ledger/base/array.h"
#include "ledger/base/comma.h"
#include "ledger/base/minmax.h"
#include "ledger/base/number.h"
#include "slurm/error.h"

/* ---- sbatch's options ---- */

/* The options that decide a price. */
enum field {
	IGNORED,
	ACCOUNT,
	PARTITION,
	QOS,
	CLUSTERS,
	RESERVATION,
	TIME,
	NODES,
	TASKS,
	TASKS_PER_NODE,
	TASKS_PER_GPU,
	TASKS_PER_CORE,
	THREADS_PER_CORE,
	NODE_INFO,
	HINT,
	CPUS_PER_TASK,
	CPUS_PER_GPU,
	MIN_CPUS,
	SOCKETS,
	MEMORY,
	MEMORY_PER_CPU,
	MEMORY_PER_GPU,
	NODELIST,
	NODEFILE,
	EXCLUSIVE,
	CORE_SPEC,
	THREAD_SPEC,
	OVERCOMMIT,
	OVERSUBSCRIBE,
	ARRAY,
	GRES,
	GPUS,
	GPUS_PER_NODE,
	GPUS_PER_SOCKET,
	GPUS_PER_TASK,
	TRES_PER_TASK,
	LICENSES,
	RESOURCES,
	IGNORE_PBS,
	FIELDS,
};

struct sbatch_option {
	const char *name;
	char letter; /* 0: none */
	int argument; /* as in struct option */
	enum field field;
	bool carries; /* a component of a heterogeneous job has it from the one before */
};

enum { NO = no_argument, YES = required_argument, MAY = optional_argument };

/* All that sbatch has, since an abbreviation must be of one option only. */
static const struct sbatch_option options[] = {
	{"account", 'A', YES, ACCOUNT, true},
	{"acctg-freq", 0, YES, IGNORED, false},
	{"array", 'a', YES, ARRAY, true},
	{"batch", 0, YES, IGNORED, false},
	{"bb", 0, YES, IGNORED, false},
	{"bbf", 0, YES, IGNORED, false},
	{"begin", 'b', YES, IGNORED, false},
	{"chdir", 'D', YES, IGNORED, false},
	{"cluster", 0, YES, CLUSTERS, true},
	{"cluster-constraint", 0, YES, IGNORED, false},
	{"clusters", 'M', YES, CLUSTERS, true},
	{"comment", 0, YES, IGNORED, false},
	{"consolidate-segments", 0, NO, IGNORED, false},
	{"constraint", 'C', YES, IGNORED, false},
	{"container", 0, YES, IGNORED, false},
	{"container-id", 0, YES, IGNORED, false},
	{"context", 0, YES, IGNORED, false},
	{"contiguous", 0, NO, IGNORED, false},
	{"core-spec", 'S', YES, CORE_SPEC, false},
	{"cores-per-socket", 0, YES, IGNORED, false},
	{"cpu-freq", 0, YES, IGNORED, false},
	{"cpus-per-gpu", 0, YES, CPUS_PER_GPU, false},
	{"cpus-per-task", 'c', YES, CPUS_PER_TASK, false},
	{"deadline", 0, YES, IGNORED, false},
	{"delay-boot", 0, YES, IGNORED, false},
	{"dependency", 'd', YES, IGNORED, false},
	{"distribution", 'm', YES, IGNORED, false},
	{"error", 'e', YES, IGNORED, false},
	{"exclude", 'x', YES, IGNORED, false},
	{"exclusive", 0, MAY, EXCLUSIVE, false},
	{"export", 0, YES, IGNORED, false},
	{"export-file", 0, YES, IGNORED, false},
	{"external", 0, NO, IGNORED, false},
	{"extra", 0, YES, IGNORED, false},
	{"extra-node-info", 'B', YES, NODE_INFO, false},
	{"get-user-env", 0, MAY, IGNORED, false},
	{"gid", 0, YES, IGNORED, false},
	{"gpu-bind", 0, YES, IGNORED, false},
	{"gpu-freq", 0, YES, IGNORED, false},
	{"gpus", 'G', YES, GPUS, false},
	{"gpus-per-node", 0, YES, GPUS_PER_NODE, false},
	{"gpus-per-socket", 0, YES, GPUS_PER_SOCKET, false},
	{"gpus-per-task", 0, YES, GPUS_PER_TASK, false},
	{"gres", 0, YES, GRES, false},
	{"gres-flags", 0, YES, IGNORED, false},
	{"hint", 0, YES, HINT, false},
	{"hold", 'H', NO, IGNORED, true},
	{"ignore-pbs", 0, NO, IGNORE_PBS, true},
	{"input", 'i', YES, IGNORED, false},
	{"job-name", 'J', YES, IGNORED, false},
	{"kill-on-invalid-dep", 0, YES, IGNORED, false},
	{"licenses", 'L', YES, LICENSES, false},
	{"mail-type", 0, YES, IGNORED, false},
	{"mail-user", 0, YES, IGNORED, false},
	{"mcs-label", 0, YES, IGNORED, false},
	{"mem", 0, YES, MEMORY, true},
	{"mem-bind", 0, YES, IGNORED, false},
	{"mem-per-cpu", 0, YES, MEMORY_PER_CPU, false},
	{"mem-per-gpu", 0, YES, MEMORY_PER_GPU, false},
	{"mem-update", 0, YES, IGNORED, false},
	{"mincpus", 0, YES, MIN_CPUS, false},
	{"network", 0, YES, IGNORED, false},
	{"nice", 0, MAY, IGNORED, false},
	{"no-kill", 'k', MAY, IGNORED, false},
	{"no-requeue", 0, NO, IGNORED, false},
	{"nodefile", 'F', YES, NODEFILE, false},
	{"nodelist", 'w', YES, NODELIST, false},
	{"nodes", 'N', YES, NODES, false},
	{"ntasks", 'n', YES, TASKS, false},
	{"ntasks-per-core", 0, YES, TASKS_PER_CORE, false},
	{"ntasks-per-gpu", 0, YES, TASKS_PER_GPU, false},
	{"ntasks-per-node", 0, YES, TASKS_PER_NODE, false},
	{"ntasks-per-socket", 0, YES, IGNORED, false},
	{"ntasks-per-tres", 0, YES, TASKS_PER_GPU, false},
	{"oom-kill-step", 0, MAY, IGNORED, false},
	{"open-mode", 0, YES, IGNORED, false},
	{"output", 'o', YES, IGNORED, false},
	{"overcommit", 'O', NO, OVERCOMMIT, false},
	{"oversubscribe", 's', NO, OVERSUBSCRIBE, false},
	{"parsable", 0, NO, IGNORED, false},
	{"partition", 'p', YES, PARTITION, false},
	{"power", 0, YES, IGNORED, false},
	{"prefer", 0, YES, IGNORED, false},
	{"priority", 0, YES, IGNORED, false},
	{"profile", 0, YES, IGNORED, false},
	{"propagate", 0, MAY, IGNORED, false},
	{"qos", 'q', YES, QOS, true},
	{"quiet", 'Q', NO, IGNORED, false},
	{"reboot", 0, NO, IGNORED, false},
	{"requeue", 0, MAY, IGNORED, false},
	{"reservation", 0, YES, RESERVATION, true},
	{"resources", 0, YES, RESOURCES, false},
	{"resv-ports", 0, MAY, IGNORED, false},
	{"runtime", 0, YES, IGNORED, false},
	{"segment", 0, YES, IGNORED, false},
	{"signal", 0, YES, IGNORED, false},
	{"sockets-per-node", 0, YES, SOCKETS, false},
	{"spread-job", 0, NO, IGNORED, false},
	{"spread-segments", 0, NO, IGNORED, false},
	{"stepmgr", 0, NO, IGNORED, false},
	{"switches", 0, YES, IGNORED, false},
	{"tasks-per-node", 0, YES, TASKS_PER_NODE, false},
	{"test-only", 0, NO, IGNORED, false},
	{"thread-spec", 0, YES, THREAD_SPEC, false},
	{"threads-per-core", 0, YES, THREADS_PER_CORE, false},
	{"time", 't', YES, TIME, true},
	{"time-min", 0, YES, IGNORED, false},
	{"tmp", 0, YES, IGNORED, false},
	{"tres-bind", 0, YES, IGNORED, false},
	{"tres-per-task", 0, YES, TRES_PER_TASK, false},
	{"uid", 0, YES, IGNORED, false},
	{"use-min-nodes", 0, NO, IGNORED, false},
	{"verbose", 'v', NO, IGNORED, false},
	{"wait", 'W', NO, IGNORED, false},
	{"wait-all-nodes", 0, YES, IGNORED, false},
	{"wckey", 0, YES, IGNORED, false},
	{"wrap", 0, YES, IGNORED, false},
};

enum { OPTION_COUNT = sizeof(options) / sizeof(options[0]), LONG = 256 };

/* The environment variables that decide a price, in the order in which sbatch reads them. */
static const struct {
	const char *name;
	enum field field;
} variables[] = {
	{"SBATCH_IGNORE_PBS", IGNORE_PBS},
	{"SBATCH_ACCOUNT", ACCOUNT},
	{"SBATCH_ARRAY_INX", ARRAY},
	{"SBATCH_CLUSTERS", CLUSTERS},
	{"SLURM_CLUSTERS", CLUSTERS},
	{"SBATCH_CORE_SPEC", CORE_SPEC},
	{"SBATCH_CPUS_PER_GPU", CPUS_PER_GPU},
	{"SBATCH_EXCLUSIVE", EXCLUSIVE},
	{"SBATCH_GRES", GRES},
	{"SBATCH_GPUS", GPUS},
	{"SBATCH_GPUS_PER_NODE", GPUS_PER_NODE},
	{"SBATCH_GPUS_PER_SOCKET", GPUS_PER_SOCKET},
	{"SBATCH_GPUS_PER_TASK", GPUS_PER_TASK},
	{"SLURM_HINT", HINT},
	{"SBATCH_HINT", HINT},
	{"SBATCH_MEM_PER_CPU", MEMORY_PER_CPU},
	{"SBATCH_MEM_PER_GPU", MEMORY_PER_GPU},
	{"SBATCH_MEM_PER_NODE", MEMORY},
	{"SBATCH_OVERCOMMIT", OVERCOMMIT},
	{"SBATCH_PARTITION", PARTITION},
	{"SBATCH_QOS", QOS},
	{"SBATCH_RESERVATION", RESERVATION},
	{"SBATCH_THREAD_SPEC", THREAD_SPEC},
	{"SBATCH_THREADS_PER_CORE", THREADS_PER_CORE},
	{"SBATCH_TIMELIMIT", TIME},
	{"SBATCH_TRES_PER_TASK", TRES_PER_TASK},
};

/* Where a value is from; a later one overrides those before it. */
enum source { FROM_SCRIPT = 1, FROM_ENVIRONMENT, FROM_ARGUMENTS };

/* The values of one component, by field. */
struct values {
	const char *text[FIELDS]; /* "" for an option without a value; NULL: not given */
	enum source source[FIELDS];
	const char *name[FIELDS]; /* of the option or variable, for messages */
};

static void make_tables(struct option longs[OPTION_COUNT + 1], char shorts[4 * OPTION_COUNT + 3])
{
	char *s = shorts;

	*s++ = '+'; /* stop at the script */
	*s++ = ':';
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		longs[i] = (struct option){.name = options[i].name,
					   .has_arg = options[i].argument,
					   .val = (int)(LONG + i)};
		if (!options[i].letter)
			continue;
		*s++ = options[i].letter;
		for (int n = options[i].argument; n > 0; n--)
			*s++ = ':';
	}
	longs[OPTION_COUNT] = (struct option){0};
	*s = '\0';
}

static int option_error(int found, const char *given, const char *where, struct sb_error *err)
{
	char letter[3] = {'-', (char)optopt};

	if (optopt >= LONG)
		return slurm_error(err, SB_EINVAL, "%soption '--%s' of sbatch %s", where,
				   options[optopt - LONG].name,
				   found == '?' ? "takes no value" : "needs a value");
	if (found == ':')
		return slurm_error(err, SB_EINVAL, "%soption '%s' of sbatch needs a value", where,
				   letter);
	return slurm_error(err, SB_EINVAL, "%ssbatch has no option '%.200s'%s", where,
			   optopt ? letter : given, optopt ? "" : ", or it is short for several");
}

/* Reads options from argv[1...] into [values], which may be NULL, up to the first word that is
 * none. Sets *ret to its index. [where] begins messages. */
static int read_options(int argc, char *argv[], enum source source, const char *where,
			struct values *values, int *ret, struct sb_error *err)
{
	struct option longs[OPTION_COUNT + 1];
	char shorts[4 * OPTION_COUNT + 3];
	int found;

	make_tables(longs, shorts);
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while ((found = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct sbatch_option *option = options;

		if (found == '?' || found == ':')
			return option_error(found, argv[optind - 1], where, err);
		while (found != (int)(LONG + (option - options)) && found != option->letter)
			option++;
		if (!values)
			continue;
		values->text[option->field] = optarg ? optarg : "";
		values->source[option->field] = source;
		values->name[option->field] = option->name;
	}
	*ret = optind;
	return SB_OK;
}

static void read_environment(request_env *environment, struct values *values)
{
	for (size_t i = 0; environment && i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *value = environment(variables[i].name);

		if (!value)
			continue;
		values->text[variables[i].field] = value;
		values->source[variables[i].field] = FROM_ENVIRONMENT;
		values->name[variables[i].field] = variables[i].name;
	}
}

/* Forgets what a component of a heterogeneous job does not have from the one before. */
static void begin_part(struct values *values)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (!options[i].carries)
			values->text[options[i].field] = NULL;
	}
}

/* ---- the script ---- */

struct words {
	char **list; /* list[0] is the program's name, as getopt expects */
	size_t count;
};

static int add_word(struct words *words, const char *text, size_t len, struct sb_error *err)
{
	char **word = array_add(words->list, words->count);

	if (!word)
		return slurm_error_nomem(err);
	*word = strndup(text, len);
	if (*word)
		return SB_OK;
	words->count--;
	return slurm_error_nomem(err);
}

/* Takes the first word off [line], as sbatch does: quotes join, a backslash makes the next
 * character, such as a blank, literal, '#' begins a comment. Writes it to [word], which is as large
 * as the line. Returns what follows it; NULL: the quote is open. *ret_len is SIZE_MAX if there is
 * no word. */
static const char *take_word(const char *line, char *word, size_t *ret_len)
{
	const char *at = line + strspn(line, " \t\r\v\f");
	bool any = false;
	char quote = '\0';
	size_t len = 0;

	*ret_len = SIZE_MAX;
	for (; *at && (quote || !isspace((unsigned char)*at)); at++) {
		if (*at == '\\' && at[1]) {
			at++;
		} else if (quote && *at == quote) {
			quote = '\0';
			continue;
		} else if (!quote && (*at == '"' || *at == '\'')) {
			quote = *at;
			continue;
		} else if (!quote && *at == '#') {
			at += strlen(at);
			break;
		}
		word[len++] = *at;
		any = true;
	}
	if (any)
		*ret_len = len;
	return quote ? NULL : at;
}

/* Adds the words of a line behind "#SBATCH". */
static int add_line(struct words *words, const char *line, size_t number, struct sb_error *err)
{
	char *word = malloc(strlen(line) + 1);
	size_t len;
	int rc = word ? SB_OK : slurm_error_nomem(err);

	while (!rc) {
		line = take_word(line, word, &len);
		if (!line)
			rc = slurm_error(err, SB_EFORMAT, "line %zu of the script: a quote is open",
					 number);
		else if (len == SIZE_MAX)
			break;
		else
			rc = add_word(words, word, len, err);
	}
	free(word);
	return rc;
}

/* Whether the line begins with [word], in any case, and a blank or nothing follows it. Sets *ret to
 * what follows. */
static bool skip_word(const char *line, const char *word, const char **ret)
{
	size_t len = strlen(word);

	if (strncasecmp(line, word, len) != 0 || (line[len] && !isspace((unsigned char)line[len])))
		return false;
	*ret = line + len;
	return true;
}

/* Returns what follows "#SBATCH" or "#SLURM" in the line; NULL for another line. */
static const char *directive(const char *line)
{
	static const char *const marks[] = {"#SBATCH", "#SLURM"};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		size_t len = strlen(marks[i]);

		if (strncmp(line, marks[i], len) == 0)
			return line + len + strspn(line + len, " \t\r\v\f");
	}
	return NULL;
}

static bool is_command(const char *line)
{
	line += strspn(line, " \t\r\v\f");
	return *line && *line != '#';
}

/* What the lines of a script give. */
struct lines {
	struct words *parts; /* the words of each component */
	size_t count;
	bool pbs;
};

static void lines_release(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		for (size_t j = 0; j < lines->parts[i].count; j++)
			free(lines->parts[i].list[j]);
		free(lines->parts[i].list);
	}
	free(lines->parts);
	*lines = (struct lines){0};
}

static int begin_words(struct lines *lines, struct sb_error *err)
{
	struct words *words;

	if (lines->count == REQUEST_PARTS_MAX)
		return slurm_error(err, SB_EFORMAT, "the job has more than %d components",
				   REQUEST_PARTS_MAX);
	words = array_add(lines->parts, lines->count);
	if (!words)
		return slurm_error_nomem(err);
	*words = (struct words){0};
	return add_word(words, "sbatch", strlen("sbatch"), err);
}

/* Reads a line. Sets *ret_end at the first command. */
static int read_line(struct lines *lines, const char *line, size_t number, bool *ret_end,
		     struct sb_error *err)
{
	const char *rest = directive(line);

	if (!rest) {
		lines->pbs = lines->pbs || strncmp(line, "#PBS", 4) == 0 ||
			     strncmp(line, "#BSUB", 5) == 0;
		*ret_end = is_command(line);
		return SB_OK;
	}
	if (skip_word(rest, "hetjob", &rest) || skip_word(rest, "packjob", &rest))
		TRY(begin_words(lines, err));
	return add_line(&lines->parts[lines->count - 1], rest, number, err);
}

/* sbatch refuses these too. */
static int check_script(const char *script, size_t len, struct sb_error *err)
{
	const char *end = memchr(script, '\n', len);

	if (len > SCRIPT_SIZE_MAX)
		return slurm_error(err, SB_EFORMAT, "the script is larger than %d MiB",
				   SCRIPT_SIZE_MAX >> 20);
	if (memchr(script, '\0', len))
		return slurm_error(err, SB_EFORMAT, "the script has a NUL byte: it is no script");
	if (len < 3 || script[0] != '#' || script[1] != '!')
		return slurm_error(err, SB_EFORMAT,
				   "this is no batch script: its first line must begin with #! and "
				   "the path of an interpreter");
	if (end && end[-1] == '\r')
		return slurm_error(err, SB_EFORMAT,
				   "the script has DOS line breaks (\\r\\n): sbatch wants \\n");
	return SB_OK;
}

static int read_script(const char *script, size_t len, struct lines *lines, struct sb_error *err)
{
	bool end = false;
	size_t number = 0;
	int rc = SB_OK;

	TRY(begin_words(lines, err));
	if (!script)
		return SB_OK;
	TRY(check_script(script, len, err));
	for (const char *at = script, *next; at < script + len && !end && !rc; at = next) {
		const char *newline = memchr(at, '\n', (size_t)(script + len - at));
		size_t line_len = (size_t)((newline ? newline : script + len) - at);
		char *line = strndup(at, line_len);

		next = at + line_len + 1;
		rc = line ? read_line(lines, line, ++number, &end, err) : slurm_error_nomem(err);
		free(line);
	}
	return rc;
}

/* ---- values ---- */

/* Counts the numbers of a range such as "07" or "1-4", and moves *text to the ',' or ']' behind it.
 */
static int64_t take_range(const char **text)
{
	int64_t from = 0, to;
	const char *end = number_prefix(*text, 0, INT_MAX, &from);

	to = from;
	if (end && *end == '-')
		(void)number_prefix(end + 1, 0, INT_MAX, &to);
	*text += strcspn(*text, ",]");
	return to > from ? to - from + 1 : 1;
}

/* Counts the numbers in brackets, and moves *text from the '[' to the ']', or to the end. */
static int64_t take_brackets(const char **text)
{
	int64_t sum = 0;

	do {
		(*text)++;
		sum += take_range(text);
	} while (**text == ',' && sum < INT_MAX);
	*text += strcspn(*text, "]");
	return sum;
}

/* Counts the hosts of a list such as "n[1-4,7],m5": their number, or more; at most INT_MAX. */
static int64_t count_hosts(const char *text)
{
	int64_t sum = 0, product = 1;

	for (; *text && sum < INT_MAX; text += *text != '\0') {
		if (*text == '[') {
			product = int64_min(product * take_brackets(&text), INT_MAX);
		} else if (*text == ',') {
			sum += product;
			product = 1;
		}
	}
	return int64_min(sum + product, INT_MAX);
}

/* So that the sum of all fits. */
#define COUNT_MAX (INT64_C(1) << 50)

/* Reads what is counted, with a suffix as in "4K". */
static bool read_count(const char *text, size_t len, int64_t *ret)
{
	static const char units[] = "KMGTP";
	const char *unit = len > 1 ? strchr(units, toupper((unsigned char)text[len - 1])) : NULL;

	if (unit && !*unit)
		unit = NULL;
	if (!number_slice(text, unit ? len - 1 : len, 0, INT32_MAX, ret))
		return false;
	for (; unit && unit >= units; unit--) {
		if (*ret > COUNT_MAX / 1024)
			return false;
		*ret *= 1024;
	}
	return true;
}

/* Adds a number of a TRES to the request. */
static int add_tres(struct job_request *request, const struct request_tres *tres,
		    struct sb_error *err)
{
	if (request->tres_count == REQUEST_TRES_MAX)
		return slurm_error(err, SB_EINVAL, "more than %d resources are requested",
				   REQUEST_TRES_MAX);
	request->tres[request->tres_count++] = *tres;
	return SB_OK;
}

static int bad_value(const char *option, const char *value, const char *wanted,
		     struct sb_error *err)
{
	bool variable = strncmp(option, "SBATCH_", 7) == 0 || strncmp(option, "SLURM_", 6) == 0;

	return slurm_error(err, SB_EINVAL, "%s%s: '%.200s' is not %s", variable ? "$" : "--",
			   option, value, wanted);
}

/* A list of TRES as an option gives it, and where it is read into. */
struct tres_list {
	struct job_request *request;
	const char *option;
	enum request_per per;
	const char *gres; /* the items are numbers of this, with or without a type; NULL: of any */
};

static int bad_item(const struct tres_list *list, const char *item, struct sb_error *err)
{
	return bad_value(list->option, item, "a list such as gpu:2 or gpu:a100:2", err);
}

/* Adds "[TYPE][:COUNT]" of the TRES [kind] and [name], with ':' or '=' before the count. */
static int add_counted(const struct tres_list *list, const char *kind, const char *name,
		       const char *rest, struct sb_error *err)
{
	struct request_tres tres = {.per = list->per, .option = list->option, .count = 1};
	const char *last = rest + strlen(rest);
	size_t type_len = strlen(rest);

	while (last > rest && !strchr(":=", last[-1]))
		last--;
	if (read_count(last, strlen(last), &tres.count))
		type_len = last > rest ? (size_t)(last - 1 - rest) : 0;
	else if (last > rest)
		return bad_item(list, rest, err);
	if (!*name || memchr(rest, ':', type_len) || memchr(rest, '=', type_len) ||
	    (size_t)snprintf(tres.name, sizeof(tres.name), "%s%s%s%.*s", kind, name,
			     type_len ? ":" : "", (int)type_len, rest) >= sizeof(tres.name))
		return bad_item(list, rest, err);
	return add_tres(list->request, &tres, err);
}

/* Returns [text] without one of the prefixes "KIND/" and "KIND:". */
static const char *without_kind(const char *text, const char *kind)
{
	size_t len = strlen(kind);

	return strncmp(text, kind, len) == 0 && (text[len] == '/' || text[len] == ':')
		       ? text + len + 1
		       : text;
}

static int add_gres(void *ctx, const char *item, struct sb_error *err)
{
	const struct tres_list *list = ctx;
	char name[REQUEST_NAME_SIZE];
	size_t len;

	if (list->gres)
		return add_counted(list, "gres/", list->gres, item, err);
	if (strcmp(item, "none") == 0)
		return SB_OK;
	item = without_kind(item, "gres");
	len = strcspn(item, ":=");
	if (len >= sizeof(name))
		return bad_item(list, item, err);
	(void)snprintf(name, sizeof(name), "%.*s", (int)len, item);
	return add_counted(list, "gres/", name, item + len + (item[len] != '\0'), err);
}

/* "matlab", "matlab:2", "matlab@server:2", "license/matlab=2". */
static int add_license(void *ctx, const char *item, struct sb_error *err)
{
	const struct tres_list *list = ctx;
	char name[REQUEST_NAME_SIZE];
	size_t len;

	item = without_kind(item, "license");
	len = strcspn(item, ":=");
	if (len >= sizeof(name))
		return bad_item(list, item, err);
	(void)snprintf(name, sizeof(name), "%.*s", (int)len, item);
	return add_counted(list, "license/", name, item + len + (item[len] != '\0'), err);
}

static int add_per_task(void *ctx, const char *item, struct sb_error *err)
{
	const struct tres_list *list = ctx;

	if (strncmp(item, "cpu", 3) == 0 && (item[3] == ':' || item[3] == '='))
		return read_count(item + 4, strlen(item + 4), &list->request->cpus_per_task)
			       ? SB_OK
			       : bad_item(list, item, err);
	if (strncmp(item, "license", 7) == 0)
		return add_license(ctx, item, err);
	return add_gres(ctx, item, err);
}

/* ---- from values to the request ---- */

/* Reads a positive number. */
static int read_number(const struct values *values, enum field field, int64_t *ret,
		       struct sb_error *err)
{
	const char *text = values->text[field];

	if (!text || number_parse(text, 1, INT32_MAX, ret))
		return SB_OK;
	return bad_value(values->name[field], text, "a number from 1 on", err);
}

static int read_numbers(const struct values *values, struct job_request *request,
			struct sb_error *err)
{
	TRY(read_number(values, TASKS, &request->tasks, err));
	TRY(read_number(values, TASKS_PER_NODE, &request->tasks_per_node, err));
	TRY(read_number(values, TASKS_PER_GPU, &request->tasks_per_gpu, err));
	TRY(read_number(values, CPUS_PER_TASK, &request->cpus_per_task, err));
	TRY(read_number(values, CPUS_PER_GPU, &request->cpus_per_gpu, err));
	TRY(read_number(values, MIN_CPUS, &request->min_cpus, err));
	return read_number(values, SOCKETS, &request->sockets_per_node, err);
}

/* The options for memory, of which one counts: one of the command line first. */
static const enum field memory_fields[] = {MEMORY, MEMORY_PER_CPU, MEMORY_PER_GPU};
enum { MEMORY_FIELDS = sizeof(memory_fields) / sizeof(memory_fields[0]) };

static int read_memory(const struct values *values, struct job_request *request,
		       struct sb_error *err)
{
	int64_t *const to[MEMORY_FIELDS] = {&request->memory, &request->memory_per_cpu,
					    &request->memory_per_gpu};
	enum source last = 0;
	size_t count = 0;

	for (size_t i = 0; i < MEMORY_FIELDS; i++) {
		if (values->text[memory_fields[i]] && values->source[memory_fields[i]] > last)
			last = values->source[memory_fields[i]];
	}
	for (size_t i = 0; i < MEMORY_FIELDS; i++) {
		enum field field = memory_fields[i];
		const char *text = values->text[field];

		if (!text || values->source[field] != last)
			continue;
		if (!request_memory(text, to[i]))
			return bad_value(values->name[field], text, "memory such as 4G", err);
		count++;
	}
	/* In a script sbatch accepts several. */
	if (count > 1 && last != FROM_SCRIPT)
		return slurm_error(err, SB_EINVAL,
				   "--mem, --mem-per-cpu and --mem-per-gpu exclude "
				   "one another");
	return SB_OK;
}

static int read_size(const struct values *values, struct job_request *request, struct sb_error *err)
{
	const char *nodes = values->text[NODES], *time = values->text[TIME];
	const char *array = values->text[ARRAY];

	if (nodes && !request_nodes(nodes, &request->min_nodes, &request->max_nodes))
		return bad_value(values->name[NODES], nodes, "a number of nodes such as 4 or 2-8",
				 err);
	if (time && !request_time(time, &request->seconds))
		return bad_value(values->name[TIME], time,
				 "a time such as 90 (minutes), 12:00:00 or 1-12", err);
	if (array && !request_array(array, &request->array))
		return bad_value(values->name[ARRAY], array, "an array such as 0-15 or 1,3,5-9:2",
				 err);
	if (values->text[NODELIST])
		request->hosts = count_hosts(values->text[NODELIST]);
	return SB_OK;
}

/* Whether "sockets:cores:threads" limits the threads of a core. Sockets and cores alone choose
 * nodes, and change nothing of what is allocated on them (measured). */
static bool limits_threads(const char *info)
{
	const char *cores = strchr(info, ':'), *threads = cores ? strchr(cores + 1, ':') : NULL;

	return threads && threads[1] && threads[1] != '*';
}

static void read_flags(const struct values *values, struct job_request *request)
{
	const char *exclusive = values->text[EXCLUSIVE], *hint = values->text[HINT];
	const char *threads = values->text[THREADS_PER_CORE];
	const char *tasks = values->text[TASKS_PER_CORE], *info = values->text[NODE_INFO];

	/* Measured: with "user" the job has only the CPUs that it asks for. */
	request->whole_nodes = (exclusive && strcasecmp(exclusive, "user") != 0 &&
				strcasecmp(exclusive, "mcs") != 0 &&
				strcasecmp(exclusive, "oversubscribe") != 0) ||
			       values->text[CORE_SPEC] || values->text[THREAD_SPEC];
	/* More threads a core than one may still leave some unused. */
	request->whole_cores = threads || tasks || (hint && strcasecmp(hint, "multithread") != 0) ||
			       (info && limits_threads(info));
	request->overcommit = values->text[OVERCOMMIT];
	/* As in sbatch, a list with a slash is the name of a file. */
	request->file = values->text[NODEFILE] ||
			(values->text[NODELIST] && strchr(values->text[NODELIST], '/'));
}

static int read_tres(const struct values *values, struct job_request *request, struct sb_error *err)
{
	static const struct {
		enum field field;
		enum request_per per;
		const char *gres;
		comma_item *each;
	} lists[] = {
		{GRES, PER_NODE, NULL, add_gres},
		{GPUS, PER_JOB, "gpu", add_gres},
		{GPUS_PER_NODE, PER_NODE, "gpu", add_gres},
		{GPUS_PER_SOCKET, PER_SOCKET, "gpu", add_gres},
		{GPUS_PER_TASK, PER_TASK, "gpu", add_gres},
		{TRES_PER_TASK, PER_TASK, NULL, add_per_task},
		{LICENSES, PER_JOB, NULL, add_license},
		{RESOURCES, PER_JOB, NULL, add_license},
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const char *text = values->text[lists[i].field];
		struct tres_list list = {request, values->name[lists[i].field], lists[i].per,
					 lists[i].gres};
		char *copy;
		int rc;

		if (!text || !*text)
			continue;
		copy = strdup(text);
		if (!copy)
			return slurm_error_nomem(err);
		/* Of licenses joined by '|' the job gets one: all count, to be on the safe side. */
		for (char *at = copy; *at && lists[i].each == add_license; at++)
			*at = *at == '|' || *at == ';' ? ',' : *at;
		rc = comma_each(copy, lists[i].each, &list, err);
		free(copy);
		TRY(rc);
	}
	return SB_OK;
}

static int make_request(const struct values *values, struct job_request *ret, struct sb_error *err)
{
	struct job_request request = {.account = values->text[ACCOUNT],
				      .partition = values->text[PARTITION],
				      .qos = values->text[QOS],
				      .clusters = values->text[CLUSTERS],
				      .reservation = values->text[RESERVATION],
				      .seconds = -1,
				      .min_nodes = -1,
				      .max_nodes = -1,
				      .tasks = -1,
				      .tasks_per_node = -1,
				      .tasks_per_gpu = -1,
				      .cpus_per_task = -1,
				      .cpus_per_gpu = -1,
				      .min_cpus = -1,
				      .sockets_per_node = -1,
				      .memory = -1,
				      .memory_per_cpu = -1,
				      .memory_per_gpu = -1,
				      .hosts = -1,
				      .array = 1};

	TRY(read_numbers(values, &request, err));
	TRY(read_memory(values, &request, err));
	TRY(read_size(values, &request, err));
	read_flags(values, &request);
	TRY(read_tres(values, &request, err));
	*ret = request;
	return SB_OK;
}

/* ---- a submission ---- */

/* A copy of argv with the program's name before it: getopt wants pointers that it could change. */
static char **copy_arguments(int argc, const char *const argv[])
{
	char **copy = calloc((size_t)argc + 2, sizeof(*copy));

	if (!copy)
		return NULL;
	copy[0] = (char *)(uintptr_t) "sbatch";
	for (int i = 0; i < argc; i++)
		copy[i + 1] = (char *)(uintptr_t)argv[i];
	return copy;
}

int sbatch_script(int argc, const char *const argv[], const char **ret, struct sb_error *err)
{
	char **copy = copy_arguments(argc, argv);
	int rc = copy ? SB_OK : slurm_error_nomem(err), at, first = 0;
	const char *script = NULL;

	/* Each ':' takes the place of the program's name for the next component. */
	while (!rc && !script) {
		rc = read_options(argc + 1 - first, copy + first, FROM_ARGUMENTS, "", NULL, &at,
				  err);
		if (rc || first + at > argc)
			break;
		first += at;
		if (strcmp(copy[first], ":") != 0)
			script = copy[first];
	}
	free(copy);
	if (!rc)
		*ret = script;
	return rc;
}

/* Reads a component, whose arguments begin behind argv[0]. Sets *ret to the index of the ':' behind
 * them, or of what is no option. */
static int read_part(const struct words *words, int argc, char *argv[], request_env *environment,
		     struct values *values, int *ret, struct sb_error *err)
{
	int at;

	begin_part(values);
	if (words) {
		TRY(read_options((int)words->count, words->list, FROM_SCRIPT, "#SBATCH: ", values,
				 &at, err));
		if (at < (int)words->count)
			return slurm_error(err, SB_EFORMAT,
					   "#SBATCH: '%.200s' is neither an option nor its value",
					   words->list[at]);
	}
	read_environment(environment, values);
	return read_options(argc, argv, FROM_ARGUMENTS, "", values, ret, err);
}

static int read_parts(const struct lines *lines, int argc, char *argv[], request_env *environment,
		      struct submission *submission, struct sb_error *err)
{
	struct values values = {.text = {NULL}};
	bool more = true;

	for (size_t part = 0; more; part++) {
		struct job_request *request;
		int at;

		if (part == REQUEST_PARTS_MAX)
			return slurm_error(err, SB_EINVAL, "the job has more than %d components",
					   REQUEST_PARTS_MAX);
		TRY(read_part(part < lines->count ? &lines->parts[part] : NULL, argc, argv,
			      environment, &values, &at, err));
		request = array_add(submission->parts, submission->count);
		if (!request)
			return slurm_error_nomem(err);
		TRY(make_request(&values, request, err));
		request->pbs = lines->pbs && !values.text[IGNORE_PBS];
		more = part + 1 < lines->count;
		/* Without a ':' the same arguments are for the next component, too. */
		if (at < argc && strcmp(argv[at], ":") == 0) {
			argv += at;
			argc -= at;
			more = true;
		} else if (at < argc) {
			submission->script = argv[at];
		}
	}
	return SB_OK;
}

/* Makes the submission the owner of the words. */
static int keep_words(struct lines *lines, struct submission *submission, struct sb_error *err)
{
	for (size_t i = 0; i < lines->count; i++) {
		struct words *words = &lines->parts[i];

		for (size_t j = 0; j < words->count; j++) {
			char **text = array_add(submission->texts, submission->text_count);

			if (!text)
				return slurm_error_nomem(err);
			*text = words->list[j];
			words->list[j] = NULL;
		}
	}
	return SB_OK;
}

int sbatch_read(int argc, const char *const argv[], const char *script, size_t len,
		request_env *environment, struct submission *ret, struct sb_error *err)
{
	struct submission submission = {0};
	struct lines lines = {0};
	char **copy = copy_arguments(argc, argv);
	int rc = copy ? SB_OK : slurm_error_nomem(err);

	if (!rc)
		rc = read_script(script, len, &lines, err);
	if (!rc)
		rc = read_parts(&lines, argc + 1, copy, environment, &submission, err);
	if (!rc)
		rc = keep_words(&lines, &submission, err);
	lines_release(&lines);
	free(copy);
	if (rc)
		submission_release(&submission);
	else
		*ret = submission;
	return rc;
}

void submission_release(struct submission *submission)
{
	for (size_t i = 0; i < submission->text_count; i++)
		free(submission->texts[i]);
	free(submission->texts);
	free(submission->parts);
	*submission = (struct submission){0};
}
