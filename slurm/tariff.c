/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "slurm/tariff.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ledger/base/comma.h"
#include "ledger/base/number.h"

/* From job_state_string() of 22.05 to 25.05. */
const char *const tariff_states[] = {
	"BOOT_FAIL", "CANCELLED",     "DEADLINE",     "FAILED",	       "LAUNCH_FAILED",
	"NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED",    "RECONFIG_FAIL", "REQUEUED",
	"RESIZING",  "REVOKED",	      "SPECIAL_EXIT", "TIMEOUT",       NULL};

const char *tariff_state(const char *text)
{
	size_t i = 0;

	while (tariff_states[i] && strcasecmp(tariff_states[i], text) != 0)
		i++;
	return tariff_states[i];
}

static void release_factors(struct site_factors *factors)
{
	for (size_t i = 0; i < factors->count; i++)
		free(factors->list[i].name);
	free(factors->list);
}

void tariff_release(struct tariff *tariff)
{
	for (size_t i = 0; i < tariff->free_count; i++)
		free(tariff->free_states[i]);
	free(tariff->free_states);
	release_factors(&tariff->qos);
	release_factors(&tariff->partitions);
	release_factors(&tariff->reservations);
	*tariff = (struct tariff){0};
}

bool tariff_decimal(const char *text, size_t len, int64_t *ret)
{
	const char *point = memchr(text, '.', len);
	size_t whole = point ? (size_t)(point - text) : len;
	int64_t value, scale = FACTOR_ONE;

	if (!number_slice(text, whole, 0, FACTOR_ONE, &value))
		return false;
	value *= FACTOR_ONE;
	if (point && whole + 1 == len)
		return false;
	for (size_t i = whole + 1; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || (scale == 1 && text[i] != '0'))
			return false;
		if (scale > 1)
			scale /= 10;
		value += (text[i] - '0') * scale;
	}
	*ret = value;
	return true;
}

int64_t tariff_factor(const struct qos_list *list, const char *qos)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *factor = list->rows[i].usage_factor;
		int64_t value;

		if (strcmp(list->rows[i].name, qos) == 0)
			return tariff_decimal(factor, strlen(factor), &value) ? value : -1;
	}
	return -1;
}

static int64_t site_factor(const struct site_factors *factors, const char *name)
{
	for (size_t i = 0; i < factors->count; i++) {
		if (strcmp(factors->list[i].name, name) == 0)
			return factors->list[i].factor;
	}
	return FACTOR_ONE;
}

int64_t tariff_charged(const struct tariff *tariff, const struct qos_list *list,
		       const struct sacct_job *job)
{
	const __int128 two = (__int128)FACTOR_ONE * FACTOR_ONE;
	int64_t factor = tariff_factor(list, job->qos);
	int64_t reserved = job->reservation ? site_factor(&tariff->reservations, job->reservation)
					    : FACTOR_ONE;
	__int128 product;

	for (size_t i = 0; i < tariff->free_count && job->end >= 0; i++) {
		if (strcmp(tariff->free_states[i], job->state) == 0)
			return 0;
	}
	product = (__int128)(factor < 0 ? FACTOR_ONE : factor) *
		  site_factor(&tariff->qos, job->qos) *
		  site_factor(&tariff->partitions, job->partition);
	/* The product of all four could overflow, so quotient and remainder are multiplied
	 * separately. */
	product = (product / two * reserved + product % two * reserved / two) / FACTOR_ONE;
	return product < INT64_MAX ? (int64_t)product : INT64_MAX;
}

/* Multiplies a weight such as "0.25G" by [count] of a TRES, in parts of EXCESS_ONE. Memory is
 * counted in megabytes, so a weight per gigabyte is divided by 1024. Returns false for anything
 * else. */
static bool weigh(const char *text, size_t len, int64_t count, __int128 *ret)
{
	static const char units[] = "MGTP";
	const char *unit = len > 0 ? strchr(units, text[len - 1]) : NULL;
	int64_t weight;

	if (!tariff_decimal(text, unit ? len - 1 : len, &weight))
		return false;
	*ret = (__int128)weight * count * (EXCESS_ONE / FACTOR_ONE);
	for (; unit && unit > units; unit--)
		*ret /= 1024;
	return true;
}

/* Whether [name] is one of the TRES of which only the largest counts (22.05's
 * assoc_mgr_tres_weighted()). */
static bool is_of_node(const char *name, enum billing_rule rule)
{
	bool gres = strncasecmp(name, "gres/", strlen("gres/")) == 0;

	return rule != BILLING_SUM &&
	       (strcasecmp(name, "cpu") == 0 || strcasecmp(name, "mem") == 0 ||
		strcasecmp(name, "node") == 0 || (gres && rule == BILLING_MAX));
}

/* Adds up weights such as "CPU=1.0,Mem=0.25G,GRES/gpu=2.0" for the job's TRES. */
static bool add_weights(const char *weights, const char *tres, enum billing_rule rule,
			__int128 *ret)
{
	__int128 largest = 0;
	const char *item;
	size_t len;

	*ret = 0;
	for (const char *rest = weights; comma_next(&rest, &item, &len);) {
		size_t name_len = strcspn(item, "=,");
		char name[64];
		int64_t count;
		__int128 part;

		/* Slurm prints the list as configured: a comma may end it. */
		if (len == 0 && !rest)
			break;
		if (name_len >= len || name_len >= sizeof(name))
			return false;
		memcpy(name, item, name_len);
		name[name_len] = '\0';
		if (sacct_tres(tres, name, &count, NULL))
			return false;
		if (count <= 0)
			continue;
		if (!weigh(item + name_len + 1, len - name_len - 1, count, &part))
			return false;
		if (!is_of_node(name, rule))
			*ret += part;
		else if (part > largest)
			largest = part;
	}
	*ret += largest;
	return true;
}

int64_t tariff_excess(const struct partitions *partitions, enum billing_rule rule,
		      const struct sacct_job *job)
{
	__int128 sum;

	for (size_t i = 0; i < partitions->count; i++) {
		const struct partition *partition = &partitions->rows[i];

		if (strcmp(partition->name, job->partition) != 0 || !*partition->billing_weights)
			continue;
		if (!add_weights(partition->billing_weights, job->tres, rule, &sum))
			return 0;
		sum -= (__int128)job->billing * EXCESS_ONE;
		return sum > 0 && sum < EXCESS_ONE ? (int64_t)sum : 0;
	}
	return 0;
}

bool tariff_weighted(const char *weights, enum billing_rule rule, const char *tres,
		     int64_t *ret_billing, int64_t *ret_excess)
{
	__int128 sum;

	if (!add_weights(*weights ? weights : "cpu=1", tres, rule, &sum) ||
	    sum / EXCESS_ONE > INT64_MAX)
		return false;
	*ret_billing = (int64_t)(sum / EXCESS_ONE);
	*ret_excess = (int64_t)(sum % EXCESS_ONE);
	return true;
}
