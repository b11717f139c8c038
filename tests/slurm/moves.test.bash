#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Accounts of a real Slurm above and below each other: moved, reset, held.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"

change() { # ACCOUNT KEY=VALUE
	cluster_ask sacctmgr -i modify account where account="$1" cluster="$CLUSTER_NAME" set "$2" >/dev/null
}

has_used() { # ACCOUNT SECONDS
	[[ $(cluster_raw_usage "$1") = "$2" ]]
}

# Expects a check to record nothing and not to complain.
expect_nothing_new() {
	local count
	count=$(entries)
	run 0 subank check
	expect_equal "complaints" "" "$err"
	expect_equal "entries" "$count" "$(entries)"
}

# Both old and new parent are in the bank, and so is what is above both.
test_an_account_that_moves_with_its_use_charges_nobody() {
	local lab old new all
	new_bank
	new_account institute
	new_account before parent=institute
	new_account after parent=institute
	new_account lab parent=before
	for account in institute before after; do
		run 0 subank open "$account" 1
	done
	spend lab 16 2
	run 0 subank check
	lab=$(cluster_raw_usage lab)
	expect_equal "used below the old parent" "$lab" "$(used before)"
	change lab parent=after
	expect_true "the use has moved" cluster_until 20 has_used after "$lab"
	expect_equal "left with the old parent" 0 "$(cluster_raw_usage before)"
	run 3 subank check
	expect_match "what is said" 'before: the usage on dev went from .* SU to 0\.00 SU, and account lab has moved' "$err"
	expect_match "what is said" 'after: the usage on dev went from 0\.00 SU to .* SU, and account lab has moved' "$err"
	[[ $err != *institute* ]] || harness_failed "messages" "none of institute" "$err"
	expect_equal "entries of kind baseline" 5 "$(entries_of baseline)"
	expect_nothing_new
	expect_equal "charges" "$lab" "$(charged before)"
	expect_equal "charges" "" "$(charged after)"
	spend lab 8 1
	run 0 subank check
	new=$(($(cluster_raw_usage after) - lab))
	old=$(used before)
	all=$(used institute)
	expect_equal "used before" "$lab" "$old"
	expect_equal "used after" "$new" "$(used after)"
	expect_equal "used by all" $((lab + new)) "$all"
	run 0 subank verify
}

# sum_of JOB...: prints their cost by sacct.
sum_of() {
	local IFS=,
	cluster_ask sacct -X -n -P -M "$CLUSTER_NAME" -j "$*" -o ElapsedRaw,AllocTRES |
		awk -F'|' 'match($2, /billing=[0-9]+/) { sum += $1 * substr($2, RSTART + 8, RLENGTH - 8) } END { print sum }'
}

# ended: whether all jobs have ended, and slurmdbd knows it.
ended() {
	no_jobs && ! cluster_ask sacct -X -a -n -P -M "$CLUSTER_NAME" -S now-1day -o End | grep -q Unknown
}

difference() {
	subank reconcile -n -P --seconds -o Edge,Difference "$1" || true
}

# The top accounts are metered by jobs, those below by RawUsage; one of each is not in the bank.
test_a_job_that_runs_across_a_move_counts_for_both_meters_once() {
	local first early across outside
	new_bank
	for account in oldtop newtop; do
		new_account "$account"
		run 0 subank open "$account" 100
		run 0 subank terms "$account" --meter jobs --no-apply
	done
	new_account oldmid parent=oldtop
	new_account newmid parent=newtop
	new_account nobody
	new_account worker parent=oldmid
	new_account stranger parent=nobody
	run 0 subank open oldmid 100
	run 0 subank open newmid 100
	run 0 subank check
	spend worker 4 2
	first=$job
	spend stranger 4 2
	run 0 subank check
	spend worker 3 2
	early=$job
	submit stranger 'sleep 20' -n 2
	outside=$job
	submit worker 'sleep 20' -n 2
	across=$job
	expect_job "$across" RUNNING
	expect_job "$outside" RUNNING
	change worker parent=newmid
	change stranger parent=newmid
	expect_true "the use has moved" cluster_until 20 eval '(($(cluster_raw_usage oldmid) == 0))'
	run 3 subank check
	expect_equal "moves" "oldmid|$CLUSTER_NAME worker went: from oldmid to newmid" \
		"$(subank journal -n -P -k move -o Account,Detail oldmid)"
	expect_job "$across" COMPLETED 60
	expect_job "$outside" COMPLETED 60
	expect_true "slurmdbd knows" cluster_until 60 ended
	run 0 subank check
	expect_equal "by jobs, before" "$(sum_of "$first" "$early")" "$(used oldtop)"
	expect_equal "by jobs, after" "$(sum_of "$across" "$outside")" "$(used newtop)"
	expect_equal "by jobs, differences" "0|0 0|0" "$(difference oldtop) $(difference newtop)"
	echo "  by RawUsage: $(used oldmid) before, $(used newmid) after; $(sum_of "$first" "$early"), $(sum_of "$across"), $(sum_of "$outside")"
	expect_equal "edges and differences" "0|0 0|0" "$(difference oldmid) $(difference newmid)"
	run 0 subank reconcile
	run 0 subank verify
}

