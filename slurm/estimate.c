/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/estimate.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ledger/base/comma.h"
#include "ledger/base/minmax.h"
#include "ledger/base/number.h"
#include "ledger/base/tres.h"
#include "slurm/error.h"
#include "slurm/tariff.h"

/* Numbers past this are refused, so that products of two fit. */
enum { NUMBER_MAX = INT32_MAX };

/* What is known of the partition. */
struct ground {
	const struct partition *partition;
	const struct slurm_config *config;
	const struct nodes *nodes;
	struct node_size least, most; /* of its nodes */
	int64_t node_count; /* 0: no node is known */
	bool memory; /* Slurm allocates memory */
	bool alone; /* jobs get whole nodes */
	bool sockets; /* CPUs are allocated by sockets */
	bool one_task; /* no two tasks share a core */
	int64_t unit; /* CPUs are allocated by this number: those of a core or of a socket */
	int64_t memory_per_cpu, memory_per_node, max_per_cpu; /* defaults in MiB; 0: none */
	int64_t cpus_per_gpu, memory_per_gpu; /* the same */
};

/* ---- the partition ---- */

/* Reads a number as scontrol prints it; 0 for "UNLIMITED" and other words. */
static int64_t printed(const char *text)
{
	int64_t number;

	return number_parse(text, 0, NUMBER_MAX, &number) ? number : 0;
}

/* Reads a default such as DefCpuPerGPU=4 from a list; 0: there is none. */
static int64_t job_default(const char *list, const char *name)
{
	size_t name_len = strlen(name), len;
	const char *item;
	int64_t number = 0;

	for (const char *rest = list; comma_next(&rest, &item, &len);) {
		if (len > name_len && strncasecmp(item, name, name_len) == 0 &&
		    item[name_len] == '=')
			(void)number_slice(item + name_len + 1, len - name_len - 1, 0, NUMBER_MAX,
					   &number);
	}
	return number;
}

/* The partition's default of something, or the cluster's. */
static int64_t either(int64_t partition, int64_t cluster)
{
	return partition ? partition : cluster;
}

static void find_sizes(struct ground *ground)
{
	for (size_t i = 0; i < ground->nodes->count; i++) {
		const struct node_row *row = &ground->nodes->rows[i];
		struct node_size *least = &ground->least, *most = &ground->most;

		if (!list_has(row->partitions, ground->partition->name))
			continue;
		if (ground->node_count++ == 0)
			*least = *most = row->size;
		least->cpus = int64_min(least->cpus, row->size.cpus);
		least->threads = int64_min(least->threads, row->size.threads);
		least->sockets = int64_min(least->sockets, row->size.sockets);
		least->memory = int64_min(least->memory, row->size.memory);
		most->cpus = int64_max(most->cpus, row->size.cpus);
		most->threads = int64_max(most->threads, row->size.threads);
		most->sockets = int64_max(most->sockets, row->size.sockets);
		most->memory = int64_max(most->memory, row->size.memory);
	}
}

/* Finds by what number CPUs are allocated. */
static void find_unit(struct ground *ground)
{
	const char *own = ground->partition->select_parameters;
	const char *parameters =
		strncasecmp(own, "CR_", 3) == 0 ? own : ground->config->select_parameters;

	ground->one_task = strcasestr(ground->config->select_parameters, "CR_ONE_TASK_PER_CORE");
	ground->sockets = strncasecmp(parameters, "CR_SOCKET", strlen("CR_SOCKET")) == 0;
	ground->unit = int64_max(ground->most.threads, 1);
	if (ground->sockets)
		ground->unit = int64_max(ground->unit,
					 ground->most.cpus / int64_max(ground->least.sockets, 1));
}

