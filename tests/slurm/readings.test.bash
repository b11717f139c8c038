#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Usage shrinks in a real slurmctld: whatever the cause, nothing is refunded or charged twice, both values are
# reported, and the difference from sacct afterwards is bounded.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"

period=60 # PriorityCalcPeriod in seconds: Slurm counts it in whole minutes
# sacct and slurmctld each cut a job's time to whole seconds: a core-second for each core of the few jobs.
cut=40

# jobs_used ACCOUNT...: billing-seconds of the accounts' jobs that have ended or run, as slurmdbd has them.
jobs_used() {
	local IFS=,
	cluster_ask sacct -a -X -n -P -D -S now-1day -A "$*" -o AllocTRES,ElapsedRaw |
		sed -n 's/.*billing=\([0-9]*\).*|\([0-9]*\)$/\1 \2/p' | awk '{ sum += $1 * $2 } END { print sum + 0 }'
}

# jobs_known ACCOUNT...: whether slurmdbd knows the end of all jobs.
jobs_known() {
	local IFS=,
	[[ -z $(cluster_ask sacct -a -X -n -P -D -S now-1day -A "$*" -o State -s R,PD) ]]
}

# expect_fall ACCOUNT BEFORE: expects a check to find the reading below BEFORE, report both values and charge
# nothing, and the next one to report nothing. Sets now to the new reading.
expect_fall() {
	local account=$1 before=$2 used
	used=$(used "$account")
	now=$(cluster_raw_usage "$account")
	expect_true "the reading is lower" test "$now" -lt "$before"
	run 3 subank check --seconds
	expect_match "the message" "$account: the usage on $CLUSTER_NAME went down from ${before}s to ${now}s" "$err"
	expect_equal "used" "$used" "$(used "$account")"
	expect_equal "entries of money" 0 "$(entries_of refund)"
	run 0 subank check
	expect_equal "output of the next check" "" "$out$err"
}

# expect_books_near ACCOUNT MOST ACCOUNT...: expects the books to have no more than the jobs of the accounts
# used, and to lack at most MOST.
expect_books_near() {
	local account=$1 most=$2 jobs lack
	shift 2
	cluster_until 30 jobs_known "$@" || harness_failed "sacct" "the end of all jobs" "jobs that run"
	jobs=$(jobs_used "$@")
	lack=$((jobs - $(used "$account")))
	echo "  $account: sacct has ${jobs}s, the books lack ${lack}s, at most ${most}s"
	expect_true "the books have not more than sacct" test "$lack" -ge -$cut
	expect_true "the books lack at most $most" test "$lack" -le $((most + cut))
	run 0 subank verify
}

# fallen ACCOUNT SPENDER WHAT...: use that was charged, use that was not, then `sacctmgr modify WHAT set
# RawUsage=0`, and more use behind it. SPENDER, with the jobs, is the account or below it.
fallen() {
	local account=$1 spender=$2 charged unseen now after
	shift 2
	run 0 subank open "$account" 1 --from-zero
	spend "$spender" 16 3
	run 0 subank check
	charged=$(cluster_raw_usage "$account")
	spend "$spender" 4 1
	unseen=$(($(cluster_raw_usage "$account") - charged))
	cluster_ask sacctmgr -i modify "$@" cluster="$CLUSTER_NAME" set RawUsage=0 >/dev/null
	expect_fall "$account" "$charged"
	after=$(used "$account")
	spend "$spender" 8 1
	run 0 subank check
	expect_equal "used" $((after + $(cluster_raw_usage "$account") - now)) "$(used "$account")"
	expect_equal "charges" 2 "$(charged "$account" | grep -c .)"
	expect_books_near "$account" "$unseen" "$account" "$spender"
}

test_a_reset_of_the_account() {
	new_bank
	new_account reset1
	fallen reset1 reset1 account where account=reset1
}

test_a_reset_of_a_child_account() {
	new_bank
	new_account reset2
	new_account child2 parent=reset2
	spend reset2 8 1
	fallen reset2 child2 account where account=child2
}

test_a_reset_of_one_user() {
	new_bank
	new_account reset3
	new_account child3 parent=reset3
	spend reset3 8 1
	fallen reset3 child3 user where user="$CLUSTER_USER" account=child3
}

# has_risen ACCOUNT USAGE: whether slurmctld has counted more.
has_risen() {
	(($(cluster_raw_usage "$1") > $2))
}

test_a_slurmctld_that_was_killed_while_jobs_run() {
	local running charged unseen now after
	new_bank
	new_account crashed
	run 0 subank open crashed 1
	spend crashed 16 2
	# It falls back to the saved value.
	cluster_daemon_stop slurmctld
	cluster_daemon_start slurmctld
	cluster_await slurmd
	submit crashed 'sleep 300' -n 2
	running=$job
	expect_job "$running" RUNNING
	spend crashed 12 4
	run 0 subank check
	charged=$(cluster_raw_usage crashed)
	expect_equal "used before the crash" "$charged" "$(used crashed)"
	spend crashed 4 1
	unseen=$(($(cluster_raw_usage crashed) - charged))
	# Jobs are saved every few seconds, usage every five minutes.
	sleep 6
	cluster_daemon_kill slurmctld
	cluster_daemon_start slurmctld
	cluster_await slurmd
	expect_fall crashed "$charged"
	after=$(used crashed)
	cluster_until 180 has_risen crashed "$now" || harness_failed "use after the crash" "more than $now" "no more"
	cluster_ask scancel "$running"
	expect_job "$running" CANCELLED
	run 0 subank check
	expect_true "use after the crash is charged" test "$(used crashed)" -gt "$after"
	expect_equal "used" $((after + $(cluster_raw_usage crashed) - now)) "$(used crashed)"
	# Two cores were in use when it was killed.
	expect_books_near crashed $((unseen + period * 2)) crashed
	run 0 subank check
	expect_equal "output of the next check" "" "$out$err"
}

harness_main "$@"