test_predecessor_19_a_reset_charges_first_and_leaves_balances_alone() {
	local parent child count
	new_bank
	new_account faculty
	new_account group parent=faculty
	new_account sister parent=faculty
	for account in faculty group sister; do
		run 0 subank open "$account" 1
	done
	submit sister 'sleep 2' -n 4
	spend group 8 2
	expect_job "$job" COMPLETED
	cluster_until 30 no_jobs
	child=$(cluster_raw_usage group)
	parent=$(cluster_raw_usage faculty)
	run 1 subank reset group
	expect_match "nobody to ask" 'add --immediate' "$err"
	expect_equal "RawUsage" "$child" "$(cluster_raw_usage group)"
	run 0 subank reset group --immediate --note 'fair share'
	expect_match "what is said" 'group: the usage on dev was reset' "$out"
	expect_equal "RawUsage of the child" 0 "$(cluster_raw_usage group)"
	expect_equal "RawUsage of the parent" $((parent - child)) "$(cluster_raw_usage faculty)"
	expect_equal "charges of the child" "$child" "$(charged group)"
	expect_equal "charges of the parent" "$parent" "$(charged faculty)"
	expect_equal "available to the child" $((3600 - child)) "$(available group)"
	count=$(entries)
	run 0 subank check
	expect_match "the sister's own" 'sister: charged' "$out"
	expect_equal "entries" $((count + 1)) "$(entries)"
	spend group 4 1
	run 0 subank check
	expect_equal "used by the child" $((child + $(cluster_raw_usage group))) "$(used group)"
	expect_equal "used by the parent" $((parent + $(cluster_raw_usage group))) "$(used faculty)"
	run 0 subank reset faculty --immediate
	expect_equal "RawUsage of all" "0 0 0" \
		"$(cluster_raw_usage faculty) $(cluster_raw_usage group) $(cluster_raw_usage sister)"
	expect_nothing_new
	run 0 subank verify
}

# Under the old limit the use that Slurm forgets could be spent again.
test_a_reset_under_limit_starts_nothing_that_the_balance_does_not_pay_for() {
	local before spent
	new_bank
	new_account college
	new_account team parent=college
	run 0 subank open college 1
	run 0 subank open team 300s
	spend team 16 10 # without a time limit it would not start under a cap
	run 0 subank check
	run 0 subank terms college --enforce limit
	run 0 subank terms team --enforce limit
	spent=$(cluster_raw_usage team)
	submit team 'sleep 60' -t 3
	before=$job
	cluster_wait_reason "$before" AssocGrpBillingMinutes
	run 0 subank reset team --immediate
	expect_equal "RawUsage" 0 "$(cluster_raw_usage team)"
	expect_equal "available" $((300 - spent)) "$(available team)"
	expect_equal "the cap" "billing=$(((300 - spent - 118) / 60))" "$(cluster_limits_in_force team)"
	expect_equal "the cap above" "billing=$(((3600 - spent - 118) / 60))" \
		"$(cluster_limits_in_force college)"
	submit team 'sleep 60' -t 3
	cluster_wait_reason "$job" AssocGrpBillingMinutes
	cluster_wait_reason "$before" AssocGrpBillingMinutes
	expect_nothing_new
	run 0 subank verify
}

test_parent_and_child_are_each_a_budget_and_a_held_parent_stops_the_child() {
	local parent
	new_bank
	new_account house
	new_account room parent=house
	run 0 subank open house 10s
	run 0 subank open room 1
	spend room 16 1
	parent=$(cluster_raw_usage house)
	run 0 subank check
	expect_equal "charges of the parent" "$parent" "$(charged house)"
	expect_equal "charges of the child" "$parent" "$(charged room)"
	expect_equal "state of the parent" held "$(state house)"
	expect_equal "state of the child" blocked "$(state room)"
	expect_equal "limits of the child" "" "$(cluster_limits room)"
	submit room 'sleep 1'
	expect_job_held "$job"
	run 0 subank deposit house 1
	expect_job "$job" COMPLETED 60
	# The other way round: the child has spent its own, and the parent's other jobs run.
	run 0 subank withdraw room all
	run 0 subank check
	expect_equal "limits of the child" cpu=0 "$(cluster_limits room)"
	submit room 'sleep 1'
	expect_job_held "$job"
	submit house 'sleep 1'
	expect_job "$job" COMPLETED
	run 0 subank verify
}

harness_main "$@"
