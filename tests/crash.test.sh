#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# kill -9 at every step of what changes the books, Slurm or a file: whatever the point, doing it again and
# a check bring books and Slurm to where they would be without the kill. SUBANK names the program
# (./subank if unset), KILL_AT tests/kill_at, srcdir the source tree; Slurm is the make-believe one of
# tests/fake. Arguments are parts of names: only what has one of them in its name is run.
subank=${SUBANK:-./subank}
srcdir=${srcdir:-.}
case $subank in
/*) ;;
*) subank=$(pwd)/$subank ;;
esac
kill_at=${KILL_AT:-${subank%/*}/tests/kill_at}
fake=$(cd "$srcdir/tests/fake" && pwd) || exit 99
dir=$(mktemp -d "${TMPDIR:-/tmp}/subank-crash.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM
parts=$*

unset SUBANK_BANK
# The leak sanitizer cannot work in a process that is traced.
LC_ALL=C TZ=UTC PATH=$fake:$PATH FAKE_STATE=$dir/slurm ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
export LC_ALL TZ PATH FAKE_STATE ASAN_OPTIONS
printf 'bank: %s\nclusters: [dev]\nslurm_seconds: 60\nlock_seconds: 60\n' "$dir/bank" >"$dir/settings"

"$kill_at" 1000000 true
if [ $? -eq 99 ]; then
	echo 'skipped: a process may not be traced here'
	echo '0 passed, 0 failed'
	exit 77
fi

passed=0
failed=0
fail() {
	failed=$((failed + 1))
	echo "FAILED: $name, killed at call $n: $1"
	for file in out err; do
		sed "s/^/  $file: /" "$dir/$file" | cat -v | head -5
	done
}

# sb ARGUMENT...: runs subank; leaves its status, $dir/out and $dir/err.
sb() {
	"$subank" -c "$dir/settings" "$@" >"$dir/out" 2>"$dir/err"
}

# wanted NAME: whether it is to be run.
wanted() {
	name=$1
	[ -n "$parts" ] || return 0
	for part in $parts; do
		case $name in
		*"$part"*) return 0 ;;
		esac
	done
	return 1
}

# slurm ACCOUNT LINE...: what the make-believe Slurm says of an account.
slurm() {
	account=$1
	shift
	printf '%s\n' "$@" >"$FAKE_STATE/dev/$account"
}

keep() {
	rm -rf "$dir/base"
	mkdir "$dir/base"
	cp -a "$FAKE_STATE" "$dir/base/slurm"
	[ ! -d "$dir/bank" ] || cp -a "$dir/bank" "$dir/base/bank"
}

restore() {
	rm -rf "$FAKE_STATE" "$dir/bank"
	cp -a "$dir/base"/* "$dir/"
}

# The entries without what differs from run to run. The outcomes of limits may come in another order,
# and, where limits are set in several rounds ($rounds), so may the limits: then which entry an
# outcome answers differs too.
rounds=
entries() {
	"$subank" -c "$dir/settings" export 2>/dev/null |
		sed -n "s/\"[-0-9]*T[0-9:.]*Z\"//g; s/hash: \"[0-9a-f]*\"//; ${rounds:+s/answers: [0-9]*//; }"'s/^- {entry: [0-9]*, //p' |
		sort
}

limits() {
	(cd "$FAKE_STATE" && find . -mindepth 2 -type f -exec grep -H '' {} + | sort)
}

# A sacctmgr that the killed one has started keeps others from deciding anew until it ends.
check() {
	tries=0
	until sb check || ! grep -q 'in use by' "$dir/err" || [ $tries -gt 600 ]; do
		tries=$((tries + 1))
		sleep 0.02
	done
}

quiet_check() {
	check
	[ ! -s "$dir/out" ] && [ ! -s "$dir/err" ]
}

# Checks until there is nothing to do, which must be so at the third.
settle() {
	quiet_check || quiet_check || quiet_check
}

# again ARGUMENT...: what somebody does who does not know whether it was done.
again() {
	sb "$@" || sb "$@"
}

