#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SIGSTOP at every step of a verb: meanwhile others can read, or fail within lock_seconds with the id of the
# process that is in their way, and never hang. When the stopped process continues, the result is as without the
# stop. Started by run.bash. With few FAULT_SECONDS, only some steps are tried, at random.
# shellcheck disable=SC2154 # set by killing.sh
parts=$*
KILL_AT=${KILL_AT:-$FAULTS_BUILD/../kill_at}
. "$srcdir/tests/killing.sh"
stride=$((1 + 700 / (FAULT_SECONDS + 1)))
sed 's/^lock_seconds:.*/lock_seconds: 1/' "$dir/settings" >"$dir/impatient"
mkfifo "$dir/fifo"

# waited FROM TO: succeeds if a deposit that waited failed after lock_seconds (1), and if the time that its message
# gives for the other process, if any, is before that.
waited() {
	since=$(sed -n 's/.*, since \([0-9:]*\)).*/\1/p' "$dir/err")
	[ $(($2 - $1)) -ge 1 ] || return 1
	[ -n "$since" ] || return 0
	timed=$((timed + 1))
	since=$(($(date -d "$since" +%s) - $1))
	# It was before midnight.
	[ $since -lt 43200 ] || since=$((since - 86400))
	[ $since -le 0 ] && [ $since -gt -600 ]
}

# others_succeed_or_are_refused VERB-WITH-ARGUMENTS...: runs each of them beside the stopped process $pid.
others_succeed_or_are_refused() {
	for verb; do
		begun=$(date +%s)
		# shellcheck disable=SC2086
		timeout -k 1 60 "$subank" -c "$dir/impatient" $verb >"$dir/out" 2>"$dir/err" </dev/null
		status=$?
		others=$((others + 1))
		# A check may find problems.
		if [ $status -ne 0 ] && ! { [ "$verb" = check ] && [ $status -eq 3 ] && ! grep -q 'in use' "$dir/err"; }; then
			refused=$((refused + 1))
			{ [ $status -eq 1 ] || [ $status -eq 3 ]; } && grep -q "in use by process $pid\\b" "$dir/err" ||
				echo "beside the stopped process $pid, '$verb' ended with status $status" >"$dir/trouble"
			[ "${verb%% *}" != deposit ] || waited "$begun" "$(date +%s)" ||
				echo "beside the stopped process $pid, the times in the message of '$verb' are wrong" >"$dir/trouble"
		fi
		[ ! -s "$dir/trouble" ] || return
	done
}

# stopped_everywhere NAME ARGUMENT...
stopped_everywhere() {
	everywhere stopped_one "$@"
}

refused=0 others=0 timed=0
stopped_one() {
	(
		"$kill_at" -s "$dir/fifo" "$n" "$subank" -c "$dir/settings" "$@" >"$dir/out.own" 2>"$dir/err.own" </dev/null
		echo $? >"$dir/status"
	) &
	pid=
	read -r pid <"$dir/fifo"
	if [ -n "$pid" ]; then
		others_succeed_or_are_refused balance 'deposit hand 1s --ref other --no-apply' check
		kill -CONT "$pid"
	else
		at_end=yes
	fi
	wait $!
	read -r status <"$dir/status"
	# A check may find that another check has done all the work, and reported the problems.
	if [ ! -s "$dir/trouble" ] && [ "$status" -ne "$want" ] && ! { [ "$1" = check ] && [ "$status" -eq 0 ]; }; then
		echo "the stopped process ended with status $status instead of $want" >"$dir/trouble"
		cp "$dir/out.own" "$dir/out"
		cp "$dir/err.own" "$dir/err"
	fi
	[ -s "$dir/trouble" ] || settle || echo "repeated checks still find work to do" >"$dir/trouble"
}

make_busy_bank
sb deposit hand 1s --ref other --no-apply || fail deposit
stopped_everywhere a_check check
settle || fail 'repeated checks still find work to do'
stopped_everywhere a_deposit_that_releases deposit site 100 --ref d
stopped_everywhere terms_that_change_the_lever terms use --enforce limit --ref t
stopped_everywhere a_fee charge use 1 --ref e
printf -- '- {ref: l%s, %s}\n' 1 'deposit: over, su: 1' 2 'transfer: over, to: use, su: 0.5' >"$dir/list"
stopped_everywhere a_list import --append "$dir/list"
settle || fail 'repeated checks still find work to do'
mkdir "$dir/bank/backups"
stopped_everywhere a_backup backup "$dir/bank/backups"
observe=balances
stopped_everywhere a_reset reset down --immediate
observe=entries
settle || fail 'repeated checks still find work to do'
make_dump
stopped_everywhere accounts_of_a_predecessor import --predecessor --immediate "$dir/dump.json"
make_bank_of_yesterday
sb deposit hand 1s --ref other --no-apply || fail deposit
# Its entries may come before or after those of the other check.
rounds=yes
stopped_everywhere reconciling reconcile lost --apply --note why
rounds=
publish
observe=published
stopped_everywhere charging_jobs_and_publishing check
observe=entries
sb export "$dir/whole.yaml" || fail export
# The bank does not command Slurm afterwards, so no check runs.
settle() {
	true
}
stopped_everywhere a_replacement import --replace --immediate "$dir/whole.yaml"

echo "$refused of $others commands were refused because of the stopped process, $timed with a time"
[ -n "$parts" ] || { [ $refused -gt 0 ] && { [ $stride -gt 1 ] || [ $timed -gt 0 ]; }; } || fail 'no command was ever refused'
printf 'row\tSIGSTOP at every call: 11 verbs, 3 others beside\t%d\t%d\n' $((passed + failed)) $failed
[ $failed -eq 0 ]
