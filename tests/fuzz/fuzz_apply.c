/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fuzzes entries of two accounts, or of a purse of each. The input is a list of commands: kind,
 * account, amount, time, and whether the parts are planned, as by the verbs, or are in the input.
 * Entries that the rules accept keep the sums; planned entries are accepted. */
#include "ledger/account/policy.h"
#include "ledger/base/period.h"
#include "ledger/base/when.h"
#include "tests/fuzz/fuzz.h"

enum { ACCOUNTS = 2, STEPS_MAX = 300 };

static const char *const accounts[ACCOUNTS] = {"alice", "bob"};
static const char *const purses[ACCOUNTS] = {"alice:gres/gpu", "bob:gres/gpu"};
static const char *const *names = accounts;

struct world {
	struct reader from;
	struct account *accounts[ACCOUNTS];
	int64_t time;
	uint64_t seq;
};

/* Mostly small numbers, sometimes the largest. */
static int64_t take_amount(struct reader *from)
{
	uint8_t size = read_u8(from);

	if (size == 255)
		return INT64_MAX;
	if (size >= 250)
		return read_i64(from);
	if (size >= 200)
		return INT64_MAX >> (size - 200);
	return size;
}

/* Moments near the world's time, either side. */
static int64_t take_time(struct world *world)
{
	uint8_t distance = read_u8(&world->from);
	int64_t time;

	if (distance == 255)
		return WHEN_NEVER;
	if (distance == 254)
		return read_i64(&world->from);
	time = world->time + (distance - 64) * WHEN_SECOND;
	return time < 0 ? 0 : time;
}

static void take_parts(struct world *world, struct event *event)
{
	uint8_t count = read_u8(&world->from) % 8;

	for (uint8_t i = 0; i < count; i++) {
		uint64_t lot = read_u8(&world->from);
		uint16_t index = read_u8(&world->from) & 3;

		MUST(event_add_part(event, lot == 255 ? event->seq : lot, index,
				    take_amount(&world->from), NULL) == SB_OK);
	}
}

/* Values near the account's meter, so that most switches are nearly accepted. */
static int64_t meter_reading(const struct world *world, const struct event *event)
{
	const struct meter *meter = account_meter(
		world->accounts[strcmp(event->account, names[1]) == 0], event->cluster);

	return meter ? meter->reading : 0;
}

