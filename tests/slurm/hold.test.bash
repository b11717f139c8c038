#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Holding and releasing accounts of a real Slurm, seen from the jobs of an ordinary user.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"

# spent_account NAME [KEY=VALUE...]: makes an account of 10 billing-seconds that has used more; the next
# check holds it.
spent_account() {
	new_bank
	new_account "$@"
	run 0 subank open "$1" 10s
	spend "$1" 16 1
}

# held_account NAME [KEY=VALUE...]: makes an account that the check has held.
held_account() {
	spent_account "$@"
	run 0 subank check
	expect_equal "state of $1" held "$(state "$1")"
}

test_an_account_over_its_allowance_is_held_and_its_running_job_goes_on_to_its_end() {
	local running queued
	new_bank
	new_account over
	run 0 subank open over 20s
	submit over 'sleep 12' -n 1
	running=$job
	expect_job "$running" RUNNING
	spend over 15 2
	run 0 subank check
	expect_equal "state" held "$(state over)"
	expect_equal "limits in slurmdbd" cpu=0 "$(cluster_limits over)"
	expect_equal "limits in slurmctld" cpu=0 "$(cluster_limits_in_force over)"
	submit over 'sleep 1' -n 1
	queued=$job
	expect_job_held "$queued"
	expect_equal "state of the running job" RUNNING "$(cluster_job_state "$running")"
	expect_job "$running" COMPLETED
	expect_equal "state of the queued job" PENDING "$(cluster_job_state "$queued")"
	expect_equal "its reason" AssocGrpCPUMinutesLimit "$(cluster_job_reason "$queued")"
}

test_an_account_with_something_left_is_not_held() {
	new_bank
	new_account within
	run 0 subank open within 1
	spend within 16 1
	run 0 subank check
	expect_equal "state" open "$(state within)"
	expect_equal "limits" "" "$(cluster_limits within)"
	submit within 'sleep 1' -n 1
	expect_job "$job" COMPLETED
}

test_a_deposit_releases_the_account_at_once_and_the_queued_job_starts() {
	held_account freed
	submit freed 'sleep 30' -n 1
	expect_job_held "$job"
	run 0 subank deposit freed 1
	expect_equal "state" open "$(state freed)"
	expect_equal "limits in slurmdbd" "" "$(cluster_limits freed)"
	expect_job "$job" RUNNING 60
	run 0 subank verify
}

test_a_quota_releases_the_account_and_comes_once() {
	held_account renewed
	submit renewed 'sleep 30' -n 1
	expect_job_held "$job"
	run 0 subank terms renewed --quota 1 --every year
	expect_equal "state" open "$(state renewed)"
	expect_equal "limits in slurmdbd" "" "$(cluster_limits renewed)"
	expect_job "$job" RUNNING 60
	run 0 subank check
	run 0 subank check
	expect_equal "entries of the quota" 1 "$(subank journal renewed --json | grep -c '"period":')"
	run 0 subank verify
}

test_a_deposit_smaller_than_the_debt_leaves_the_account_held() {
	held_account indebted
	submit indebted 'sleep 1' -n 1
	run 0 subank deposit indebted 1s
	expect_equal "state" held "$(state indebted)"
	expect_equal "limits" cpu=0 "$(cluster_limits indebted)"
	expect_job_held "$job"
}

test_a_limit_that_the_site_had_set_is_back_after_the_release() {
	new_bank
	new_account limited
	cluster_set_limits limited cpu=5000,gres/gpu=7
	run 0 subank open limited 10s
	spend limited 16 1
	run 0 subank check
	expect_equal "limits while held" cpu=0,gres/gpu=7 "$(cluster_limits limited)"
	run 0 subank deposit limited 1
	expect_equal "limits after the release" cpu=5000,gres/gpu=7 "$(cluster_limits limited)"
	expect_equal "limits in force" cpu=5000,gres/gpu=7 "$(cluster_limits_in_force limited)"
}

test_limits_on_other_resources_are_never_touched() {
	new_bank
	new_account other
	cluster_set_limits other node=9000,gres/gpu=7
	run 0 subank open other 10s
	spend other 16 1
	run 0 subank check
	expect_match "limits while held" '(^|,)cpu=0(,|$)' "$(cluster_limits other)"
	expect_match "limits while held" '(^|,)node=9000(,|$)' "$(cluster_limits other)"
	expect_match "limits while held" '(^|,)gres/gpu=7(,|$)' "$(cluster_limits other)"
	run 0 subank deposit other 1
	expect_equal "limits after the release" gres/gpu=7,node=9000 "$(cluster_limits other)"
}

test_a_site_limit_survives_a_second_hold() {
	new_bank
	new_account twice
	cluster_set_limits twice cpu=5000
	run 0 subank open twice 10s
	spend twice 16 1
	run 0 subank check
	run 0 subank check
	run 0 subank deposit twice 30s
	expect_equal "limits after the first release" cpu=5000 "$(cluster_limits twice)"
	spend twice 16 2
	run 0 subank check
	expect_equal "limits while held again" cpu=0 "$(cluster_limits twice)"
	run 0 subank deposit twice 1
	expect_equal "limits after the second release" cpu=5000 "$(cluster_limits twice)"
}

