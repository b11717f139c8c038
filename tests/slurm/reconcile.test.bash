#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Compares the books with sacct's record of jobs: a real slurmctld counts and a real slurmdbd records.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"
harness_high_id=1

# reconciled ACCOUNT [OPTION...]: its row, in billing-seconds: books, Slurm, suspended, weights, edge and
# difference.
reconciled() {
	subank reconcile -n -P --seconds -o Books,Slurm,Suspended,Weights,Edge,Difference "$@"
}

# recorded ACCOUNT: prints its use, added up here from sacct alone.
recorded() {
	sacct -D -X -a -n -P -M "$CLUSTER_NAME" -A "$1" -S now-1day -o QOS,ElapsedRaw,AllocTRES |
		awk -F'|' 'match($3, /billing=[0-9]+/) {
			sum += $2 * substr($3, RSTART + 8, RLENGTH - 8) * ($1 == "reconciled" ? 1.5 : 1)
		} END { print int(sum) }'
}

# all_recorded ACCOUNT: whether slurmdbd knows the last job, and the end of all jobs.
all_recorded() {
	local jobs
	jobs=$(sacct -D -X -a -n -P -M "$CLUSTER_NAME" -A "$1" -S now-1day -o JobIDRaw,End)
	grep -q "^$job|" <<<"$jobs" && ! grep -q Unknown <<<"$jobs"
}

# settle ACCOUNT: waits until all jobs have ended, and slurmdbd knows it.
settle() {
	expect_true "all jobs end" cluster_until 60 no_jobs
	expect_true "slurmdbd knows" cluster_until 60 all_recorded "$1"
}

test_jobs_of_all_kinds_are_charged_as_sacct_has_them() {
	local requeued suspended used
	cluster_ask sacctmgr -i add qos reconciled UsageFactor=1.5 >/dev/null
	new_bank
	new_account kinds
	cluster_ask sacctmgr -i modify user "$CLUSTER_USER" where account=kinds set qos+=reconciled >/dev/null
	run 0 subank open kinds 1
	submit kinds 'sleep 30' --requeue
	requeued=$job
	submit kinds 'sleep 4' -n 2
	suspended=$job
	submit kinds 'sleep 1' --array=0-3
	submit kinds 'exit 1'
	submit kinds 'sleep 60' --begin=now+1hour
	cluster_ask scancel "$job"
	expect_true "the QOS can be used" cluster_until 20 eval \
		'submit kinds "sleep 3" -q reconciled -n 3 2>/dev/null'
	expect_job "$requeued" RUNNING
	expect_job "$suspended" RUNNING
	cluster_ask scontrol suspend "$suspended"
	expect_job "$suspended" SUSPENDED
	cluster_ask scontrol requeue "$requeued"
	expect_job "$requeued" PENDING
	cluster_ask scancel "$requeued"
	sleep 2
	cluster_ask scontrol resume "$suspended"
	settle kinds
	run 0 subank check
	used=$(recorded kinds)
	run 0 reconciled kinds
	IFS='|' read -r books slurm suspended weights edge difference <<<"$out"
	expect_equal "books" "$(cluster_raw_usage kinds)" "$books"
	expect_equal "what sacct has" "$used" "$slurm"
	expect_true "suspended time" test "$suspended" -ge 4
	expect_equal "weights, difference" "0 0" "$weights $difference"
	expect_true "edge: fractions alone" test "$edge" -le 1
}

test_fractional_weights_have_a_column() {
	new_bank
	new_account weights
	cluster_ask scontrol update partition=main TRESBillingWeights=CPU=1.75
	run 0 subank open weights 1
	spend weights 1 4
	spend weights 3 2
	cluster_ask scontrol update partition=main TRESBillingWeights=CPU=1.75
	settle weights
	run 0 subank check
	run 0 reconciled weights
	# 1.75 is cut to 1, and 5.25 to 5.
	IFS='|' read -r books slurm _ weights _ difference <<<"$out"
	expect_true "what the weights add" test "$weights" -ge 3
	expect_equal "all together" "$books" $((slurm + weights - difference))
	expect_true "difference of cutting" test "${difference#-}" -le 1
	cluster_ask scontrol update partition=main TRESBillingWeights=CPU=1.0
}

test_use_that_a_crash_of_slurmctld_lost_is_made_good() {
	local lost
	new_bank
	new_account lost
	run 0 subank open lost 1
	spend lost 16 2
	run 0 subank check
	# The next slurmctld knows only what is saved at the stop.
	cluster_daemon_stop slurmctld
	cluster_daemon_start slurmctld
	cluster_await slurmd
	spend lost 8 4
	run 0 subank check
	spend lost 8 3
	# Usage is saved every five minutes, jobs every few seconds: a job that was not saved when slurmctld
	# dies is counted again by the next one. No save may follow if one was made already.
	touch "$harness_dir/ended"
	cluster_until 30 test "$CLUSTER_DIR/state/job_state" -nt "$harness_dir/ended" || true
	cluster_daemon_kill slurmctld
	cluster_daemon_start slurmctld
	cluster_await slurmd
	run 3 subank check
	spend lost 8 2
	settle lost
	run 0 subank check
	run 3 reconciled lost
	expect_equal "left out" "" "$(grep 'left out' <<<"$err")"
	IFS='|' read -r books slurm _ _ edge lost <<<"$out"
	expect_equal "what sacct has" "$(recorded lost)" "$slurm"
	expect_equal "difference" $((slurm - books)) "$lost"
	expect_true "use between the check and the crash is lost" test "$lost" -ge 24
	run 0 subank reconcile lost --apply --note "slurmctld crashed"
	expect_equal "used" "$((slurm - edge))" "$(used lost)"
	run 0 reconciled lost
	run 0 subank verify
}

used_something() {
	(($(cluster_raw_usage "$1") > 0))
}

# in_odd_environment COMMAND...: runs it with variables that each make one of Slurm's commands leave out jobs
# or columns, ask another cluster, or print another form.
in_odd_environment() {
	local -x SQUEUE_USERS=root SQUEUE_ACCOUNT=none SQUEUE_STATES=PENDING SQUEUE_PARTITION=none
	local -x SACCT_FORMAT=JobID SACCT_FEDERATION=1 SCONTROL_ALL=1 SLURM_BITSTR_LEN=1
	local -x SLURM_CLUSTERS=none SLURM_TIME_FORMAT=%H
	"$@"
}

test_no_variable_of_the_environment_changes_what_slurm_answers() {
	local used
	new_bank
	new_account filtered
	run 0 subank open filtered 100
	submit filtered 'sleep 300' -n 4
	expect_job "$job" RUNNING
	expect_true "use is counted while it runs" cluster_until 90 used_something filtered
	run 0 subank check
	used=$(used filtered)
	expect_true "used" test "$used" -gt 0
	expect_equal "what squeue shows there" "" \
		"$(SQUEUE_USERS=root squeue -h -M "$CLUSTER_NAME" -t all -o %A | grep -w "$job" || true)"
	run 0 in_odd_environment subank reconcile filtered --apply --note "an odd environment"
	expect_equal "left out" "" "$(grep 'left out' <<<"$err" || true)"
	expect_equal "entries of a reconciliation" 0 "$(entries_of reconcile)"
	expect_equal "used" "$used" "$(used filtered)"
	run 0 in_odd_environment subank check
	cluster_ask scancel "$job"
	run 0 subank verify
}

harness_main "$@"
