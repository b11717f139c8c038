#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Accounts that are metered by jobs: three hundred short jobs of all kinds by three users on two real
# clusters, with crashes of slurmctld, a slurmdbd that is down, and killed checks. At the end the charges
# equal sacct, job by job.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"
harness_high_id=1
harness_second=gpu
harness_node=1

# System accounts, beside the one of the test.
users=(daemon games)

# both COMMAND...: runs it for each of the two clusters.
both() {
	"$@"
	cluster_second "$@"
}

# add_users ACCOUNT: lets all users submit in it, also with the QOS `urgent` and `low`.
add_users() {
	local user
	for user in "${users[@]}"; do
		cluster_ask sacctmgr -i add user "$user" account="$1" cluster="$CLUSTER_NAME" >/dev/null
	done
	cluster_ask sacctmgr -i modify user where account="$1" cluster="$CLUSTER_NAME" set qos+=urgent,low >/dev/null
}

# as USER COMMAND...
as() {
	local CLUSTER_USER=$1
	shift
	"$@"
}

# many_jobs ACCOUNT: submits arrays of all users, and one job of each kind.
many_jobs() {
	local user started requeued
	for user in "$CLUSTER_USER" "${users[@]}"; do
		# shellcheck disable=SC2016 # for the job's shell
		as "$user" submit "$1" 'sleep $((SLURM_ARRAY_TASK_ID % 3))' --array=0-47
	done
	submit "$1" 'exit 3' -n 2
	submit "$1" 'sleep 2' -n 3 -q urgent
	submit "$1" 'sleep 60' --begin=now+1hour
	cluster_ask scancel "$job"
	submit "$1" 'sleep 300' -n 2
	started+=" $job"
	submit "$1" 'sleep 300' --requeue
	requeued=$job
	submit "$1" 'sleep 300' -t 1
	started+=" $job"
	for job in $started $requeued; do
		expect_job "$job" RUNNING 120
	done
	cluster_ask scontrol requeue "$requeued"
	cluster_ask scontrol suspend "${started##* }"
	expect_job "${started##* }" SUSPENDED
	sleep 1
	cluster_ask scontrol resume "${started##* }"
	expect_job "$requeued" PENDING 60
	cluster_ask scancel "$requeued"
	for job in $started; do
		cluster_ask scancel "$job"
	done
}

# all_are JOB STATE, none_runs JOB: the parts of a heterogeneous job.
all_are() {
	[[ $(cluster_job_state "$1" | sort -u) = "$2" ]]
}

none_runs() {
	[[ $(cluster_job_state "$1") != *@(RUNNING|COMPLETING)* ]]
}

# rare_jobs ACCOUNT: runs jobs that need a second node: preempted, heterogeneous, resized, and on a failed node.
rare_jobs() {
	local low het resized failing b=(-N 1 -w "$CLUSTER_NODE")
	submit "$1" 'sleep 2' : -n 2
	submit "$1" 'sleep 300' "${b[@]}" -n 12 -q low --requeue
	low=$job
	submit "$1" 'sleep 300' -N 2 -n 4 --no-requeue
	resized=$job
	expect_job "$low" RUNNING 60
	expect_job "$resized" RUNNING 60
	sleep 2
	submit "$1" 'sleep 300' "${b[@]}" -n 10 -q urgent --no-requeue
	failing=$job
	expect_job "$failing" RUNNING 60
	expect_job "$low" PENDING 60
	cluster_ask scancel "$low"
	cluster_ask scontrol update jobid="$resized" numnodes=1
	# Each part has a node of its own.
	submit "$1" 'sleep 300' : -n 2
	het=$job
	expect_true "both parts run" cluster_until 60 all_are "$het" RUNNING
	sleep 2
	cluster_ask scontrol update nodename="$CLUSTER_NODE" state=down reason=test
	expect_job "$failing" NODE_FAIL 60
	expect_true "neither part runs" cluster_until 60 none_runs "$het"
	cluster_ask scancel "$het" "$resized"
	cluster_await slurmd-b
}

