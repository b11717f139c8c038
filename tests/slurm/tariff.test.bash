#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The site's own rules for charging jobs (factors, free states, minimum, rounding), the commitments of running
# jobs, and refunds of jobs, with the record of a real slurmdbd.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"
harness_high_id=1

# recorded [STATE]: prints the charge of jobs of the account `tariff` by sacct and the settings below; with
# STATE only of jobs that ended in it.
recorded() {
	cluster_ask sacct -D -X -a -n -P -M "$CLUSTER_NAME" -A tariff -S now-1day \
		-o State,Partition,QOS,ElapsedRaw,AllocTRES |
		awk -F'|' -v state="${1-}" '{ sub(/ by .*/, "", $1) }
			$1 == "CANCELLED" || (state && $1 != state) || !match($5, /billing=[0-9]+/) { next }
			{
				factor = ($3 == "scavenger" ? 0 : $3 == "dear" ? 1.5 * 0.5 : 1) * ($2 == "twice" ? 2 : 1)
				sum += int($4 * substr($5, RSTART + 8, RLENGTH - 8) * factor)
			}
			END { print sum + 0 }'
}

# over: whether all jobs have ended, and slurmdbd knows it, also of $job, the last one.
over() {
	no_jobs && ended_on_record "$job" && ! cluster_ask sacct -D -X -a -n -P -M "$CLUSTER_NAME" -S now-1day -o End | grep -q Unknown
}

# row COLUMNS [ACCOUNT]: prints these columns of the account's balance, in billing-seconds.
row() {
	subank balance -n -P --seconds -o "$1" "${2-tariff}"
}

