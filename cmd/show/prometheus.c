/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/show/prometheus.h"

#include <inttypes.h>

#include "ledger/base/text.h"

void prometheus_metric(FILE *to, const char *name, const char *type, const char *help)
{
	fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_value(FILE *to, const char *text)
{
	while (*text) {
		size_t len = text_char(text);

		if (*text == '\n')
			fputs("\\n", to);
		else if (*text == '\\' || *text == '"')
			fprintf(to, "\\%c", *text);
		else if (len > 0)
			fwrite(text, 1, len, to);
		else
			fputs("\xef\xbf\xbd", to);
		text += len > 0 ? len : 1;
	}
}

void prometheus_sample(FILE *to, const char *name, const struct label labels[], int64_t value)
{
	fputs(name, to);
	for (size_t i = 0; labels[i].name; i++) {
		fprintf(to, "%c%s=\"", i > 0 ? ',' : '{', labels[i].name);
		print_value(to, labels[i].value);
		fputc('"', to);
	}
	fprintf(to, "%s %" PRId64 "\n", labels[0].name ? "}" : "", value);
}
