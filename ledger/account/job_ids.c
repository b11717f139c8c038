/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ledger/account/job_ids.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ledger/base/number.h"

int job_id_compare(struct job_id a, struct job_id b)
{
	int order = (a.number > b.number) - (a.number < b.number);

	return order ? order : (a.part > b.part) - (a.part < b.part);
}

const char *job_id_text(char to[JOB_ID_SIZE], struct job_id id)
{
	if (id.part > 0)
		(void)snprintf(to, JOB_ID_SIZE, "%" PRIu32 "+%d", id.number, id.part - 1);
	else
		(void)snprintf(to, JOB_ID_SIZE, "%" PRIu32, id.number);
	return to;
}

bool job_ids_next(const char **rest, struct job_id *ret)
{
	const char *end;
	int64_t number, part = -1;

	end = number_prefix(*rest, 1, UINT32_MAX, &number);
	if (end && *end == '+')
		end = number_prefix(end + 1, 0, UINT16_MAX - 1, &part);
	if (!end || (*end && *end != ',') || (*end == ',' && !end[1]))
		return false;
	*ret = (struct job_id){(uint32_t)number, (uint16_t)(part + 1)};
	*rest = end + (*end == ',');
	return true;
}

bool job_ids_ok(const char *list)
{
	struct job_id id, last = {0};
	char text[JOB_ID_SIZE];

	for (const char *rest = list, *at = list; job_ids_next(&rest, &id); at = rest) {
		/* Each number has only one form. */
		job_id_text(text, id);
		if (strncmp(at, text, strlen(text)) != 0 || job_id_compare(last, id) >= 0)
			return false;
		last = id;
		if (!*rest)
			return true;
	}
	return !*list;
}

size_t job_ids_count(const char *list)
{
	struct job_id id;
	size_t count = 0;

	while (job_ids_next(&list, &id))
		count++;
	return count;
}

bool job_ids_have(const char *list, struct job_id id)
{
	struct job_id item;

	while (job_ids_next(&list, &item)) {
		if (job_id_compare(item, id) == 0)
			return true;
	}
	return false;
}

bool job_ids_add(char to[JOB_IDS_MAX + 1], struct job_id id)
{
	char text[JOB_ID_SIZE];
	size_t len = strlen(to), more = strlen(job_id_text(text, id));

	if (len + (len > 0) + more > JOB_IDS_MAX)
		return false;
	if (len > 0)
		to[len++] = ',';
	memcpy(to + len, text, more + 1);
	return true;
}
