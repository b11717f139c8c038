#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Compares what a check charges with what a real slurmctld has counted.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"

test_opening_an_account_charges_nothing_of_its_earlier_use() {
	new_bank
	new_account earlier
	spend earlier 16 2
	expect_true "use before the account is opened" test "$(cluster_raw_usage earlier)" -ge 32
	run 0 subank open earlier 1
	run 0 subank check
	expect_equal "charges" "" "$(charged earlier)"
	expect_equal "used" 0 "$(used earlier)"
	expect_equal "available" 3600 "$(available earlier)"
	expect_equal "state" open "$(state earlier)"
}

test_opening_an_account_from_zero_charges_its_earlier_use() {
	local usage
	new_bank
	new_account fromzero
	spend fromzero 16 2
	usage=$(cluster_raw_usage fromzero)
	run 0 subank open fromzero 1 --from-zero
	run 0 subank check
	expect_equal "charges" "$usage" "$(charged fromzero)"
	expect_equal "available" $((3600 - usage)) "$(available fromzero)"
}

test_each_charge_is_exactly_what_raw_usage_has_grown_by() {
	local before first second
	new_bank
	new_account growing
	spend growing 5 1
	before=$(cluster_raw_usage growing)
	run 0 subank open growing 1
	spend growing 7 2
	first=$(cluster_raw_usage growing)
	expect_true "use by the first job" test "$first" -gt "$before"
	run 0 subank check
	expect_equal "first charge" $((first - before)) "$(charged growing)"
	spend growing 3 3
	second=$(cluster_raw_usage growing)
	expect_true "use by the second job" test "$second" -gt "$first"
	run 0 subank check
	expect_equal "both charges" "$((first - before))"$'\n'"$((second - first))" "$(charged growing)"
	expect_equal "used" $((second - before)) "$(used growing)"
	expect_equal "available" $((3600 - second + before)) "$(available growing)"
	run 0 subank verify
}

test_one_check_charges_every_account_for_its_own_use() {
	local one two
	new_bank
	new_account charged1
	new_account charged2
	run 0 subank open charged1 1
	run 0 subank open charged2 1
	submit charged1 'sleep 2' -n 3
	one=$job
	submit charged2 'sleep 2' -n 5
	two=$job
	expect_job "$one" COMPLETED
	expect_job "$two" COMPLETED
	run 0 subank check
	expect_equal "charge of the first" "$(cluster_raw_usage charged1)" "$(charged charged1)"
	expect_equal "charge of the second" "$(cluster_raw_usage charged2)" "$(charged charged2)"
}

test_use_by_a_child_account_is_charged_to_its_parent() {
	new_bank
	new_account faculty
	new_account institute parent=faculty
	run 0 subank open faculty 1
	spend institute 8 1
	run 0 subank check
	expect_true "use" test "$(cluster_raw_usage institute)" -ge 8
	expect_equal "charge" "$(cluster_raw_usage institute)" "$(charged faculty)"
}

test_a_second_check_appends_nothing_and_changes_nothing_in_slurm() {
	local count changes
	new_bank
	new_account repeated
	run 0 subank open repeated 1
	spend repeated 4 1
	run 0 subank check
	count=$(entries)
	changes=$(modifications)
	expect_equal "charges" 1 "$(entries_of charge)"
	run 0 subank check
	run 0 subank check
	expect_equal "entries" "$count" "$(entries)"
	expect_equal "changes in Slurm" "$changes" "$(modifications)"
}

test_a_dry_run_says_what_it_would_do_and_does_nothing() {
	local count changes
	new_bank
	new_account dry
	run 0 subank open dry 5s
	spend dry 16 1
	count=$(entries)
	changes=$(modifications)
	run 0 subank check --dry-run
	expect_match "what a dry run says" dry "$out$err"
	expect_equal "entries" "$count" "$(entries)"
	expect_equal "changes in Slurm" "$changes" "$(modifications)"
	expect_equal "limits" "" "$(cluster_limits dry)"
	run 0 subank check
	expect_equal "charges after the real check" "$(cluster_raw_usage dry)" "$(charged dry)"
}

harness_main "$@"
