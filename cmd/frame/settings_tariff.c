/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/frame/settings_tariff.h"

#include <ctype.h>
#include <string.h>

#include "ledger/base/array.h"
#include "ledger/base/nearest.h"
#include "ledger/base/text.h"

enum { FACTORS_MAX = 1000, FACTOR_NAME_MAX = 255 };

/* ---- free_states ---- */

int state_error(const char *refusal, const char *text, struct sb_error *err)
{
	char upper[64];
	size_t i = 0;

	for (; text[i] && i + 1 < sizeof(upper); i++)
		upper[i] = (char)toupper((unsigned char)text[i]);
	upper[i] = '\0';
	return nearest_error(refusal, upper, tariff_states, err);
}

static int add_state(struct settings_input *in)
{
	struct tariff *tariff = &in->settings->tariff;
	const char *state = tariff_state(in->item.text);
	struct sb_error why;

	if (!state) {
		state_error("free_states cannot have", in->item.text, &why);
		return input_error(in, "%s", why.text);
	}
	for (size_t i = 0; i < tariff->free_count; i++) {
		if (strcmp(tariff->free_states[i], state) == 0)
			return input_error(in, "%s is named twice", in->item.text);
	}
	return input_append(&tariff->free_states, &tariff->free_count, state, in->err);
}

int settings_read_states(struct settings_input *in)
{
	if (in->item.type != YAML_LIST)
		return input_error(in, "free_states must be a list, as in [NODE_FAIL, BOOT_FAIL]");
	return input_each(in, YAML_LIST_END, "a state of jobs", add_state);
}

/* ---- factors ---- */

/* The kinds of things that have factors. */
static const struct {
	const char *key, *name;
	size_t offset; /* in struct tariff */
} by_what[] = {{"qos", "QOS", offsetof(struct tariff, qos)},
	       {"partition", "partition", offsetof(struct tariff, partitions)},
	       {"reservation", "reservation", offsetof(struct tariff, reservations)}};

enum { BY_COUNT = sizeof(by_what) / sizeof(by_what[0]) };

/* Adds a factor to in->to. Slurm keeps QOS in lower case, but partitions and reservations as they
 * were spelt when they were created. */
static int add_name(struct settings_input *in, struct site_factor **ret)
{
	const bool is_qos = in->to == &in->settings->tariff.qos;
	struct site_factors *factors = in->to;
	char name[FACTOR_NAME_MAX + 1];

	if (!*in->item.text || strlen(in->item.text) > FACTOR_NAME_MAX || !text_ok(in->item.text))
		return input_error(in, "the name of a %s is expected here", in->named);
	if (factors->count == FACTORS_MAX)
		return input_error(in, "more than %d factors", FACTORS_MAX);
	(void)snprintf(name, sizeof(name), "%s", in->item.text);
	for (char *at = name; is_qos && *at; at++)
		*at = (char)tolower((unsigned char)*at);
	for (size_t i = 0; i < factors->count; i++) {
		if (strcmp(factors->list[i].name, name) == 0)
			return input_error(in, "'%s' is named twice", name);
	}
	*ret = array_add(factors->list, factors->count);
	if (!*ret)
		return sb_error_nomem(in->err);
	(*ret)->name = strdup(name);
	return (*ret)->name ? SB_OK : sb_error_nomem(in->err);
}

static int add_factor(struct settings_input *in)
{
	struct site_factor *factor = NULL;

	TRY(add_name(in, &factor));
	TRY(input_next(in));
	if (in->item.type == YAML_SCALAR && in->item.plain &&
	    tariff_decimal(in->item.text, strlen(in->item.text), &factor->factor) &&
	    factor->factor <= SITE_FACTOR_MAX * FACTOR_ONE)
		return SB_OK;
	return input_error(
		in,
		"a factor must be a decimal number from 0 to %d with at most six places, "
		"such as 1.5",
		SITE_FACTOR_MAX);
}

/* Reads {debug: 0, gpu: 1.5} of QOS, partitions or reservations. */
static int add_factors(struct settings_input *in)
{
	char what[64];
	size_t i = 0;

	while (i < BY_COUNT && strcmp(in->item.text, by_what[i].key) != 0)
		i++;
	if (i == BY_COUNT)
		return input_error(in, "factors are by `qos`, `partition` or `reservation`");
	if (in->factors_given[i])
		return input_error(in, "%s is given twice", in->item.text);
	in->factors_given[i] = true;
	in->to = (char *)&in->settings->tariff + by_what[i].offset;
	in->named = by_what[i].name;
	(void)snprintf(what, sizeof(what), "the name of a %s", in->named);
	TRY(input_next(in));
	if (in->item.type != YAML_MAP)
		return input_error(in,
				   "factors by name are expected here, as in {debug: 0, gpu: 1.5}");
	return input_each(in, YAML_MAP_END, what, add_factor);
}

int settings_read_factors(struct settings_input *in)
{
	if (in->item.type != YAML_MAP)
		return input_error(in, "factors must be given as {qos: {scavenger: 0}, partition: "
				       "{debug: 0, gpu: 1.5}}");
	return input_each(in, YAML_MAP_END, "`qos`, `partition` or `reservation`", add_factors);
}
