/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/frame/settings_example.h"

#include <string.h>

#include "cmd/frame/settings.h"

void settings_example(FILE *to, const struct setting_value *given, size_t count)
{
	const struct settings_key *key;

	fputs("# Settings of subank. None are required. A key behind a # is not in force, and\n"
	      "# shows the default, or an example where there is none. An unknown key is an\n"
	      "# error.\n",
	      to);
	for (size_t i = 0; (key = settings_key(i)); i++) {
		const char *value = NULL;

		for (size_t j = 0; j < count; j++) {
			if (strcmp(given[j].name, key->name) == 0)
				value = given[j].value;
		}
		fprintf(to, "\n# %s\n%s%s: %s\n", key->about, value ? "" : "#", key->name,
			value ? value : key->example);
	}
}
