#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Faults in the middle: Slurm's daemons die while limits are set, sacctmgr reports wrong results, the clock
# jumps.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"

# sacctmgr_does LINE: replaces changes by the program's sacctmgr.
sacctmgr_does() {
	printf '#!/bin/sh\ncase $* in\n*" modify "*)\n\t%s\n\t;;\nesac\nexec "%s" "$@"\n' "$1" "$(command -v sacctmgr)" \
		>"$harness_dir/bin/sacctmgr.new"
	chmod 755 "$harness_dir/bin/sacctmgr.new"
	mv "$harness_dir/bin/sacctmgr.new" "$harness_dir/bin/sacctmgr"
}

sacctmgr_does_it() {
	sacctmgr_does ":"
}

hundred=()
for ((i = 1; i <= 100; i++)); do
	hundred+=("mass$i")
done

# limits_of_all DUMP-COMMAND: prints how many of the hundred have which limits, as "COUNT limits LIMITS".
in_slurmdbd() {
	cluster_ask sacctmgr -n -P show assoc where cluster="$CLUSTER_NAME" user= format=Account,GrpTRESMins
}
in_slurmctld() {
	cluster_ask sshare -n -P -a -o Account,User,GrpTRESMins | sed -n 's/^ *\([^|]*\)||/\1|/p'
}
limits_of_all() {
	"$1" | sed -n 's/^mass[0-9]*|\(.*\)/limits \1/p' | sort | uniq -c | sed 's/^ *//'
}

# expect_settled LIMITS: expects checks to bring all hundred to these limits, with nothing left to do.
expect_settled() {
	cluster_mend
	# Programs of the last check may still run, and a slurmctld that is back may not know of changes from
	# slurmdbd yet: then a check reports that the next one will retry.
	cluster_until 60 all_done || harness_failed "checks" "all done" "$(<"$harness_dir/err")"
	expect_equal "limits in slurmdbd" "100 limits $1" "$(limits_of_all in_slurmdbd)"
	expect_equal "limits in slurmctld" "100 limits $1" "$(limits_of_all in_slurmctld)"
	run 0 subank verify --slurm
	run 0 subank check
	expect_equal "what is left to say" "" "$out$err"
}

all_done() {
	subank check >"$harness_dir/out" 2>"$harness_dir/err"
}

# list REQUEST: records it for all hundred, with the account for each &.
lists=0
list() {
	lists=$((lists + 1))
	printf '%s\n' "${hundred[@]}" | sed "s/.*/- {ref: $lists-&, $1}/" >"$harness_dir/list"
	run 0 subank import --append --no-apply "$harness_dir/list"
}

# change_while_dies DAEMON SECONDS REQUEST LIMITS [restarted]: kills the daemon that long after sacctmgr has
# begun; with `restarted` stops it and starts it again while the check runs.
change_while_dies() {
	local pid check signal=${5:+TERM}
	list "$3"
	cluster_daemon "$1"
	# shellcheck disable=SC2154 # set by cluster_daemon
	pid=$daemon_pid
	# In its own session, to survive a kill of a sacctmgr that was faster.
	sacctmgr_does "setsid sh -c 'sleep $2; kill -${signal:-KILL} $pid' >/dev/null 2>&1 & exec $(command -v sacctmgr) \"\$@\""
	subank check >"$harness_dir/out" 2>"$harness_dir/err" &
	check=$!
	expect_true "$1 is gone" cluster_until 60 daemon_gone "$1"
	[[ -z $signal ]] || expect_true "$1 is back" cluster_daemon_start "$1"
	wait $check || missed=$((missed + 1))
	sacctmgr_does_it
	expect_settled "$4"
}

daemon_gone() {
	! cluster_daemon "$1"
}

