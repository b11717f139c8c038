#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `enforcement: limit` on a real Slurm: slurmctld itself starts only what the balance allows.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"
harness_second=gpu
CLUSTER_CPUS=64 # room for all jobs at once, so that only limits stop them

# use_settings LINE...: writes the settings of this test, beside the clusters.
use_settings() {
	printf '%s\n' 'charge_minutes: 0' "$@" >"$harness_dir/subank.yaml"
}

# new_capped ACCOUNT SECONDS: makes an account with a cap. The cap for S seconds is (S - 118) / 60 minutes:
# slurmctld compares two numbers of minutes that it has cut, so 2 * 59 s can pass.
new_capped() {
	new_account "$1"
	run 0 subank open "$1" "$2s"
}

running() {
	cluster_ask squeue -h -t R,CG,S -A "$1" | grep -c . || true
}

# Whether none of these accounts' jobs has run for three seconds.
at_rest() {
	local account try
	for ((try = 0; try < 4; try++)); do
		for account in "$@"; do
			(($(running "$account") == 0)) || return 1
		done
		sleep 1
	done
}

# sacct_sum ACCOUNT EXPRESSION: prints the sum over its jobs that ran; b is billing, e the seconds.
sacct_sum() {
	cluster_ask sacct -n -X -P -A "$1" -o ElapsedRaw,AllocTRES | awk -F'|' "
		match(\$2, /billing=[0-9]+/) {
			b = substr(\$2, RSTART + 8, RLENGTH - 8); e = \$1; sum += $2
		}
		END { print sum + 0 }"
}

# Three accounts at once, with no check while their jobs run.
test_thirty_jobs_that_ask_for_three_times_the_balance_use_no_more_than_it() {
	local account used spent over=0
	local -A usage=()
	use_settings "clusters: [$CLUSTER_NAME]"
	new_bank
	for account in fits ends held; do
		new_account "$account"
	done
	run 0 subank open fits 600s
	run 0 subank open held 600s
	run 0 subank open ends 598s
	run 0 subank terms fits --enforce limit
	run 0 subank terms ends --enforce limit
	expect_equal "the cap" billing=8 "$(cluster_limits_in_force fits)"
	expect_equal "the cap" billing=8 "$(cluster_limits_in_force ends)"
	# Each may use 60 s, and ends before.
	# shellcheck disable=SC2016 # the job's shell expands it
	for account in fits held; do
		submit "$account" 'sleep $((25 + SLURM_ARRAY_TASK_ID % 3 * 10))' -t 1 -a 0-29
	done
	# These are ended by Slurm.
	submit ends 'sleep 600' -t 1 -n 4 -a 0-5
	cluster_until 60 running_at_least held 30 || harness_failed "jobs of held" 30 "$(running held)"
	run 0 subank check # of a balance that is still whole, as far as Slurm has counted: holds nobody
	expect_true "all jobs at rest" cluster_until 240 at_rest fits ends held
	for account in fits ends held; do
		usage[$account]=$(cluster_raw_usage "$account")
		spent=$(sacct_sum "$account" 'b * e')
		expect_true "RawUsage of $account, ${usage[$account]}, is what sacct says, $spent" \
			test $((usage[$account] - spent)) -ge -30 -a $((usage[$account] - spent)) -le 30
		((spent <= usage[$account])) || usage[$account]=$spent
	done
	expect_true "use under limit, ${usage[fits]} s, is no more than the balance, 600 s" test "${usage[fits]}" -le 600
	expect_true "and not held back for nothing" test "${usage[fits]}" -gt 300
	over=$(sacct_sum ends 'e > 60 ? b * (e - 60) : 0')
	expect_true "use by jobs that ran into their limits, ${usage[ends]} s, is over 598 s by no more than the $over s \
that Slurm ended them late" test "${usage[ends]}" -le $((598 + over))
	expect_equal "how many of them ran" 2 "$(sacct_sum ends 1)"
	used=$((usage[held] - 600))
	expect_true "under hold the same jobs overspend" test "$used" -gt 0
	echo "      of 600 s: under limit ${usage[fits]} s used, under hold ${usage[held]} s, $used s too much;" \
		"jobs that ran into their limits were ended $over s late"
	run 0 subank check
	expect_equal "state" held "$(state held)"
	expect_equal "state" open "$(state fits)"
	expect_true "what waits, waits for the cap" waits_for_cap fits
	run 0 subank verify
}

running_at_least() {
	(($(running "$1") >= $2))
}

waits_for_cap() {
	[[ $(cluster_ask squeue -h -t PD -A "$1" -o %r | sort -u) = AssocGrpBillingMinutes ]]
}

