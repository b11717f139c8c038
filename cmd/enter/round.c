/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/enter/round.h"

#include "cmd/enter/request.h"
#include "cmd/enter/sheet.h"
#include "ledger/files/yamlfile.h"

const char round_template[] =
	"# For `subank import --append FILE`: all of it is recorded, or nothing. Each\n"
	"# entry has a ref, a name of your own that is used once; an entry whose ref is\n"
	"# in the books already, with the same request, is skipped, so the same file can\n"
	"# be run again.\n"
	"#\n"
	"# su: 10000, 0.5, or billing-seconds as in 95s. start and end: 2027-01-01,\n"
	"# 2027-01-01T12:00 or now+90days; the default end is project_days of the\n"
	"# settings, or never. note: the reason. Try it with --dry-run first.\n"
	"\n"
	"# A new account, with its first SU (su, start and end may be left out);\n"
	"# from-zero: yes also charges earlier use; later: yes opens it although a\n"
	"# cluster does not answer, or has no such account yet.\n"
	"- {ref: 2027-open-geology, open: geology, su: 5000, end: 2028-01-01}\n"
	"\n"
	"- {ref: 2027-physics, deposit: physics, su: 10000, start: 2027-01-01,\n"
	"   end: 2028-01-01, note: \"call 2027, proposal 4711\"}\n"
	"\n"
	"# In equal slices, one a month; carry: 1 lets each be spent a month longer.\n"
	"- {ref: 2027-bio, deposit: biology, su: 12000, slices: 12, every: month,\n"
	"   start: 2027-01-01, carry: 1}\n"
	"\n"
	"# su: all takes everything.\n"
	"- {ref: 2027-chem-back, withdraw: chemistry, su: 200}\n"
	"- {ref: 2027-chem-bio, transfer: chemistry, to: biology, su: all}\n"
	"\n"
	"# A charge for what Slurm does not measure; since and until: when it was used.\n"
	"# resource: gres/gpu, storage and the like, here and above, means the account's\n"
	"# budget of that; su is then an amount in its unit.\n"
	"- {ref: 2027-resv-7, charge: physics, su: 20, note: reservation maint-7}\n"
	"\n"
	"# Terms: those that are not named stay. limited: yes, unlimited: yes,\n"
	"# credit: 100, enforce: warn, lever: GrpJobs, thresholds: \"60,90\";\n"
	"# quota: 1000 with every: month, and carry, start, forgive-below;\n"
	"# default-share: 100.\n"
	"- {ref: 2027-terms-physics, terms: physics, credit: 100, enforce: limit}\n"
	"\n"
	"# The allocation, whatever it was; it must differ from the present one.\n"
	"- {ref: 2027-set-chem, set: chemistry, su: 150}\n"
	"\n"
	"# Holds by hand, with or without an end, and the end of one.\n"
	"- {ref: 2027-hold-chem, hold: chemistry, until: now+30days}\n"
	"- {ref: 2027-release-chem, release: chemistry}\n"
	"- {ref: 2027-close-geology, close: geology, note: project ended}\n";

struct reading_round {
	struct yaml_reader *reader;
	bool broken; /* the rest of the file cannot be read */
	size_t depth; /* maps and lists that are open within the entry */
	struct request request; /* that is read */
};

static struct place place_of_item(const struct yaml_item *item)
{
	return (struct place){.line = item->line, .column = item->column};
}

/* Reads the next item within an entry. */
static int next(struct reading_round *round, struct yaml_item *item, struct sb_error *err)
{
	int rc = yaml_next(round->reader, item, err);

	if (!rc && (item->type == YAML_MAP || item->type == YAML_LIST))
		round->depth++;
	else if (!rc && (item->type == YAML_MAP_END || item->type == YAML_LIST_END))
		round->depth--;
	round->broken = rc;
	return rc;
}

static int read_pair(struct reading_round *round, const struct yaml_item *key, struct sb_error *err)
{
	struct request *request = &round->request;
	struct pair pair = {.key_at = place_of_item(key)};
	struct yaml_item value;

	if (key->type != YAML_SCALAR)
		return yaml_error(round->reader, key, err, "a key is expected here");
	TRY(batch_keep(request->batch, key->text, &pair.key, err));
	TRY(next(round, &value, err));
	pair.value_at = place_of_item(&value);
	if (value.type != YAML_SCALAR || !*value.text)
		return yaml_error(round->reader, &value, err, "%s must be a single value",
				  pair.key);
	TRY(batch_keep(request->batch, value.text, &pair.value, err));
	return request_add_pair(request, &pair, err);
}

static int read_pairs(struct reading_round *round, struct sb_error *err)
{
	struct yaml_item item;

	for (;;) {
		TRY(next(round, &item, err));
		if (round->depth == 0)
			return SB_OK;
		TRY(read_pair(round, &item, err));
	}
}

/* Reads an entry. One with a mistake is reported and left out, so that all mistakes are reported at
 * once. Fails when the rest of the file cannot be read, or after MISTAKES_MAX. */
static int read_entry(struct reading_round *round, struct sb_error *err)
{
	struct request *request = &round->request;
	size_t count = request->batch->count;
	struct yaml_item item;
	int rc;

	request->count = 0;
	request->wrong = false;
	round->depth = 1;
	rc = read_pairs(round, err);
	if (!rc)
		rc = request_take(request, err);
	if (rc && round->broken)
		return rc;
	TRY(request_keep(request, rc, err));
	if (!request->wrong)
		return SB_OK;
	TRY(request_mistake(request, count, err));
	while (round->depth > 0)
		TRY(next(round, &item, err));
	return SB_OK;
}

static int read_entries(struct reading_round *round, struct sb_error *err)
{
	static const char example[] = "- {ref: call-2027-physics, deposit: physics, su: 1000}";
	struct request *request = &round->request;
	struct yaml_item item, *start = &item;

	TRY(yaml_next(round->reader, start, err));
	if (start->type != YAML_LIST)
		return yaml_error(round->reader, start, err,
				  "a list of entries is expected, each as in `%s`", example);
	for (;;) {
		TRY(yaml_next(round->reader, start, err));
		if (start->type == YAML_LIST_END)
			break;
		if (start->type != YAML_MAP)
			return yaml_error(round->reader, start, err,
					  "an entry is expected here, as in `%s`", example);
		request->at = place_of_item(start);
		TRY(read_entry(round, err));
	}
	if (request->batch->count == 0 && request->batch->wrong == 0)
		return yaml_error(round->reader, start, err, "the list has no entries");
	return yaml_expect(round->reader, YAML_END, "the end of the file", start, err);
}

int round_read(struct env *env, FILE *file, struct batch *batch, struct sb_error *err)
{
	struct reading_round round = {.request = {.env = env, .batch = batch}};
	int rc;

	if (batch->is_table)
		return sheet_read(env, file, batch, err);
	rc = yaml_reader_new(file, batch->name, &round.reader, err);
	if (!rc)
		rc = read_entries(&round, err);
	yaml_reader_free(round.reader);
	return rc;
}
