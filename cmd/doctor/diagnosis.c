/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cmd/doctor/diagnosis.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/frame/messages.h"
#include "cmd/frame/options.h"
#include "cmd/frame/prose.h"
#include "cmd/show/output.h"
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

void diagnose(struct diagnosis *diagnosis, enum verdict verdict, const char *check,
	      const char *where, const char *advice, const char *found, ...)
{
	struct symptom symptom = {.verdict = verdict,
				  .check = strdup(check),
				  .where = strdup(where),
				  .advice = strdup(advice ? advice : "")};
	struct symptom *grown = reallocarray(diagnosis->list, diagnosis->count + 1, sizeof(*grown));
	va_list ap;

	if (grown)
		diagnosis->list = grown;
	va_start(ap, found);
	if (vasprintf(&symptom.found, found, ap) < 0)
		symptom.found = NULL;
	va_end(ap);
	if (!grown || !symptom.check || !symptom.where || !symptom.advice || !symptom.found) {
		release(&symptom);
		diagnosis->failed = true;
		return;
	}
	diagnosis->list[diagnosis->count++] = symptom;
}

void diagnose_names(struct diagnosis *diagnosis, enum verdict verdict, const char *check,
		    const char *where, const char *advice, const char *const names[], size_t count)
{
	char text[NAMES_TEXT_SIZE];

	if (count > 0)
		diagnose(diagnosis, verdict, check, where, advice, "%zu: %s", count,
			 output_names(text, names, count));
}

static void print_item(FILE *out, int width, const char *first, const char *text)
{
	char escaped[4096];

	prose_fill(out, width, first, "    ", text_escape(escaped, sizeof(escaped), text));
}

/* What is bad first. */
static void print_what_is_left(FILE *out, int width, const struct diagnosis *diagnosis)
{
	static const enum verdict order[] = {VERDICT_BAD, VERDICT_WARN};
	int number = 0;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		for (size_t j = 0; j < diagnosis->count; j++) {
			const struct symptom *symptom = &diagnosis->list[j];
			char first[16], text[4096];

			if (symptom->verdict != order[i])
				continue;
			if (number == 0)
				fprintf(out, "\nLeft to do:\n");
			(void)snprintf(first, sizeof(first), "%2d. ", ++number);
			(void)snprintf(text, sizeof(text), "%s, %s: %s", symptom->check,
				       symptom->where, symptom->advice);
			print_item(out, width, first, text);
		}
	}
	if (number == 0)
		fprintf(out, "\nLeft to do: nothing, all is well\n");
}

int diagnosis_print(struct env *env, const struct diagnosis *diagnosis)
{
	enum { CHECK, WHERE, VERDICT, FOUND, ADVICE, COLUMN_COUNT };
	bool table = prints_for_people(env);
	const struct column columns[COLUMN_COUNT] = {
		[CHECK] = {"Check", false, true, CELL_WHOLE},
		[WHERE] = {"Where", false, true, CELL_NAME},
		[VERDICT] = {"Verdict", false, true, CELL_STATE},
		[FOUND] = {"Found", false, true, CELL_PROSE},
		/* Long: people get it below the table, in lines that fit. */
		[ADVICE] = {"Advice", false, !table, CELL_PROSE},
	};
	struct output *output;
	bool brief = table && env->os.out_is_terminal && !option(env, "verbose");
	bool bad = false;
	size_t well = 0;
	struct sb_error err;

	if (diagnosis->failed) {
		sb_error_nomem(&err);
		return fail(env, &err);
	}
	if (output_new(env, columns, COLUMN_COUNT, &output, &err))
		return fail(env, &err);
	for (size_t i = 0; i < diagnosis->count; i++) {
		const struct symptom *symptom = &diagnosis->list[i];

		/* What needs a look must not scroll away. */
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
		print_what_is_left(env->os.out, env->os.out_is_terminal ? env->os.out_width : 0,
				   diagnosis);
	return bad ? EXIT_PART : EXIT_DONE;
}

void diagnosis_release(struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < diagnosis->count; i++)
		release(&diagnosis->list[i]);
	free(diagnosis->list);
	*diagnosis = (struct diagnosis){0};
}
