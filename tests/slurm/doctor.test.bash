#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# doctor on a real Slurm: a good cluster, a misconfigured one, and QOS that let jobs past a hold, which is
# tested too. verify --slurm reports what was changed by hand.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"

good=(PriorityDecayHalfLife=0 PriorityUsageResetPeriod=NONE PriorityType=priority/multifactor
	"AccountingStorageEnforce=associations,limits,qos,safe")

# doctor STATUS: runs it; sets $out to its rows as Check|Where|Verdict|Found|Advice.
doctor() {
	run "$1" subank doctor -n -P
}

expect_row() { # ROW-BEGINNING
	grep -qF -- "$1" <<<"$out" || harness_failed "a row of doctor" "$1" "$out"
}

# new_qos NAME [KEY=VALUE...]: adds a QOS in which jobs of every test's account may run.
new_qos() {
	cluster_ask sacctmgr -i add qos "$@" >/dev/null || harness_failed "the QOS $1" made "not made"
}

allow_qos() { # ACCOUNT QOS
	cluster_ask sacctmgr -i modify user "$CLUSTER_USER" where account="$1" set qos+="$2" >/dev/null
}

remove_qos() { # NAME
	cluster_ask sacctmgr -i delete qos "$1" >/dev/null
}

# Makes a bank with an account that is checked.
healthy() { # ACCOUNT
	cluster_reconfigure "${good[@]}"
	cluster_await slurmd
	new_bank
	new_account "$1"
	run 0 subank open "$1" 10
	run 0 subank check
}

test_before_there_is_a_bank_it_says_what_to_do() {
	export SUBANK_BANK=$harness_dir/none
	run 3 subank doctor
	expect_match "what is left" $'\nLeft to do:\n 1. bank, this machine: make one with `subank init`' "$out"
	expect_true "no bank is made" test ! -e "$SUBANK_BANK"
}

test_a_cluster_that_is_fine() {
	local changes
	healthy fine
	changes=$(modifications)
	doctor 0
	expect_row "Slurm's version|$CLUSTER_NAME|ok|"
	expect_row "PriorityType|$CLUSTER_NAME|ok|priority/multifactor|"
	expect_row "decay of usage|$CLUSTER_NAME|ok|half life 00:00:00, reset NONE|"
	expect_row "AccountingStorageEnforce|$CLUSTER_NAME|ok|"
	expect_row "PriorityCalcPeriod|$CLUSTER_NAME|info|60 seconds|"
	expect_row "TRESBillingWeights|$CLUSTER_NAME|ok|"
	expect_row "QOS's own limit|slurmdbd|ok|"
	expect_row "last check|the bank|ok|"
	expect_equal "verdicts that need a look" "" "$(cut -d'|' -f3 <<<"$out" | grep -E 'bad|warn' || true)"
	run 0 subank doctor
	expect_match "what is left" 'Left to do: nothing, all is well' "$out"
	expect_equal "changes in Slurm" "$changes" "$(modifications)"
	# A lever that this Slurm cannot set, and one that it can.
	run 0 subank terms fine --lever GrpTRESMins=gpu
	doctor 3
	expect_row "lever's TRES|$CLUSTER_NAME|bad|GrpTRESMins=gpu: no such TRES|"
	run 0 subank terms fine --lever GrpTRESMins=gres/gpu
	doctor 0
}

test_a_cluster_that_is_set_up_wrongly() {
	healthy wrong
	cluster_reconfigure PriorityDecayHalfLife=7-0 AccountingStorageEnforce=associations,limits,qos
	doctor 3
	expect_row "decay of usage|$CLUSTER_NAME|bad|half life 7-00:00:00"
	expect_row "AccountingStorageEnforce|$CLUSTER_NAME|bad|"
	cluster_reconfigure PriorityType=priority/basic
	doctor 3
	expect_row "PriorityType|$CLUSTER_NAME|bad|priority/basic|"
	cluster_reconfigure "${good[@]}"
	doctor 0
}

# run_away NUMBER JOB: adds a job to slurmdbd with that number, like JOB but still running past its limit, as
# when slurmctld loses its state.
run_away() {
	cluster_sql "use slurm_acct_db;
		create temporary table lost as select * from ${CLUSTER_NAME}_job_table where id_job = $2;
		update lost set job_db_inx = job_db_inx + 1000, id_job = $1, state = 1, time_end = 0,
			time_start = time_start - 600, timelimit = 1;
		insert into ${CLUSTER_NAME}_job_table select * from lost;"
}

