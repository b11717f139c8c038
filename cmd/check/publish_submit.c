/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/check/publish_submit.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/check/checkup.h"
#include "cmd/check/known_qos.h"
#include "cmd/check/membership.h"
#include "cmd/frame/messages.h"
#include "cmd/show/balance_row.h"
#include "ledger/base/array.h"
#include "ledger/base/minmax.h"
#include "ledger/base/when.h"

static const char *const mode_words[] = {
	[SUBMISSION_OFF] = "off", [SUBMISSION_WARN] = "warn", [SUBMISSION_REFUSE] = "refuse"};
static const char *const rule_words[] = {
	[BILLING_SUM] = "sum", [BILLING_MAX] = "max", [BILLING_MAX_GRES] = "max_gres"};

/* The contents of the file and the user who is to have it. */
struct submit_page {
	char *text; /* free(); NULL: nothing is to be written */
	int64_t slurm_user; /* the uid of SlurmUser; -1: unknown */
};

struct page {
	struct env *env;
	struct books *books;
	struct nesting *nesting;
	json_t *users; /* of accounts, as membership.h keeps them; NULL: not known */
	struct readers readers; /* the same, by account of the bank */
	FILE *to;
};

/* Whether a name fits between blanks. */
static bool is_plain(const char *name)
{
	const char *c = name;

	while (*c > ' ' && *c < 0x7f)
		c++;
	return *name && !*c;
}

/* ---- prices ---- */

static const struct site_factor *find_factor(const struct site_factors *factors, const char *name)
{
	for (size_t i = 0; i < factors->count; i++) {
		if (strcmp(factors->list[i].name, name) == 0)
			return &factors->list[i];
	}
	return NULL;
}

static void print_qos(const struct page *page, const char *name, int64_t usage_factor)
{
	const struct site_factor *site = find_factor(&page->env->settings.tariff.qos, name);
	__int128 both = (__int128)usage_factor * (site ? site->factor : FACTOR_ONE) / FACTOR_ONE;

	if (is_plain(name))
		fprintf(page->to, "qos %s %" PRId64 " %" PRId64 "\n", name, usage_factor,
			both < INT64_MAX ? (int64_t)both : INT64_MAX);
}

static void print_site_factors(const struct page *page, const char *what,
			       const struct site_factors *factors)
{
	for (size_t i = 0; i < factors->count; i++) {
		if (is_plain(factors->list[i].name))
			fprintf(page->to, "%s %s %" PRId64 "\n", what, factors->list[i].name,
				factors->list[i].factor);
	}
}

/* QOS that the bank does not know have a factor of 1, but the site may have one for them. */
static int print_factors(const struct page *page, struct sb_error *err)
{
	const struct tariff *tariff = &page->env->settings.tariff;
	struct factor_list kept;

	TRY(books_factors(page->books, &kept, err));
	for (size_t i = 0; i < kept.count; i++)
		print_qos(page, kept.list[i].name,
			  kept.list[i].factor < 0 ? FACTOR_ONE : kept.list[i].factor);
	for (size_t i = 0; i < tariff->qos.count; i++) {
		bool known = false;

		for (size_t at = 0; at < kept.count && !known; at++)
			known = strcmp(kept.list[at].name, tariff->qos.list[i].name) == 0;
		if (!known)
			print_qos(page, tariff->qos.list[i].name, FACTOR_ONE);
	}
	factor_list_release(&kept);
	print_site_factors(page, "partition", &tariff->partitions);
	print_site_factors(page, "reservation", &tariff->reservations);
	if (tariff->round_seconds > 0)
		fprintf(page->to, "round %d\n", tariff->round_seconds);
	if (tariff->min_charge > 0)
		fprintf(page->to, "min %" PRId64 "\n", tariff->min_charge);
	return SB_OK;
}

/* ---- accounts ---- */

/* Returns what to do at submissions to the account or budget. Where a spent one may go on, nobody
 * is refused. */
static enum submission_mode mode_of(const struct page *page, const struct account *account,
				    const struct balance_row *row, const struct rules *rules)
{
	const enum submission_mode site = page->env->settings.submission;
	const enum enforcement enforcement = enforcement_of(account, rules);
	const bool goes_on =
		strcmp(row->state, "grace") == 0 || (rules->spare_moneyless && !had_money(account));

	if (account_held(account) && !goes_on)
		return site;
	if (enforcement == ENFORCE_OFF)
		return SUBMISSION_OFF;
	return goes_on || enforcement == ENFORCE_WARN ? SUBMISSION_WARN : site;
}