test_a_daemon_gone_in_the_middle_of_a_hold_of_100_accounts() {
	local daemon pause missed=0
	new_bank
	cluster_ask sacctmgr -i add account "$(IFS=, && echo "${hundred[*]}")" cluster="$CLUSTER_NAME" >/dev/null
	cluster_until 30 all_there || harness_failed "the accounts in slurmctld" 100 "$(limits_of_all in_slurmctld)"
	list 'open: &, su: 1'
	for daemon in slurmdbd slurmctld; do
		for pause in 0.01 0.06 0.2; do
			change_while_dies $daemon $pause 'withdraw: &, su: all' cpu=0
			change_while_dies $daemon $pause 'deposit: &, su: 1' ''
		done
	done
	for pause in 0.01 0.06; do
		change_while_dies slurmctld $pause 'withdraw: &, su: all' cpu=0 restarted
		change_while_dies slurmctld $pause 'deposit: &, su: 1' '' restarted
	done
	expect_equal "holds" 800 "$(entries_of hold)"
	expect_equal "releases" 800 "$(entries_of release)"
	run 0 subank verify
	# Otherwise the fault did not come in the middle.
	echo "  $missed of 16 checks did not come to their end"
	expect_true "checks that could not set limits" test $missed -gt 3
}

all_there() {
	[[ $(limits_of_all in_slurmctld) = '100 limits ' ]]
}

test_success_without_effect_is_found_by_reading_back_and_tried_again() {
	local name=believed
	new_bank
	new_account $name
	run 0 subank open $name 10s
	spend $name 16 1
	sacctmgr_does 'echo " Modified account associations..."; exit 0'
	run 3 subank check
	expect_match "what the check says" "$name: the limit GrpTRESMins=cpu on $CLUSTER_NAME could not be set, the next check tries again: the cluster does not show the new limit" "$err"
	expect_equal "limits" "" "$(cluster_limits $name)"
	run 3 subank check
	sacctmgr_does_it
	run 0 subank check
	expect_equal "limits" cpu=0 "$(cluster_limits_in_force $name)"
	expect_equal "holds" 1 "$(entries_of hold)"
	# The same for a release.
	sacctmgr_does 'echo " Modified account associations..."; exit 0'
	run 3 subank deposit $name 1
	expect_equal "limits" cpu=0 "$(cluster_limits $name)"
	sacctmgr_does_it
	run 0 subank check
	expect_equal "limits" "" "$(cluster_limits_in_force $name)"
	run 0 subank verify --slurm
}

# Slurm's commands for a program with another clock: they keep the true one, which munge needs.
at_clock() {
	local offset=$1 program
	shift
	for program in sshare sacctmgr scontrol; do
		printf '#!/bin/sh\nunset LD_PRELOAD FAKETIME FAKETIME_SHARED\nexec "%s" "$@"\n' "$(command -v "$program")" \
			>"$harness_dir/$program"
		chmod 755 "$harness_dir/$program"
		echo "$program: $harness_dir/$program"
	done >"$harness_dir/clock.yaml"
	printf '%s\n' "clusters: [$CLUSTER_NAME]" 'charge_minutes: 0' >>"$harness_dir/clock.yaml"
	faketime -f "$offset" "$SUBANK" --config "$harness_dir/clock.yaml" "$@"
}

test_a_clock_that_jumps_neither_holds_nor_bars_anybody() {
	local name=jumped before
	new_bank
	new_account $name
	run 0 subank open $name 1 --end now+6days
	spend $name 16 1
	run 0 subank check
	before=$(entries)
	# Over a week ahead, past the end of the money: nothing is done.
	run 3 at_clock +8d check
	expect_match "what it says" "clock" "$err"
	expect_equal "entries" "$before" "$(entries)"
	run 3 at_clock +8d check
	expect_equal "entries" "$before" "$(entries)"
	expect_equal "limits" "" "$(cluster_limits $name)"
	# Then it is right again.
	run 0 subank check
	expect_equal "state" open "$(state $name)"
	# Back by less than a minute: money is recorded at the time of the newest entry, and use, which would
	# seem to precede the last reading, once the clock is past that.
	run 0 subank check
	spend $name 16 1
	run 0 at_clock -45s check
	run 0 at_clock -45s deposit $name 1
	run 0 subank check
	expect_equal "used" "$(cluster_raw_usage $name)" "$(used $name)"
	# Back by more: refused, with both times.
	before=$(entries)
	run 1 at_clock -2h deposit $name 1
	expect_match "what it says" "clock.*20[0-9-]*T.*20[0-9-]*T" "$err"
	run 1 at_clock -2h check
	expect_equal "entries" "$before" "$(entries)"
	run 0 subank verify
	# A hold that is due by the true clock comes as usual.
	run 0 subank withdraw $name all
	run 0 subank check
	expect_equal "limits" cpu=0 "$(cluster_limits_in_force $name)"
}

harness_main "$@"
