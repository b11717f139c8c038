/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/frame/settings_tariff.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

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

static int add_state(const struct yaml_reader *reader, const struct yaml_item *item,
		     struct tariff *tariff, struct sb_error *err)
{
	const char *state = tariff_state(item->text);
	char **grown;
	struct sb_error why;

	if (!state) {
		state_error("free_states cannot have", item->text, &why);
		return yaml_error(reader, item, err, "%s", why.text);
	}
	for (size_t i = 0; i < tariff->free_count; i++) {
		if (strcmp(tariff->free_states[i], state) == 0)
			return yaml_error(reader, item, err, "%s is named twice", item->text);
	}
	grown = reallocarray(tariff->free_states, tariff->free_count + 1, sizeof(*grown));
	if (!grown)
		return sb_error_nomem(err);
	tariff->free_states = grown;
	grown[tariff->free_count] = strdup(state);
	if (!grown[tariff->free_count])
		return sb_error_nomem(err);
	tariff->free_count++;
	return SB_OK;
}

int settings_read_states(struct yaml_reader *reader, const struct yaml_item *start,
			 struct tariff *tariff, struct sb_error *err)
{
	struct yaml_item item;
	int rc;

	if (start->type != YAML_LIST)
		return yaml_error(reader, start, err,
				  "free_states must be a list, as in [NODE_FAIL, BOOT_FAIL]");
	for (;;) {
		rc = yaml_next(reader, &item, err);
		if (rc || item.type == YAML_LIST_END)
			return rc;
		if (item.type != YAML_SCALAR)
			return yaml_error(reader, &item, err, "a state of jobs is expected here");
		rc = add_state(reader, &item, tariff, err);
		if (rc)
			return rc;
	}
}

/* ---- factors ---- */

/* QOS are in lower case in Slurm; partitions are as slurm.conf has them. */
static int add_name(const struct yaml_reader *reader, const struct yaml_item *item, bool lower,
		    struct site_factors *factors, struct site_factor **ret, struct sb_error *err)
{
	struct site_factor *grown;
	char *name;

	if (item->type != YAML_SCALAR || !*item->text || strlen(item->text) > FACTOR_NAME_MAX ||
	    !text_ok(item->text))
		return yaml_error(reader, item, err, "the name of a %s is expected here",
				  lower ? "QOS" : "partition");
	if (factors->count == FACTORS_MAX)
		return yaml_error(reader, item, err, "more than %d factors", FACTORS_MAX);
	grown = reallocarray(factors->list, factors->count + 1, sizeof(*grown));
	if (!grown)
		return sb_error_nomem(err);
	factors->list = grown;
	name = strdup(item->text);
	if (!name)
		return sb_error_nomem(err);
	for (char *at = name; lower && *at; at++)
		*at = (char)tolower((unsigned char)*at);
	grown[factors->count] = (struct site_factor){.name = name};
	*ret = &grown[factors->count++];
	for (size_t i = 0; i + 1 < factors->count; i++) {
		if (strcmp(grown[i].name, name) == 0)
			return yaml_error(reader, item, err, "'%s' is named twice", name);
	}
	return SB_OK;
}

/* {debug: 0, gpu: 1.5} */
static int read_map(struct yaml_reader *reader, bool lower, struct site_factors *factors,
		    struct sb_error *err)
{
	struct site_factor *factor = NULL;
	struct yaml_item item;
	int rc = yaml_next(reader, &item, err);

	if (rc)
		return rc;
	if (item.type != YAML_MAP)
		return yaml_error(reader, &item, err,
				  "factors by name are expected here, as in {debug: 0, gpu: 1.5}");
	for (;;) {
		rc = yaml_next(reader, &item, err);
		if (rc || item.type == YAML_MAP_END)
			return rc;
		rc = add_name(reader, &item, lower, factors, &factor, err);
		if (!rc)
			rc = yaml_next(reader, &item, err);
		if (rc)
			return rc;
		if (item.type != YAML_SCALAR || !item.plain ||
		    !tariff_decimal(item.text, strlen(item.text), &factor->factor) ||
		    factor->factor > SITE_FACTOR_MAX * FACTOR_ONE)
			return yaml_error(reader, &item, err,
					  "a factor must be a decimal number from 0 to %d with at "
					  "most six places, such as 1.5",
					  SITE_FACTOR_MAX);
	}
}

int settings_read_factors(struct yaml_reader *reader, const struct yaml_item *start,
			  struct tariff *tariff, struct sb_error *err)
{
	bool qos = false, partition = false;
	struct yaml_item item;
	int rc;

	if (start->type != YAML_MAP)
		return yaml_error(reader, start, err,
				  "factors must be given as {qos: {scavenger: 0}, partition: "
				  "{debug: 0, gpu: 1.5}}");
	for (;;) {
		bool is_qos;

		rc = yaml_next(reader, &item, err);
		if (rc || item.type == YAML_MAP_END)
			return rc;
		is_qos = item.type == YAML_SCALAR && strcmp(item.text, "qos") == 0;
		if (!is_qos && (item.type != YAML_SCALAR || strcmp(item.text, "partition") != 0))
			return yaml_error(reader, &item, err,
					  "factors are by `qos` or by `partition`");
		if (is_qos ? qos : partition)
			return yaml_error(reader, &item, err, "%s is given twice", item.text);
		*(is_qos ? &qos : &partition) = true;
		rc = read_map(reader, is_qos, is_qos ? &tariff->qos : &tariff->partitions, err);
		if (rc)
			return rc;
	}
}
