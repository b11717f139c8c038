/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The floor for a file: libyaml alone, with the same bytes. The times exclude the start and the
 * exit of the program.
 *
 *     floor_yaml parse FILE          parses the file and ignores its contents
 *     floor_yaml emit FILE COUNT     writes the first entries of FILE, an export, to the standard
 *                                    output again and again, in the same form, until COUNT entries
 *                                    were written. They are in memory before the clock starts.
 *     floor_yaml version             prints the version of the library
 *
 * The first two print "SECONDS BYTES" to the standard error: the bytes that were read or written.
 */
#include <string.h>
#include <time.h>
#include <yaml.h>

enum {
	CHUNK = 1000, /* entries kept in memory */
	KEPT_MAX = 200 * CHUNK,
};

static void need(int fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "floor: %s failed\n", what);
	exit(1);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void open_parser(yaml_parser_t *parser, FILE *file)
{
	need(yaml_parser_initialize(parser), "yaml_parser_initialize");
	yaml_parser_set_input_file(parser, file);
	yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
}

static void parse(FILE *file)
{
	double began = now();
	yaml_event_type_t type;
	yaml_parser_t parser;
	yaml_event_t event;

	open_parser(&parser, file);
	do {
		need(yaml_parser_parse(&parser, &event), "yaml_parser_parse");
		type = event.type;
		yaml_event_delete(&event);
	} while (type != YAML_STREAM_END_EVENT);
	yaml_parser_delete(&parser);
	fprintf(stderr, "%.9f %ld\n", now() - began, ftell(file));
}

struct kept {
	yaml_event_type_t type;
	yaml_scalar_style_t style;
	char *text;
	size_t len;
};

static struct kept kept[KEPT_MAX];

/* Keeps the events before the first entry, and those of the first entries. Returns how many events
 * it kept; sets how many of them precede the first entry, and how many entries there are. */
static size_t keep(FILE *file, size_t *ret_header, size_t *ret_entries)
{
	size_t count = 0, entries = 0;
	yaml_parser_t parser;
	int depth = 0;

	*ret_header = 0;
	open_parser(&parser, file);
	while (entries < CHUNK && count < KEPT_MAX) {
		yaml_event_t event;

		need(yaml_parser_parse(&parser, &event), "yaml_parser_parse");
		if (event.type == YAML_MAPPING_START_EVENT && depth++ == 1 && *ret_header == 0)
			*ret_header = count;
		if (event.type == YAML_MAPPING_END_EVENT && --depth == 1)
			entries++;
		if (depth == 0 && event.type == YAML_MAPPING_END_EVENT)
			break;
		kept[count] = (struct kept){.type = event.type};
		if (event.type == YAML_SCALAR_EVENT) {
			kept[count].style = event.data.scalar.style;
			kept[count].len = event.data.scalar.length;
			kept[count].text = strdup((char *)event.data.scalar.value);
			need(kept[count].text != NULL, "strdup");
		}
		count++;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	*ret_entries = entries;
	return count;
}

static void emit_kept(yaml_emitter_t *emitter, const struct kept *item, int flow)
{
	yaml_event_t event;
	int made;

	switch (item->type) {
	case YAML_STREAM_START_EVENT:
		made = yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
		break;
	case YAML_DOCUMENT_START_EVENT:
		made = yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1);
		break;
	case YAML_MAPPING_START_EVENT:
		made = yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
							   flow ? YAML_FLOW_MAPPING_STYLE
								: YAML_BLOCK_MAPPING_STYLE);
		break;
	case YAML_MAPPING_END_EVENT:
		made = yaml_mapping_end_event_initialize(&event);
		break;
	case YAML_SEQUENCE_START_EVENT:
		made = yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
							    flow ? YAML_FLOW_SEQUENCE_STYLE
								 : YAML_BLOCK_SEQUENCE_STYLE);
		break;
	case YAML_SEQUENCE_END_EVENT:
		made = yaml_sequence_end_event_initialize(&event);
		break;
	case YAML_DOCUMENT_END_EVENT:
		made = yaml_document_end_event_initialize(&event, 1);
		break;
	case YAML_STREAM_END_EVENT:
		made = yaml_stream_end_event_initialize(&event);
		break;
	default:
		made = yaml_scalar_event_initialize(&event, NULL, NULL, (yaml_char_t *)item->text,
						    (int)item->len, 1, 1, item->style);
	}
	need(made && yaml_emitter_emit(emitter, &event), "yaml_emitter_emit");
}

static void emit(FILE *file, size_t count)
{
	static const yaml_event_type_t end[] = {YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT,
						YAML_DOCUMENT_END_EVENT, YAML_STREAM_END_EVENT};
	size_t header, entries, all = keep(file, &header, &entries);
	yaml_emitter_t emitter;
	double began = now();

	need(entries > 0 && count % entries == 0, "emitting whole parts");
	need(yaml_emitter_initialize(&emitter), "yaml_emitter_initialize");
	yaml_emitter_set_output_file(&emitter, stdout);
	yaml_emitter_set_width(&emitter, -1);
	yaml_emitter_set_unicode(&emitter, 1);
	for (size_t i = 0; i < header; i++)
		emit_kept(&emitter, &kept[i], 0);
	for (; count > 0; count -= entries) {
		for (size_t i = header; i < all; i++)
			emit_kept(&emitter, &kept[i], 1);
	}
	for (size_t i = 0; i < sizeof(end) / sizeof(end[0]); i++)
		emit_kept(&emitter, &(struct kept){.type = end[i]}, 0);
	yaml_emitter_delete(&emitter);
	need(fflush(stdout) == 0, "writing");
	fprintf(stderr, "%.9f %ld\n", now() - began, ftell(stdout));
}

int main(int argc, char *argv[])
{
	FILE *file;

	if (argc < 3) {
		printf("libyaml %s\n", yaml_get_version_string());
		return 0;
	}
	file = fopen(argv[2], "r");
	need(file != NULL, "opening the file");
	if (strcmp(argv[1], "parse") == 0)
		parse(file);
	else
		emit(file, strtoul(argv[3], NULL, 10));
	fclose(file);
	return 0;
}