/* The state that `balance` shows; an open account that has crossed its highest threshold is low. */
static const char *state_of(const struct account *account, const struct balance_row *row,
			    const struct rules *rules)
{
	const struct thresholds *thresholds = thresholds_of(account, rules);
	const int highest = thresholds->count ? thresholds->list[thresholds->count - 1] : 0;

	if (highest > 0 && strcmp(row->state, "open") == 0 &&
	    amount_reaches(row->sums.used, row->sums.allocated, highest))
		return "low";
	return row->state;
}

/* What running jobs may still use until their time limits: it is neither charged nor free. */
static int64_t set_aside(const struct balance_row *row, const struct rules *rules)
{
	return rules->committed || row->sums.committed <= row->sums.in_flight
		       ? 0
		       : row->sums.committed - row->sums.in_flight;
}

static int64_t free_of(const struct balance_row *row, const struct rules *rules)
{
	int64_t left;

	return __builtin_sub_overflow(row->sums.available, set_aside(row, rules), &left) ? INT64_MIN
											 : left;
}

/* Prints what accounts, budgets and shares have in common. */
static void print_funds(const struct page *page, const struct account *account,
			const struct balance_row *row, const struct rules *rules)
{
	const enum submission_mode site = page->env->settings.submission;
	enum submission_mode mode = mode_of(page, account, row, rules);

	fprintf(page->to, " %" PRId64 " %s %s %s %s", free_of(row, rules),
		state_of(account, row, rules), mode_words[mode < site ? mode : site],
		row->sums.unlimited ? "unlimited" : "limited",
		metering_of(account, rules) == METER_JOBS ? "jobs" : "rawusage");
}

/* Finds the number of a user. */
static bool find_uid(const struct page *page, const char *user, uint32_t *ret)
{
	const json_t *known = json_object_get(json_object_get(page->users, "uids"), user);

	if (!known)
		return page->env->os.user_id && page->env->os.user_id(user, ret) == UID_FOUND;
	*ret = (uint32_t)json_integer_value(known);
	return json_integer_value(known) >= 0 && json_integer_value(known) < UINT32_MAX;
}

/* Prints a budget of a resource that Slurm measures, or a user's share. */
static void print_purse(const struct page *page, const struct account *purse,
			const struct balance_row *row, const struct rules *rules)
{
	const char *user = purse_user(purse->name);
	const struct unit unit = purse_unit(purse->name);
	char name[NAME_SIZE], resource[RESOURCE_SIZE];
	uint32_t uid = 0;

	(void)purse_account(name, purse->name);
	(void)resource_base(resource, purse_resource(purse->name));
	/* A share that was ended or not opened limits nobody. */
	if (!is_plain(unit.name) || (user && (!purse->open || !find_uid(page, user, &uid))))
		return;
	if (user)
		fprintf(page->to, "share %s %" PRIu32 " %s", name, uid, resource);
	else
		fprintf(page->to, "budget %s %s", name, resource);
	print_funds(page, purse, row, rules);
	fprintf(page->to, " %" PRId64 " %s\n", unit.size, unit.name);
}

static void print_users(const struct page *page, const char *account)
{
	const struct readers *readers = &page->readers;
	size_t first = 0, end = readers->count;

	if (!page->users)
		return;
	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (strcmp(readers->list[middle].account, account) < 0)
			first = middle + 1;
		else
			end = middle;
	}
	fprintf(page->to, "users %s", account);
	for (; first < readers->count && strcmp(readers->list[first].account, account) == 0;
	     first++)
		fprintf(page->to, " %" PRIu32, readers->list[first].uid);
	fputc('\n', page->to);
}

static int print_account(const struct page *page, const struct account *account,
			 const struct rules *site, struct sb_error *err)
{
	struct balance_row row;
	char above[NAME_SIZE];
	struct rules rules;

	TRY(rules_of_purse(page->books, account, site, &rules, err));
	TRY(balance_row_make(page->env, page->books, account, page->nesting, &row, err));
	if (!purse_is_account(account->name)) {
		print_purse(page, account, &row, &rules);
		return SB_OK;
	}
	TRY(nesting_above(page->nesting, page->books, account, above, err));
	fprintf(page->to, "account %s", account->name);
	print_funds(page, account, &row, &rules);
	fprintf(page->to, "%s%s\n", *above ? " " : "", above);
	print_users(page, account->name);
	return SB_OK;
}