/* Fills in every field from the input, also those that the kind does not have. */
static void take_event(struct world *world, struct event *event)
{
	static const char *const fields[] = {"GrpTRESMins", "GrpTRESRunMins", "GrpJobs"};
	static const char *const thresholds[] = {"", "none", "1,50", "60,90"};
	static const char *const jobs[] = {"12", "12,13", "13", "15+0,15+1"};
	struct reader *from = &world->from;
	uint8_t bits = read_u8(from), choice;

	event->account = names[bits & 1];
	event->to = bits & 2 || event->kind == EVENT_TRANSFER || event_is_succession(event)
			    ? names[!(bits & 1)]
			    : "";
	event->cluster = event->slurm_account = bits & 4 ? "c1" : "c2";
	event->resource = purse_resource(event->account);
	event->amount = take_amount(from);
	choice = read_u8(from);
	event->field = fields[choice % 3];
	event->tres = choice % 3 < 2 ? "cpu" : "";
	event->reason = choice & 64 ? "because" : "";
	event->thresholds = thresholds[choice / 4 % 4];
	event->allowance = choice >> 7;
	event->cause = bits >> 3 & 3;
	event->action = bits >> 5 & 1;
	event->outcome = bits >> 6;
	event->reverses = choice % 8;
	event->enforcement = choice % 5;
	switch (event->kind) {
	case EVENT_TERMS:
		event->credit = take_amount(from);
		event->share = bits & 16 && !purse_user(event->account) ? event->amount : 0;
		if (bits & 32) {
			event->quota = event->amount;
			event->every = 1 + choice % (EVERY_COUNT - 1);
			event->start = world->time;
			event->carry = choice % 4;
			event->forgive_below = choice;
		}
		break;
	case EVENT_BASELINE:
	case EVENT_CHARGE:
		event->before = take_amount(from) - 1;
		event->now = take_amount(from);
		event->since = take_time(world);
		event->until = take_time(world);
		break;
	case EVENT_THRESHOLD:
		event->level = read_u8(from);
		event->used = take_amount(from);
		event->allocated = take_amount(from);
		break;
	case EVENT_LEVER:
		event->found = take_amount(from) - 1;
		event->set = take_amount(from) - 1;
		/* fall through */
	case EVENT_APPLIED:
	case EVENT_NOTIFIED:
		event->answers = 1u + read_u8(from);
		break;
	case EVENT_QUEUE:
		event->qos = event->action == QUEUE_AWAY ? "normal" : "scav";
		event->to_qos = event->action == QUEUE_AWAY ? "scav" : "normal";
		event->time_limit = choice & 8 ? 60 : -1;
		event->jobs = jobs[choice / 16 % 4];
		break;
	case EVENT_PEOPLE:
		event->contacts = choice & 1 ? "pi@example.org,office@example.org" : "";
		event->managers = choice & 2 ? "alice" : "";
		break;
	case EVENT_QUEUED:
		event->answers = 1u + read_u8(from);
		event->left = choice & 8 ? jobs[choice / 16 % 4] : "";
		event->gone = choice & 4 ? jobs[choice / 64] : "";
		break;
	case EVENT_HOLD:
	case EVENT_RELEASE:
		event->until = bits & 128 ? take_time(world) : 0;
		break;
	case EVENT_FEE:
		event->since = take_time(world);
		event->until = take_time(world);
		event->debt = take_amount(from);
		take_parts(world, event);
		break;
	case EVENT_RENAME:
	case EVENT_MERGE:
		event->rest = event->amount;
		event->debt = take_amount(from);
		if (event->kind == EVENT_MERGE && bits & 128) {
			event->since = take_time(world);
			event->until = take_time(world);
		}
		take_parts(world, event);
		break;
	case EVENT_MOVE:
		event->move = bits >> 3 & 1;
		event->since = take_time(world);
		break;
	case EVENT_CHARGE_JOB:
	case EVENT_METER:
	case EVENT_RECONCILE:
		event->use = bits >> 3 & 1;
		event->meter = (bits >> 3 & 3) % 3;
		event->before = event->now = meter_reading(world, event);
		event->since = take_time(world);
		event->until = take_time(world);
		/* fall through */
	default:
		event->start = take_time(world);
		event->end = take_time(world);
		event->debt = take_amount(from);
		event->answers = 1u + read_u8(from);
		event->period = event->kind == EVENT_DEPOSIT && bits & 32 ? event->end : 0;
		take_parts(world, event);
		break;
	}
}

static void add_part(struct event *event, uint64_t lot, uint16_t index, int64_t amount)
{
	MUST(event_add_part(event, lot, index, amount, NULL) == SB_OK);
}

/* Gives what the entry leaves beside its debt to the first lot with so much room, or to a new one
 * that starts and ends as the input says. */
static void add_giving(struct event *event, const struct account *account, int64_t given)
{
	for (size_t i = 0; i < account->lot_count; i++) {
		const struct lot *lot = &account->lots[i];

		if (lot->amount - lot->rest >= given && lot_active(lot, account->time)) {
			add_part(event, lot->seq, lot->index, given);
			return;
		}
	}
	add_part(event, event->seq, 0, given);
}

/* Fills in values of the state, so that most entries are nearly accepted. Planning corrections
 * needs a journal, so none of these must be accepted. */