# run_away ACCOUNT: slurmctld forgets a job that is running in slurmdbd; the next job gets its number.
run_away() {
	local lost
	cp -a "$CLUSTER_DIR/state" "$CLUSTER_DIR/kept"
	submit "$1" 'sleep 300' -n 2
	lost=$job
	expect_true "slurmdbd knows job $lost" cluster_until 60 is_recorded "$lost" RUNNING
	cluster_daemon_kill slurmctld
	rm -r "$CLUSTER_DIR/state"
	mv "$CLUSTER_DIR/kept" "$CLUSTER_DIR/state"
	cluster_daemon_start slurmctld
	cluster_await slurmd
	submit "$1" 'sleep 2' -n 3
	expect_equal "a number that recurs" "$lost" "$job"
}

# all_is_booked: runs a check; whether the books equal sacct. slurmctld sends slurmdbd in its own order what it
# could not send before, so a job may still appear when no other is missing.
all_is_booked() {
	subank check >/dev/null && [[ $(booked institute) = "$(recorded group,institute)" ]]
}

# jobs_over: whether all jobs have ended, and slurmdbd knows it.
jobs_over() {
	no_jobs && ! cluster_ask sacct -D -X -a -n -P -M "$CLUSTER_NAME" -S now-1day -o End | grep -q Unknown
}

# is_recorded JOB STATE: whether slurmdbd has it in that state. slurmctld sends later what it could not send
# before.
is_recorded() {
	[[ $(cluster_ask sacct -X -n -P -M "$CLUSTER_NAME" -j "$1" -o State) = "$2" ]]
}

# rows ACCOUNTS COLUMNS: prints the rows of sacct.
rows() {
	SLURM_TIME_FORMAT=%s cluster_ask sacct -D -X -a -n -P -M "$CLUSTER_NAME,$CLUSTER_SECOND" -A "$1" \
		-S now-1day -o "$2"
}

# recorded ACCOUNTS: prints cluster, index, amount and user of each job that used something, by sacct. A
# resized job has a new submit time and keeps its start.
recorded() {
	rows "$1" Cluster,DBIndex,QOS,ElapsedRaw,AllocTRES,Submit,Start,User |
		awk -F'|' 'match($5, /billing=[0-9]+/) {
			before = $6 > $7 ? $6 - $7 : 0
			amount = int(($4 - before) * substr($5, RSTART + 8, RLENGTH - 8) * ($3 == "urgent" ? 1.5 : 1))
			if (amount > 0)
				print $1, $2, amount, $8
		}' | sort
}

# booked ACCOUNT: prints the same from its journal.
booked() {
	subank journal --json -k job "$1" |
		sed 's/.*"cluster":"\([^"]*\)".*"amount_seconds":\([0-9]*\).*"db_index":"\([0-9]*\)".*"job_user":"\([^"]*\)".*/\1 \3 \2 \4/' |
		sort
}

# by_user: adds up the output of recorded.
by_user() {
	awk '{ sum[$4] += $3 } END { for (user in sum) print user "|" sum[user] }' | sort
}

# in_flight ACCOUNT: prints the use of its running jobs, in billing-seconds.
in_flight() {
	subank balance -n -P --seconds -o InFlight "$1"
}

# runaways_mended: whether none is left.
runaways_mended() {
	[[ $(cluster_ask sacctmgr -i show runawayjobs cluster="$CLUSTER_NAME" 2>&1) = *'No runaway jobs'* ]]
}

# killed_checks N: runs that many checks, each killed after another time.
killed_checks() {
	local i
	for ((i = 0; i < $1; i++)); do
		PATH=$harness_dir/bin:$PATH timeout --foreground -s KILL "0.$((RANDOM % 40 + 1))" \
			"$SUBANK" --config "$harness_dir/subank.yaml" check >/dev/null 2>&1 || true
	done
}

