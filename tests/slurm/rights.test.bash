#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A bank that belongs to an ordinary user, on a real Slurm that shows or hides the rows of others
# (PrivateData), with and without an AdminLevel.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"

owner=games

# subank ARGUMENT...: runs it as the bank's owner.
subank() {
	setpriv --reuid="$owner" --regid="$owner" --clear-groups env PATH="$harness_dir/bin:$PATH" \
		"$harness_dir/program" --config "$harness_dir/subank.yaml" "$@"
}

# private_bank METER: makes an empty bank of the owner with that meter.
private_bank() {
	sed -i '/^meter:\|^enforcement:/d' "$harness_dir/subank.yaml"
	printf '%s\n' "meter: $1" 'enforcement: warn' >>"$harness_dir/subank.yaml"
	export SUBANK_BANK=$harness_dir/owned-$BASHPID/bank
	install -d -o "$owner" "${SUBANK_BANK%/*}"
	chmod a+rw "$harness_dir/sacctmgr.log"
	# The owner may not be able to read the build folder.
	install -m 755 "$SUBANK" "$harness_dir/program"
	# The settings must belong to root or to the owner.
	run 0 subank init
}

# level LEVEL: sets the owner's AdminLevel; none: slurmdbd does not have the owner.
level() {
	if [[ $1 = none ]]; then
		cluster_ask sacctmgr -i delete user "$owner" >/dev/null 2>&1 || true
	elif ! cluster_ask sacctmgr -i modify user "$owner" set AdminLevel="$1" >/dev/null 2>&1; then
		cluster_ask sacctmgr -i add user "$owner" account=root AdminLevel="$1" >/dev/null
	fi
	sleep 1
}

# dbd_private LIST: sets PrivateData of slurmdbd.
dbd_private() {
	sed -i '/^PrivateData=/d' "$CLUSTER_DIR/etc/slurmdbd.conf"
	echo "PrivateData=$1" >>"$CLUSTER_DIR/etc/slurmdbd.conf"
	cluster_daemon_stop slurmdbd
	cluster_daemon_start slurmdbd
	expect_true "slurmctld is back in touch" cluster_until 60 eval 'cluster_ask sshare -n -M "$CLUSTER_NAME" >/dev/null 2>&1'
}

# flat TEXT: prints it in one line.
flat() {
	tr -s ' \n' ' ' <<<"$1"
}

# slurmdbd_tells: whether sacctmgr show config prints its PrivateData, as up to 24.11.
slurmdbd_tells() {
	[[ $(sacctmgr -V) =~ \ 2[0-4]\. ]]
}

# hides LIST: prints the message about rows that slurmdbd hides by that PrivateData.
hides() {
	if slurmdbd_tells; then
		echo "PrivateData=$1 on slurmdbd hides"
	else
		echo "this Slurm does not show the PrivateData of slurmdbd, which may hide"
	fi
}

# shown LIST [SHORT]: how doctor shows it, and what it hides.
shown() {
	if slurmdbd_tells; then
		echo "$1${2:+: hides $2}"
	else
		echo "not shown${2:+: may hide $2}"
	fi
}

all_private_no_more() {
	dbd_private none
	cluster_reconfigure PrivateData=none
	cluster_await slurmd
}

doctor_row() { # ROW-BEGINNING
	local rows
	rows=$(subank doctor -n -P 2>/dev/null) || true
	grep -qF -- "$1" <<<"$rows" || harness_failed "a row of doctor" "$1" "$rows"
}

# recorded ACCOUNT: prints its use in sacct, in billing-seconds; root sees all.
recorded() {
	cluster_ask sacct -D -X -a -n -P -M "$CLUSTER_NAME" -A "$1" -S now-1day -o ElapsedRaw,AllocTRES |
		awk -F'|' 'match($2, /billing=[0-9]+/) {
			sum += $1 * substr($2, RSTART + 8, RLENGTH - 8)
		} END { print sum + 0 }'
}

