# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# What the tests share that kill, interrupt or stop a program at its Nth step: crash.test.sh and some of
# faults/. SUBANK names the program (./subank if unset), KILL_AT tests/kill_at, srcdir the source tree;
# Slurm is the make-believe one of tests/fake. Whoever sources this may have set $parts: only what has
# one of them in its name is run then.
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
parts=${parts-}

unset SUBANK_BANK
# The leak sanitizer cannot work in a process that is traced.
LC_ALL=C TZ=UTC PATH=$fake:$PATH FAKE_STATE=$dir/slurm SLURM_CONF=$dir/slurm ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
export LC_ALL TZ PATH SLURM_CONF ASAN_OPTIONS
printf 'bank: %s\nclusters: [dev]\nslurm_seconds: 60\nlock_seconds: 60\ncharge_minutes: 0\n' "$dir/bank" >"$dir/settings"

"$kill_at" 1000000 true
if [ $? -eq 99 ]; then
	if [ -n "${FAULT_SECONDS-}" ]; then
		printf 'skip\t%s\ta process may not be traced here\n' "${0##*/}"
		exit 0
	fi
	echo 'skipped: a process may not be traced here'
	echo '0 passed, 0 failed'
	exit 77
fi

passed=0
failed=0
fail() {
	failed=$((failed + 1))
	echo "FAILED: $name, at call $n: $1"
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

# What is charged and what is left, whatever entries led to it.
balances() {
	"$subank" -c "$dir/settings" balance --seconds -P -o Account,Allocated,Used,Available,Charged
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

# A bank in which a check has everything to do.
make_busy_bank() {
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
}

# yesterday ARGUMENT...: runs subank a day ago, on another machine: the bank is to be adopted afterwards.
yesterday() {
	echo $((($(date +%s) - 86400) * 1000000)) >"$dir/clock"
	SUBANK_CLOCK=$dir/clock "${kill_at%/*}/screens/clocked" -c "$dir/settings" "$@" >"$dir/out" 2>"$dir/err"
}

# job NUMBER ACCOUNT: a job of noon between then and now is on Slurm's record.
job() {
	start=$(($(date +%s) - 43200))
	echo "$1|$1|$1|$2|ann|main|normal|COMPLETED|$start|$start|$((start + 100))|100|00:00:00|billing=1,cpu=1|60" \
		>>"$FAKE_STATE/dev.jobs"
}

# Another bank and Slurm, with jobs that it has not charged: those of `lost` were lost for RawUsage, `jobs` is
# metered by jobs.
make_bank_of_yesterday() {
	rm -rf "$dir/bank" "$FAKE_STATE"
	mkdir -p "$FAKE_STATE/dev"
	for account in root lost jobs use hand; do
		slurm $account RawUsage=100
	done
	n=0 name=preparation
	{
		yesterday init && yesterday open lost 1 && yesterday open jobs 1 && yesterday open use 20s &&
			yesterday open hand 1 && yesterday terms jobs --meter jobs && yesterday check && sb adopt && sb check
	} || fail 'the bank of yesterday cannot be made'
	job 1 lost
	job 2 jobs
	slurm use RawUsage=150
}

# For import --predecessor.
make_dump() {
	cat >"$dir/dump.json" <<X
{"count": 2, "results": [
 {"id": 1, "account": "old1", "su_limit_hrs": 7, "created_at": "2026-01-01T00:00:00Z"},
 {"id": 2, "account": "old2", "su_limit_hrs": -1, "created_at": "2026-01-01T00:00:00Z"}], "meta": {}}
X
	slurm old1 RawUsage=70
	slurm old2 RawUsage=70
}

# The settings publish balances for users from now on.
publish() {
	echo "publish: all
publish_file: $FAKE_STATE/balances.json" >>"$dir/settings"
}

published() {
	entries
	grep -v 'Z"' "$FAKE_STATE/balances.json"
}

# undisturbed ARGUMENT...: what comes of `subank ARGUMENT...` and checks behind it, on the bank and the
# Slurm that stand there now.
undisturbed() {
	keep
	sb "$@"
	# shellcheck disable=SC2034 # for who looks at it
	want=$?
	settle || fail 'without a fault the checks do not come to rest'
	$seen >"$dir/entries.want"
	limits >"$dir/limits.want"
}

# as_undisturbed WHAT-WENT-WRONG: counts a point as passed, or says what is not as it should be.
as_undisturbed() {
	$seen >"$dir/entries"
	limits >"$dir/limits"
	if [ -n "$1" ]; then
		fail "$1"
	elif ! sb verify; then
		fail 'verify is not content'
	elif ! diff "$dir/entries.want" "$dir/entries" >"$dir/out"; then
		fail 'other entries than without a fault'
	elif ! diff "$dir/limits.want" "$dir/limits" >"$dir/out"; then
		fail 'other limits in Slurm than without a fault'
	else
		passed=$((passed + 1))
	fi
}

# Sets $n to the next point: every one, or, when $stride is larger than 1, some.
stride=1
random=${FAULT_SEED:-1}
next_point() {
	random=$(((random * 1103515245 + 12345) % 2147483648))
	n=$((n + 1 + random / 65536 % (2 * stride - 1)))
}

# enough_points LEAST: closes what goes through all points; $n is the last.
enough_points() {
	echo "$name: $n points"
	[ "$n" -gt "$1" ] || fail 'so few points cannot be all'
}

# everywhere ONE NAME ARGUMENT...: calls `ONE ARGUMENT...` for each point $n, on the same bank and Slurm. It
# runs subank with the arguments and checks behind it, and leaves in $dir/trouble what went wrong, and
# $at_end when subank had ended before the point. $seen says what is to be the same as without a fault.
seen=entries
everywhere() {
	one=$1
	wanted "$2" || return 0
	shift 2
	n=0 at_end=
	undisturbed "$@"
	while [ -z "$at_end" ]; do
		next_point
		restore
		: >"$dir/trouble"
		$one "$@"
		as_undisturbed "$(cat "$dir/trouble")"
	done
	enough_points 20
}

# killed_everywhere NAME ARGUMENT...: `subank ARGUMENT...` is killed at each point, done again (a check does
# that itself), and followed by checks.
killed_everywhere() {
	everywhere killed_one "$@"
}

killed_one() {
	# Whatever the killed one has started holds the pipe open until it has ended too.
	(
		"$kill_at" "$n" "$subank" -c "$dir/settings" "$@" >"$dir/out" 2>"$dir/err" </dev/null
		echo $? >"$dir/status"
		[ "$1" = check ] || again "$@" || echo "it cannot be done again" >"$dir/trouble"
		settle || echo "the checks do not come to rest" >"$dir/trouble"
	) 9>&1 | cat >/dev/null
	read -r status <"$dir/status"
	[ "$status" -eq 137 ] || at_end=yes
}