# checked: runs a whole check. A Slurm command of a killed check blocks others.
checked() {
	expect_true "a check" cluster_until 60 subank check >/dev/null
}

test_charges_equal_sacct_job_by_job_whatever_fails_meanwhile() {
	local used late state
	sed -i '/^meter:/d' "$harness_dir/subank.yaml"
	echo 'meter: jobs' >>"$harness_dir/subank.yaml"
	cluster_ask sacctmgr -i add qos low >/dev/null
	cluster_ask sacctmgr -i add qos urgent UsageFactor=1.5 preempt=low >/dev/null
	cluster_reconfigure PreemptType=preempt/qos PreemptMode=REQUEUE
	new_bank
	both new_account institute
	both new_account group parent=institute
	both add_users group
	run 0 subank open institute 1000
	run 0 subank open group 500
	run 0 subank check
	expect_match "the meter" "group: is metered by jobs on gpu" "$out"

	run_away group
	killed_checks 2
	rare_jobs group
	many_jobs group
	submit institute 'sleep 2'
	killed_checks 3
	expect_true "all have ended" cluster_until 60 no_jobs
	submit group 'sleep 30' -n 2
	expect_job "$job" RUNNING
	# Jobs are saved every few seconds; an unsaved one runs for ever in slurmdbd.
	sleep 12
	cluster_daemon_kill slurmctld
	cluster_daemon_start slurmctld
	cluster_await slurmd
	cluster_second many_jobs group
	checked
	cluster_daemon_stop slurmdbd
	cluster_second submit institute 'sleep 1' -n 4
	late=$job
	run 3 subank check
	cluster_second expect_true "jobs end without slurmdbd" cluster_until 60 no_jobs
	cluster_daemon_start slurmdbd
	killed_checks 5
	checked
	expect_true "what ran away is in flight" test "$(in_flight group)" -gt 0
	# Its end is set to its start.
	cluster_until 60 runaways_mended
	expect_true "all is over on the first" cluster_until 120 jobs_over
	cluster_second expect_true "all is over on the second" cluster_until 120 jobs_over
	cluster_second expect_true "slurmdbd was told of job $late" cluster_until 120 is_recorded "$late" COMPLETED
	killed_checks 3
	expect_true "the books have every job" cluster_until 120 all_is_booked

	expect_equal "jobs of the group" "$(recorded group)" "$(booked group)"
	expect_equal "jobs of the institute" "$(recorded group,institute)" "$(booked institute)"
	expect_equal "users" "$(recorded group | by_user)" "$(subank usage group -nP --seconds -o User,Used | sort)"
	expect_true "enough jobs" test "$(rows group,institute State | grep -c .)" -ge 300
	for state in COMPLETED FAILED CANCELLED REQUEUED PREEMPTED RESIZING NODE_FAIL; do
		expect_true "jobs that are $state" grep -q "^$state" <<<"$(rows group State)"
	done
	expect_equal "in flight" 0 "$(in_flight group)"
	echo "  $(rows group,institute State | grep -c .) jobs, $(booked institute | grep -c .) charges of the institute"
	run 0 subank reconcile
	expect_equal "a check again" "" "$(subank check)"
	used=$(booked institute | awk '{ sum += $3 } END { print sum }')
	expect_equal "used" "$used" "$(used institute)"
	run 0 subank verify
}

test_the_meter_is_switched_while_jobs_run() {
	local before running
	sed -i '/^meter:/d' "$harness_dir/subank.yaml"
	new_bank
	new_account switched
	run 0 subank open switched 100
	spend switched 4 2
	submit switched 'sleep 25' -n 2
	running=$job
	expect_job "$running" RUNNING
	expect_true "slurmdbd knows that it runs" cluster_until 60 runs_on_record "$running"
	run 0 subank check
	before=$(used switched)
	run 0 subank terms switched --meter jobs --no-apply
	run 0 subank check switched
	expect_match "the switch" "switched: is metered by jobs on $CLUSTER_NAME" "$out"
	expect_true "what was used up to then" test "$(used switched)" -ge "$before"
	expect_job "$running" COMPLETED 60
	expect_true "slurmdbd knows" cluster_until 60 jobs_over
	run 0 subank check
	# All of both jobs, to the second, wherever RawUsage was at the switch.
	expect_equal "used" "$(recorded switched | awk '{ sum += $3 } END { print sum }')" "$(used switched)"
	run 0 subank reconcile switched
	run 0 subank verify
}

