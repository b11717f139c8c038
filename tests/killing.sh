# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# Shared by the tests that kill, interrupt or stop a program at its Nth step: the crash*.test.sh and some of
# faults/. SUBANK is the program (default ./subank), KILL_AT is tests/kill_at, srcdir the source tree;
# Slurm is the fake in tests/fake. A script may set $parts before it sources this file: then only tests
# whose name contains one of them are run.
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
# The leak sanitizer does not work in a traced process.
LC_ALL=C TZ=UTC PATH=$fake:$PATH FAKE_STATE=$dir/slurm SLURM_CONF=$dir/slurm ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
export LC_ALL TZ PATH SLURM_CONF ASAN_OPTIONS
printf 'bank: %s\nclusters: [dev]\nslurm_seconds: 60\nlock_seconds: 60\ncharge_minutes: 0\n' "$dir/bank" >"$dir/settings"

"$kill_at" 1000000 true
if [ $? -eq 99 ]; then
	if [ -n "${FAULT_SECONDS-}" ]; then
		printf 'skip\t%s\tprocesses may not be traced here\n' "${0##*/}"
		exit 0
	fi
	echo 'skipped: processes may not be traced here'
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

# sb ARGUMENT...: runs subank. Returns its status; its output is in $dir/out and $dir/err.
sb() {
	"$subank" -c "$dir/settings" "$@" >"$dir/out" 2>"$dir/err"
}

# wanted NAME: succeeds if the test of that name is to be run. Sets $name.
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

# slurm ACCOUNT LINE...: sets what the fake Slurm has of an account.
slurm() {
	account=$1
	shift
	printf '%s\n' "$@" >"$FAKE_STATE/dev/$account"
}

save_state() {
	rm -rf "$dir/base"
	mkdir "$dir/base"
	cp -a "$FAKE_STATE" "$dir/base/slurm"
	[ ! -d "$dir/bank" ] || cp -a "$dir/bank" "$dir/base/bank"
}

restore_state() {
	rm -rf "$FAKE_STATE" "$dir/bank"
	cp -a "$dir/base"/* "$dir/"
}

# Prints the entries without the fields that differ from run to run, sorted: the outcomes of limits may
# come in another order. Where limits are set in several rounds ($rounds), the limits may too; then the
# entry that an outcome answers also differs.
rounds=
entries() {
	"$subank" -c "$dir/settings" export 2>/dev/null |
		sed -n "s/\"[-0-9]*T[0-9:.]*Z\"//g; s/hash: \"[0-9a-f]*\"//; ${rounds:+s/answers: [0-9]*//; }"'s/^- {entry: [0-9]*, //p' |
		sort
}

# Prints what was charged and what is left, whatever entries led to it.
balances() {
	"$subank" -c "$dir/settings" balance --seconds -P -o Account,Allocated,Used,Available,Charged
}

limits() {
	(cd "$FAKE_STATE" && find . -mindepth 2 -type f ! -path './balances.json.d/*' -exec grep -H '' {} + | sort)
}

# Runs a check. A sacctmgr that the killed process started holds the lock until it ends.
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

# Runs checks until one has nothing to do: the third at the latest.
settle() {
	quiet_check || quiet_check || quiet_check
}

# retry ARGUMENT...: runs the verb as a user does who does not know whether it was done.
retry() {
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
	} || fail 'cannot open the accounts'
	slurm paid RawUsage=200 GrpTRESMins=node=3,cpu=700
	slurm debt RawUsage=200
	slurm down RawUsage=200
	sb check || fail 'the first check'
	slurm use RawUsage=150
	slurm over RawUsage=150
	slurm site RawUsage=150 GrpTRESMins=cpu=5000,gres/gpu=7
	slurm debt RawUsage=250 GrpTRESMins=cpu=0
	slurm down RawUsage=50
	{ sb deposit paid 1 --no-apply && sb hold hand --no-apply; } || fail 'cannot give the check its work'
}

# yesterday ARGUMENT...: runs subank with a clock a day behind, on another machine: the bank must be adopted
# afterwards.
yesterday() {
	echo $((($(date +%s) - 86400) * 1000000)) >"$dir/clock"
	SUBANK_CLOCK=$dir/clock "${kill_at%/*}/screens/clocked" -c "$dir/settings" "$@" >"$dir/out" 2>"$dir/err"
}

# job NUMBER ACCOUNT SECONDS: adds a job that began so long ago and ran for 100 seconds to Slurm's accounting.
job() {
	start=$(($(date +%s) - $3))
	echo "$1|$1|$1|$2|ann|main|normal|COMPLETED|$start|$start|$((start + 100))|100|00:00:00|billing=1,cpu=1|60" \
		>>"$FAKE_STATE/dev.jobs"
}

# Makes another bank and Slurm, with jobs that were not charged: RawUsage lost those of `lost`; `jobs` is metered
# by jobs.
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
	} || fail 'cannot make the bank of yesterday'
	job 1 lost 43200
	# The next check reads it even if it does not look back.
	job 2 jobs 300
	slurm use RawUsage=150
}