# killed_everywhere NAME ARGUMENT...: `subank ARGUMENT...` on the bank and the Slurm that stand there
# now is killed at each point, done again (a check does that itself), and followed by checks.
killed_everywhere() {
	wanted "$1" || return 0
	shift
	n=0
	keep
	sb "$@"
	settle || fail 'without a kill the checks do not come to rest'
	entries >"$dir/entries.want"
	limits >"$dir/limits.want"
	while :; do
		n=$((n + 1))
		restore
		: >"$dir/trouble"
		# Whatever the killed one has started holds the pipe open until it has ended too.
		(
			"$kill_at" "$n" "$subank" -c "$dir/settings" "$@" >"$dir/out" 2>"$dir/err" </dev/null
			echo $? >"$dir/status"
			[ "$1" = check ] || again "$@" || echo "it cannot be done again" >"$dir/trouble"
			settle || echo "the checks do not come to rest" >"$dir/trouble"
		) 9>&1 | cat >/dev/null
		read -r status <"$dir/status"
		entries >"$dir/entries"
		limits >"$dir/limits"
		if [ -s "$dir/trouble" ]; then
			fail "$(cat "$dir/trouble")"
		elif ! sb verify; then
			fail 'verify is not content'
		elif ! diff "$dir/entries.want" "$dir/entries" >"$dir/out"; then
			fail 'other entries than without a kill'
		elif ! diff "$dir/limits.want" "$dir/limits" >"$dir/out"; then
			fail 'other limits in Slurm than without a kill'
		else
			passed=$((passed + 1))
		fi
		[ "$status" -eq 137 ] || break
	done
	echo "$name: $n points"
	[ $n -gt 20 ] || fail 'so few points cannot be all'
}

# ---- a bank in which a check has everything to do ----

mkdir -p "$FAKE_STATE/dev"
slurm root
for account in use over site paid debt down hand; do
	slurm $account RawUsage=100
done
slurm site RawUsage=100 GrpTRESMins=cpu=5000,gres/gpu=7
slurm paid RawUsage=100 GrpTRESMins=node=3,cpu=700
n=0 name=preparation
{
	sb init &&
		sb open use 1 && sb open over 20s && sb open site 20s && sb open paid 20s && sb open debt 20s &&
		sb open down 1 && sb open hand 1
} || fail 'the accounts cannot be opened'
slurm paid RawUsage=200 GrpTRESMins=node=3,cpu=700
slurm debt RawUsage=200
slurm down RawUsage=200
sb check || fail 'the first check'
slurm use RawUsage=150
slurm over RawUsage=150
slurm site RawUsage=150 GrpTRESMins=cpu=5000,gres/gpu=7
slurm debt RawUsage=250 GrpTRESMins=cpu=0
slurm down RawUsage=50
{ sb deposit paid 1 --no-apply && sb hold hand --no-apply; } || fail 'what the check is to do'

killed_everywhere a_check_killed_at_any_point_is_completed_by_the_next check
if [ -e "$dir/base" ]; then
	# What the check had to do was done, or there was nothing to kill.
	for line in 'kind: charge.*account: "use"' 'kind: hold.*account: "over"' 'kind: hold.*account: "site"' \
		'kind: release.*account: "paid"' 'kind: charge.*account: "debt".*amount: 50' \
		'kind: baseline.*account: "down"' 'kind: lever.*account: "hand"'; do
		grep -q "$line" "$dir/entries.want" || fail "no entry like $line"
	done
	for line in over:GrpTRESMins=cpu=0 hand:GrpTRESMins=cpu=0 debt:GrpTRESMins=cpu=0 \
		site:GrpTRESMins=cpu=0,gres/gpu=7 paid:GrpTRESMins=node=3,cpu=700; do
		grep -qx "./dev/$line" "$dir/limits.want" || fail "no limit $line"
	done
fi
settle || fail 'the checks do not come to rest'

killed_everywhere a_deposit_killed_at_any_point_is_entered_once_and_releases deposit site 100 --ref d
if wanted a_list_killed_at_any_point_is_entered_once_and_releases; then
	printf -- '- {ref: l%s, %s}\n' 1 'deposit: over, su: 1' 2 'transfer: over, to: use, su: 0.5' \
		3 'open: listed, su: 3' >"$dir/list"
	slurm listed RawUsage=7
	killed_everywhere "$name" import --append "$dir/list"
fi
killed_everywhere a_hold_killed_at_any_point_is_entered_once hold use --ref h
killed_everywhere a_release_killed_at_any_point_is_entered_once release hand --ref r
killed_everywhere a_transfer_killed_at_any_point_is_entered_once transfer down over 0.5 --ref t
slurm fresh RawUsage=77
killed_everywhere an_account_whose_opening_was_killed_is_opened_once open fresh 5 --ref o