test_a_second_check_of_a_held_account_appends_nothing_and_changes_nothing_in_slurm() {
	local count before changes
	spent_account steady
	before=$(modifications)
	run 0 subank check
	count=$(entries)
	changes=$(modifications)
	expect_true "the hold itself is among the calls noted" test "${before%% *}" -lt "${changes%% *}"
	run 0 subank check
	run 0 subank check
	expect_equal "entries" "$count" "$(entries)"
	expect_equal "changes in Slurm" "$changes" "$(modifications)"
}

test_a_hold_and_its_release_are_in_the_journal_with_what_slurm_answered() {
	held_account written
	expect_equal "entries of kind hold" 1 "$(entries_of hold)"
	expect_equal "entries of kind lever" 1 "$(entries_of lever)"
	expect_equal "entries of kind applied" 1 "$(entries_of applied)"
	run 0 subank deposit written 1
	expect_equal "entries of kind release" 1 "$(entries_of release)"
	expect_equal "entries of kind lever" 2 "$(entries_of lever)"
	expect_equal "entries of kind applied" 2 "$(entries_of applied)"
}

test_an_account_is_held_and_released_by_hand() {
	new_bank
	new_account byhand
	run 0 subank open byhand 1
	run 0 subank hold byhand
	expect_equal "state" held "$(state byhand)"
	submit byhand 'sleep 30' -n 1
	expect_job_held "$job"
	run 0 subank release byhand
	expect_equal "state" open "$(state byhand)"
	expect_equal "limits" "" "$(cluster_limits byhand)"
	expect_job "$job" RUNNING 60
}

test_a_limit_changed_by_hand_while_held_is_reported_and_left() {
	held_account drifted
	cluster_set_limits drifted cpu=777
	run 3 subank check
	expect_match "what the check says" drifted "$out$err"
	expect_equal "limits" cpu=777 "$(cluster_limits drifted)"
	run 0 subank deposit drifted 1
	expect_equal "limits after the release" cpu=777 "$(cluster_limits drifted)"
}

test_money_kept_back_from_slurm_releases_at_the_next_check() {
	held_account later
	run 0 subank deposit later 1 --no-apply
	expect_equal "limits after the deposit" cpu=0 "$(cluster_limits later)"
	run 0 subank check
	expect_equal "limits after the check" "" "$(cluster_limits later)"
}

test_a_transfer_releases_the_receiver() {
	held_account receiver
	new_account giver
	run 0 subank open giver 1
	run 0 subank transfer giver receiver 0.5
	expect_equal "limits of the receiver" "" "$(cluster_limits receiver)"
	expect_equal "available to the giver" 1800 "$(available giver)"
}

test_money_does_not_lift_a_hold_by_hand() {
	new_bank
	new_account stayed
	run 0 subank open stayed 1
	run 0 subank hold stayed
	run 0 subank deposit stayed 1
	run 0 subank check
	expect_equal "state" held "$(state stayed)"
	expect_equal "limits" cpu=0 "$(cluster_limits stayed)"
}

test_a_release_without_funds_is_refused_unless_it_says_until_when() {
	held_account broke
	run 1 subank release broke
	expect_match "the refusal" until "$err"
	expect_equal "limits" cpu=0 "$(cluster_limits broke)"
	run 0 subank release broke --until 2099-01-01
	expect_equal "limits" "" "$(cluster_limits broke)"
	submit broke 'sleep 1' -n 1
	expect_job "$job" COMPLETED
}

test_a_closed_account_is_held() {
	new_bank
	new_account finished
	run 0 subank open finished 1
	run 0 subank close finished
	submit finished 'sleep 1' -n 1
	expect_job_held "$job"
	run 1 subank deposit finished 1
	run 0 subank hold finished
	run 0 subank release finished
	expect_equal "limits without the hold by hand" cpu=0 "$(cluster_limits finished)"
	run 0 subank open finished
	expect_job "$job" COMPLETED 60
}

test_an_account_that_never_had_money_is_held_at_its_first_use_and_not_before() {
	local before
	new_bank
	new_account penniless
	run 0 subank open penniless
	run 0 subank check
	expect_equal "state before" open "$(state penniless)"
	expect_equal "limits before" "" "$(cluster_limits penniless)"
	spend penniless 16 1
	before=$(entries)
	run 0 subank check --dry-run
	expect_match "dry run" 'accounts that a check would hold: 1: penniless' "$out"
	expect_equal "entries of the dry run" "$before" "$(entries)"
	run 0 subank check
	expect_equal "state" held "$(state penniless)"
	expect_equal "limits" cpu=0 "$(cluster_limits penniless)"
	submit penniless 'sleep 1' -n 1
	expect_job_held "$job"
	run 0 subank deposit penniless 1
	expect_job "$job" COMPLETED 60
}

test_two_accounts_are_held_by_one_check_and_released_one_by_one() {
	local one two
	new_bank
	new_account pair1
	new_account pair2
	run 0 subank open pair1 5s
	run 0 subank open pair2 5s
	submit pair1 'sleep 1' -n 8
	one=$job
	submit pair2 'sleep 1' -n 8
	two=$job
	expect_job "$one" COMPLETED
	expect_job "$two" COMPLETED
	run 0 subank check
	expect_equal "limits of the first" cpu=0 "$(cluster_limits pair1)"
	expect_equal "limits of the second" cpu=0 "$(cluster_limits pair2)"
	run 0 subank deposit pair1 1
	expect_equal "limits of the first" "" "$(cluster_limits pair1)"
	expect_equal "limits of the second" cpu=0 "$(cluster_limits pair2)"
}

harness_main "$@"