# has_run JOB: whether it ran for two seconds: a job that ends in its first counts for nothing.
has_run() {
	[[ $(cluster_ask squeue -h -j "$1" -o %M) =~ ^([0-9]+):([0-9]+)$ ]] &&
		((10#${BASH_REMATCH[1]} * 60 + 10#${BASH_REMATCH[2]} >= 2))
}

is_committed() { # AMOUNT [ACCOUNT]
	subank check >/dev/null
	[[ $(row Committed "${2-tariff}") = "$1" ]]
}

test_factors_free_states_committed_and_refunds_of_jobs() {
	local failed in_flight refunded used
	sed -i '/^meter:/d' "$harness_dir/subank.yaml"
	cat >>"$harness_dir/subank.yaml" <<-END
		meter: jobs
		hold_on: committed
		free_states: [CANCELLED]
		factors: {qos: {scavenger: 0, dear: 0.5}, partition: {twice: 2}}
	END
	cluster_ask sacctmgr -i add qos scavenger >/dev/null
	cluster_ask sacctmgr -i add qos dear UsageFactor=1.5 >/dev/null
	cluster_ask scontrol create PartitionName=twice Nodes=ALL State=UP TRESBillingWeights=CPU=1.0
	new_bank
	new_account tariff
	cluster_ask sacctmgr -i modify user "$CLUSTER_USER" where account=tariff set qos+=scavenger,dear >/dev/null
	run 0 subank open tariff 3600s
	run 0 subank check
	expect_true "the QOS can be used" cluster_until 20 eval 'submit tariff "sleep 2" -q dear -n 3 2>/dev/null'
	submit tariff 'sleep 2' -q scavenger
	submit tariff 'sleep 1' -p twice --array=1-3
	expect_true "all have ended" cluster_until 60 over

	# Five minutes of two cores at the price of two, and ten of one core.
	submit tariff 'sleep 300' -n 2 -t 5 -p twice --no-requeue
	failed=$job
	submit tariff 'sleep 300' --requeue
	expect_job "$failed" RUNNING
	expect_job "$job" RUNNING
	expect_true "the first runs for a while" cluster_until 30 has_run "$failed"
	expect_true "the second runs for a while" cluster_until 30 has_run "$job"
	expect_true "committed to both limits" cluster_until 30 is_committed 1800
	in_flight=$(row InFlight)
	expect_true "in flight: $in_flight" test "$in_flight" -gt 0 -a "$in_flight" -lt 600
	expect_equal "free" "$((3600 - $(recorded COMPLETED) - 1800))" "$(row Available)"
	# They may cost more than the account has, and will cost less.
	run 0 subank withdraw tariff 2000s
	run 0 subank check
	expect_equal "state" held "$(state tariff)"

	cluster_ask scontrol update NodeName="$cluster_host" State=DOWN Reason=test
	# It may be back by itself.
	cluster_ask scontrol update NodeName="$cluster_host" State=RESUME 2>/dev/null || true
	expect_true "both runs are over" cluster_until 60 cluster_job_is "$job" PENDING
	cluster_ask scancel "$job"
	expect_true "slurmdbd knows" cluster_until 60 over
	run 0 subank check
	expect_match "the release" "tariff: released" "$out"
	used=$(recorded)
	expect_equal "used" "$used" "$(used tariff)"
	expect_equal "in flight, committed" "0|0" "$(row InFlight,Committed)"
	run 0 subank reconcile

	refunded=$(recorded NODE_FAIL)
	expect_true "the node failed under jobs" test "$refunded" -gt 0
	run 0 subank refund --state NODE_FAIL --since now-1hour --note "node down" -i
	expect_match "two charges" "of 2 jobs .2 charges.; head" "$out"
	expect_equal "used after the refund" "$((used - refunded))" "$(used tariff)"
	run 0 subank refund --state NODE_FAIL --since now-1hour --note "node down" -i
	run 0 subank refund --job "$CLUSTER_NAME/$failed" --note "node down" -i
	expect_match "once" "nothing is left to refund: 1 charge" "$err"
	expect_equal "used after the same refunds" "$((used - refunded))" "$(used tariff)"
	expect_equal "a check again" "" "$(subank check)"
	run 0 subank reconcile
	run 0 subank verify
}

# weighed: prints the cost of sacct's jobs of the account by CPU=0.75, each cut to whole seconds.
weighed() {
	cluster_ask sacct -D -X -a -n -P -M "$CLUSTER_NAME" -A "$1" -S now-1day -o ElapsedRaw,AllocTRES |
		awk -F'|' 'match($2, /cpu=[0-9]+/) { sum += int($1 * substr($2, RSTART + 4, RLENGTH - 4) * 0.75) }
			END { print sum + 0 }'
}

test_what_the_billing_leaves_out_of_weights_is_charged_by_both_meters() {
	local jobs usage count=5
	sed -i '/^meter:/d; /^hold_on:/d; /^free_states:/d; /^factors:/d' "$harness_dir/subank.yaml"
	new_bank
	new_account weighty
	new_account light parent=weighty
	run 0 subank open weighty 10
	run 0 subank open light 10
	run 0 subank terms weighty --meter jobs --no-apply
	run 0 subank check
	cluster_ask scontrol update partition=main TRESBillingWeights=CPU=0.75
	# Cut to no billing at all, and 2.25 to 2.
	submit light 'sleep 5' --array=1-4
	spend light 3 7
	cluster_ask scontrol update partition=main TRESBillingWeights=CPU=0.75
	expect_true "slurmdbd knows" cluster_until 60 over
	run 0 subank check
	jobs=$(used weighty) usage=$(used light)
	expect_equal "by jobs" "$(weighed light)" "$jobs"
	expect_true "by RawUsage: $usage, by jobs, each cut: $jobs" test $((usage - jobs)) -ge 0 -a $((usage - jobs)) -lt $count
	run 0 subank reconcile
	expect_equal "differences" "0 0" "$(subank reconcile -n -P --seconds -o Difference weighty light | paste -sd ' ')"
	cluster_ask scontrol update partition=main TRESBillingWeights=CPU=1.0
	run 0 subank verify
}

test_a_qos_that_is_deleted_keeps_its_factor() {
	local raw
	sed -i '/^meter:/d; /^hold_on:/d; /^free_states:/d; /^factors:/d' "$harness_dir/subank.yaml"
	echo 'meter: jobs' >>"$harness_dir/subank.yaml"
	cluster_ask sacctmgr -i add qos brief UsageFactor=2.5 >/dev/null
	new_bank
	new_account brevity
	cluster_ask sacctmgr -i modify user "$CLUSTER_USER" where account=brevity set qos+=brief >/dev/null
	run 0 subank open brevity 10
	run 0 subank check
	run 0 subank check
	expect_true "the QOS can be used" cluster_until 20 eval 'submit brevity "sleep 4" -q brief -n 2 2>/dev/null'
	expect_job "$job" COMPLETED
	expect_true "slurmdbd knows" cluster_until 60 over
	raw=$(cluster_raw_usage brevity)
	# slurmdbd keeps the name of a deleted QOS only if its record has a job that used it, or the QOS is a day old.
	expect_equal "the QOS of the job on record" brief "$(by_number QOS "$job")"
	cluster_ask sacctmgr -i delete qos brief >/dev/null
	[[ -z $(cluster_ask sacctmgr -n -P show qos brief) ]] || harness_failed "the QOS" gone "there"
	run 0 subank check
	expect_true "something was used" test "$raw" -ge 20
	expect_equal "used, by the factor that it had" "$raw" "$(used brevity)"
	run 0 subank reconcile brevity
	run 0 subank doctor -n -P
	expect_match "doctor" 'UsageFactor of a QOS\|gone from Slurm\|info\|1: brief\|' "$out"
	run 0 subank verify
}

# reserve NAME CORES: makes a reservation for the tests' user.
reserve() {
	cluster_ask scontrol create reservation ReservationName="$1" StartTime=now Duration=60 \
		Users="$CLUSTER_USER" Nodes="$cluster_host" CoreCnt="$2" >/dev/null
}

# priced ACCOUNT[,ACCOUNT...]: prints the cost of their jobs that have ended, from sacct: run times in steps of 5
# seconds, 20 billing-seconds or more for each job, nothing in the first reservation, twice as much in the second.
priced() {
	cluster_ask sacct -D -X -a -n -P -M "$CLUSTER_NAME" -A "$1" -S now-1day \
		-o End,ReservationId,ElapsedRaw,AllocTRES |
		awk -F'|' '$1 == "Unknown" || $2 == 1 || $3 == 0 || !match($4, /billing=[0-9]+/) { next }
			{
				cost = int(($3 + 4) / 5) * 5 * substr($4, RSTART + 8, RLENGTH - 8) * ($2 == 2 ? 2 : 1)
				sum += cost < 20 ? 20 : cost
			}
			END { print sum + 0 }'
}

test_reservations_a_minimum_and_rounded_run_times() {
	local course running flight start
	sed -i '/^meter:/d; /^hold_on:/d; /^free_states:/d; /^factors:/d' "$harness_dir/subank.yaml"
	cat >>"$harness_dir/subank.yaml" <<-END
		meter: jobs
		factors: {reservation: {course: 0, Dear: 2}}
		round_seconds: 5
		min_charge: 20s
	END
	new_bank
	new_account prices
	new_account parts parent=prices
	run 0 subank open prices 3600s
	run 0 subank open parts 3600s
	run 0 subank check
	reserve course 4
	reserve Dear 4
	submit parts 'sleep 3' -n 2 --reservation=course
	course=$job
	submit prices 'sleep 3' -n 2 --reservation=Dear
	submit prices 'sleep 1' --array=1-2
	submit parts 'sleep 1'
	submit parts 'sleep 6' -n 3
	expect_true "all have ended" cluster_until 60 over
	expect_true "slurmdbd knows" cluster_until 60 ended_on_record "$course"
	# sacct has no name of a reservation for a job that starts in its first second.
	start=$(SLURM_TIME_FORMAT=%s by_number Start "$course")
	cluster_sql "update slurm_acct_db.${CLUSTER_NAME}_resv_table set time_start = $start where id_resv = 1"
	expect_equal "its name, and id" "|1" "$(by_number Reservation,ReservationId "$course")"
	run 0 subank check
	expect_equal "a job in the reservation" "" "$(subank journal -n -P --kind job -o Detail | grep "/$course " || true)"
	expect_equal "charges" 7 "$(entries_of job)"
	expect_equal "used" "$(priced prices,parts)" "$(used prices)"
	expect_equal "used below" "$(priced parts)" "$(used parts)"
	expect_true "used" test "$(used parts)" -ge 50
	run 0 subank reconcile
	expect_match "the entry of a job" '"factor":2000000,.*"reservation":"Dear","round_seconds":5,"min_charge_seconds":20' \
		"$(subank journal --json prices)"

	# Running jobs: one in the reservation, and one outside.
	submit parts 'sleep 300' -n 2 -t 5 --reservation=course
	running=$job
	expect_job "$running" RUNNING
	submit parts 'sleep 300' -t 1
	expect_job "$job" RUNNING
	expect_true "it runs for a while" cluster_until 30 has_run "$job"
	expect_true "committed to the limit of the one outside" cluster_until 30 is_committed 60 parts
	flight=$(row InFlight prices)
	expect_true "in flight: $flight" test "$flight" -ge 20 -a $((flight % 5)) -eq 0
	cluster_ask scancel "$job" "$running"
	expect_true "all have ended" cluster_until 60 over
	expect_true "slurmdbd knows" cluster_until 60 ended_on_record "$running"
	run 0 subank check
	expect_equal "used" "$(priced prices,parts)" "$(used prices)"
	expect_equal "used below" "$(priced parts)" "$(used parts)"
	run 0 subank check
	expect_equal "a check again" "" "$out"
	run 0 subank reconcile
	run 0 subank verify
	cluster_ask scontrol delete ReservationName=course
	cluster_ask scontrol delete ReservationName=Dear
	run 0 subank reconcile
	sed -i '/^meter:/d; /^factors:/d; /^round_seconds:/d; /^min_charge:/d' "$harness_dir/subank.yaml"
}

harness_main "$@"
