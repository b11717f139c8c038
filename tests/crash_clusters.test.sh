#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Kills (-9) checks of two clusters at every step: the next checks complete them. Arguments as for crash.test.sh.
parts=$*
srcdir=${srcdir:-.}
. "$srcdir/tests/killing.sh"

make_busy_bank
settle || fail 'repeated checks still find work to do'

mkdir -p "$FAKE_STATE/gpu"
slurm root
cp "$FAKE_STATE/dev/root" "$FAKE_STATE/gpu/"
sed 's/^clusters:.*/clusters: [dev, gpu]/' "$dir/settings" >"$dir/settings.new" && mv "$dir/settings.new" "$dir/settings"
for account in two_use two_over two_paid; do
	slurm $account RawUsage=5
	cp "$FAKE_STATE/dev/$account" "$FAKE_STATE/gpu/"
	sb open "$account" 20s || fail 'open'
done
echo RawUsage=50 >"$FAKE_STATE/gpu/two_paid"
settle || fail 'repeated checks still find work to do'
sb deposit two_paid 1 --no-apply || fail 'deposit'
slurm two_use RawUsage=10
echo RawUsage=99 >"$FAKE_STATE/gpu/two_use"
echo RawUsage=99 >"$FAKE_STATE/gpu/two_over"
killed_everywhere a_check_of_two_clusters_killed_at_any_point_is_completed_by_the_next check

# Caps of which some are lowered before others are raised, and levers that sshare does not show.
settle || fail 'repeated checks still find work to do'
{
	sb terms two_use --enforce limit --lever GrpJobs --credit 1 --no-apply &&
		sb terms two_paid --enforce limit --no-apply && sb terms two_over --lever GrpJobs --no-apply
} || fail 'terms'
rounds=yes
killed_everywhere a_check_with_caps_and_hidden_levers_killed_at_any_point_is_completed_by_the_next check
if [ -e "$dir/base" ] && wanted "$name"; then
	for line in two_over:GrpJobs=0 two_paid:GrpTRESMins=billing=; do
		for cluster in dev gpu; do
			grep -q "^./$cluster/$line" "$dir/limits.want" || fail "no limit $line"
		done
	done
fi
rounds=

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
