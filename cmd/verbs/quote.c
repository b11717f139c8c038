/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <jansson.h>
#include <strings.h>

#include "cmd/check/quotation.h"
#include "cmd/show/grid.h"
#include "cmd/show/standings.h"
#include "cmd/verbs/verb.h"
#include "ledger/base/comma.h"
#include "ledger/base/text.h"
#include "ledger/base/when.h"
#include "slurm/user_assoc.h"

enum { QOS_MAX = 64, LONGEST_MINUTES = 366 * 24 * 60 };

/* Checks publish at least once an hour: what is older than this says little of what is left. */
#define STALE WHEN_DAY

/* Whether the job fits in one purse. */
struct fitting {
	const struct balance_row *row;
	int64_t cost; /* INT64_MAX: no bound */
	bool fits;
};

/* A QOS that the user may use. */
struct choice {
	char name[USER_ASSOC_QOS_SIZE];
	int64_t cost;
	bool fits;
};

struct quote {
	struct env *env;
	char *script; /* the text; NULL: there is none */
	size_t script_len;
	struct submission submission;
	struct user_assocs user_assocs;
	const char *user;
	char account[NAME_SIZE]; /* of Slurm, folded; "": unknown */
	char qos[USER_ASSOC_QOS_SIZE]; /* of jobs that name none; "": unknown */
	struct quotation quotation;
	struct standings standings;
	bool known; /* what is left is known */
	struct sb_error unknown; /* why not */
	struct fitting *fittings; /* one for each standing */
	bool fits; /* even if it costs the most that is possible */
	bool may_fit; /* if it costs the least */
	struct choice choices[QOS_MAX];
	size_t choice_count;
};

/* ---- reading ---- */

static const char *environment(const char *name)
{
	return getenv(name);
}

static int read_file(const char *path, char **ret, size_t *ret_len, struct sb_error *err)
{
	FILE *file = fopen(path, "re");
	char *text;

	if (!file)
		return sb_error_path(err, "read the script", path);
	text = malloc(SCRIPT_SIZE_MAX + 1);
	if (!text) {
		(void)fclose(file);
		return sb_error_nomem(err);
	}
	errno = 0;
	*ret_len = fread(text, 1, SCRIPT_SIZE_MAX + 1, file);
	if (ferror(file)) {
		(void)sb_error_path(err, "read the script", path);
		(void)fclose(file);
		free(text);
		return err->code;
	}
	(void)fclose(file);
	*ret = text;
	return SB_OK;
}

/* Explains an error that may come from an option of subank among those of sbatch. */
static int explain(const struct env *env, int argc, const char *const argv[], int rc,
		   struct sb_error *err)
{
	const struct option_spec *options[OPTIONS_MAX];
	const size_t count = options_of(env->command, options);

	for (int i = 0; i < argc; i++) {
		for (size_t j = 0; j < count && strncmp(argv[i], "--", 2) == 0; j++) {
			if (strcmp(argv[i] + 2, options[j]->name) == 0 &&
			    strstr(err->text, argv[i]))
				return sb_error_set(err, SB_EINVAL,
						    "'%s' is an option of subank, which come "
						    "before those of sbatch: subank quote %s ...",
						    argv[i], argv[i]);
		}
	}
	return rc;
}

static int read_submission(struct quote *quote, int argc, const char *const argv[],
			   struct sb_error *err)
{
	const char *script;
	int rc = sbatch_script(argc, argv, &script, err);

	if (rc)
		return explain(quote->env, argc, argv, rc, err);
	if (script)
		TRY(read_file(script, &quote->script, &quote->script_len, err));
	return sbatch_read(argc, argv, quote->script, quote->script_len, environment,
			   &quote->submission, err);
}