static void arrange(const struct account *account, struct event *event)
{
	const struct lot *lot =
		account->lot_count ? &account->lots[event->answers % account->lot_count] : NULL;
	const struct lever *lever =
		account->lever_count ? &account->levers[event->answers % account->lever_count]
				     : NULL;
	bool reverse = event->kind == EVENT_REVERSE;

	event->debt = 0;
	event->part_count = 0;
	if (event->kind == EVENT_LEVER && event->action == LEVER_RESTORE && lever)
		event->set = lever->original;
	if (event->kind == EVENT_APPLIED && lever)
		event->answers = lever->seq;
	if (event->kind == EVENT_QUEUED && account->queue_batch_count)
		event->answers =
			account->queue_batches[event->answers % account->queue_batch_count].seq;
	if (event->kind == EVENT_NOTICE && lot) {
		event->end = lot->end;
		event->amount = (int64_t)account_ending(account, lot->end);
	}
	if (event->kind == EVENT_REFUND || event->kind == EVENT_RECONCILE ||
	    (reverse && event->reverses == REVERSED_CHARGE)) {
		event->debt = plan_debt(account, event->amount);
		add_giving(event, account, event->amount - event->debt);
	}
	if (reverse && (event->reverses == REVERSED_WITHDRAW ||
			event->reverses == REVERSED_ADJUST || event->reverses == REVERSED_EXPIRE)) {
		event->debt = plan_debt(account, event->amount);
		if (lot && lot->end > account->time)
			add_part(event, lot->seq, lot->index, event->amount);
		else
			add_part(event, event->seq, 0, event->amount);
	}
	if (event->kind == EVENT_ADJUST && lot) {
		event->amount = event->amount < lot->amount ? event->amount : lot->amount;
		event->debt = event->amount > lot->rest ? event->amount - lot->rest : 0;
		add_part(event, lot->seq, lot->index, event->amount);
	}
	if (reverse && event->reverses == REVERSED_DEPOSIT && lot) {
		event->answers = lot->seq;
		event->amount = lot->amount;
		event->debt = lot->amount - lot->rest;
		add_part(event, lot->seq, lot->index, lot->rest);
	}
	if (reverse && event->reverses == REVERSED_REFUND && lot) {
		event->debt = event->amount > lot->rest ? event->amount - lot->rest : 0;
		add_part(event, lot->seq, lot->index, event->amount - event->debt);
	}
	if (reverse && event->reverses == REVERSED_TRANSFER)
		add_part(event, event->seq, 0, event->amount);
}

/* Plans the entry as the verbs and the check do. Returns false when there is none. */
static bool plan(const struct world *world, const struct account *account, const struct account *to,
		 struct event *event)
{
	const struct meter *meter = account_meter(account, event->cluster);
	struct sb_error err;
	int64_t used, allocated;

