/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "ledger/account/event.h"
#include "ledger/account/policy.h"
#include "ledger/base/when.h"
#include "tests/util.h"

START_TEST(names_are_made_and_taken_apart)
{
	static const struct {
		const char *account, *resource, *purse;
	} cases[] = {
		{"physics", "billing", "physics"},
		{"Physics", "BILLING", "physics"},
		{"physics", "gres/gpu", "physics:gres/gpu"},
		{"Physics", "gres/GPU:A100", "physics:gres/gpu:a100"},
		{"a/b@c", "license/matlab", "a/b@c:license/matlab"},
		{"a", "storage", "a:storage"},
	};
	char purse[NAME_SIZE], account[NAME_SIZE], again[NAME_SIZE];

	for (size_t i = 0; i < COUNT(cases); i++) {
		OK(purse_name(cases[i].account, cases[i].resource, purse, &error));
		ck_assert_str_eq(purse, cases[i].purse);
		ck_assert(purse_ok(purse));
		OK(purse_check("account", purse, &error));
		ck_assert(purse_is_account(purse) == !strchr(purse, ':'));
		OK(purse_name(purse_account(account, purse), purse_resource(purse), again, &error));
		ck_assert_str_eq(again, purse);
		ck_assert(purse_is_of(purse, account));
		ck_assert(!purse_is_of(purse, "a/b"));
		ck_assert(!purse_is_of(purse, "physics-x"));
	}
}
END_TEST

START_TEST(names_that_are_not_allowed_are_refused)
{
	static const char *const resources[] = {"",    "gres/gpu,cpu", "a b", "a=1",	  "a|b",
						"a\n", "-a",	       "/x",  "a\xc3\xa4"};
	static const char *const purses[] = {"",      ":",     "a:",	 ":cpu",  "a:billing",
					     "A:cpu", "a:CPU", "a:c pu", "-a:cpu"};
	char purse[NAME_SIZE], long_name[NAME_SIZE];

	for (size_t i = 0; i < COUNT(resources); i++)
		FAILS(SB_EINVAL, "is not a resource",
		      purse_name("physics", resources[i], purse, &error));
	for (size_t i = 0; i < COUNT(purses); i++)
		ck_assert_msg(!purse_ok(purses[i]), "'%s'", purses[i]);
	FAILS(SB_EINVAL, "not allowed", purse_name("a:b", "cpu", purse, &error));
	/* 255 bytes fit, 256 do not. */
	memset(long_name, 'a', 251);
	long_name[251] = '\0';
	OK(purse_name(long_name, "cpu", purse, &error));
	ck_assert_uint_eq(strlen(purse), 255);
	ck_assert(purse_ok(purse));
	memset(long_name, 'a', 252);
	long_name[252] = '\0';
	FAILS(SB_EINVAL, "more than 254 bytes together",
	      purse_name(long_name, "cpu", purse, &error));
	/* So do 64 bytes of a resource. */
	memset(long_name, 'a', 65);
	long_name[64] = '\0';
	OK(purse_name("x", long_name, purse, &error));
	long_name[64] = 'a';
	long_name[65] = '\0';
	FAILS(SB_EINVAL, "is not a resource", purse_name("x", long_name, purse, &error));
}
END_TEST