# ---- two clusters ----

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
settle || fail 'the checks do not come to rest'
sb deposit two_paid 1 --no-apply || fail 'deposit'
slurm two_use RawUsage=10
echo RawUsage=99 >"$FAKE_STATE/gpu/two_use"
echo RawUsage=99 >"$FAKE_STATE/gpu/two_over"
killed_everywhere a_check_of_two_clusters_killed_at_any_point_is_completed_by_the_next check

# Shares that are lowered before others are raised, and levers that have to be asked for.
settle || fail 'the checks do not come to rest'
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

# ---- files ----

# The file is the old or the new one, never half of it or none.
killed_export() {
	wanted predecessor_28_a_killed_export_leaves_the_old_file_or_the_new || return 0
	sb export "$dir/new.yaml" || fail 'export'
	n=0 status=137
	while [ $status -eq 137 ]; do
		n=$((n + 1))
		echo old >"$dir/file.yaml"
		"$kill_at" "$n" "$subank" -c "$dir/settings" export "$dir/file.yaml" >"$dir/out" 2>"$dir/err"
		status=$?
		if cmp -s "$dir/file.yaml" "$dir/new.yaml" || [ "$(cat "$dir/file.yaml")" = old ]; then
			passed=$((passed + 1))
		else
			fail 'the file is neither the old nor the new one'
		fi
	done
	cmp -s "$dir/file.yaml" "$dir/new.yaml" || fail 'the export at the end is not the new file'
	echo "$name: $n points"
	[ $n -gt 10 ] || fail 'so few points cannot be all'
}
killed_export

# killed_making NAME ARGUMENT...: makes a bank where there is none. What is left is a whole bank or none.
killed_making() {
	wanted "$1" || return 0
	shift
	n=0 status=137
	while [ $status -eq 137 ]; do
		n=$((n + 1))
		rm -rf "$dir/made"
		"$kill_at" "$n" "$subank" -c "$dir/settings" -b "$dir/made" "$@" >"$dir/out" 2>"$dir/err"
		status=$?
		if ! sb -b "$dir/made" balance && ! sb -b "$dir/made" "$@"; then
			fail 'there is no bank and none can be made'
		elif ! sb -b "$dir/made" verify; then
			fail 'verify is not content'
		elif ! { [ "$1" = init ] || { sb -b "$dir/made" export && cmp -s "$dir/out" "$dir/new.yaml"; }; }; then
			fail 'the bank is not that of the file'
		else
			passed=$((passed + 1))
		fi
	done
	echo "$name: $n points"
	[ $n -gt 20 ] || fail 'so few points cannot be all'
}
killed_making a_bank_whose_making_was_killed_is_whole_or_not_there init
sb export "$dir/new.yaml" || fail 'export'
killed_making predecessor_27_a_killed_import_leaves_a_whole_bank_or_none import "$dir/new.yaml"

# The bank is the old or the new one, and if it is the new one, the old one is in a copy.
killed_replacing() {
	wanted predecessor_27_a_killed_restore_leaves_the_old_books_or_the_new || return 0
	rm -rf "$dir/old"
	{ sb -b "$dir/old" init && sb -b "$dir/old" export "$dir/old.yaml"; } || fail "the old bank"
	n=0 status=137
	while [ $status -eq 137 ]; do
		n=$((n + 1))
		rm -rf "$dir/made"
		cp -a "$dir/old" "$dir/made"
		"$kill_at" "$n" "$subank" -c "$dir/settings" -b "$dir/made" import --replace -i "$dir/new.yaml" \
			>"$dir/out" 2>"$dir/err"
		status=$?
		if ! sb -b "$dir/made" verify; then
			fail 'verify is not content'
		elif ! sb -b "$dir/made" export; then
			fail 'there is no bank'
		elif cmp -s "$dir/out" "$dir/new.yaml" && cat "$dir/made/backup"/*.yaml | cmp -s - "$dir/old.yaml"; then
			passed=$((passed + 1))
		elif [ $status -eq 137 ] && cmp -s "$dir/out" "$dir/old.yaml"; then
			passed=$((passed + 1))
		else
			fail 'the bank is neither the old nor the new one'
		fi
	done
	echo "$name: $n points"
	[ $n -gt 20 ] || fail 'so few points cannot be all'
}
killed_replacing

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