test_jobs_that_slurmdbd_hides_are_never_taken_for_none() {
	all_private_no_more
	level None
	private_bank jobs
	new_account secret
	run 0 subank open secret 100
	dbd_private jobs,usage
	expect_equal "what sacct answers him" "" "$(setpriv --reuid="$owner" --regid="$owner" --clear-groups \
		sacct -D -X -a -n -P -M "$CLUSTER_NAME" -S now-1day -o JobID 2>&1)"

	# The first check: it stays on RawUsage, and charges by that.
	spend secret 4 3
	expect_true "its end in slurmdbd" cluster_until 60 ended_on_record "$job"
	run 3 subank check
	expect_match "what it says" 'meters on cluster .* are switched later: '"$(hides jobs,usage)" "$(flat "$err")"
	expect_equal "charged" "$(cluster_raw_usage secret)" "$(used secret)"
	expect_true "charged" test "$(used secret)" -gt 0
	doctor_row "PrivateData|slurmdbd|bad|$(shown jobs,usage jobs)|"
	doctor_row "AdminLevel|slurmdbd|info|$owner: None|"

	# With the level that doctor advises the meter switches.
	level Operator
	run 0 subank check
	expect_match "the switch" "secret: is metered by jobs" "$out"
	doctor_row "PrivateData|slurmdbd|ok|$(shown jobs,usage)"
	doctor_row "AdminLevel|slurmdbd|ok|$owner: Operator|"
	spend secret 4 3
	expect_true "its end in slurmdbd" cluster_until 60 ended_on_record "$job"
	run 0 subank check
	expect_equal "used" "$(recorded secret)" "$(used secret)"

	# Without the level again: nothing is charged, and nothing is settled.
	level None
	spend secret 4 2
	expect_true "its end in slurmdbd" cluster_until 60 ended_on_record "$job"
	run 3 subank check
	expect_match "what it says" "are charged later: $(hides jobs,usage) jobs" "$(flat "$err")"
	expect_true "not charged yet" test "$(used secret)" -lt "$(recorded secret)"
	run 3 subank reconcile secret
	expect_match "what reconcile says" "is left out: $(hides jobs,usage)" "$(flat "$err")"
	level none
	run 3 subank check
	expect_match "what it advises" "sacctmgr add user $owner account=root AdminLevel=Operator" "${err//$'\n'/ }"
	level Operator
	run 0 subank check
	expect_equal "used" "$(recorded secret)" "$(used secret)"
	run 0 subank reconcile secret
	run 0 subank verify
}

test_use_that_slurmctld_hides_leaves_the_cluster_alone() {
	all_private_no_more
	level None
	private_bank rawusage
	new_account hushed
	run 0 subank open hushed 100
	run 0 subank check
	cluster_reconfigure PrivateData=usage
	cluster_await slurmd
	run 1 subank check
	expect_match "what it says" 'is left alone: PrivateData=usage on .* hides use of others' "${err//$'\n'/ }"
	doctor_row "PrivateData|$CLUSTER_NAME|bad|usage: hides use|"
	spend hushed 4 2
	level Operator
	run 0 subank check
	expect_equal "used" "$(cluster_raw_usage hushed)" "$(used hushed)"
	expect_true "used" test "$(used hushed)" -gt 0
	doctor_row "PrivateData|$CLUSTER_NAME|ok|usage|"
}

test_a_job_that_squeue_hides_has_not_run_away() {
	all_private_no_more
	level Operator
	private_bank jobs
	new_account quiet
	run 0 subank open quiet 100
	run 0 subank check
	submit quiet 'sleep 300' -n 2 -t UNLIMITED
	expect_job "$job" RUNNING
	expect_true "slurmdbd knows it" cluster_until 60 eval '[[ $(sacct -X -n -P -j "$job" -o State) = RUNNING ]]'
	run 0 subank check
	cluster_reconfigure PrivateData=jobs
	cluster_await slurmd
	level None
	expect_equal "what squeue answers him" "" "$(setpriv --reuid="$owner" --regid="$owner" --clear-groups \
		squeue -h -a -t all -o %A 2>&1)"
	if slurmdbd_tells; then
		run 0 subank check
		expect_match "what it says" 'that may have ended count as running: PrivateData=jobs on ' "$(flat "$err")"
		expect_true "in flight" test "$(subank balance -n -P --seconds -o InFlight quiet)" -gt 0
	else
		run 3 subank check
		expect_match "what it says" "are charged later: $(hides none) jobs" "$(flat "$err")"
	fi
	run 3 subank reconcile quiet --apply --note "no such thing"
	expect_equal "entries of a reconciliation" 0 "$(entries_of reconcile)"
	doctor_row "PrivateData|$CLUSTER_NAME|warn|jobs: hides jobs|"
	level Operator
	run 0 subank reconcile quiet
	doctor_row "runaway jobs|$CLUSTER_NAME|ok|none|"
	cluster_ask scancel "$job"
	all_private_no_more
}

harness_main "$@"