START_TEST(shares_are_named_for_their_user)
{
	static const struct {
		const char *account, *resource, *user, *share;
	} cases[] = {
		{"physics", "billing", "alice", "physics:billing~alice"},
		{"Physics", "BILLING", "Alice", "physics:billing~alice"},
		{"a", "gres/GPU:A100", "b.c@d", "a:gres/gpu:a100~b.c@d"},
	};
	static const char *const users[] = {"", "-a", "a b", "a,b", "a~b", "a|b", "a\n", "a:b"};
	static const char *const purses[] = {
		"a:~b", "a:billing~",	"a:billing~B", "a:billing~b~c",
		"a~b",	"a:billing~-b", "~a",	       "a:billing~b:c"};
	char share[NAME_SIZE], account[NAME_SIZE], base[RESOURCE_SIZE], user[RESOURCE_SIZE];

	for (size_t i = 0; i < COUNT(cases); i++) {
		OK(share_name(cases[i].account, cases[i].resource, cases[i].user, share, &error));
		ck_assert_str_eq(share, cases[i].share);
		ck_assert(purse_ok(share));
		ck_assert(!purse_is_account(share));
		OK(share_name(purse_account(account, share),
			      resource_base(base, purse_resource(share)), purse_user(share), share,
			      &error));
		ck_assert_str_eq(share, cases[i].share);
		ck_assert(purse_is_of(share, account));
	}
	for (size_t i = 0; i < COUNT(users); i++)
		FAILS(SB_EINVAL, "user", share_name("a", "billing", users[i], share, &error));
	for (size_t i = 0; i < COUNT(purses); i++)
		ck_assert_msg(!purse_ok(purses[i]), "'%s'", purses[i]);
	FAILS(SB_EINVAL, "cannot make a share", share_name("a", "cpu~x", "b", share, &error));
	/* 64 bytes of resource and user fit, 65 do not. */
	memset(user, 'u', sizeof(user));
	user[60] = '\0';
	OK(share_name("a", "cpu", user, share, &error));
	user[60] = 'u';
	user[61] = '\0';
	FAILS(SB_EINVAL, "more than 63 bytes together",
	      share_name("a", "cpu", user, share, &error));
	ck_assert_ptr_null(purse_user("physics"));
	ck_assert_ptr_null(purse_user("physics:gres/gpu"));
	ck_assert_str_eq(purse_unit("physics:billing~alice").name, "SU");
	ck_assert_str_eq(purse_unit("physics:gres/gpu~alice").name, "GPU-hours");
	ck_assert_str_eq(purse_unit("physics:gres/gpu:a100~alice").second, "a100-second");
}
END_TEST

START_TEST(slurm_holds_what_it_can)
{
	static const struct {
		const char *resource, *lever; /* NULL: none */
		bool other; /* than the resource: it cannot follow the balance */
	} cases[] = {
		{"billing", "billing", false},
		{"cpu", "cpu", false},
		{"mem", "mem", false},
		{"node", "node", false},
		{"gres/gpu", "gres/gpu", false},
		{"gres/gpu:a100", "gres/gpu", true},
		{"license/matlab", "license/matlab", false},
		{"energy", NULL, false},
		{"vmem", NULL, false},
		{"pages", NULL, false},
		{"fs/disk", NULL, false},
		{"storage", NULL, false},
		{"bb/datawarp", NULL, false},
		{"billing~alice", "cpu~alice", true},
		{"cpu~alice", "cpu~alice", false},
		{"gres/gpu~a.b@c", "gres/gpu~a.b@c", false},
		{"gres/gpu:a100~alice", "gres/gpu~alice", true},
		{"energy~alice", NULL, false},
	};
	const struct rules rules = {.enforcement = ENFORCE_LIMIT};
	char tres[RESOURCE_SIZE], purse[NAME_SIZE];
	struct account account = {0};

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert(resource_lever(cases[i].resource, tres) == !!cases[i].lever);
		if (cases[i].lever)
			ck_assert_str_eq(tres, cases[i].lever);
		OK(purse_name("a", cases[i].resource, purse, &error));
		memcpy(account.name, purse, sizeof(purse));
		ck_assert_int_eq((int)enforcement_of(&account, &rules),
				 (int)(!cases[i].lever	? ENFORCE_WARN
				       : cases[i].other ? ENFORCE_HOLD
							: ENFORCE_LIMIT));
	}
}
END_TEST

