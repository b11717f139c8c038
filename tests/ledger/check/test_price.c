/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a job is charged: its whole price, and what of it counts from a given second on. */
#include "ledger/check/jobs.h"
#include "tests/util.h"

enum { START = 1000 };
#define HALF (EVENT_EXCESS_ONE / 2)
#define ONE INT64_C(1000000)

static const struct price {
	struct finished_job job;
	int64_t since, amount; /* -1: past int64 */
} prices[] = {
	{{.elapsed = 61, .billing = 2, .factor = ONE}, 0, 122},
	{{.elapsed = 61, .billing = 2, .factor = ONE}, START + 60, 2},
	{{.elapsed = 61, .billing = 2, .factor = ONE}, START + 61, 0},
	/* Rounded up. */
	{{.elapsed = 61, .billing = 2, .factor = ONE, .round_seconds = 60}, 0, 240},
	{{.elapsed = 60, .billing = 2, .factor = ONE, .round_seconds = 60}, 0, 120},
	{{.elapsed = 1, .billing = 2, .factor = ONE, .round_seconds = 60}, 0, 120},
	{{.elapsed = 61, .billing = 2, .factor = ONE, .round_seconds = 1}, 0, 122},
	{{.elapsed = 0, .billing = 2, .factor = ONE, .round_seconds = 60}, 0, 0},
	{{.elapsed = 61, .billing = 1, .factor = 333333, .round_seconds = 7}, 0, 20},
	{{.elapsed = 1, .excess = HALF, .factor = ONE, .round_seconds = 3}, 0, 1},
	/* The part before was charged by the second, the rest pays for the whole rounded run. */
	{{.elapsed = 61, .billing = 2, .factor = ONE, .round_seconds = 60}, START + 30, 180},
	{{.elapsed = 61, .billing = 2, .factor = ONE, .round_seconds = 60}, START + 60, 120},
	{{.elapsed = 61, .billing = 2, .factor = ONE, .round_seconds = 60}, START + 61, 0},
	{{.elapsed = 61, .billing = 2, .factor = ONE, .round_seconds = 60}, START + 90, 0},
	/* At least the minimum, unless it is free. */
	{{.elapsed = 61, .billing = 2, .factor = ONE, .min_charge = 500}, 0, 500},
	{{.elapsed = 61, .billing = 2, .factor = ONE, .min_charge = 123}, 0, 123},
	{{.elapsed = 61, .billing = 2, .factor = ONE, .min_charge = 122}, 0, 122},
	{{.elapsed = 61, .billing = 2, .factor = ONE, .min_charge = 121}, 0, 122},
	{{.elapsed = 1, .billing = 1, .factor = 1, .min_charge = 5}, 0, 5},
	{{.elapsed = 1, .excess = 1, .factor = ONE, .min_charge = 5}, 0, 5},
	{{.elapsed = 0, .billing = 2, .factor = ONE, .min_charge = 500}, 0, 0},
	{{.elapsed = 61, .billing = 2, .factor = 0, .min_charge = 500}, 0, 0},
	{{.elapsed = 61, .billing = 0, .factor = ONE, .min_charge = 500}, 0, 0},
	/* The minimum is for the whole job: what that lacks is charged with the rest. */
	{{.elapsed = 100, .billing = 1, .factor = ONE, .min_charge = 150}, START + 60, 90},
	{{.elapsed = 100, .billing = 1, .factor = ONE, .min_charge = 100}, START + 60, 40},
	{{.elapsed = 100, .billing = 1, .factor = ONE, .min_charge = 150}, START + 100, 0},
	{{.elapsed = 61, .billing = 1, .factor = ONE, .round_seconds = 60, .min_charge = 121},
	 START + 30,
	 91},
	{{.elapsed = 61, .billing = 1, .factor = ONE, .round_seconds = 60, .min_charge = 120},
	 START + 30,
	 90},
	/* As much as fits. */
	{{.elapsed = 1, .billing = 1, .factor = ONE, .min_charge = INT64_MAX}, 0, INT64_MAX},
	{{.elapsed = INT64_MAX, .billing = 1, .factor = ONE}, 0, INT64_MAX},
	{{.elapsed = INT64_MAX, .billing = 1, .factor = ONE, .round_seconds = 60}, 0, -1},
	{{.elapsed = 1, .billing = INT64_MAX, .factor = ONE, .round_seconds = 2}, 0, -1},
	{{.elapsed = 1, .billing = INT64_MAX, .excess = HALF, .factor = INT64_MAX}, 0, -1},
};

START_TEST(a_job_costs)
{
	struct finished_job job = prices[_i].job;
	int64_t amount = 7;

	job.start = START;
	if (prices[_i].amount < 0) {
		ck_assert(!job_amount(&job, prices[_i].since, &amount));
		ck_assert_int_eq(amount, 7);
	} else {
		ck_assert(job_amount(&job, prices[_i].since, &amount));
		ck_assert_int_eq(amount, prices[_i].amount);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("price");
	TCase *tcase = tcase_create("price");

	tcase_add_loop_test(tcase, a_job_costs, 0, COUNT(prices));
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
