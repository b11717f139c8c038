/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the value of one setting from the YAML file. What is stored before an error is released
 * with the settings. */
#pragma once

#include "cmd/frame/settings.h"
#include "ledger/files/yamlfile.h"

struct settings_input {
	struct yaml_reader *reader;
	struct yaml_item item; /* the item read last; at first, the one that begins the value */
	const struct settings_key *key;
	const char *const *words; /* the values that the setting may have; NULL after the last */
	struct settings *settings;
	void *to; /* the member of [settings] that the value belongs to */
	bool *given; /* by setting: it was read */
	bool factors_given[3]; /* the same for the maps in `factors` */
	const char *named; /* the kind of thing that the map has factors of, such as QOS */
	struct sb_error *err;
};

/* Sets the error with the place of the newest item. Returns SB_EFORMAT. */
#define input_error(in, ...) yaml_error((in)->reader, &(in)->item, (in)->err, __VA_ARGS__)

/* Reads the next item. */
int input_next(struct settings_input *in);

/* Reads the items of a list, or the keys of a map, up to [end], and calls [each] with in->item for
 * every one. They must be scalars; [what] names one in the error. For a map, [each] reads the
 * value. */
int input_each(struct settings_input *in, enum yaml_type end, const char *what,
	       int (*each)(struct settings_input *in));

/* Refuses a list or map. */
int input_expect_scalar(struct settings_input *in);

/* Appends a copy of [text]. */
int input_append(char ***list, size_t *count, const char *text, struct sb_error *err);