static struct ground find_ground(const struct partition *partition,
				 const struct slurm_config *config, const struct nodes *nodes)
{
	const char *defaults = partition->job_defaults;
	struct ground ground = {.partition = partition, .config = config, .nodes = nodes};

	find_sizes(&ground);
	ground.memory = strcasestr(config->select_parameters, "MEMORY");
	ground.alone = strncmp(partition->oversubscribe, "EXCLUSIVE", 9) == 0 ||
		       strcmp(partition->exclusive, "NODE") == 0 ||
		       strcmp(partition->exclusive, "TOPO") == 0 ||
		       strcmp(config->select_type, "select/linear") == 0;
	find_unit(&ground);
	ground.max_per_cpu =
		either(printed(partition->max_memory_per_cpu), printed(config->memory.max_per_cpu));
	ground.memory_per_cpu = printed(partition->memory_per_cpu);
	ground.memory_per_node = printed(partition->memory_per_node);
	if (!ground.memory_per_cpu && !ground.memory_per_node) {
		ground.memory_per_cpu = printed(config->memory.per_cpu);
		ground.memory_per_node = printed(config->memory.per_node);
	}
	ground.cpus_per_gpu = either(job_default(defaults, "DefCpuPerGPU"),
				     job_default(config->job_defaults, "DefCpuPerGPU"));
	ground.memory_per_gpu = either(job_default(defaults, "DefMemPerGPU"),
				       job_default(config->job_defaults, "DefMemPerGPU"));
	return ground;
}

/* ---- sizes ---- */

/* What a job gets, while it is worked out. */
struct sizes {
	const struct job_request *request;
	const struct ground *ground;
	bool most; /* the most that is possible, not the least */
	bool alone; /* on whole nodes */
	int64_t tasks, nodes, cpus, gpus, memory;
};

/* Rounds up to a multiple of [unit]; what is too large for that, down. */
static int64_t round_up(int64_t number, int64_t unit)
{
	return (number > INT64_MAX - unit ? number : number + unit - 1) / unit * unit;
}