test_a_runaway_job_is_named_and_counts_nowhere() {
	local spent
	healthy ghost
	doctor 0
	expect_row "runaway jobs|$CLUSTER_NAME|ok|none|"
	run 0 subank terms ghost --meter jobs --no-apply
	run 0 subank check
	submit ghost 'sleep 2' -n 2
	expect_job "$job" COMPLETED 60
	expect_true "its end in slurmdbd" cluster_until 60 ended_on_record "$job"
	run 0 subank check
	spent=$(used ghost)
	expect_true "used" test "$spent" -gt 0
	run_away 99001 "$job"
	run 0 subank check
	expect_match "what a check says" "1 job without an end on $CLUSTER_NAME: slurmctld does not know it" "$out"
	run 0 subank balance ghost -nP -o InFlight
	expect_equal "in flight" 0.00 "$out"
	doctor 0
	expect_row "runaway jobs|$CLUSTER_NAME|warn|1: $CLUSTER_NAME/99001|"
	run 0 subank reconcile ghost
	expect_match "what reconcile says" 'without an end on record that slurmctld does not know: 1, left out' "$err"
	# The advice of doctor.
	cluster_ask sacctmgr show runawayjobs <<<y >/dev/null
	doctor 0
	expect_row "runaway jobs|$CLUSTER_NAME|ok|none|"
	run 0 subank verify
}

test_a_cluster_that_does_not_answer() {
	healthy away
	cluster_daemon_stop slurmctld
	doctor 3
	expect_row "cluster|$CLUSTER_NAME|bad|does not answer|"
	cluster_daemon_start slurmctld
}

test_predecessor_10_a_qos_with_its_own_limit_lets_a_job_past_a_hold_and_is_named() {
	local held
	healthy past
	new_qos tight GrpTRESMins=gres/gpu=5
	new_qos loose GrpTRESMins=cpu=1000
	new_qos dear UsageFactor=2
	allow_qos past loose
	allow_qos past tight
	run 0 subank hold past
	submit past "sleep 1"
	held=$job
	expect_job_held "$held"
	submit past "sleep 1" --qos=tight
	expect_job_held "$job"
	submit past "sleep 1" --qos=loose
	expect_job "$job" COMPLETED
	expect_job_held "$held"
	doctor 3
	expect_row "QOS's own limit|loose|bad|GrpTRESMins=cpu=1000|"
	expect_row "UsageFactor|dear|info|2.000000|"
	expect_equal "QOS named" loose "$(sed -n "s/^QOS's own limit|\([^|]*\)|.*/\1/p" <<<"$out")"
	# The advice helps.
	cluster_ask sacctmgr -i modify qos loose set GrpTRESMins=cpu=-1 >/dev/null
	doctor 0
	cluster_ask scancel --user="$CLUSTER_USER"
	submit past "sleep 1" --qos=loose
	expect_job_held "$job"
	cluster_ask scancel --user="$CLUSTER_USER"
	cluster_until 30 no_jobs
	remove_qos tight
	remove_qos loose
	remove_qos dear
}

# Options of a job, and which of the levers GrpTRESMins (m), GrpTRESRunMins (r) and GrpJobs (j) let it start.
ways=(
	"-q normal:"
	"-q hzero:"
	"-q hsafe:mr"
	"-q hhalf -t 1:mr"
	"-q hhalf -t 2:"
	"-q hdear:"
	"-q hmins:m"
	"-q hrun:r"
	"-q hjobs:j"
	"-p pmins:m"
	"-p prun:r"
	"-p pjobs:j"
	"-p psafe:"
)

# started NUMBER: whether that many jobs of the tests have started.
started() {
	(($(cluster_ask squeue -h -t COMPLETED,COMPLETING,RUNNING -o %A | wc -l) >= $1))
}