	if (!account->seq && event->kind != EVENT_OPEN)
		return false;
	event->debt = 0;
	event->part_count = 0;
	switch (event->kind) {
	case EVENT_DEPOSIT:
		if (event->start <= world->time && world->time < event->end)
			event->debt = plan_debt(account, event->amount);
		if (!event->period)
			return account->open;
		event->start = account->quota.granted;
		event->debt = plan_debt(account, event->amount);
		return account->open && account->quota.amount && event->start <= world->time;
	case EVENT_FORGIVE:
		event->amount = plan_debt(account, event->amount);
		return event->amount > 0;
	case EVENT_WITHDRAW:
		return plan_take(account, event, &err) == SB_OK;
	case EVENT_TRANSFER:
		event->debt = plan_debt(to, event->amount);
		return to->open && plan_take(account, event, &err) == SB_OK;
	case EVENT_BASELINE:
		event->before = meter ? meter->reading : -1;
		return true;
	case EVENT_CHARGE:
		if (!meter || meter->jobs ||
		    __builtin_add_overflow(meter->reading, event->amount, &event->now))
			return false;
		event->before = meter->reading;
		event->since = meter->time;
		event->until = world->time;
		return plan_charge(account, event, &err) == SB_OK;
	case EVENT_METER:
		event->meter = meter && meter->jobs ? METER_RAWUSAGE : METER_JOBS;
		event->since = world->time;
		return meter;
	case EVENT_MOVE:
		event->since = world->time;
		return meter;
	case EVENT_CHARGE_JOB:
		if (!meter || !meter->jobs)
			return false;
		event->since = meter->jobs_since;
		event->until = world->time;
		return event->since < event->until && plan_charge(account, event, &err) == SB_OK;
	case EVENT_FEE:
		return event->since < event->until && event->until <= world->time &&
		       plan_charge(account, event, &err) == SB_OK;
	case EVENT_RECONCILE:
		if (!meter || event->use == USE_LESS) {
			arrange(account, event);
			return false;
		}
		event->since = meter->time;
		event->until = world->time;
		event->start = 0;
		event->end = WHEN_NEVER;
		return event->since < event->until && plan_charge(account, event, &err) == SB_OK;
	case EVENT_RENAME:
		plan_rename(account, event);
		return !*account->successor && !to->seq;
	case EVENT_MERGE:
		if (event->until && *account->successor && account->debt > 0) {
			event->rest = 0;
			event->part_count = 0;
			event->debt = 1 + event->debt % account->debt;
			event->until = world->time;
			return to->open && event->since < event->until;
		}
		event->since = event->until = 0;
		return to->open && plan_merge(account, event, &err) == SB_OK;
	case EVENT_THRESHOLD:
		event->level = event->level % 8 + 1;
		if (account_used(account, &used, &err) ||
		    account_allocated(account, &allocated, &err))
			return false;
		event->used = used;
		event->allocated = allocated;
		return !account_crossed(account, event->level);
	case EVENT_EXPIRE:
		event->amount = 0;
		for (size_t i = 0; i < account->lot_count; i++) {
			const struct lot *lot = &account->lots[i];

			if (lot->end > world->time || lot->end != account->lots[0].end)
				continue;
			event->end = lot->end;
			event->amount += lot->rest;
			add_part(event, lot->seq, lot->index, lot->rest);
		}
		return event->amount > 0;
	default:
		arrange(account, event);
		return false;
	}
}

/* Checks rules that hold for every accepted state. */
static void check_state(const struct account *account)
{
	struct sb_error err;
	int64_t available, used, rest, allocated;

	MUST(account_available(account, &available, &err) == SB_OK);
	MUST(account_used(account, &used, &err) == SB_OK);
	MUST(account_rest(account, &rest, &err) == SB_OK);
	MUST(account_allocated(account, &allocated, &err) == SB_OK);
	MUST(available == rest + account->credit - account->debt);
	MUST(rest >= 0 && rest <= allocated && account->debt >= 0);
	/* There is no debt while there is money. */
	MUST(account->debt == 0 || rest == 0);
	for (size_t i = 0; i < account->lot_count; i++) {
		MUST(account->lots[i].rest >= 0 &&
		     account->lots[i].rest <= account->lots[i].amount);
		MUST(i == 0 || account->lots[i - 1].end <= account->lots[i].end);
	}
}

/* A state is the same after it was stored and read. */
static void check_storing(const struct account *account)
{
	struct bytes bytes = {0}, again = {0};
	struct account *decoded = NULL;
	struct sb_error err;

	MUST(account_encode(account, &bytes, &err) == SB_OK);
	MUST(account_decode(bytes.data, bytes.len, &decoded, &err) == SB_OK);
	MUST(account_encode(decoded, &again, &err) == SB_OK);
	MUST(bytes.len == again.len && memcmp(bytes.data, again.data, bytes.len) == 0);
	bytes_release(&bytes);
	bytes_release(&again);
	account_free(decoded);
}