static int by_purse(const void *a, const void *b)
{
	const struct account *const *x = a, *const *y = b;

	return purse_order((*x)->name, (*y)->name);
}

static int print_accounts(const struct page *page, const struct rules *site, struct sb_error *err)
{
	const struct account **list;
	size_t count;
	int rc = SB_OK;

	TRY(books_load_all(page->books, &count, err));
	list = calloc(count + 1, sizeof(const struct account *));
	if (!list)
		return sb_error_nomem(err);
	for (size_t i = 0; i < count; i++)
		list[i] = books_at(page->books, i);
	array_sort(list, count, by_purse);
	for (size_t i = 0; i < count && !rc; i++)
		rc = print_account(page, list[i], site, err);
	free(list);
	return rc;
}

static int print_inside(const char *account, const char *above, void *ctx, struct sb_error *err)
{
	const struct page *page = ctx;

	(void)err;
	if (is_plain(account))
		fprintf(page->to, "inside %s %s\n", account, above);
	return SB_OK;
}

/* ---- the page ---- */

static int print_body(struct page *page, uint8_t billing, struct sb_error *err)
{
	const struct rules site = settings_rules(&page->env->settings);
	const enum submission_mode mode = page->env->settings.submission;
	const char *scavenger = page->env->settings.scavenger_qos;
	struct membership membership = {.settings = &page->env->settings};

	fprintf(page->to, "mode %s\n", mode_words[mode]);
	if (mode == SUBMISSION_OFF)
		return SB_OK;
	fprintf(page->to, "rule %s\n", rule_words[billing]);
	if (scavenger && is_plain(scavenger))
		fprintf(page->to, "scavenger %s\n", scavenger);
	TRY(print_factors(page, err));
	TRY(membership_load(page->books, &page->users, err));
	membership.kept = page->users;
	if (page->users)
		TRY(membership_find(&membership, page->books, page->nesting, &page->readers, err));
	TRY(print_accounts(page, &site, err));
	return nesting_each_inside(page->nesting, page->books, print_inside, page, err);
}

/* FNV-1a: enough to notice other contents. */
static uint64_t checksum(const char *text)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return sum;
}

/* Puts the first line before the body and the last one behind it, all that twice. */
static int frame(struct books *books, int64_t time, const char *body, char **ret,
		 struct sb_error *err)
{
	char *once;

	*ret = NULL;
	if (asprintf(&once, "subank 2 %" PRId64 " %" PRIu64 " %016" PRIx64 "\n%send\n",
		     time / WHEN_SECOND, books_head(books)->seq, checksum(body), body) < 0)
		return sb_error_nomem(err);
	if (asprintf(ret, "%s%s", once, once) < 0)
		*ret = NULL;
	free(once);
	return *ret ? SB_OK : sb_error_nomem(err);
}

/* Collects the contents from the books. With `submission: off` there are none, except for a bank
 * that has published the file before: then they say that nothing is checked. */
static int collect_page(struct env *env, struct books *books, struct nesting *nesting,
			struct submit_page *ret, struct sb_error *err)
{
	/* Unless it is known, the rule is the dearest. */
	struct submit_facts facts = {.billing = BILLING_SUM, .slurm_user = -1};
	struct page page = {.env = env, .books = books, .nesting = nesting};
	struct submit_page made = {0};
	char *body = NULL;
	size_t size;
	int rc = books_submit_facts(books, &facts, err);

	*ret = made;
	if (rc && rc != SB_ENOTFOUND)
		return rc;
	if (rc)
		TRY(books_last_check(books, &facts.time, err));
	if (env->settings.submission == SUBMISSION_OFF &&
	    (rc == SB_ENOTFOUND || access(env->settings.submit_file, F_OK) != 0))
		return SB_OK;
	page.to = open_memstream(&body, &size);
	if (!page.to)
		return sb_error_nomem(err);
	rc = print_body(&page, facts.billing <= BILLING_MAX_GRES ? facts.billing : BILLING_SUM,
			err);
	json_decref(page.users);
	free(page.readers.list);
	if (fclose(page.to) != 0 && !rc)
		rc = sb_error_nomem(err);
	if (!rc)
		rc = frame(books, facts.time, body, &made.text, err);
	free(body);
	if (rc)
		return rc;
	made.slurm_user = facts.slurm_user;
	*ret = made;
	return SB_OK;
}