/* Multiplies; INT64_MAX if the product is larger than that. */
static int64_t times(int64_t a, int64_t b)
{
	int64_t product;

	return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

/* Whether the name is that of [base], with or without a type. */
static bool is_of(const char *name, const char *base)
{
	size_t len = strlen(base);

	return strncasecmp(name, base, len) == 0 && (!name[len] || name[len] == ':');
}

/* How many of one entry the job gets. */
static int64_t entry_total(const struct sizes *sizes, const struct request_tres *tres)
{
	int64_t sockets = sizes->request->sockets_per_node;

	if (sockets < 0)
		sockets = sizes->most ? int64_max(sizes->ground->most.sockets, 1) : 1;
	switch (tres->per) {
	case PER_JOB:
		return tres->count;
	case PER_NODE:
		return times(tres->count, sizes->nodes);
	case PER_SOCKET:
		return times(times(tres->count, sockets), sizes->nodes);
	case PER_TASK:
		return times(tres->count, sizes->tasks);
	}
	return 0;
}

/* How many of [base] the job gets by what it asks for: with [exact] of this name alone, else of any
 * type. Each option states a total; the largest counts. */
static int64_t requested(const struct sizes *sizes, const char *base, bool exact)
{
	const struct job_request *request = sizes->request;
	int64_t largest = 0;

	for (size_t i = 0; i < request->tres_count; i++) {
		int64_t sum = 0;

		for (size_t j = 0; j < request->tres_count; j++) {
			const struct request_tres *tres = &request->tres[j];

			if (strcmp(tres->option, request->tres[i].option) == 0 &&
			    (exact ? strcasecmp(tres->name, base) == 0 : is_of(tres->name, base)) &&
			    __builtin_add_overflow(sum, entry_total(sizes, tres), &sum))
				sum = INT64_MAX;
		}
		largest = int64_max(largest, sum);
	}
	return largest;
}

/* The GPUs that are requested without regard to nodes and tasks, or of one node or task. */
static int64_t gpus_of(const struct job_request *request, enum request_per per)
{
	int64_t sum = 0;

	for (size_t i = 0; i < request->tres_count; i++) {
		if (request->tres[i].per == per && is_of(request->tres[i].name, "gres/gpu"))
			sum += request->tres[i].count;
	}
	return sum;
}

/* How many nodes are asked for, at least and at most; 0: that is left to Slurm. */
static int64_t asked_nodes(const struct sizes *sizes)
{
	const struct job_request *request = sizes->request;
	int64_t nodes = sizes->most ? request->max_nodes : request->min_nodes;

	return int64_max(int64_max(nodes, request->hosts), 0);
}

static void find_tasks(struct sizes *sizes)
{
	const struct job_request *request = sizes->request;
	int64_t per_task = gpus_of(request, PER_TASK), gpus = gpus_of(request, PER_JOB);
	int64_t nodes = int64_max(asked_nodes(sizes), 1);

	if (!gpus)
		gpus = times(gpus_of(request, PER_NODE), nodes);
	if (request->tasks > 0)
		sizes->tasks = request->tasks;
	else if (request->tasks_per_gpu > 0 && gpus > 0)
		sizes->tasks = times(request->tasks_per_gpu, gpus);
	else if (per_task > 0 && gpus > 0)
		sizes->tasks = round_up(gpus, per_task) / per_task;
	else
		sizes->tasks = times(nodes, int64_max(request->tasks_per_node, 1));
}

/* Whether the memory of the job is left to the defaults. */
static bool is_default_memory(const struct sizes *sizes)
{
	const struct job_request *request = sizes->request;

	return request->memory < 0 && request->memory_per_cpu < 0 && request->memory_per_gpu < 0 &&
	       !(sizes->ground->memory_per_gpu > 0 && sizes->gpus > 0);
}

/* The memory in MiB that each CPU gets; 0: it is not given by CPU. */
static int64_t memory_of_cpu(const struct sizes *sizes)
{
	return is_default_memory(sizes) ? sizes->ground->memory_per_cpu
					: int64_max(sizes->request->memory_per_cpu, 0);
}

/* The memory in MiB that each node gives; 0: it is not given by node. It raises the CPUs even where
 * Slurm does not allocate memory (measured). */
static int64_t memory_of_node(const struct sizes *sizes)
{
	const struct job_request *request = sizes->request;
	const struct ground *ground = sizes->ground;

	if (request->memory > 0)
		return request->memory;
	if (request->memory_per_cpu > 0 || request->memory_per_gpu > 0)
		return 0;
	if (request->memory < 0 && request->memory_per_cpu < 0 && request->memory_per_gpu < 0) {
		if (!is_default_memory(sizes) || ground->memory_per_cpu > 0)
			return 0;
		if (ground->memory_per_node > 0)
			return ground->memory_per_node;
	}
	return sizes->most ? ground->most.memory : ground->least.memory;
}

static int64_t threads_of(const struct sizes *sizes)
{
	const struct ground *ground = sizes->ground;

	return int64_max(sizes->most ? ground->most.threads : ground->least.threads, 1);
}

/* The CPUs of a task, with what a limit on memory per CPU adds. */
static int64_t cpus_of_task(const struct sizes *sizes)
{
	const struct ground *ground = sizes->ground;
	int64_t cpus = int64_max(sizes->request->cpus_per_task, 1);
	int64_t memory = memory_of_cpu(sizes);

	if (ground->max_per_cpu > 0 && memory > ground->max_per_cpu)
		cpus = times(cpus, round_up(memory, ground->max_per_cpu) / ground->max_per_cpu);
	if (sizes->request->whole_cores)
		cpus = times(cpus, threads_of(sizes));
	else if (ground->one_task)
		cpus = round_up(cpus, threads_of(sizes));
	return cpus;
}

/* Over how many nodes the tasks and GPUs may be spread. Each node has CPUs for --ntasks-per-node
 * (measured: `-n 4 --ntasks-per-node=3` got two nodes with CPUs for three tasks each). */
static int64_t nodes_of_tasks(const struct sizes *sizes)
{
	const int64_t per_node = int64_max(sizes->request->tasks_per_node, 1);

	return int64_max(round_up(sizes->tasks, per_node) / per_node,
			 gpus_of(sizes->request, PER_JOB));
}

/* Slurm takes as few nodes as hold the job, up to the number that is asked for; it spreads tasks
 * over more when those have no room (measured: `-N 1-2 -n 4` got two nodes). */
static void find_nodes(struct sizes *sizes)
{
	const struct job_request *request = sizes->request;
	const struct ground *ground = sizes->ground;
	int64_t asked = asked_nodes(sizes), free = nodes_of_tasks(sizes);
	int64_t limit = int64_min(either(printed(ground->partition->max_nodes), NUMBER_MAX),
				  either(printed(ground->partition->total_nodes), NUMBER_MAX));
	int64_t least = int64_max(int64_max(request->min_nodes, request->hosts), 1), cpus;

	if (sizes->most) {
		sizes->nodes = !asked		    ? free
			       : request->tasks > 0 ? int64_min(asked, int64_max(free, least))
						    : asked;
		sizes->nodes = int64_max(int64_min(sizes->nodes, limit), least);
		return;
	}
	cpus = request->overcommit ? 1 : times(sizes->tasks, cpus_of_task(sizes));
	sizes->nodes = int64_max(asked, 1);
	if (request->tasks > 0 && request->tasks_per_node > 0)
		sizes->nodes =
			int64_max(sizes->nodes, round_up(sizes->tasks, request->tasks_per_node) /
							request->tasks_per_node);
	if (ground->most.cpus > 0 && cpus < NUMBER_MAX)
		sizes->nodes = int64_max(sizes->nodes,
					 round_up(cpus, ground->most.cpus) / ground->most.cpus);
}

/* The CPUs that each node must have: by --mincpus, and for its memory where that of a CPU is
 * limited. They are whole cores where tasks get these (measured: `--mincpus=7 --hint=nomultithread`
 * got 14, with two threads a core). */
static int64_t cpus_of_node(const struct sizes *sizes)
{
	const struct ground *ground = sizes->ground;
	const int64_t max = ground->max_per_cpu, memory = memory_of_node(sizes);
	int64_t cpus = int64_max(sizes->request->min_cpus, 0);

	if (max > 0 && memory > max)
		cpus = int64_max(cpus, round_up(memory, max) / max);
	return sizes->request->whole_cores || ground->one_task ? times(cpus, threads_of(sizes))
							       : cpus;
}

/* The CPUs that are asked for, before whole cores are allocated. */
static int64_t asked_cpus(const struct sizes *sizes)
{
	const struct job_request *request = sizes->request;
	const struct ground *ground = sizes->ground;
	int64_t per_gpu = request->cpus_per_gpu, cpus;
	/* Each node runs a task, or has room for as many as --ntasks-per-node says. */
	int64_t tasks =
		int64_max(sizes->tasks, times(sizes->nodes, int64_max(request->tasks_per_node, 1)));

	if (per_gpu < 0 && request->cpus_per_task < 0)
		per_gpu = ground->cpus_per_gpu;
	cpus = times(tasks, cpus_of_task(sizes));
	if (request->overcommit && !sizes->most)
		cpus = sizes->nodes;
	cpus = int64_max(cpus, times(sizes->gpus, int64_max(per_gpu, 0)));
	return int64_max(cpus, times(sizes->nodes, cpus_of_node(sizes)));
}

/* The least CPUs in whole cores: each node has at least one core and, without -n, the same tasks.
 */
static int64_t least_cpus(const struct sizes *sizes)
{
	const struct job_request *request = sizes->request;
	const int64_t unit = int64_max(sizes->ground->least.threads, 1);
	int64_t cpus = int64_min(asked_cpus(sizes), NUMBER_MAX * INT64_C(2));
	int64_t of_node = unit;

	if ((request->tasks < 0 || request->tasks_per_node > 0) && !request->overcommit)
		of_node =
			round_up(times(int64_max(request->tasks_per_node, 1), cpus_of_task(sizes)) %
					 NUMBER_MAX,
				 unit);
	return int64_max(round_up(cpus, unit), times(sizes->nodes, of_node));
}

/* Rounds CPUs to whole cores (or sockets): on each node some of the last one may be unused. */
static void find_cpus(struct sizes *sizes)
{
	const struct ground *ground = sizes->ground;
	int64_t cpus = asked_cpus(sizes), all;

	if (!sizes->most) {
		sizes->cpus = int64_max(least_cpus(sizes),
					sizes->alone ? times(sizes->nodes, ground->least.cpus) : 0);
		return;
	}
	if (ground->unit > 1 && cpus < INT64_MAX / 2)
		cpus = (cpus + times(sizes->nodes, ground->unit - 1)) / ground->unit * ground->unit;
	/* Slurm deals the tasks to the sockets in turn (measured: `-N1 -n4` got two sockets). */
	if (ground->sockets)
		cpus = int64_max(cpus, times(int64_min(sizes->tasks,
						       times(sizes->nodes, ground->most.sockets)),
					     ground->unit));
	all = times(sizes->nodes, ground->most.cpus);
	sizes->cpus = all > 0 && (sizes->alone || cpus > all) ? all : cpus;
}

/* The memory of the job in MiB. Sets *ret_all if it gets all of its nodes. */
static int64_t find_memory(const struct sizes *sizes, bool *ret_all)
{
	const struct job_request *request = sizes->request;
	const struct ground *ground = sizes->ground;
	int64_t node = sizes->most ? ground->most.memory : ground->least.memory;
	int64_t per_cpu = memory_of_cpu(sizes), all = times(sizes->nodes, node), memory;

	if (!ground->memory)
		return 0;
	if (request->memory > 0)
		memory = times(sizes->nodes, request->memory);
	else if (per_cpu > 0 && ground->max_per_cpu > 0 && per_cpu > ground->max_per_cpu)
		memory = times(sizes->cpus, ground->max_per_cpu);
	else if (per_cpu > 0)
		memory = times(sizes->cpus, per_cpu);
	else if (request->memory_per_gpu > 0)
		memory = times(sizes->gpus, request->memory_per_gpu);
	else if (request->memory == 0 || request->memory_per_cpu == 0 ||
		 request->memory_per_gpu == 0)
		memory = all;
	else if (ground->memory_per_gpu > 0 && sizes->gpus > 0)
		memory = times(sizes->gpus, ground->memory_per_gpu);
	else if (ground->memory_per_node > 0)
		memory = times(sizes->nodes, ground->memory_per_node);
	else
		memory = all;
	*ret_all = memory == all;
	return all > 0 ? int64_min(memory, all) : memory;
}

/* ---- TRES ---- */

struct list {
	char *to; /* ESTIMATE_TRES_SIZE bytes */
	size_t len;
};

/* Appends "name=count"; false when there is no room. */
static bool append(struct list *list, const char *name, int64_t count, const char *unit)
{
	int n = snprintf(list->to + list->len, ESTIMATE_TRES_SIZE - list->len, "%s%s=%lld%s",
			 list->len ? "," : "", name, (long long)count, unit);

	if (n < 0 || (size_t)n >= ESTIMATE_TRES_SIZE - list->len) {
		list->to[list->len] = '\0';
		return false;
	}
	list->len += (size_t)n;
	return true;
}

/* How many of a GRES the job gets with whole nodes: all that they have. */
static int64_t of_whole_nodes(const struct sizes *sizes, const char *name)
{
	const struct ground *ground = sizes->ground;
	int64_t found = sizes->most ? 0 : INT64_MAX, count;

	for (size_t i = 0; i < ground->nodes->count; i++) {
		const struct node_row *row = &ground->nodes->rows[i];

		if (!list_has(row->partitions, ground->partition->name))
			continue;
		if (!tres_count(row->tres, name, &count) || count < 0)
			count = 0;
		found = sizes->most ? int64_max(found, count) : int64_min(found, count);
	}
	return found == INT64_MAX ? 0 : times(found, sizes->nodes);
}

/* Appends a GRES or license, unless it is there. */
static bool append_tres(const struct sizes *sizes, struct list *list, const char *name)
{
	int64_t count = requested(sizes, name, strchr(name, ':'));
	int64_t already;

	if (tres_count(list->to, name, &already) && already >= 0)
		return true;
	if (sizes->alone && strncmp(name, "gres/", 5) == 0)
		count = int64_max(count, of_whole_nodes(sizes, name));
	return count == 0 || append(list, name, count, "");
}

/* Appends the GRES that the nodes have. */
static bool append_node_gres(const struct sizes *sizes, struct list *list)
{
	const struct ground *ground = sizes->ground;
	const char *item;
	char name[REQUEST_NAME_SIZE];
	size_t len;

	for (size_t i = 0; i < ground->nodes->count; i++) {
		if (!list_has(ground->nodes->rows[i].partitions, ground->partition->name))
			continue;
		for (const char *rest = ground->nodes->rows[i].tres;
		     comma_next(&rest, &item, &len);) {
			(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(item, "=,"), item);
			if (strncmp(name, "gres/", 5) == 0 && !append_tres(sizes, list, name))
				return false;
		}
	}
	return true;
}

/* Writes the TRES of the job: with a typed GRES also all of its kind, as Slurm does. */
static bool write_tres(const struct sizes *sizes, char to[ESTIMATE_TRES_SIZE])
{
	const struct job_request *request = sizes->request;
	struct list list = {.to = to};

	if (!append(&list, "cpu", sizes->cpus, "") || !append(&list, "node", sizes->nodes, "") ||
	    (sizes->memory > 0 && !append(&list, "mem", sizes->memory, "M")))
		return false;
	for (size_t i = 0; i < request->tres_count; i++) {
		char base[REQUEST_NAME_SIZE];

		(void)snprintf(base, sizeof(base), "%.*s", (int)strcspn(request->tres[i].name, ":"),
			       request->tres[i].name);
		if (!append_tres(sizes, &list, base) ||
		    !append_tres(sizes, &list, request->tres[i].name))
			return false;
	}
	return !sizes->alone || append_node_gres(sizes, &list);
}

int64_t allocation_count(const struct allocation *allocation, const char *resource)
{
	char base[REQUEST_NAME_SIZE];
	int64_t count, all, others = 0, number;
	const char *item;
	size_t len, base_len = strcspn(resource, ":");

	if (!tres_count(allocation->tres, resource, &count))
		return 0;
	if (strncasecmp(resource, "gres/", 5) != 0 || !resource[base_len] ||
	    base_len >= sizeof(base))
		return int64_max(count, 0);
	(void)snprintf(base, sizeof(base), "%.*s", (int)base_len, resource);
	if (!tres_count(allocation->tres, base, &all))
		return int64_max(count, 0);
	/* All of the kind, less those that are known to be of another type. */
	for (const char *rest = allocation->tres; comma_next(&rest, &item, &len);) {
		size_t name_len = strcspn(item, "=");

		if (name_len > base_len && strncasecmp(item, base, base_len) == 0 &&
		    item[base_len] == ':' &&
		    number_slice(item + name_len + 1, len - name_len - 1, 0, INT64_MAX, &number))
			others += strncasecmp(item, resource, name_len) == 0 && !resource[name_len]
					  ? 0
					  : number;
	}
	return int64_max(int64_max(count, 0), all - others);
}

/* ---- billing ---- */

/* A job's TRES, and how they are billed. */
struct billing {
	const char *weights;
	enum billing_rule rule;
	struct allocation *allocation;
};

/* Finds how much more the job is billed if all GRES without a type are of the type [name], in parts
 * of EXCESS_ONE. */
static bool type_costs(const struct billing *billing, const char *name, __int128 *ret)
{
	const struct allocation *allocation = billing->allocation;
	char tres[ESTIMATE_TRES_SIZE];
	struct list list = {.to = tres, .len = strlen(allocation->tres)};
	int64_t known, all = allocation_count(allocation, name), whole, part;

	*ret = 0;
	memcpy(tres, allocation->tres, list.len + 1);
	/* GRES that are asked for by type have their price already. */
	if (!tres_count(tres, name, &known) || known > 0 || all <= 0)
		return true;
	if (!append(&list, name, all, "") ||
	    !tariff_weighted(billing->weights, billing->rule, tres, &whole, &part))
		return false;
	*ret = ((__int128)whole - allocation->billing) * EXCESS_ONE + part - allocation->excess;
	return true;
}

/* Copies the name of an item of weights. Returns false for a name that is too long, or not that of
 * a type of a GRES. */
static bool copy_type(char to[REQUEST_NAME_SIZE], const char *item)
{
	size_t len = strcspn(item, "=,");

	if (len >= REQUEST_NAME_SIZE)
		return false;
	(void)snprintf(to, REQUEST_NAME_SIZE, "%.*s", (int)len, item);
	return strncasecmp(to, "gres/", 5) == 0 && strchr(to, ':');
}

/* Finds the dearest type of the GRES [base]. */
static bool dearest_type(const struct billing *billing, const char *base, __int128 *ret)
{
	char name[REQUEST_NAME_SIZE];
	const char *item;
	__int128 more;
	size_t len;

	*ret = 0;
	for (const char *rest = billing->weights; comma_next(&rest, &item, &len);) {
		if (!copy_type(name, item) || !is_of(name, base))
			continue;
		if (!type_costs(billing, name, &more))
			return false;
		*ret = more > *ret ? more : *ret;
	}
	return true;
}

/* Adds the extra cost of the dearest type, for each GRES that is asked for without one. Sets *ret
 * if there is one. */
static bool add_dearest(const struct billing *billing, bool *ret)
{
	struct allocation *allocation = billing->allocation;
	__int128 sum = (__int128)allocation->billing * EXCESS_ONE + allocation->excess, more;
	char done[ESTIMATE_TRES_SIZE] = "", name[REQUEST_NAME_SIZE];
	struct list list = {.to = done};
	const char *item;
	int64_t seen;
	size_t len;

	for (const char *rest = billing->weights; comma_next(&rest, &item, &len);) {
		if (!copy_type(name, item))
			continue;
		*strchr(name, ':') = '\0';
		if (tres_count(done, name, &seen) && seen >= 0)
			continue;
		if (!append(&list, name, 1, "") || !dearest_type(billing, name, &more))
			return false;
		*ret = *ret || more > 0;
		sum += more;
	}
	if (sum / EXCESS_ONE > INT64_MAX)
		return false;
	allocation->billing = (int64_t)(sum / EXCESS_ONE);
	allocation->excess = (int64_t)(sum % EXCESS_ONE);
	return true;
}

/* ---- time ---- */

static void find_time(const struct job_request *request, const struct ground *ground,
		      struct estimate *estimate)
{
	const struct partition *partition = ground->partition;
	int64_t most = REQUEST_NO_LIMIT, usual = -1, minutes = 0;
	const char *over = *partition->over_time && strcmp(partition->over_time, "NONE") != 0
				   ? partition->over_time
				   : ground->config->over_time;

	(void)request_time(partition->max_time, &most);
	if (strcmp(partition->default_time, "NONE") != 0)
		(void)request_time(partition->default_time, &usual);
	estimate->seconds = request->seconds;
	if (request->seconds < 0) {
		/* Measured: without a default it is the partition's largest. */
		estimate->seconds = usual >= 0 ? usual : most;
		estimate->notes |= ESTIMATE_DEFAULT_LIMIT;
	} else if (request->seconds > most) {
		estimate->notes |= ESTIMATE_OVER_MAX;
	}
	if (estimate->seconds == REQUEST_NO_LIMIT)
		estimate->notes =
			(estimate->notes & ~(unsigned)ESTIMATE_DEFAULT_LIMIT) | ESTIMATE_NO_LIMIT;
	if (strncasecmp(over, "UNLIMITED", 9) == 0)
		estimate->notes |= ESTIMATE_PAST_LIMIT;
	else if (number_prefix(over, 0, NUMBER_MAX, &minutes))
		estimate->over_seconds = minutes * 60;
}

/* ---- all ---- */

static int allocate(struct sizes *sizes, struct allocation *ret, unsigned *notes,
		    struct sb_error *err)
{
	const struct ground *ground = sizes->ground;
	const char *weights = ground->partition->billing_weights;
	const struct billing billing = {weights, ground->config->billing, ret};
	bool all = false, dearest = false;

	find_tasks(sizes);
	find_nodes(sizes);
	sizes->gpus = requested(sizes, "gres/gpu", false);
	find_cpus(sizes);
	sizes->memory = find_memory(sizes, &all);
	if (sizes->cpus > NUMBER_MAX || sizes->memory > INT64_MAX / 2 || sizes->gpus > NUMBER_MAX ||
	    sizes->tasks > NUMBER_MAX)
		return slurm_error(err, SB_EOVERFLOW,
				   "no cluster is that large: the job asks for "
				   "more than 2147483647 CPUs, tasks or GPUs");
	ret->nodes = sizes->nodes;
	ret->cpus = sizes->cpus;
	ret->memory = sizes->memory;
	if (!write_tres(sizes, ret->tres))
		return slurm_error(err, SB_EOVERFLOW, "the job asks for too many resources");
	if (!tariff_weighted(weights, ground->config->billing, ret->tres, &ret->billing,
			     &ret->excess) ||
	    (sizes->most && !add_dearest(&billing, &dearest)))
		return slurm_error(err, SB_EFORMAT,
				   "the weights of partition %s cannot be read: "
				   "TRESBillingWeights=%.200s",
				   ground->partition->name, weights);
	if (all && ground->memory && sizes->request->memory < 0)
		*notes |= ESTIMATE_ALL_MEMORY;
	if (dearest)
		*notes |= ESTIMATE_ANY_TYPE;
	return SB_OK;
}

int estimate_make(const struct job_request *request, const struct partition *partition,
		  const struct slurm_config *config, const struct nodes *nodes,
		  struct estimate *ret, struct sb_error *err)
{
	const struct ground ground = find_ground(partition, config, nodes);
	struct estimate estimate = {.seconds = -1};
	struct sizes sizes = {.request = request,
			      .ground = &ground,
			      .alone = request->whole_nodes || ground.alone};
	unsigned of_least = 0;

	find_time(request, &ground, &estimate);
	TRY(allocate(&sizes, &estimate.least, &of_least, err));
	sizes.most = true;
	TRY(allocate(&sizes, &estimate.most, &estimate.notes, err));
	/* It asks for more than the nodes have, so it cannot start. */
	if (estimate.least.billing > estimate.most.billing ||
	    (estimate.least.billing == estimate.most.billing &&
	     estimate.least.excess > estimate.most.excess))
		estimate.least = estimate.most;
	if (sizes.alone)
		estimate.notes |= ESTIMATE_WHOLE_NODES;
	if (estimate.most.nodes > estimate.least.nodes)
		estimate.notes |= ESTIMATE_SPREAD;
	if (ground.node_count == 0)
		estimate.notes |= ESTIMATE_NO_NODES;
	if (request->min_nodes > either(printed(partition->total_nodes), NUMBER_MAX))
		estimate.notes |= ESTIMATE_TOO_LARGE;
	if (request->file)
		estimate.notes |= ESTIMATE_NODE_FILE;
	*ret = estimate;
	return SB_OK;
}