/* A state is the same whether it is settled in one step or in two. */
static void check_settling(const struct account *account, int64_t between, int64_t until)
{
	struct account *once = account_copy(account), *twice = account_copy(account);
	struct bytes a = {0}, b = {0};
	struct sb_error err;

	MUST(once && twice);
	MUST(!account_settle(once, until, NULL));
	MUST(!account_settle(twice, between, NULL));
	check_state(twice);
	MUST(!account_settle(twice, until, NULL));
	MUST(account_encode(once, &a, &err) == SB_OK && account_encode(twice, &b, &err) == SB_OK);
	MUST(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
	bytes_release(&a);
	bytes_release(&b);
	account_free(once);
	account_free(twice);
}

static void check_stored(const struct event *event)
{
	struct bytes bytes = {0};
	struct event decoded = {0};
	struct sb_error err;

	MUST(event_encode(event, &bytes, &err) == SB_OK);
	MUST(event_decode(bytes.data, bytes.len, &decoded, &err) == SB_OK);
	event_release(&decoded);
	bytes_release(&bytes);
}

/* Applies to copies, since a refused entry leaves no state. */
static void apply(struct world *world, const struct event *event, bool planned)
{
	struct account *copies[ACCOUNTS];
	int at = strcmp(event->account, names[1]) == 0;
	const char *receiver = event_receiver(event);
	struct sb_error err = {0};
	int rc;

	for (int i = 0; i < ACCOUNTS; i++)
		MUST((copies[i] = account_copy(world->accounts[i])));
	rc = account_apply(copies[at], receiver && *receiver ? copies[!at] : NULL, event, &err);
	MUST(rc == SB_OK || rc == SB_ECORRUPT || rc == SB_EOVERFLOW);
	if (planned && rc == SB_ECORRUPT) {
		(void)fprintf(stderr, "planned, and refused: %s\n", err.text);
		abort();
	}
	for (int i = 0; i < ACCOUNTS; i++) {
		struct account *old = rc ? copies[i] : world->accounts[i];

		if (!rc)
			world->accounts[i] = copies[i];
		account_free(old);
	}
	if (!rc) {
		world->seq = event->seq;
		for (int i = 0; i < ACCOUNTS; i++)
			check_state(world->accounts[i]);
	}
}

static void step(struct world *world)
{
	uint8_t command = read_u8(&world->from);
	bool planned = command & 128;
	struct event event = {.seq = world->seq + 1,
			      .kind = (enum event_kind)(command % 32),
			      .login = LOGIN_NONE,
			      .user = "slurm",
			      .host = "host",
			      .ref = "",
			      .request = "",
			      .note = ""};
	struct account *account;

	if (command & 64)
		world->time += read_u8(&world->from) * WHEN_SECOND / 2;
	event.time = world->time;
	take_event(world, &event);
	for (int i = 0; i < ACCOUNTS; i++)
		MUST(!account_settle(world->accounts[i], world->time, NULL));
	account = world->accounts[strcmp(event.account, names[1]) == 0];
	planned = planned &&
		  plan(world, account, world->accounts[account == world->accounts[0]], &event);
	if (event_check(&event, NULL) == SB_OK) {
		check_stored(&event);
		apply(world, &event, planned);
	}
	event_release(&event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world world = {.from = reader_on(data, size),
			      .time = INT64_C(1795366800) * WHEN_SECOND};

	/* By the size, so that the inputs of the corpus keep their meaning. */
	names = size % 4 == 3 ? purses : accounts;
	for (int i = 0; i < ACCOUNTS; i++)
		MUST((world.accounts[i] = account_new(names[i])));
	for (int i = 0; i < STEPS_MAX && world.from.at < world.from.end && !world.from.failed; i++)
		step(&world);
	/* The states between are the last ones of shorter inputs. */
	for (int i = 0; i < ACCOUNTS; i++) {
		check_storing(world.accounts[i]);
		check_settling(world.accounts[i], world.time + 7 * WHEN_SECOND,
			       world.time + 100 * WHEN_SECOND);
		account_free(world.accounts[i]);
	}
	return 0;
}