# runs_on_record JOB: whether slurmdbd has it running for some seconds; a switch counts only what slurmdbd has.
runs_on_record() {
	cluster_ask sacct -D -X -a -n -P -M "$CLUSTER_NAME" -S now-1hour -o JobIDRaw,State,ElapsedRaw |
		grep -q "^$1|RUNNING|\([3-9]\|..\)"
}

# is_by METER ACCOUNT: runs a check; whether the account has that meter on the first cluster.
is_by() {
	subank check >/dev/null
	subank journal -n -P -k meter -o Detail "$2" | grep "^$CLUSTER_NAME by " | tail -n 1 | grep -q " by $1 "
}

# sum_of ACCOUNT: prints the cost of its jobs.
sum_of() {
	recorded "$1" | awk '{ sum += $3 } END { print sum }'
}

# Switches there and back within one PriorityCalcPeriod, with jobs before, across and after.
test_every_second_is_charged_once_when_the_meter_is_switched_there_and_back() {
	local across
	sed -i '/^meter:/d' "$harness_dir/subank.yaml"
	new_bank
	new_account swing
	run 0 subank open swing 100
	spend swing 4 2
	submit swing 'sleep 40' -n 3
	across=$job
	expect_job "$across" RUNNING
	expect_true "slurmdbd knows that it runs" cluster_until 60 runs_on_record "$across"
	run 0 subank check
	run 0 subank terms swing --meter jobs --no-apply
	run 0 subank check
	expect_match "there" "swing: is metered by jobs on $CLUSTER_NAME" "$out"
	run 0 subank terms swing --meter rawusage --no-apply
	run 0 subank check
	expect_match "not yet back" "swing: stays metered by jobs on $CLUSTER_NAME until" "$out"
	submit swing 'sleep 1' -n 2
	expect_job "$job" COMPLETED
	run 0 subank reconcile swing
	expect_job "$across" COMPLETED 60
	expect_true "slurmdbd knows" cluster_until 60 jobs_over
	expect_true "back" cluster_until 60 is_by rawusage swing
	expect_equal "used at the switch" "$(sum_of swing)" "$(used swing)"
	submit swing 'sleep 6' -n 5
	expect_job "$job" RUNNING
	run 0 subank check
	expect_job "$job" COMPLETED
	expect_true "slurmdbd knows" cluster_until 60 jobs_over
	run 0 subank check
	expect_equal "used" "$(sum_of swing)" "$(used swing)"
	run 0 subank reconcile swing -n -P --seconds -M "$CLUSTER_NAME" -o Edge,Difference
	expect_equal "edge and difference" "0|0" "$out"
	# And again to jobs, where RawUsage has counted since the switch.
	submit swing 'sleep 15' -n 2
	expect_job "$job" RUNNING
	run 0 subank terms swing --meter jobs --no-apply
	run 0 subank check
	expect_match "there again" "swing: is metered by jobs on $CLUSTER_NAME" "$out"
	expect_job "$job" COMPLETED
	expect_true "slurmdbd knows" cluster_until 60 jobs_over
	run 0 subank check
	expect_equal "used in all" "$(sum_of swing)" "$(used swing)"
	run 0 subank reconcile swing -n -P --seconds -M "$CLUSTER_NAME" -o Edge,Difference
	expect_equal "edge and difference in all" "0|0" "$out"
	run 0 subank verify
}

harness_main "$@"