/* Finds the account: the one that the job names, or the user's default. */
static int find_account(struct quote *quote, struct sb_error *err)
{
	const struct submission *submission = &quote->submission;
	const char *name = submission->parts[0].account;

	for (size_t i = 1; i < submission->count; i++) {
		const char *other = submission->parts[i].account;

		if (name && other && strcasecmp(name, other) != 0)
			return sb_error_set(err, SB_EINVAL,
					    "the components of the job have several accounts: "
					    "quote them one by one");
	}
	if (!name && quote->user_assocs.count > 0)
		name = quote->user_assocs.rows[0].default_account;
	if (!name || !*name)
		return sb_error_set(err, SB_ENOTFOUND,
				    "user %s has no default account in Slurm: name one with -A",
				    quote->user);
	if (strlen(name) >= sizeof(quote->account))
		return sb_error_set(err, SB_EINVAL, "'%.255s' is no account", name);
	for (size_t i = 0; i <= strlen(name); i++)
		quote->account[i] =
			(char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
	return SB_OK;
}

/* Whether the association is of the account, and of a partition that the job may run in. */
static bool is_used(const struct quote *quote, const struct user_assoc *row)
{
	const struct quotation *quotation = &quote->quotation;

	if (strcmp(row->account, quote->account) != 0)
		return false;
	for (size_t i = 0; i < quotation->offer_count; i++) {
		const struct offer *offer = &quotation->offers[i];

		if (strcmp(offer->cluster->config.cluster, row->cluster) == 0 &&
		    (!*row->partition || strcmp(row->partition, offer->partition->name) == 0))
			return true;
	}
	return false;
}

static void add_choice(struct quote *quote, const char *name, size_t len)
{
	struct choice *choice = &quote->choices[quote->choice_count];

	if (len == 0 || len >= sizeof(choice->name) || quote->choice_count == QOS_MAX)
		return;
	for (size_t i = 0; i < quote->choice_count; i++) {
		if (strlen(quote->choices[i].name) == len &&
		    strncmp(quote->choices[i].name, name, len) == 0)
			return;
	}
	(void)snprintf(choice->name, sizeof(choice->name), "%.*s", (int)len, name);
	quote->choice_count++;
}

/* Finds the QOS of the job, and those that it could have. */
static void find_qos(struct quote *quote)
{
	const char *item;
	size_t len;

	for (size_t i = 0; i < quote->user_assocs.count; i++) {
		const struct user_assoc *row = &quote->user_assocs.rows[i];

		if (!is_used(quote, row))
			continue;
		if (!*quote->qos)
			(void)user_assoc_qos(quote->qos, row);
		for (const char *rest = row->qos; comma_next(&rest, &item, &len);)
			add_choice(quote, item, len);
	}
}

/* Replaces the QOS that the job names by the one that Slurm has. */
static int name_qos(struct quote *quote, struct sb_error *err)
{
	for (size_t i = 0; i < quote->submission.count; i++) {
		const char **qos = &quote->submission.parts[i].qos;

		if (*qos)
			TRY(quotation_qos(&quote->quotation, *qos, qos, err));
	}
	return SB_OK;
}

/* Returns a QOS that the job names and the user may not use; NULL: there is none. */
static const char *foreign_qos(const struct quote *quote)
{
	for (size_t i = 0; i < quote->submission.count && quote->choice_count > 0; i++) {
		const char *qos = quote->submission.parts[i].qos;
		bool found = !qos;

		for (size_t j = 0; j < quote->choice_count && !found; j++)
			found = strcasecmp(quote->choices[j].name, qos) == 0;
		if (!found)
			return qos;
	}
	return NULL;
}

/* Whether all components of the job are in the QOS whose jobs still start in spent accounts. */
static bool is_scavenger(const struct quote *quote, const struct quote_terms *terms)
{
	const char *scavenger = quote->env->settings.scavenger_qos;

	for (size_t i = 0; i < quote->submission.count; i++) {
		const char *qos = quote->submission.parts[i].qos;

		qos = terms->any_qos || !qos ? terms->qos : qos;
		if (!scavenger || strcasecmp(qos, scavenger) != 0)
			return false;
	}
	return true;
}

/* Whether the state of this row lets jobs start. An account that blocks it has a row of its own. */
static bool may_start(const struct balance_row *row, bool scavenger)
{
	return strcmp(row->state, "open") == 0 || strcmp(row->state, "grace") == 0 ||
	       strcmp(row->state, "blocked") == 0 ||
	       (scavenger && strcmp(row->state, "scavenge") == 0);
}

/* Whether a job of this cost fits in one purse. */
static bool fits_in(const struct quote *quote, const struct quote_terms *terms,
		    const struct balance_row *row, int64_t cost)
{
	const bool scavenger = is_scavenger(quote, terms);
	/* Such a job starts even if nothing is left. */
	const bool free = scavenger && purse_is_su(row->name) &&
			  (strcmp(row->state, "scavenge") == 0 ||
			   quote->env->settings.enforcement == ENFORCE_SCAVENGE);

	return may_start(row, scavenger) &&
	       (free || row->sums.unlimited || cost == 0 || cost <= row->sums.available);
}

/* Whether the job fits everywhere on these terms. */
static bool fits_all(const struct quote *quote, struct quote_terms terms)
{
	for (size_t i = 0; i < quote->standings.count; i++) {
		const struct balance_row *row = &quote->standings.list[i].row;
		char resource[RESOURCE_SIZE];

		terms.resource = resource_base(resource, purse_resource(row->name));
		if (!fits_in(quote, &terms, row, quotation_cost(&quote->quotation, &terms)))
			return false;
	}
	return true;
}

static struct quote_terms own_terms(const struct quote *quote)
{
	return (struct quote_terms){
		.resource = RESOURCE_BILLING, .qos = quote->qos, .limit = REQUEST_NO_LIMIT};
}

/* Computes what the job costs in each purse, and in each QOS. */
static int weigh(struct quote *quote, struct sb_error *err)
{
	struct quote_terms terms = own_terms(quote);

	quote->fittings = calloc(quote->standings.count + 1, sizeof(*quote->fittings));
	if (!quote->fittings)
		return sb_error_nomem(err);
	quote->fits = true;
	for (size_t i = 0; i < quote->standings.count; i++) {
		struct fitting *fitting = &quote->fittings[i];
		char resource[RESOURCE_SIZE];

		fitting->row = &quote->standings.list[i].row;
		terms.resource = resource_base(resource, purse_resource(fitting->row->name));
		fitting->cost = quotation_cost(&quote->quotation, &terms);
		fitting->fits = fits_in(quote, &terms, fitting->row, fitting->cost);
		quote->fits = quote->fits && fitting->fits;
	}
	terms = own_terms(quote);
	terms.least = true;
	quote->may_fit = fits_all(quote, terms);
	terms = own_terms(quote);
	terms.any_qos = true;
	for (size_t i = 0; i < quote->choice_count; i++) {
		terms.qos = quote->choices[i].name;
		quote->choices[i].cost = quotation_cost(&quote->quotation, &terms);
		quote->choices[i].fits = fits_all(quote, terms);
	}
	return SB_OK;
}

/* Finds the longest time limit with which the job would fit, in seconds; 0: none. */
static int64_t longest_limit(const struct quote *quote)
{
	const int64_t limit = quotation_limit(&quote->quotation);
	int64_t low = 0, high = limit == REQUEST_NO_LIMIT ? LONGEST_MINUTES : limit / 60;
	struct quote_terms terms = own_terms(quote);

	while (low < high) {
		const int64_t middle = low + (high - low + 1) / 2;

		terms.limit = middle * 60;
		if (fits_all(quote, terms))
			low = middle;
		else
			high = middle - 1;
	}
	return low * 60;
}

static int prepare(struct quote *quote, int argc, const char *const argv[], struct sb_error *err)
{
	struct env *env = quote->env;

	TRY(read_submission(quote, argc, argv, err));
	quote->user = env->os.here()->author.user;
	TRY(user_assocs_read(&env->slurm, quote->user, &quote->user_assocs, err));
	TRY(find_account(quote, err));
	TRY(quotation_make(env, &quote->submission, &quote->quotation, err));
	find_qos(quote);
	TRY(name_qos(quote, err));
	quote->known = standings_read(env, quote->account, quote->user, &quote->standings,
				      &quote->unknown) == SB_OK;
	return weigh(quote, err);
}

/* ---- texts ---- */

/* Writes a time limit as sbatch takes it: "12:00:00", "1-00:30:00". Returns [to]. */
enum { LIMIT_SIZE = 64 };
static const char *time_limit_text(char to[LIMIT_SIZE], int64_t seconds)
{
	const int64_t days = seconds / 86400;
	const int hours = (int)(seconds / 3600 % 24), minutes = (int)(seconds / 60 % 60);

	if (seconds == REQUEST_NO_LIMIT)
		(void)snprintf(to, LIMIT_SIZE, "no time limit");
	else if (days > 0)
		(void)snprintf(to, LIMIT_SIZE, "%" PRId64 "-%02d:%02d:00", days, hours, minutes);
	else
		(void)snprintf(to, LIMIT_SIZE, "%d:%02d:00", hours, minutes);
	return to;
}

/* Writes "64.00 SU" or "no bound". Returns [to]. */
static const char *cost_text(const struct env *env, char to[QUANTITY_SIZE], const char *purse,
			     int64_t cost)
{
	if (cost != INT64_MAX)
		return quantity(env, to, purse, cost);
	(void)snprintf(to, QUANTITY_SIZE, "no bound");
	return to;
}

/* Writes a UsageFactor without zeros at its end: "1.5", "0", "unknown". Returns [to]. */
enum { FACTOR_SIZE = 32 };
static const char *factor_text(char to[FACTOR_SIZE], const struct qos_list *list, const char *qos)
{
	int64_t factor = tariff_factor(list, qos);
	size_t len;

	if (factor < 0) {
		(void)snprintf(to, FACTOR_SIZE, "unknown");
		return to;
	}
	len = (size_t)snprintf(to, FACTOR_SIZE, "%" PRId64 ".%06" PRId64, factor / FACTOR_ONE,
			       factor % FACTOR_ONE);
	while (to[len - 1] == '0')
		to[--len] = '\0';
	if (to[len - 1] == '.')
		to[len - 1] = '\0';
	return to;
}

static const struct {
	enum estimate_note note;
	const char *word, *text;
} note_texts[] = {
	{ESTIMATE_NO_LIMIT, "no_limit",
	 "the job has no time limit, so its cost has no bound: give one with -t"},
	{ESTIMATE_DEFAULT_LIMIT, "default_limit", "the time limit is the partition's: -t sets one"},
	{ESTIMATE_TOO_LARGE, "too_large",
	 "the partition has fewer nodes than the job asks for: it would not start"},
	{ESTIMATE_OVER_MAX, "over_max",
	 "the time limit is above the partition's: the job would not start"},
	{ESTIMATE_PAST_LIMIT, "past_limit",
	 "Slurm lets jobs run past their time limit here (OverTimeLimit): the cost has no bound"},
	{ESTIMATE_WHOLE_NODES, "whole_nodes", "the job gets whole nodes: all CPUs and GPUs count"},
	{ESTIMATE_ALL_MEMORY, "all_memory",
	 "the job asks for no memory, and so gets all memory of its nodes: --mem sets less"},
	{ESTIMATE_SPREAD, "spread",
	 "Slurm may spread the job over more nodes, which counts in the most: -N sets how many"},
	{ESTIMATE_ANY_TYPE, "any_type", "GPUs of any type are asked for: the dearest type counts"},
	{ESTIMATE_NO_NODES, "no_nodes",
	 "Slurm shows no nodes of the partition, so whole cores and nodes are not counted: the job "
	 "may cost more"},
	{ESTIMATE_NODE_FILE, "node_file",
	 "the nodes in the file of -F are not counted: the job may cost more"},
};

enum { NOTE_COUNT = sizeof(note_texts) / sizeof(note_texts[0]) };

static bool has_pbs(const struct quote *quote)
{
	return quote->submission.parts[0].pbs;
}

/* ---- for people ---- */

enum { LABEL_WIDTH = 9 };

/* Writes TRES with a blank behind each comma, so that lines can be broken. Returns [to]. */
static const char *spaced(char to[2 * ESTIMATE_TRES_SIZE], const char *tres)
{
	size_t len = 0;

	for (; *tres; tres++) {
		to[len++] = *tres;
		if (*tres == ',')
			to[len++] = ' ';
	}
	to[len] = '\0';
	return to;
}

static void print_job(const struct quote *quote)
{
	const struct quote_terms terms = own_terms(quote);
	struct env *env = quote->env;

	for (size_t part = 0; part < quote->submission.count; part++) {
		const struct offer *offer = quotation_dearest(&quote->quotation, part, &terms);
		const int64_t array = quote->submission.parts[part].array;
		char limit[LIMIT_SIZE], times[32] = "", partition[256];
		char tres[2 * ESTIMATE_TRES_SIZE];

		if (array != 1)
			(void)snprintf(times, sizeof(times), "%" PRId64 " jobs of ", array);
		report(env, "%-*s%s%s", LABEL_WIDTH, part == 0 ? "Job" : "", times,
		       spaced(tres, offer->estimate.most.tres));
		report(env, "%-*s%s%s in partition %s", LABEL_WIDTH, "",
		       offer->estimate.seconds == REQUEST_NO_LIMIT ? "" : "for ",
		       time_limit_text(limit, offer->estimate.seconds),
		       text_escape(partition, sizeof(partition), offer->partition->name));
	}
}

static void print_cost(const struct quote *quote)
{
	struct env *env = quote->env;
	struct quote_terms terms = own_terms(quote);
	const int64_t most = quotation_cost(&quote->quotation, &terms);
	char text[QUANTITY_SIZE], low[QUANTITY_SIZE], well[QUANTITY_SIZE + 32] = "";
	int64_t least;

	terms.least = true;
	least = quotation_cost(&quote->quotation, &terms);
	if (least < most)
		(void)snprintf(well, sizeof(well), "%s if it is placed well, ",
			       quantity(env, low, NULL, least));
	report(env, "%-*s%s%s%s", LABEL_WIDTH, "Cost", well,
	       most == INT64_MAX		      ? ""
	       : quotation_bounded(&quote->quotation) ? "at most "
						      : "about ",
	       cost_text(env, text, NULL, most));
}

static void print_fitting(const struct quote *quote, size_t i)
{
	struct env *env = quote->env;
	const struct fitting *fitting = &quote->fittings[i];
	const struct balance_row *row = fitting->row;
	char left[QUANTITY_SIZE], cost[QUANTITY_SIZE + 16] = "", state[64] = "";
	char amount[QUANTITY_SIZE];

	if (row->sums.unlimited)
		(void)snprintf(left, sizeof(left), "unlimited");
	else
		(void)quantity(env, left, row->name, row->sums.available);
	/* The cost in SU is above. */
	if (!purse_is_su(row->name))
		(void)snprintf(cost, sizeof(cost), ", costs %s",
			       cost_text(env, amount, row->name, fitting->cost));
	if (strcmp(row->state, "open") != 0)
		(void)snprintf(state, sizeof(state), ", %s", row->state);
	report(env, "%-*s%s: %s%s%s", LABEL_WIDTH, i == 0 ? "Left" : "", row->name, left, state,
	       cost);
}

/* Whether what is left was published long ago. */
static bool is_stale(const struct quote *quote)
{
	return quote->standings.published &&
	       quote->env->os.now() - quote->standings.published > STALE;
}

/* Prints that the job fits. */
static void print_yes(const struct quote *quote)
{
	struct env *env = quote->env;
	char age[WHEN_TEXT_SIZE];

	report(env, "%-*syes%s%s%s%s", LABEL_WIDTH, "Fits",
	       quotation_bounded(&quote->quotation) ? "" : ", as far as known",
	       is_stale(quote) ? ", as of " : "",
	       is_stale(quote) ? when_format_age(age, env->os.now() - quote->standings.published)
			       : "",
	       is_stale(quote) ? " ago" : "");
}

/* Prints whether the job fits, and if not, what would. */
static void print_answer(const struct quote *quote)
{
	const struct quote_terms terms = own_terms(quote);
	struct env *env = quote->env;
	char limit[LIMIT_SIZE];
	int64_t longest;

	if (quote->fits) {
		print_yes(quote);
		return;
	}
	for (size_t i = 0; i < quote->standings.count; i++) {
		const struct balance_row *row = quote->fittings[i].row;

		if (!may_start(row, is_scavenger(quote, &terms))) {
			report(env, "%-*sno: %s is %s", LABEL_WIDTH, "Fits",
			       *row->blocker ? row->blocker : row->name,
			       strcmp(row->state, "scavenge") == 0 ? "spent" : row->state);
			return;
		}
	}
	longest = longest_limit(quote);
	if (longest > 0)
		report(env, "%-*s%s; %s with -t %s or less", LABEL_WIDTH, "Fits",
		       quote->may_fit ? "if it is placed well" : "no",
		       quote->may_fit ? "surely" : "it would", time_limit_text(limit, longest));
	else
		report(env, "%-*s%s", LABEL_WIDTH, "Fits",
		       quote->may_fit ? "if it is placed well" : "no, not even for a minute");
}

/* Prints what the job would cost in each QOS. */
static int print_choices(const struct quote *quote, struct sb_error *err)
{
	static const struct column columns[] = {{"QOS", false, true, CELL_NAME},
						{"Factor", true, true, CELL_WHOLE},
						{"Cost", true, true, CELL_WHOLE},
						{"Fits", false, true, CELL_WHOLE}};
	static const size_t shown[] = {0, 1, 2, 3};
	struct env *env = quote->env;
	const struct grid_style style = {.width = env->os.out_is_terminal ? env->os.out_width : 0,
					 .header = true};
	struct grid *grid = grid_new(columns, shown, quote->known ? 4 : 3);
	char factor[FACTOR_SIZE], cost[QUANTITY_SIZE], name[2 * USER_ASSOC_QOS_SIZE];
	bool good = grid;
	int rc;

	for (size_t i = 0; i < quote->choice_count && good; i++) {
		const struct choice *choice = &quote->choices[i];

		good = grid_row(grid) &&
		       grid_text(grid, 0, text_escape(name, sizeof(name), choice->name)) &&
		       grid_text(grid, 1,
				 factor_text(factor, &quote->quotation.qos, choice->name)) &&
		       grid_text(grid, 2, cost_text(env, cost, NULL, choice->cost)) &&
		       (!quote->known || grid_text(grid, 3, choice->fits ? "yes" : "no"));
	}
	if (good && !env->quiet)
		fputc('\n', env->os.out);
	rc = !good	  ? sb_error_nomem(err)
	     : env->quiet ? SB_OK
			  : grid_print(grid, &style, env->os.out, err);
	grid_free(grid);
	return rc;
}

static int print_text(const struct quote *quote, struct sb_error *err)
{
	struct env *env = quote->env;
	const char *qos = quote->submission.parts[0].qos;

	report(env, "%-*s%s%s%s", LABEL_WIDTH, "Account", quote->account,
	       qos || *quote->qos ? ", QOS " : "", qos ? qos : quote->qos);
	print_job(quote);
	print_cost(quote);
	for (size_t i = 0; i < quote->standings.count; i++)
		print_fitting(quote, i);
	if (quote->known && quote->standings.count == 0)
		report(env, "%-*sthe bank has no such account, so nothing limits it", LABEL_WIDTH,
		       "Left");
	if (quote->known)
		print_answer(quote);
	if (quote->choice_count > 0)
		TRY(print_choices(quote, err));
	return SB_OK;
}

/* Prints what the answer rests on to the standard error. */
static void print_notes(const struct quote *quote)
{
	struct env *env = quote->env;
	char age[WHEN_TEXT_SIZE], qos[2 * USER_ASSOC_QOS_SIZE];

	for (size_t i = 0; i < NOTE_COUNT; i++) {
		if (quote->quotation.notes & note_texts[i].note)
			note(env, "%s", note_texts[i].text);
	}
	if (has_pbs(quote))
		note(env,
		     "the script has lines for PBS or LSF, which are not read here; sbatch may "
		     "use some of them");
	if (quote->choice_count == 0)
		note(env,
		     "user %s is not in account %s in Slurm, or has no QOS there: sbatch may "
		     "refuse "
		     "the job",
		     quote->user, quote->account);
	if (foreign_qos(quote))
		note(env,
		     "QOS %s is not among those that user %s may use in account %s: sbatch may "
		     "refuse the job",
		     text_escape(qos, sizeof(qos), foreign_qos(quote)), quote->user,
		     quote->account);
	if (!quote->known)
		note(env, "what is left is not known: %s", quote->unknown.text);
	else if (quote->standings.published)
		note(env, "what is left is as the bank published it %s ago",
		     when_format_age(age, env->os.now() - quote->standings.published));
	if (quote->known && quote->standings.no_shares)
		note(env, "a share of yours, if you have one, is not counted: it is not published");
	if (quote->known && quote->standings.no_above)
		note(env, "what is left in the accounts above is not counted: it is not published "
			  "for you");
}

/* ---- JSON ---- */

/* JSON strings are UTF-8: in a text from outside, bytes that are not are escaped. */
static json_t *text_json(const char *text)
{
	char clean[ESTIMATE_TRES_SIZE];
	json_t *value = json_string(text);

	return value ? value : json_string(text_escape(clean, sizeof(clean), text));
}

static json_t *amount_json(int64_t amount)
{
	return amount == INT64_MAX ? json_null() : json_integer(amount);
}

static json_t *jobs_json(const struct quote *quote)
{
	const struct quote_terms terms = own_terms(quote);
	json_t *list = json_array();

	for (size_t part = 0; list && part < quote->submission.count; part++) {
		const struct offer *offer = quotation_dearest(&quote->quotation, part, &terms);
		const struct estimate *estimate = &offer->estimate;

		if (json_array_append_new(
			    list, json_pack("{ss so sI so so sI sI so}", "cluster",
					    offer->cluster->config.cluster, "partition",
					    text_json(offer->partition->name), "array",
					    (json_int_t)quote->submission.parts[part].array,
					    "limit_seconds", amount_json(estimate->seconds), "tres",
					    text_json(estimate->most.tres), "billing",
					    (json_int_t)estimate->most.billing, "least_billing",
					    (json_int_t)estimate->least.billing, "least_tres",
					    text_json(estimate->least.tres)))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *left_json(const struct quote *quote)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < quote->standings.count; i++) {
		const struct fitting *fitting = &quote->fittings[i];
		const struct sums *sums = &fitting->row->sums;
		char account[NAME_SIZE], resource[RESOURCE_SIZE];

		if (json_array_append_new(
			    list,
			    json_pack("{ss ss so ss so so sb sb}", "account",
				      purse_account(account, fitting->row->name), "resource",
				      resource_base(resource, purse_resource(fitting->row->name)),
				      "user",
				      purse_user(fitting->row->name)
					      ? json_string(purse_user(fitting->row->name))
					      : json_null(),
				      "state", fitting->row->state, "available_seconds",
				      json_integer(sums->available), "cost_seconds",
				      amount_json(fitting->cost), "unlimited", (int)sums->unlimited,
				      "fits", (int)fitting->fits))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *qos_json(const struct quote *quote)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < quote->choice_count; i++) {
		const struct choice *choice = &quote->choices[i];
		char factor[FACTOR_SIZE];

		if (json_array_append_new(
			    list,
			    json_pack("{so ss so so}", "qos", text_json(choice->name), "factor",
				      factor_text(factor, &quote->quotation.qos, choice->name),
				      "cost_seconds", amount_json(choice->cost), "fits",
				      quote->known ? json_boolean(choice->fits) : json_null()))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *notes_json(const struct quote *quote)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < NOTE_COUNT; i++) {
		if (quote->quotation.notes & note_texts[i].note)
			(void)json_array_append_new(list, json_string(note_texts[i].word));
	}
	if (list && quote->choice_count == 0)
		(void)json_array_append_new(list, json_string("no_member"));
	if (list && foreign_qos(quote))
		(void)json_array_append_new(list, json_string("no_qos"));
	if (list && has_pbs(quote))
		(void)json_array_append_new(list, json_string("pbs"));
	if (list && quote->known && is_stale(quote))
		(void)json_array_append_new(list, json_string("stale"));
	if (list && quote->known && quote->standings.no_shares)
		(void)json_array_append_new(list, json_string("no_shares"));
	if (list && quote->known && quote->standings.no_above)
		(void)json_array_append_new(list, json_string("no_above"));
	return list;
}

/* When what is left was published; null: it is from the bank, or not known. */
static json_t *published_json(const struct quote *quote)
{
	char text[WHEN_TEXT_SIZE];

	return quote->standings.published
		       ? json_string(when_format_exact(text, quote->standings.published))
		       : json_null();
}

static int print_json(const struct quote *quote, struct sb_error *err)
{
	struct quote_terms terms = own_terms(quote);
	const int64_t most = quotation_cost(&quote->quotation, &terms);
	const char *qos = quote->submission.parts[0].qos;
	json_t *document;
	bool written;

	terms.least = true;
	document = json_pack(
		"{so so so so sb so so so so so so so so}", "account", text_json(quote->account),
		"qos", text_json(qos ? qos : quote->qos), "cost_seconds", amount_json(most),
		"least_seconds", amount_json(quotation_cost(&quote->quotation, &terms)), "bounded",
		(int)quotation_bounded(&quote->quotation), "fits",
		quote->known ? json_boolean(quote->fits) : json_null(), "may_fit",
		quote->known ? json_boolean(quote->may_fit) : json_null(), "longest_limit_seconds",
		quote->known && !quote->fits ? json_integer(longest_limit(quote)) : json_null(),
		"published", published_json(quote), "jobs", jobs_json(quote), "left",
		left_json(quote), "qos_list", qos_json(quote), "notes", notes_json(quote));
	if (!document)
		return sb_error_nomem(err);
	written = json_dumpf(document, quote->env->os.out, JSON_INDENT(1)) == 0;
	json_decref(document);
	(void)written; /* subank() reports what could not be written */
	fputc('\n', quote->env->os.out);
	return SB_OK;
}

static int run(struct env *env, int argc, const char *const argv[])
{
	struct quote quote = {.env = env};
	struct sb_error err;
	int status, rc = prepare(&quote, argc, argv, &err);

	if (!rc)
		rc = option(env, "json") ? print_json(&quote, &err) : print_text(&quote, &err);
	if (!rc)
		print_notes(&quote);
	status = rc		? fail(env, &err)
		 : !quote.known ? EXIT_REFUSED
		 : quote.fits	? EXIT_DONE
				: EXIT_PART;
	free(quote.fittings);
	standings_release(&quote.standings);
	quotation_release(&quote.quotation);
	user_assocs_release(&quote.user_assocs);
	submission_release(&quote.submission);
	free(quote.script);
	return status;
}

const struct command cmd_quote = {
	.name = "quote",
	.arguments = "[SBATCH-OPTION|SCRIPT]...",
	.summary = "what a job would cost, what is left for it, and whether it fits",
	.details =
		"Takes sbatch's arguments: options, a script with #SBATCH lines and the script's "
		"arguments, or both; `:` or `#SBATCH hetjob` separates the components of a "
		"heterogeneous job. As in sbatch, options override the SBATCH_ variables of the "
		"environment, and these override the script. Nothing is submitted. subank's own "
		"options come first: `subank quote --json -n 4 job.sh`.\n"
		"The cost is the time limit times the billing of the partition's weights, the "
		"UsageFactor of the QOS and the number of jobs of an array; under `meter: jobs` "
		"the settings' factors, rounding and minimum count, too. Without a time limit, "
		"the partition's counts. The cost is the highest possible one: Slurm allocates "
		"whole cores, and whole nodes to a job that has them alone; it may spread tasks "
		"over more nodes than they need, and takes GPUs of any type where the job names "
		"none. If a job that is placed well would cost less, quote shows that, too. "
		"Messages say what the cost rests on, and what cannot be known.\n"
		"A job that is requeued costs again, and Slurm ends a job up to a minute after "
		"its time limit.\n"
		"quote reads what is left from the bank or, for users who may not read that, from "
		"the published balances (`publish` in the settings). A job fits if its "
		"highest possible cost fits in its account, in the accounts above that, and in "
		"their budgets of other resources. If it does not fit, quote shows the longest "
		"time limit with which it would. If what is "
		"left is not known, for example because nothing was published, the exit status is "
		"1. Status 0 is no promise: the check at submission (subank-submit(7)) also "
		"subtracts jobs submitted since the last check and, under `meter: jobs`, what "
		"running jobs may still use. "
		"Shares of users are published only under "
		"`publish: own`, and the accounts above only for their own users: messages say "
		"what is not counted.\n"
		"The table shows the QOS that the user may use and what the job would cost in "
		"each; a factor of 0 is free. In an account that is spent under `enforcement: "
		"scavenge`, jobs in the scavenger QOS fit whatever they cost.\n"
		"--json prints one object: cost_seconds (null: no bound), least_seconds, bounded "
		"(false: it may cost more), fits (null: not known), may_fit (at its least cost), "
		"longest_limit_seconds, published (the time; null: from the bank), and the lists "
		"jobs, left, qos_list and notes.",
	.problems = "the job does not fit, or not at its highest possible cost",
	.examples =
		EXAMPLES({"subank quote job.sh", "what `sbatch job.sh` would cost"},
			 {"subank quote -A physics -n 64 -t 12:00:00 --gres=gpu:a100:2", NULL},
			 {"subank quote -t 2:00:00 job.sh", "the script with a shorter time limit"},
			 {"subank quote --json -n 4 -t 60", "for a script"}),
	.see_also = "balance why",
	.max_args = -1,
	.flags = CMD_MAY_READ | CMD_RAW,
	.options = OPTIONS({"json", 0, NULL, "print JSON"}),
	.run = run,
};
