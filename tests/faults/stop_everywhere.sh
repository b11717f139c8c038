#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SIGSTOP at every step of a verb: other processes must not hang; they succeed, or report within
# lock_seconds the process id that holds the lock. After SIGCONT the result must be as without the stop.
# Started by run.bash: with few FAULT_SECONDS at random steps only.
# shellcheck disable=SC2154 # what killing.sh sets
parts=$*
KILL_AT=${KILL_AT:-$FAULTS_BUILD/../kill_at}
. "$srcdir/tests/killing.sh"
stride=$((1 + 700 / (FAULT_SECONDS + 1)))
sed 's/^lock_seconds:.*/lock_seconds: 1/' "$dir/settings" >"$dir/impatient"
mkfifo "$dir/fifo"

# waited FROM TO: checks that the message of a waiting deposit came after lock_seconds (1), and that the time
# in it, if any, is earlier.
waited() {
	since=$(sed -n 's/.*, since \([0-9:]*\)).*/\1/p' "$dir/err")
	[ $(($2 - $1)) -ge 1 ] || return 1
	[ -n "$since" ] || return 0
	timed=$((timed + 1))
	since=$(($(date -d "$since" +%s) - $1))
	# Before midnight.
	[ $since -lt 43200 ] || since=$((since - 86400))
	[ $since -le 0 ] && [ $since -gt -600 ]
}

# others_are_served_or_told VERB-WITH-ARGUMENTS...: runs each of them beside the stopped process $pid.
others_are_served_or_told() {
	for verb; do
		begun=$(date +%s)
		# shellcheck disable=SC2086
		timeout -k 1 60 "$subank" -c "$dir/impatient" $verb >"$dir/out" 2>"$dir/err" </dev/null
		status=$?
		others=$((others + 1))
		# A check may find problems.
		if [ $status -ne 0 ] && ! { [ "$verb" = check ] && [ $status -eq 3 ] && ! grep -q 'in use' "$dir/err"; }; then
			told=$((told + 1))
			{ [ $status -eq 1 ] || [ $status -eq 3 ]; } && grep -q "in use by process $pid\\b" "$dir/err" ||
				echo "beside the stopped process $pid, '$verb' ended with status $status" >"$dir/trouble"
			[ "${verb%% *}" != deposit ] || waited "$begun" "$(date +%s)" ||
				echo "beside the stopped process $pid, '$verb' ended after other times than it says" >"$dir/trouble"
		fi
		[ ! -s "$dir/trouble" ] || return
	done
}

# stopped_everywhere NAME ARGUMENT...
stopped_everywhere() {
	everywhere stopped_one "$@"
}

told=0 others=0 timed=0
stopped_one() {
	(
		"$kill_at" -s "$dir/fifo" "$n" "$subank" -c "$dir/settings" "$@" >"$dir/out.own" 2>"$dir/err.own" </dev/null
		echo $? >"$dir/status"
	) &
	pid=
	read -r pid <"$dir/fifo"
	if [ -n "$pid" ]; then
		others_are_served_or_told balance 'deposit hand 1s --ref other --no-apply' check
		kill -CONT "$pid"
	else
		at_end=yes
	fi
	wait $!
	read -r status <"$dir/status"
	# A check may find that another one did everything, and found the problems.
	if [ ! -s "$dir/trouble" ] && [ "$status" -ne "$want" ] && ! { [ "$1" = check ] && [ "$status" -eq 0 ]; }; then
		echo "the stopped process ended with status $status, and not $want" >"$dir/trouble"
		cp "$dir/out.own" "$dir/out"
		cp "$dir/err.own" "$dir/err"
	fi
	[ -s "$dir/trouble" ] || settle || echo "the checks do not come to rest" >"$dir/trouble"
}

make_busy_bank
sb deposit hand 1s --ref other --no-apply || fail deposit
stopped_everywhere a_check check
settle || fail 'the checks do not come to rest'
stopped_everywhere a_deposit_that_releases deposit site 100 --ref d
stopped_everywhere terms_that_change_the_lever terms use --enforce limit --ref t
printf -- '- {ref: l%s, %s}\n' 1 'deposit: over, su: 1' 2 'transfer: over, to: use, su: 0.5' >"$dir/list"
stopped_everywhere a_list import --append "$dir/list"
settle || fail 'the checks do not come to rest'
mkdir "$dir/bank/backups"
stopped_everywhere a_backup backup "$dir/bank/backups"
seen=balances
stopped_everywhere a_reset reset down --immediate
seen=entries
settle || fail 'the checks do not come to rest'
make_dump
stopped_everywhere accounts_of_a_predecessor import --predecessor --immediate "$dir/dump.json"
make_bank_of_yesterday
sb deposit hand 1s --ref other --no-apply || fail deposit
# Before or after the entries of the other check.
rounds=yes
stopped_everywhere reconciling reconcile lost --apply --note why
rounds=
publish
seen=published
stopped_everywhere charging_jobs_and_publishing check
seen=entries
sb export "$dir/whole.yaml" || fail export
# It does not control Slurm afterwards, so no check has anything to settle.
settle() {
	true
}
stopped_everywhere a_replacement import --replace --immediate "$dir/whole.yaml"

echo "$told of $others others were told who holds the lock, $timed also since when"
[ -n "$parts" ] || { [ $told -gt 0 ] && { [ $stride -gt 1 ] || [ $timed -gt 0 ]; }; } || fail 'no process ever held a lock'
printf 'row\tSIGSTOP at every call: 10 verbs, 3 others beside\t%d\t%d\n' $((passed + failed)) $failed
[ $failed -eq 0 ]