# Accounts hm, hr and hj are held by one lever each; every option is tried in each.
test_what_passes_a_hold_is_named_lever_by_lever_and_grpjobs_stops_the_rest() {
	local letter lever way options passes expected=0 wrong='' closed='' state
	local -A jobs=() levers=([m]=GrpTRESMins=cpu [r]=GrpTRESRunMins=cpu [j]=GrpJobs)
	new_qos hzero UsageFactor=0
	new_qos hsafe UsageFactor=0 Flags=UsageFactorSafe
	new_qos hhalf UsageFactor=0.5 Flags=UsageFactorSafe
	new_qos hdear UsageFactor=2 Flags=UsageFactorSafe
	new_qos hmins GrpTRESMins=cpu=100000
	new_qos hrun GrpTRESRunMins=cpu=100000
	new_qos hjobs GrpJobs=1000
	for way in mins run jobs safe; do
		echo "PartitionName=p$way Nodes=ALL MaxTime=INFINITE State=UP QOS=h$way TRESBillingWeights=CPU=1.0" >>"$SLURM_CONF"
	done
	cluster_daemon_stop slurmctld
	cluster_daemon_start slurmctld
	healthy hm
	for letter in r j; do
		new_account "h$letter"
		run 0 subank open "h$letter" 10
	done
	for letter in m r j; do
		cluster_ask sacctmgr -i modify user "$CLUSTER_USER" where account="h$letter" \
			set qos=normal,hzero,hsafe,hhalf,hdear,hmins,hrun,hjobs >/dev/null
		run 0 subank terms "h$letter" --lever "${levers[$letter]}"
		run 0 subank hold "h$letter"
	done
	sleep 2
	for letter in m r j; do
		for way in "${ways[@]}"; do
			IFS=: read -r options passes <<<"$way"
			# shellcheck disable=SC2086
			submit "h$letter" 'sleep 0' -t 3 $options
			jobs[$letter$options]=$job
			[[ $passes != *"$letter"* ]] || expected=$((expected + 1))
		done
	done
	cluster_until 60 started "$expected" || true
	sleep 5
	for letter in m r j; do
		for way in "${ways[@]}"; do
			IFS=: read -r options passes <<<"$way"
			state=$(cluster_job_state "${jobs[$letter$options]}")
			case $passes,$state in
			*"$letter"*,COMPLET* | *"$letter"*,RUNNING) ;;
			*"$letter"*,*) wrong+=" ${levers[$letter]} $options: $state, should start;" ;;
			*,PENDING) ;;
			*) wrong+=" ${levers[$letter]} $options: $state, should wait;" ;;
			esac
		done
	done
	expect_equal "jobs that did otherwise" "" "$wrong"
	# doctor names exactly these.
	doctor 3
	expect_row "UsageFactorSafe|hsafe|bad|UsageFactor 0.000000|"
	expect_row "UsageFactorSafe|hhalf|warn|UsageFactor 0.500000|"
	expect_row "QOS's own limit|hmins|bad|GrpTRESMins=cpu=100000|"
	expect_row "QOS's own limit|hrun|bad|GrpTRESRunMins=cpu=100000|"
	expect_row "QOS's own limit|hjobs|bad|GrpJobs=1000|"
	expect_row "partition's QOS|$CLUSTER_NAME|bad|pmins, hmins: GrpTRESMins=cpu=100000|"
	expect_row "partition's QOS|$CLUSTER_NAME|bad|prun, hrun: GrpTRESRunMins=cpu=100000|"
	expect_row "partition's QOS|$CLUSTER_NAME|bad|pjobs, hjobs: GrpJobs=1000|"
	expect_equal "rows" "3 2 3" "$(grep -c "^QOS's own limit|" <<<"$out") $(grep -c '^UsageFactorSafe|' <<<"$out") $(
		grep -c "^partition's QOS|" <<<"$out")"
	# Its advice closes them.
	cluster_ask sacctmgr -i modify qos hsafe set Flags-=UsageFactorSafe >/dev/null
	cluster_ask sacctmgr -i modify qos hhalf set Flags-=UsageFactorSafe >/dev/null
	cluster_ask sacctmgr -i modify qos hmins set GrpTRESMins=cpu=-1 >/dev/null
	cluster_ask sacctmgr -i modify qos hrun set GrpTRESRunMins=cpu=-1 >/dev/null
	cluster_ask sacctmgr -i modify qos hjobs set GrpJobs=-1 >/dev/null
	doctor 0
	sleep 2
	for letter in m r j; do
		for way in "${ways[@]}"; do
			IFS=: read -r options passes <<<"$way"
			[[ $passes = *"$letter"* ]] || continue
			# shellcheck disable=SC2086
			submit "h$letter" 'sleep 0' -t 3 $options
			closed+=" $job"
		done
	done
	sleep 8
	for job in $closed; do
		state=$(cluster_job_state "$job")
		[[ $state = PENDING ]] || wrong+=" $job: $state;"
	done
	expect_equal "jobs that start all the same" "" "$wrong"
	cluster_ask scancel --user="$CLUSTER_USER"
	cluster_until 30 no_jobs
	sed -i '/^PartitionName=p/d' "$SLURM_CONF"
	cluster_daemon_stop slurmctld
	cluster_daemon_start slurmctld
	for way in hzero hsafe hhalf hdear hmins hrun hjobs; do
		remove_qos "$way"
	done
	run 0 subank verify
}

test_accounts_that_the_bank_lacks_are_named() {
	healthy banked
	new_account unbanked
	new_account child parent=banked
	spend unbanked 4 1
	spend child 4 1
	cluster_until 90 used_something unbanked || harness_failed "usage of unbanked" "more than 0" 0
	cluster_until 90 used_something child || harness_failed "usage of child" "more than 0" 0
	run 0 subank check
	expect_match "what check says" 'not in the bank: .*unbanked' "$lacking"
	[[ $lacking != *child* ]] || harness_failed "accounts that are lacking" "not child" "$lacking"
	doctor 0
	expect_match "what doctor says" 'used, not in the bank.Slurm.info.[0-9]+: [^|]*unbanked' "$out"
}

used_something() {
	(($(cluster_raw_usage "$1") > 0))
}

test_verify_sees_what_was_changed_by_hand() {
	healthy seen
	cluster_set_limits seen cpu=5000
	run 0 subank hold seen
	run 0 subank verify --slurm
	expect_match "the comparison" 'Slurm matches the books: limits 1' "$out"
	cluster_set_limits seen cpu=77
	cluster_until 20 in_force seen cpu=77 || harness_failed "the limit in force" cpu=77 "another"
	run 3 subank verify --slurm
	expect_match "the difference" 'seen: GrpTRESMins=cpu on .* is 77, by the books 0' "$err"
	cluster_daemon_stop slurmctld
	run 3 subank verify --slurm
	expect_match "a silent cluster" 'limits on cluster .* were not compared' "$err"
	cluster_daemon_start slurmctld
}

in_force() {
	[[ $(cluster_limits_in_force "$1") = "$2" ]]
}

harness_main "$@"
