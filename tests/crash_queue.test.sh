#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Kills (-9) checks that move queued jobs, at every step: after each kill, the next checks bring each job to where
# it would be without the kill. Arguments as for crash.test.sh.
parts=$*
srcdir=${srcdir:-.}
. "$srcdir/tests/killing.sh"

printf '%s\n' 'enforcement: scavenge' 'scavenger_qos: scav' >>"$dir/settings"
mkdir -p "$FAKE_STATE/dev" "$FAKE_STATE/queued"
slurm root
slurm spent RawUsage=100
slurm inside RawUsage=100 Parent=spent
printf '%s\n' '12|12|N/A|12|PD|10:00|normal|spent' '13|13|N/A|13|PD|UNLIMITED|normal|spent' \
	'14|14|3-6%2|14_[3-6%2]|PD|20:00|normal|spent' '15|15|N/A|15+0|PD|10:00|normal|spent' \
	'16|16|N/A|15+1|PD|12:00|normal|inside' '17|17|N/A|17|PD|30:00|fast|inside' >"$FAKE_STATE/queued/dev"
n=0 name=preparation
{ sb init && sb open spent 20s && sb check; } || fail 'cannot make the bank'
slurm spent RawUsage=200
# Sets the hold first: crash.test.sh kills checks that change limits.
settle || fail 'repeated checks still find work to do'
echo 'queued_jobs: move' >>"$dir/settings"

# qos_of JOB: prints QOS and time limit.
qos_of() {
	sed -n "s/^$1|[^|]*|[^|]*|[^|]*|[^|]*|\([^|]*\)|\([^|]*\)|.*/\2 \1/p" "$FAKE_STATE/queued/dev"
}

killed_everywhere a_check_that_moves_jobs_killed_at_any_point_is_completed_by_the_next check
settle || fail 'repeated checks still find work to do'
for job in 12 13 14 15 16 17; do
	case $(qos_of "$job") in
	'scav '*) ;;
	*) fail "job $job is not in the scavenger QOS" ;;
	esac
done

# Releases first, too.
echo fail >"$FAKE_STATE/squeue.mode"
sb deposit spent 10
rm "$FAKE_STATE/squeue.mode"
grep -q 'left as they are' "$dir/err" || fail 'the jobs were moved too early'
killed_everywhere a_check_that_returns_jobs_killed_at_any_point_is_completed_by_the_next check
settle || fail 'repeated checks still find work to do'
for job in '12 normal 10:00' '13 normal UNLIMITED' '14 normal 20:00' '15 normal 10:00' '16 normal 12:00' \
	'17 fast 30:00'; do
	[ "$(qos_of "${job%% *}")" = "${job#* }" ] || fail "job ${job%% *} has $(qos_of "${job%% *}")"
done

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