START_TEST(amounts_have_the_unit_of_their_resource)
{
	static const struct {
		const char *purse, *unit, *second, *text;
		int64_t amount;
		const char *shown;
	} cases[] = {
		{"a", "SU", "billing-second", "1.5", 5400, "1.50"},
		{"a:cpu", "CPU-hours", "CPU-second", "2", 7200, "2.00"},
		{"a:node", "node-hours", "node-second", "0.5", 1800, "0.50"},
		{"a:gres/gpu", "GPU-hours", "GPU-second", "10", 36000, "10.00"},
		{"a:gres/gpu:a100", "a100-hours", "a100-second", "1", 3600, "1.00"},
		{"a:license/matlab", "matlab-hours", "matlab-second", "1", 3600, "1.00"},
		{"a:storage", "storage-hours", "storage-second", "1", 3600, "1.00"},
		{"a:mem", "GiB-hours", "MiB-second", "1.5", 5529600, "1.50"},
		{"a:mem", "GiB-hours", "MiB-second", "0.01", 36864, "0.01"},
		{"a:mem", "GiB-hours", "MiB-second", "36863s", 36863, "<0.01"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct unit unit = purse_unit(cases[i].purse);
		char text[AMOUNT_TEXT_SIZE];
		int64_t amount;

		ck_assert_str_eq(unit.name, cases[i].unit);
		ck_assert_str_eq(unit.second, cases[i].second);
		OK(amount_parse_in(cases[i].text, &unit, &amount, &error));
		ck_assert_int_eq(amount, cases[i].amount);
		ck_assert_str_eq(amount_format_in(text, amount, unit.size), cases[i].shown);
	}
}
END_TEST

START_TEST(an_entry_names_the_resource_of_its_purse)
{
	struct event event = {.kind = EVENT_DEPOSIT,
			      .host = "h",
			      .user = "u",
			      .account = "a:cpu",
			      .resource = "cpu",
			      .amount = 1,
			      .end = WHEN_NEVER};
	struct event lever = {.kind = EVENT_LEVER,
			      .account = "a:cpu",
			      .cluster = "c",
			      .slurm_account = "a",
			      .answers = 1};

	OK(event_check(&event, &error));
	event.resource = "gres/gpu";
	FAILS(SB_EINVAL, "not that of the account", event_check(&event, &error));
	event.resource = RESOURCE_BILLING;
	FAILS(SB_EINVAL, "not that of the account", event_check(&event, &error));
	event.account = "a";
	OK(event_check(&event, &error));
	event.resource = "cpu";
	FAILS(SB_EINVAL, "not that of the account", event_check(&event, &error));
	event = (struct event){.kind = EVENT_TRANSFER,
			       .account = "a:cpu",
			       .to = "b",
			       .resource = "cpu",
			       .amount = 1};
	FAILS(SB_EINVAL, "another resource", event_check(&event, &error));
	FAILS(SB_EINVAL, "Slurm knows only the account", event_check(&lever, &error));
}
END_TEST

START_TEST(a_typed_name_may_have_a_resource)
{
	char name[NAME_SIZE];

	OK(purse_fold("Bio", name, &error));
	ck_assert_str_eq(name, "bio");
	OK(purse_fold("Bio:GRES/gpu:A100", name, &error));
	ck_assert_str_eq(name, "bio:gres/gpu:a100");
	OK(purse_fold("bio:billing", name, &error));
	ck_assert_str_eq(name, "bio");
	FAILS(SB_EINVAL, "is not a resource", purse_fold("bio:", name, &error));
	FAILS(SB_EINVAL, "the account name is empty", purse_fold(":cpu", name, &error));
	FAILS(SB_EINVAL, "is not a resource", purse_fold("bio:c*", name, &error));
}
END_TEST

START_TEST(purses_follow_their_account)
{
	static const char *const order[] = {"bio",	 "bio:cpu", "bio:gres/gpu", "bio-x",
					    "bio-x:mem", "bio.x",   "bio/x",	    "bio0",
					    "bio@x",	 "bio_x",   "chem"};

	for (size_t i = 0; i < COUNT(order); i++) {
		for (size_t j = 0; j < COUNT(order); j++)
			ck_assert_int_eq(purse_order(order[i], order[j]), (i > j) - (i < j));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("purse");
	TCase *tcase = tcase_create("purses");

	tcase_add_test(tcase, names_are_made_and_taken_apart);
	tcase_add_test(tcase, names_that_are_not_allowed_are_refused);
	tcase_add_test(tcase, shares_are_named_for_their_user);
	tcase_add_test(tcase, slurm_holds_what_it_can);
	tcase_add_test(tcase, amounts_have_the_unit_of_their_resource);
	tcase_add_test(tcase, an_entry_names_the_resource_of_its_purse);
	tcase_add_test(tcase, a_typed_name_may_have_a_resource);
	tcase_add_test(tcase, purses_follow_their_account);
	suite_add_tcase(suite, tcase);
	return util_run(suite);
}
