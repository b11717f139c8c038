/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/doctor/diagnosis.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/frame/prose.h"
#include "cmd/show/output.h"
#include "ledger/base/array.h"
#include "ledger/base/text.h"

static const char *const verdicts[] = {
	[VERDICT_OK] = "ok",
	[VERDICT_INFO] = "info",
	[VERDICT_WARN] = "warn",
	[VERDICT_BAD] = "bad",
};

static void release(struct symptom *symptom)
{
	free(symptom->check);
	free(symptom->where);
	free(symptom->found);
	free(symptom->advice);
}

void diagnose(struct diagnosis *rows, enum verdict verdict, const char *check, const char *advice,
	      const char *found, ...)
{
	struct symptom symptom = {.verdict =
					  advice || verdict < VERDICT_WARN ? verdict : VERDICT_OK,
				  .check = strdup(check),
				  .where = strdup(rows->where),
				  .advice = strdup(advice ? advice : "")};
	struct symptom *added = NULL;
	va_list ap;

	va_start(ap, found);
	if (vasprintf(&symptom.found, found, ap) < 0)
		symptom.found = NULL;
	va_end(ap);
	if (symptom.check && symptom.where && symptom.advice && symptom.found)
		added = array_add(rows->list, rows->count);
	if (added) {
		*added = symptom;
	} else {
		release(&symptom);
		rows->failed = true;
	}
}

void diagnose_unread(struct diagnosis *rows, const char *check, const struct sb_error *err)
{
	diagnose(rows, VERDICT_BAD, check, err->text, "not read");
}

void names_add(struct diagnosis *rows, struct names *names, const char *name)
{
	char *copy = strdup(name);
	char **added = copy ? array_add(names->list, names->count) : NULL;

	if (added) {
		*added = copy;
	} else {
		free(copy);
		rows->failed = true;
	}
}

void names_release(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
	*names = (struct names){0};
}

void diagnose_list(struct diagnosis *rows, enum verdict verdict, const char *check,
		   const char *advice, const char *const names[], size_t count)
{
	char text[NAMES_TEXT_SIZE];

	if (count > 0)
		diagnose(rows, verdict, check, advice, "%zu: %s", count,
			 output_names(text, names, count));
}

void diagnose_names(struct diagnosis *rows, enum verdict verdict, const char *check,
		    const char *advice, struct names *names)
{
	diagnose_list(rows, verdict, check, advice, (const char *const *)names->list, names->count);
	names_release(names);
}

/* Lists bad symptoms first. */
static void print_left_to_do(FILE *out, int width, const struct diagnosis *rows)
{
	static const enum verdict order[] = {VERDICT_BAD, VERDICT_WARN};
	int number = 0;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		for (size_t j = 0; j < rows->count; j++) {
			const struct symptom *symptom = &rows->list[j];
			char first[16], text[4096], escaped[4096];

			if (symptom->verdict != order[i])
				continue;
			if (number == 0)
				fprintf(out, "\nLeft to do:\n");
			(void)snprintf(first, sizeof(first), "%2d. ", ++number);
			(void)snprintf(text, sizeof(text), "%s, %s: %s", symptom->check,
				       symptom->where, symptom->advice);
			prose_fill(out, width, first, "    ",
				   text_escape(escaped, sizeof(escaped), text));
		}
	}
	if (number == 0)
		fprintf(out, "\nLeft to do: nothing, all is well\n");
}

int diagnosis_print(const struct diagnosis *rows)
{
	struct env *env = rows->env;
	enum { CHECK, WHERE, VERDICT, FOUND, ADVICE, COLUMN_COUNT };
	bool table = prints_for_people(env);
	const struct column columns[COLUMN_COUNT] = {
		[CHECK] = {"Check", false, true, CELL_WHOLE},
		[WHERE] = {"Where", false, true, CELL_NAME},
		[VERDICT] = {"Verdict", false, true, CELL_STATE},
		[FOUND] = {"Found", false, true, CELL_PROSE},
		/* Too long for people's table: printed below it, in lines that fit. */
		[ADVICE] = {"Advice", false, !table, CELL_PROSE},
	};
	struct output *output;
	bool brief = table && env->os.out_is_terminal && !option(env, "verbose");
	bool bad = false;
	size_t well = 0;
	struct sb_error err;

	if (rows->failed) {
		sb_error_nomem(&err);
		return fail(env, &err);
	}
	if (output_new(env, columns, COLUMN_COUNT, &output, &err))
		return fail(env, &err);
	for (size_t i = 0; i < rows->count; i++) {
		const struct symptom *symptom = &rows->list[i];

		/* What needs attention must not scroll away. */
		if (brief && symptom->verdict == VERDICT_OK) {
			well++;
			continue;
		}
		output_row(output);
		output_text(output, CHECK, symptom->check);
		output_text(output, WHERE, symptom->where);
		output_text(output, VERDICT, verdicts[symptom->verdict]);
		output_text(output, FOUND, symptom->found);
		output_text(output, ADVICE, symptom->advice);
		bad = bad || symptom->verdict == VERDICT_BAD;
	}
	if (output_finish(output, &err))
		return fail(env, &err);
	if (well > 0)
		report(env, "%zu more are ok: --verbose shows them", well);
	if (table && !option(env, "format"))
		print_left_to_do(env->os.out, env->os.out_is_terminal ? env->os.out_width : 0,
				 rows);
	return bad ? EXIT_PART : EXIT_DONE;
}

void diagnosis_release(struct diagnosis *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		release(&rows->list[i]);
	free(rows->list);
	*rows = (struct diagnosis){0};
}
