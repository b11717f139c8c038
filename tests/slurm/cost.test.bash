#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Counts the calls of a real Slurm by a check of 1,000 accounts with 5,000 users. Times are only printed.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"
# shellcheck source=tests/slurm/thousand.bash
source "$harness_tests/thousand.bash"

# timed WHAT COMMAND...: runs it and prints how long it took.
timed() {
	local what=$1 began=${EPOCHREALTIME/[.,]/}
	shift
	"$@"
	printf '  %5d ms  %s\n' $(((${EPOCHREALTIME/[.,]/} - began) / 1000)) "$what"
}

# count_calls: counts calls of the real programs.
count_calls() {
	local name
	for name in sshare scontrol sacctmgr; do
		program "$name" "echo $name >>'$harness_dir/calls'; exec '$(PATH=$original_path command -v $name)' \"\$@\""
	done
}

# expect_calls PROGRAM COUNT: since the last forget_calls.
expect_calls() {
	expect_equal "calls of $1" "$2" "$(grep -cx "$1" "$harness_dir/calls" || true)"
}

forget_calls() {
	: >"$harness_dir/calls"
}

# for_hundred VERB ARGUMENT...: runs it for the first hundred accounts; the next check applies it.
for_hundred() {
	local verb=$1 i
	shift
	for ((i = 0; i < 100; i++)); do
		subank "$verb" "$(printf p%04d $i)" "$@" --no-apply --quiet
	done
}

test_predecessor_34_a_check_of_a_thousand_accounts_makes_a_constant_number_of_calls() {
	local i half=p0000
	original_path=$PATH
	timed "sacctmgr load of 1,000 accounts and 5,000 users" load_accounts
	for ((i = 1; i < 50; i++)); do
		half+=$(printf ,p%04d $i)
	done
	cluster_set_limits "$half" cpu=5000
	new_bank
	timed "opening 1,000 accounts, without asking Slurm each time" open_accounts
	count_calls
	cluster_until 20 limit_is p0049 cpu=5000

	run 0 subank check
	forget_calls
	timed "a check with nothing to do" run 0 subank check
	expect_equal "its output" "" "$out$err"
	expect_calls sshare 1
	expect_calls scontrol 1
	expect_calls sacctmgr 0

	timed "100 withdrawals" for_hundred withdraw all
	forget_calls
	timed "a check that holds 100 accounts" run 0 subank check
	expect_calls sacctmgr 1
	expect_equal "held" 100 "$(subank balance -n -P -o State | grep -cx held)"
	expect_true "limit of the last one" limit_is p0099 cpu=0

	timed "100 deposits" for_hundred deposit 1
	forget_calls
	timed "a check that releases them, to two values" run 0 subank check
	expect_calls sacctmgr 2
	expect_true "limit of one that had a limit" limit_is p0049 cpu=5000
	expect_true "limit of one that had none" limit_is p0050 ""

	forget_calls
	run 0 subank check
	expect_equal "output of the next check" "" "$out$err"
	expect_calls sacctmgr 0
	timed "verify" run 0 subank verify
}

limit_is() {
	[[ $(cluster_limits_in_force "$1") = "$2" ]]
}

harness_main "$@"