# Makes the input of import --predecessor.
make_dump() {
	cat >"$dir/dump.json" <<X
{"count": 2, "results": [
 {"id": 1, "account": "old1", "su_limit_hrs": 7, "created_at": "2026-01-01T00:00:00Z"},
 {"id": 2, "account": "old2", "su_limit_hrs": -1, "created_at": "2026-01-01T00:00:00Z"}], "meta": {}}
X
	slurm old1 RawUsage=70
	slurm old2 RawUsage=70
}

# Makes subank publish balances for users from now on.
publish() {
	echo "publish: all
publish_file: $FAKE_STATE/balances.json" >>"$dir/settings"
}

published() {
	entries
	grep -v 'Z"' "$FAKE_STATE/balances.json"
}

# Makes it publish for each user his own accounts. Two users are in two accounts.
publish_own() {
	echo "publish: own
publish_file: $FAKE_STATE/balances.json" >>"$dir/settings"
}

# published_own: prints what each user can read, how many links each file has, and who may enter the folders: ls
# shows a list by a +, and getfacl, if it is there, the list.
published_own() {
	entries
	(
		cd "$FAKE_STATE/balances.json.d" || exit
		find users accounts -type f ! -name state -printf '%p %n %m\n' | sort
		ls -dln . users accounts users/* | awk '{ print $1, $3, $NF }'
		! command -v getfacl >/dev/null || getfacl -n -- users/*
		cat users/*/*.json users/*/*.use | sed -E 's/"(mark|hash|bank)":"[0-9a-f]*"/\1/g; s/[0-9]{13,}/TIME/g'
	)
}

# record_expected ARGUMENT...: saves the bank and the fake Slurm, and records what `subank ARGUMENT...` and the
# checks after it make of them without a fault.
record_expected() {
	save_state
	sb "$@"
	# shellcheck disable=SC2034 # used by stop_everywhere.sh
	want=$?
	settle || fail 'without a fault, repeated checks still find work to do'
	$observe >"$dir/entries.want"
	limits >"$dir/limits.want"
}

# compare_with_expected TROUBLE: counts the point as passed, or reports the trouble or the first difference.
compare_with_expected() {
	$observe >"$dir/entries"
	limits >"$dir/limits"
	if [ -n "$1" ]; then
		fail "$1"
	elif ! sb verify; then
		fail 'verify failed'
	elif ! diff "$dir/entries.want" "$dir/entries" >"$dir/out"; then
		fail 'the entries differ from those without a fault'
	elif ! diff "$dir/limits.want" "$dir/limits" >"$dir/out"; then
		fail 'the limits in Slurm differ from those without a fault'
	else
		passed=$((passed + 1))
	fi
}

# Sets $n to the next point: the following one, or one chosen at random if $stride is larger than 1, as for
# TESTS_SHORT, which stands for a repetition: see HACKING.md.
stride=${TESTS_SHORT:+20}
stride=${stride:-1}
random=${FAULT_SEED:-1}
next_point() {
	random=$(((random * 1103515245 + 12345) % 2147483648))
	n=$((n + 1 + random / 65536 % (2 * stride - 1)))
}

# enough_points LEAST: reports how many points there were ($n is the last), and fails if they are too few.
enough_points() {
	echo "$name: $n points"
	[ "$n" -gt "$1" ] || fail 'there were too few points'
}

# everywhere ONE NAME ARGUMENT...: calls `ONE ARGUMENT...` for each point $n, on the same bank and Slurm. ONE
# runs subank with the arguments and then checks. It writes what went wrong to $dir/trouble, and sets $at_end if
# subank ended before the point. The output of $observe must be the same as without a fault.
observe=entries
everywhere() {
	one=$1
	wanted "$2" || return 0
	shift 2
	n=0 at_end=
	record_expected "$@"
	while [ -z "$at_end" ]; do
		next_point
		restore_state
		: >"$dir/trouble"
		$one "$@"
		compare_with_expected "$(cat "$dir/trouble")"
	done
	enough_points 20
}

# killed_everywhere NAME ARGUMENT...: kills `subank ARGUMENT...` at each point, runs it again (unless it is a
# check), and then runs checks.
killed_everywhere() {
	everywhere killed_one "$@"
}

killed_one() {
	# What the killed process started holds the pipe open until it has ended too.
	(
		"$kill_at" "$n" "$subank" -c "$dir/settings" "$@" >"$dir/out" 2>"$dir/err" </dev/null
		echo $? >"$dir/status"
		[ "$1" = check ] || retry "$@" || echo "the retry failed" >"$dir/trouble"
		settle || echo "repeated checks still find work to do" >"$dir/trouble"
	) 9>&1 | cat >/dev/null
	read -r status <"$dir/status"
	[ "$status" -eq 137 ] || at_end=yes
}