/* ---- the file ---- */

/* The user who is to own the file, so that he can open it for reading and writing; (uid_t)-1: the
 * one who runs this, as root can open any file. */
static uid_t file_owner(int64_t slurm_user)
{
	const struct passwd *slurm;

	if (slurm_user >= 0)
		return slurm_user == 0 ? (uid_t)-1 : (uid_t)slurm_user;
	slurm = getpwnam("slurm");
	return geteuid() == 0 && slurm ? slurm->pw_uid : (uid_t)-1;
}

static int describe(struct env *env, int64_t slurm_user, struct public_file *ret,
		    struct sb_error *err)
{
	uid_t owner;

	TRY(public_bank_owner(env, &owner, err));
	*ret = (struct public_file){.path = env->settings.submit_file,
				    .setting = "submit_file",
				    .failure =
					    "the file for the check at submission is not written",
				    .bank_owner = owner,
				    .mode = 0600,
				    .uid = file_owner(slurm_user)};
	return SB_OK;
}

static int write_page(struct env *env, const struct submit_page *page, struct sb_error *err)
{
	struct public_file file;

	if (!page->text)
		return SB_OK;
	TRY(describe(env, page->slurm_user, &file, err));
	return public_file_replace(&file, public_file_text, page->text, err);
}

bool submit_wanted(const struct env *env)
{
	return env->settings.submission != SUBMISSION_OFF ||
	       access(env->settings.submit_file, F_OK) == 0;
}

struct collecting {
	struct env *env;
	struct submit_page page;
};

static int collect(struct books *books, void *ctx, struct sb_error *err)
{
	struct collecting *collecting = ctx;
	struct nesting nesting = {0};
	bool granted;
	int rc;

	TRY(checkup_may_command(collecting->env, books, &granted, err));
	if (!granted)
		return SB_OK;
	rc = collect_page(collecting->env, books, &nesting, &collecting->page, err);
	nesting_release(&nesting);
	return rc;
}

int submit_publish(struct env *env, struct sb_error *err)
{
	struct collecting collecting = {.env = env};
	int rc = bank_read(env->bank, env->os.now(), collect, &collecting, err);

	if (!rc)
		rc = write_page(env, &collecting.page, err);
	free(collecting.page.text);
	return rc;
}

int submit_try(struct env *env, int64_t slurm_user, bool write, struct sb_error *err)
{
	struct public_file file;

	TRY(describe(env, slurm_user, &file, err));
	return public_file_try(&file, write, err);
}

/* ---- what a check sees ---- */

/* The dearer of two rules. MAX_TRES_GRES adds up more than MAX_TRES, and the sum of all TRES is the
 * largest. */
static uint8_t dearer(uint8_t a, uint8_t b)
{
	if (a == BILLING_SUM || b == BILLING_SUM)
		return BILLING_SUM;
	return a > b ? a : b;
}

static int set_facts(struct books *books, void *ctx, struct sb_error *err)
{
	return books_set_submit_facts(books, ctx, err);
}

int submit_keep_facts(struct env *env, const struct clusters *clusters)
{
	struct submit_facts facts = {
		.billing = BILLING_MAX, .slurm_user = -1, .time = env->os.now()};
	const struct unknown_qos none = {0};
	struct qos_list list;
	struct sb_error err;
	int status;

	if (env->settings.submission == SUBMISSION_OFF || clusters->silent == clusters->count)
		return EXIT_DONE;
	for (size_t i = 0; i < clusters->count; i++) {
		const struct cluster_answer *answer = &clusters->answers[i];

		if (!clusters->list[i].answered)
			continue;
		facts.time = int64_min(facts.time, clusters->list[i].time);
		facts.billing = dearer(facts.billing, (uint8_t)answer->billing);
		if (answer->slurm_user != UINT32_MAX)
			facts.slurm_user = answer->slurm_user;
	}
	if (sacctmgr_read_qos(&env->slurm, &list, &err)) {
		warning(env, "the check at submission keeps the factors of QOS that it has: %s",
			err.text);
		return EXIT_PART;
	}
	status = known_qos_keep(env, &list, &none, false);
	qos_list_release(&list);
	if (status_goes_on(status) && bank_write(env->bank, env->os.now(), set_facts, &facts, &err))
		status = fail(env, &err);
	return status == EXIT_DONE ? EXIT_DONE : EXIT_PART;
}