test_whatever_moves_money_moves_the_cap_at_once() {
	local changes
	use_settings "clusters: [$CLUSTER_NAME]" 'enforcement: limit'
	new_bank
	new_capped giver 600
	expect_equal "cap" billing=8 "$(cluster_limits_in_force giver)"
	run 0 subank deposit giver 600s
	expect_equal "cap after a deposit" billing=18 "$(cluster_limits_in_force giver)"
	run 0 subank withdraw giver 300s
	expect_equal "cap after a withdrawal" billing=13 "$(cluster_limits_in_force giver)"
	new_account taker
	cluster_set_limits taker billing=5000,cpu=700
	run 0 subank open taker
	expect_equal "limits without money" billing=5000,cpu=700 "$(cluster_limits_in_force taker)"
	run 0 subank transfer giver taker 300s
	expect_equal "cap of who gave" billing=8 "$(cluster_limits_in_force giver)"
	expect_equal "cap of who got" billing=3,cpu=700 "$(cluster_limits_in_force taker)"
	submit giver 'sleep 60' -t 9
	cluster_wait_reason "$job" AssocGrpBillingMinutes
	cluster_ask scancel "$job"

	run 0 subank hold taker
	expect_equal "limits when held by hand" billing=3,cpu=0 "$(cluster_limits_in_force taker)"
	run 0 subank release taker
	expect_equal "limits when released" billing=3,cpu=700 "$(cluster_limits_in_force taker)"

	# Use changes balance and counter alike: nothing needs to be set.
	submit giver 'sleep 2' -n 4 -t 1
	expect_job "$job" COMPLETED
	changes=$(modifications)
	run 0 subank check
	run 0 subank check
	expect_equal "changes in Slurm" "$changes" "$(modifications)"

	# Everything is spent: both.
	run 0 subank withdraw taker all
	run 0 subank check
	expect_equal "limits without funds" billing=0,cpu=0 "$(cluster_limits_in_force taker)"
	run 0 subank deposit taker 300s
	expect_equal "limits with funds again" billing=3,cpu=700 "$(cluster_limits_in_force taker)"

	# The cap does not exceed the site's limit.
	run 0 subank deposit taker 1000
	expect_equal "cap" billing=5000,cpu=700 "$(cluster_limits_in_force taker)"
	run 0 subank withdraw taker 1000
	expect_equal "cap" billing=3,cpu=700 "$(cluster_limits_in_force taker)"
	run 0 subank terms taker --enforce hold
	expect_equal "limits under hold" billing=5000,cpu=700 "$(cluster_limits_in_force taker)"
	run 0 subank terms taker --enforce site
	expect_equal "limits under limit again" billing=3,cpu=700 "$(cluster_limits_in_force taker)"
	run 0 subank terms taker --unlimited
	expect_equal "limits of an unlimited account" billing=5000,cpu=700 "$(cluster_limits_in_force taker)"
	run 0 subank terms giver --enforce off
	expect_equal "limits under off" "" "$(cluster_limits_in_force giver)"
	run 0 subank check
	run 0 subank verify
}

# caps ACCOUNT: prints its caps on both clusters.
caps() {
	echo "$(cluster_limits_in_force "$1") $(cluster_second cluster_limits_in_force "$1")"
}

test_two_clusters_share_a_balance_and_one_that_is_down_keeps_its_room() {
	local both=("clusters: [$CLUSTER_NAME, $CLUSTER_SECOND]" 'enforcement: limit')
	use_settings "${both[@]}"
	new_bank
	cluster_second new_account even
	new_capped even 3600
	expect_equal "caps, even" "billing=28 billing=28" "$(caps even)"
	use_settings "${both[@]}" "shares: {$CLUSTER_NAME: 3, $CLUSTER_SECOND: 1}"
	cluster_second new_account weighted
	new_capped weighted 3600
	expect_equal "caps, three to one" "billing=43 billing=13" "$(caps weighted)"
	use_settings "${both[@]}" "shares: pooled"
	cluster_second new_account pooled
	new_capped pooled 3600
	expect_equal "caps, pooled" "billing=58 billing=58" "$(caps pooled)"
	run 0 subank close weighted
	run 0 subank close pooled
	use_settings "${both[@]}"
	run 0 subank check

	# An account on one cluster only has all there.
	new_capped alone 3600
	expect_equal "cap" "billing=58 " "$(caps alone)"

	# A lowered cap stops no running job: its 20 minutes do not go to the other cluster, which would get
	# 13 of them.
	cluster_second new_account busy
	new_capped busy 3600
	cluster_second submit busy 'sleep 60' -t 20
	cluster_second expect_job "$job" RUNNING
	run 0 subank withdraw busy 1800s
	expect_match "cap beside a job of the other cluster" '^billing=[78]$' "$(cluster_limits_in_force busy)"
	cluster_second cluster_ask scancel "$job"

	cluster_daemon_stop slurmctld2
	run 3 subank deposit even 10
	# All but the 28 minutes and twice 59 s of the other.
	expect_equal "cap" billing=628 "$(cluster_limits_in_force even)"
	run 3 subank check
	expect_equal "cap" billing=628 "$(cluster_limits_in_force even)"
	run 3 subank withdraw even 10
	expect_equal "cap" billing=28 "$(cluster_limits_in_force even)"
	run 3 subank withdraw even 1800s
	# The other cluster may still use everything.
	expect_equal "cap" billing=0 "$(cluster_limits_in_force even)"
	run 3 subank deposit even 10
	cluster_daemon_start slurmctld2
	run 0 subank check
	expect_equal "caps when it is back, dealt anew" "billing=313 billing=313" "$(caps even)"
	run 0 subank check
	expect_equal "caps" "billing=313 billing=313" "$(caps even)"
	run 0 subank verify
}

harness_main "$@"
