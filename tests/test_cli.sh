#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs the built program: SUBANK names it (./subank if unset), srcdir the source tree. Slurm is the
# fake one of tests/fake.
subank=${SUBANK:-./subank}
srcdir=${srcdir:-.}
case $subank in
/*) ;;
*) subank=$(pwd)/$subank ;;
esac
fake=$(cd "$srcdir/tests/fake" && pwd) || exit 99
dir=$(mktemp -d "${TMPDIR:-/tmp}/subank-cli.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM
chmod 755 "$dir"

unset SUBANK_BANK
# Makes subank take the standard error for the journal's: nothing goes to the host's syslog.
JOURNAL_STREAM=none
export JOURNAL_STREAM
LC_ALL=C TZ=UTC PATH=$fake:$PATH FAKE_STATE=$dir/state SLURM_CONF=$dir/state
export LC_ALL TZ PATH SLURM_CONF
mkdir -p "$FAKE_STATE/dev"
: >"$FAKE_STATE/dev/root"
for account in bio chem; do
	echo RawUsage=500 >"$FAKE_STATE/dev/$account"
done
# Hides balances that a bank of this machine may have published.
printf 'bank: %s\nclusters: [dev]\nslurm_seconds: 20\nlock_seconds: 60\ncharge_minutes: 0\npublish_file: %s\n' \
	"$dir/bank" "$dir/public/balances.json" >"$dir/settings"
escape=$(printf '\033')

passed=0
failed=0
pass() {
	passed=$((passed + 1))
}
fail() {
	failed=$((failed + 1))
	printf 'FAILED: %s\n' "$1"
	printf '  status %s\n' "$status"
	sed 's/^/  out: /' "$dir/out" | cat -v | head -5
	sed 's/^/  err: /' "$dir/err" | cat -v | head -5
}

# sb ARGUMENT...: runs subank; leaves $status, $dir/out and $dir/err.
sb() {
	"$subank" -c "$dir/settings" "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

# is WHAT TEST...: one assertion.
is() {
	what=$1
	shift
	if "$@"; then pass; else fail "$what ($*)"; fi
}
is_done() {
	is "$1: done" [ "$status" -eq 0 ]
	is "$1: no message" [ ! -s "$dir/err" ]
}
has() {
	is "$1" grep -q -e "$2" "$dir/$3"
}
is_same() {
	is "$1" cmp -s "$2" "$3"
}
export_to() {
	"$subank" -c "$dir/settings" export >"$1" 2>/dev/null
}

# refused STATUS WHAT ARGUMENT...: subank must end with that status and a message, print nothing and
# leave the books as they are.
refused() {
	expected=$1 what=$2
	shift 2
	export_to "$dir/before"
	sb "$@"
	is "$what: status $expected" [ "$status" -eq "$expected" ]
	is "$what: a message" [ -s "$dir/err" ]
	is "$what: no output" [ ! -s "$dir/out" ]
	is "$what: nothing raw" no_escape
	export_to "$dir/after"
	is_same "$what: nothing changed" "$dir/before" "$dir/after"
}
no_escape() {
	! grep -q "$escape" "$dir/out" "$dir/err"
}

# ---- help ----

sb --version
is_done --version
has '--version names itself' '^subank [0-9]' out
sb --help
is_done --help
verbs=$(sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p' "$dir/out")
is 'there are verbs' [ "$(echo "$verbs" | wc -l)" -ge 16 ]
for verb in $verbs; do
	sb "$verb" --help
	is_done "$verb --help"
	has "$verb --help says how" "^usage: subank $verb " out
	# Each option of the table is known: an unknown one prints no help.
	# shellcheck disable=SC2013
	for option in $(sed -n '/^Options:/,$s/^ .*\(--[a-z0-9-]*\).*/\1/p' "$dir/out"); do
		"$subank" "$verb" "$option" x --help >"$dir/help" 2>"$dir/err"
		# The first argument of quote ends its options.
		[ -s "$dir/help" ] || [ "$verb" != quote ] ||
			"$subank" quote "$option" --help >"$dir/help" 2>"$dir/err"
		is "$verb knows $option" [ -s "$dir/help" ]
	done
	for option in bank config seconds quiet verbose help version; do
		has "$verb --help names --$option" "--$option" out
	done
	cp "$dir/out" "$dir/first"
	sb help "$verb"
	is_same "help $verb is the same" "$dir/out" "$dir/first"
	refused 2 "$verb --nosuch" "$verb" --nosuch
done
for verb in open close deposit withdraw transfer hold release; do
	sb "$verb" --help
	for option in ref note no-apply clusters; do
		has "$verb --help names --$option" "--$option" out
	done
done
for verb in balance journal statement usage; do
	sb "$verb" --help
	for option in accounts noheader parsable2 parsable format json; do
		has "$verb --help names --$option" "--$option" out
	done
done
sb
is 'no verb: status 2' [ "$status" -eq 2 ]
refused 2 '--nosuch' --nosuch

# ---- a bank ----

sb balance
is 'no bank: status 1' [ "$status" -eq 1 ]
has 'no bank: says where' "$dir/bank" err
sb doctor
is 'doctor without a bank: status 3' [ "$status" -eq 3 ]
has 'doctor without a bank: says what to do' 'subank init' out
is 'doctor makes nothing' [ ! -e "$dir/bank" ]
env PATH=/nonexistent "$subank" -c "$dir/settings" doctor >"$dir/out" 2>"$dir/err"
status=$?
is 'doctor without Slurm: status 3' [ "$status" -eq 3 ]
has 'doctor without Slurm: says so' 'sshare *this machine *bad' out
sb init
is 'init' [ "$status" -eq 0 ]
sb open bio 10
is_done 'open bio'
sb open chem
is_done 'open chem'
refused 1 'init again' init

# ---- names and amounts ----

name_64=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
name_255=$name_64$name_64$name_64$(printf %.63s $name_64)
newline='
'
# shellcheck disable=SC2016
for name in 'a;b' 'a$b' "a'b" 'a"b' 'a,b' 'a=b' 'a b' "a${newline}b" 'a`b' 'a|b' 'a:b' '/a' '' \
	' ' "a${escape}[2Jb" "${name_255}x"; do
	refused 2 "open '$name'" open "$name" 1
	refused 2 "deposit '$name'" deposit "$name" 1
	refused 2 "check '$name'" check "$name"
	refused 2 "check -M '$name'" check -M "$name,"
done
refused 2 'a leading -' deposit -- -bio 1
refused 2 'a leading - as an option' deposit -zio 1
echo RawUsage=0 >"$FAKE_STATE/dev/$name_255"
sb open "$name_255" 1
is_done 'a name of 255 bytes'
sb deposit BIO 1
is_done 'upper case'
has 'upper case is folded' 'bio has 11.00 SU' out
for amount in 0 0.00 0s -1 -0.5 +1 1e3 0.0001 9223372036854775808s 2562047788015216 \
	99999999999999999999999 1x '1 ' ' 1' 1,5 1. .5 1s1 s "1$newline" '' all; do
	refused 2 "amount '$amount'" deposit -- bio "$amount"
done
refused 2 'amount 0.0001' withdraw bio 0.0001
refused 1 'more than int64 holds' deposit bio 9223372036854775807s
echo RawUsage=0 >"$FAKE_STATE/dev/rich"
sb open rich 9223372036854775807s
is_done 'the largest amount'
sb withdraw rich all
is_done 'the largest amount back'
sb deposit bio 0.01
is_done '0.01 SU'
refused 2 'a note with an escape' deposit bio 1 --note "${escape}[2J"
refused 2 'a ref with an escape' deposit bio 1 --ref "${escape}[2J"
refused 2 'a column with an escape' balance -o "${escape}[2J"
refused 2 'a verb with an escape' "${escape}[2J"
refused 2 'an option with an escape' balance "--${escape}[2J"
refused 1 'a folder with an escape' balance -b "$dir/${escape}[2J"
sb deposit bio 1 --note "bars | and \"quotes\" and \\ and $(printf '\303\244')"
is_done 'a note of many characters'

# ---- output that cannot be written ----

if [ -c /dev/full ]; then
	for arguments in --help --version 'balance' 'balance --json' journal 'journal --json' export \
		verify 'help open' 'statement bio' 'usage bio' 'why bio' 'journal --follow --json' \
		'journal -f'; do
		# shellcheck disable=SC2086
		"$subank" -c "$dir/settings" $arguments >/dev/full 2>"$dir/err"
		status=$?
		is "$arguments on a full device fails" [ "$status" -eq 1 ]
		has "$arguments on a full device says so" 'No space left' err
		is "$arguments on a full device says nothing else" [ -z "$(grep memory "$dir/err")" ]
	done
	export_to "$dir/before"
	{
		cat "$dir/settings"
		echo 'publish: all' # into a folder that is not there yet
	} >"$dir/settings.full"
	"$subank" -c "$dir/settings.full" deposit bio 1 >/dev/full 2>"$dir/err"
	status=$?
	export_to "$dir/after"
	is 'a lost receipt is status 5' [ "$status" -eq 5 ]
	has 'a lost receipt says why' 'only the receipt could not be written: No space left' err
	has 'a lost receipt names the entry' 'entry [0-9]* was recorded (bio: deposited 1.00 SU)' err
	has 'a lost receipt says how to see it' '`subank journal --from \([0-9]*\) --to \1`' err
	has 'a lost receipt is not to be asked for again' 'do not run it again' err
	# shellcheck disable=SC2046
	sb journal $(sed -n 's/.*`subank journal \(--from [0-9]* --to [0-9]*\)`.*/\1/p' "$dir/err") -nP
	has 'and that shows it' '|deposit|bio|1.00|' out
	is 'the entry of a lost receipt is kept' [ "$(($(wc -l <"$dir/before") + 1))" -eq \
		"$(wc -l <"$dir/after")" ]
fi
# No file of the bank may get the number of a closed stream.
"$subank" -c "$dir/settings" deposit bio 1 >&- 2>"$dir/err"
status=$?
is 'a closed stream: status 5' [ "$status" -eq 5 ]
has 'a closed stream: the entry is reported' 'entry [0-9]* was recorded (bio: dep.*do not run it again' err
# The reader is gone before the receipt: the verb still completes its work, in Slurm too.
sb hold chem
{
	sleep 1
	"$subank" -c "$dir/settings" release chem 2>"$dir/err"
	echo $? >"$dir/status"
} | true
status=$(cat "$dir/status")
is 'a closed pipe: status 5' [ "$status" -eq 5 ]
has 'a closed pipe: the entry is reported' 'entry [0-9]* was recorded (chem: .*do not run it again' err
is 'a closed pipe: Slurm was changed' [ "$(grep -c cpu=0 "$FAKE_STATE/dev/chem")" -eq 0 ]
sb balance chem -nPo State,Lever
has 'a closed pipe: and that is in the books' '^open|$' out
"$subank" -c "$dir/settings" deposit bio 1 2>&- >/dev/null
"$subank" -c "$dir/settings" deposit bio 1 <&- >/dev/null 2>&1
"$subank" -c "$dir/settings" deposit bio 1 <&- >&- 2>&-
"$subank" -c "$dir/settings" deposit nosuch 1 <&- >&- 2>&-
"$subank" -c "$dir/settings" check <&- >&- 2>&-
sb verify
is_done 'verify after closed streams'

# ---- the past, and reasons ----

sb statement bio --since 2020-01-01 --until 2021-01-01
is_done 'a statement of a period that is over'
has 'it adds up to nothing' '^closing balance *0.00$' out
sb statement bio --entries
is_done 'a statement so far'
has 'it says from which entries' '^So far: .* head [0-9]*:[0-9a-f]*$' out
has 'it says what was put in' ' deposit  .* 10.00 ' out
refused 2 'a statement of nobody' statement
sb why bio
is_done 'why bio'
has 'why bio says so' '^bio is ' out
sb balance -nP --as-of 1
is_done 'balance as of entry 1'
has 'one account, nothing in it' '^bio|open|0.00|0.00|0.00|-|$' out
sb balance bio --forecast
is_done 'balance --forecast'
has 'it has the columns' 'PerDay7 PerDay30 Lasts' out
refused 2 'a kind with an escape' journal --kind "${escape}[2J"
refused 2 'a time with an escape' journal --since "${escape}[2J"
refused 2 'a moment with an escape' balance --as-of "${escape}[2J"

# SUDO_USER is shown beside the user, which it cannot change.
env SUDO_USER=mallory SUDO_UID=4242 "$subank" -c "$dir/settings" deposit bio 1 >"$dir/out" 2>"$dir/err"
status=$?
is_done 'a deposit by sudo'
me=$(id -un)
sb journal bio --last 1 -nPo Actor
case $(cat /proc/self/loginuid 2>/dev/null) in
"" | 4294967295) has 'without a login sudo is named, beside the user' "^$me (sudo mallory)$" out ;;
*) is 'with a login sudo is not asked' [ "$(grep -c mallory "$dir/out")" -eq 0 ] ;;
esac
sb journal bio --last 1 --json
has 'and the number is that of the process' "\"uid\":$(id -u)," out
env SUDO_USER="$(printf 'a\033[2Jb')" "$subank" -c "$dir/settings" deposit bio 1 >"$dir/out" 2>"$dir/err"
status=$?
is_done 'a deposit by a sudo that is no text'
sb journal bio --last 1 -nPo Actor
is 'which is left out' [ "$(grep -c sudo "$dir/out")" -eq 0 ]

# --follow prints the entries so far, and each new one when it is recorded.
for form in --json -nP; do
	: >"$dir/follow"
	"$subank" -c "$dir/settings" journal bio --follow --last 1 $form >>"$dir/follow" 2>&1 &
	follower=$!
	i=0
	while [ ! -s "$dir/follow" ] && [ $i -lt 300 ]; do
		i=$((i + 1))
		sleep 0.1
	done
	is "follow $form: begins with the last" [ "$(wc -l <"$dir/follow")" -eq 1 ]
	"$subank" -c "$dir/settings" deposit "$name_255" 1 >/dev/null
	"$subank" -c "$dir/settings" deposit bio 0.25 >/dev/null
	i=0
	while [ "$(wc -l <"$dir/follow")" -lt 2 ] && [ $i -lt 300 ]; do
		i=$((i + 1))
		sleep 0.1
	done
	kill -TERM $follower
	wait $follower 2>/dev/null
	is "follow $form: the new one, and none of others" [ "$(wc -l <"$dir/follow")" -eq 2 ]
	status=0
	is "follow $form: it is the deposit" [ "$(tail -n 1 "$dir/follow" |
		grep -c -e '"amount_seconds":900' -e '|0.25|')" -eq 1 ]
done

# ---- Slurm that misbehaves ----

sed 's/^slurm_seconds:.*/slurm_seconds: 1/' "$dir/settings" >"$dir/settings.1" &&
	mv "$dir/settings.1" "$dir/settings"
# No process of the groups in pids is alive. A zombie that waits for init does not count: init can be
# slow, and kill -0 finds it.
nothing_left() {
	for file in /proc/[0-9]*/stat; do
		{ read -r line <"$file"; } 2>/dev/null || continue
		# pid (name) state ppid pgrp; the name may hold blanks and parentheses.
		# shellcheck disable=SC2086
		set -- ${line##*) }
		case $1 in
		Z | X) ;;
		*) ! grep -qx "$3" "$FAKE_STATE/pids" || return 1 ;;
		esac
	done
}
echo RawUsage=999999 >"$FAKE_STATE/dev/bio"
for program in sshare scontrol; do
	for mode in empty malformed huge fail hang killed down; do
		echo $mode >"$FAKE_STATE/$program.mode"
		: >"$FAKE_STATE/pids"
		begun=$(date +%s)
		refused 3 "check, $program is $mode" check
		has "check, $program is $mode: says which cluster" "'dev'" err
		refused 1 "open, $program is $mode" open fresh 1
		is "$program is $mode: no hang" [ "$(($(date +%s) - begun))" -lt 10 ]
		is "$program is $mode: no process left" nothing_left
		rm "$FAKE_STATE/$program.mode"
	done
done
for mode in fail hang malformed down; do
	echo $mode >"$FAKE_STATE/sacctmgr.mode"
	: >"$FAKE_STATE/pids"
	sb check
	is "check, sacctmgr is $mode: status 3" [ "$status" -eq 3 ]
	has "check, sacctmgr is $mode: said" 'could not be set' err
	is "sacctmgr is $mode: no process left" nothing_left
	is "sacctmgr is $mode: not held" [ "$(grep -c cpu=0 "$FAKE_STATE/dev/bio")" -eq 0 ]
	sb balance bio -nPo Lever
	has "sacctmgr is $mode: not taken for done" '^failed$' out
	rm "$FAKE_STATE/sacctmgr.mode"
done
sb check
is_done 'the next check'
sb verify --slurm
is_done 'verify --slurm'
has 'verify --slurm compares' 'Slurm matches the books: limits [1-9]' out
echo 'fast|cpu=10||||1.000000' >"$FAKE_STATE/qos"
sb doctor
is 'doctor: status 3' [ "$status" -eq 3 ]
has 'doctor names a QOS' "^ 1. QOS's own limit, fast: " out
rm "$FAKE_STATE/qos"
chmod 640 "$dir/settings"
sb doctor
is_done 'doctor'
has 'doctor: nothing is left' 'nothing, all is well' out
is 'the next check holds' grep -q '^GrpTRESMins=cpu=0' "$FAKE_STATE/dev/bio"
: >"$FAKE_STATE/log"
export_to "$dir/before"
sb check
is_done 'a check again'
export_to "$dir/after"
is_same 'a check again appends nothing' "$dir/before" "$dir/after"
is 'a check again changes nothing' [ "$(grep -c sacctmgr "$FAKE_STATE/log")" -eq 0 ]
sb deposit bio 1000
is_done 'a deposit'
is 'a deposit releases' [ "$(grep -c GrpTRESMins "$FAKE_STATE/dev/bio")" -eq 0 ]

mkdir "$dir/copies"
sb backup "$dir/copies"
is_done 'backup'
has 'backup: a receipt' '^wrote [0-9]* entries to .*/copies/subank-.*; head ' out
export_to "$dir/before"
"$subank" -c "$dir/settings" -b "$dir"/copies/subank-* export >"$dir/after" 2>"$dir/err"
is_same 'backup: the same books' "$dir/before" "$dir/after"
"$subank" -c "$dir/nothing" verify - <"$dir/before" >"$dir/out" 2>"$dir/err"
status=$?
is_done 'verify of an export'
has 'verify of an export: all is well' '^all is well: entries ' out
sed 's/amount: 3600000/amount: 3600001/' "$dir/before" >"$dir/changed"
sb verify "$dir/changed"
is 'verify of a changed export: status 3' [ "$status" -eq 3 ]
has 'verify of a changed export: the line' 'changed:[0-9]*: entry' err

# The notify command is a real program here.
cp "$dir/settings" "$dir/settings.before"
cat >"$dir/notify" <<X
#!/bin/sh
cat >>'$dir/told'
X
chmod +x "$dir/notify"
echo "notify: $dir/notify" >>"$dir/settings"
sb check
sb hold bio
sb check
is_done 'a check that tells'
is 'the command gets the entry' grep -q '"kind":"hold".*"account":"bio".*"balance":{' "$dir/told"
sb release bio
sb check
is 'each entry once, on a line' [ "$(wc -l <"$dir/told")" -eq 2 ]
sb check
is 'and not again' [ "$(wc -l <"$dir/told")" -eq 2 ]
cp "$dir/settings.before" "$dir/settings"
sb check

mkdir "$dir/rude"
cat >"$dir/rude/sshare" <<'X'
#!/bin/sh
printf '\033[2J\033]0;title\007 rude\n' >&2
exit 1
X
chmod 755 "$dir/rude/sshare"
(
	PATH=$dir/rude:$PATH
	"$subank" -c "$dir/settings" check >"$dir/out" 2>"$dir/err"
)
has "what Slurm says is shown" rude err
is "what Slurm says is not raw" no_escape
env PATH=/nonexistent "$subank" -c "$dir/settings" check >"$dir/out" 2>"$dir/err"
status=$?
is 'no Slurm at all: status 3' [ "$status" -eq 3 ]

# ---- many at once, and killed ----

sb balance chem -nPo Available --seconds
is 'chem has nothing' [ "$(cat "$dir/out")" = 0 ]
i=0
while [ $i -lt 100 ]; do
	i=$((i + 1))
	"$subank" -c "$dir/settings" deposit chem "${i}s" --ref "many$i" >"$dir/many.$i" 2>&1 &
done
wait
is 'each of 100 deposits has a receipt' [ "$(cat "$dir"/many.* | grep -c '^entry ')" -eq 100 ]
sb balance chem -nPo Available --seconds
is '100 deposits at once add up' [ "$(cat "$dir/out")" = 5050 ]
sb verify
is_done 'verify after 100 at once'
rm -f "$dir"/many.*

# Deposits that overlap: each account is released, although only one at a time settles Slurm and no
# check runs afterwards.
for account in held1 held2 held3; do
	echo RawUsage=0 >"$FAKE_STATE/dev/$account"
	sb open "$account" 10s
	echo RawUsage=20 >"$FAKE_STATE/dev/$account"
done
sb check
is 'three are held' [ "$(grep -l 'cpu=0' "$FAKE_STATE"/dev/held? | wc -l)" -eq 3 ]
echo slow >"$FAKE_STATE/sshare.mode"
sed 's/^slurm_seconds:.*/slurm_seconds: 20/' "$dir/settings" >"$dir/settings.20" &&
	mv "$dir/settings.20" "$dir/settings"
for account in held1 held2 held3; do
	"$subank" -c "$dir/settings" deposit "$account" 1 >/dev/null 2>>"$dir/overlap" &
done
wait
rm -f "$FAKE_STATE/sshare.mode"
is 'overlapping deposits release each account' [ -z "$(grep -l 'cpu=0' "$FAKE_STATE"/dev/held?)" ]
sb balance -n -P -o Account,State held1 held2 held3
is 'and the books agree' [ "$(grep -c '|open$' "$dir/out")" -eq 3 ]

# wait_for_call PATTERN: until a fake was called so.
wait_for_call() {
	i=0
	until grep -q "^$1" "$FAKE_STATE/log" || [ $i -gt 600 ]; do
		i=$((i + 1))
		sleep 0.1
	done
}

# While a check waits for a sacctmgr that does not end, no other subank waits.
for account in waits paid; do
	echo RawUsage=0 >"$FAKE_STATE/dev/$account"
	sb open "$account" 10s
	echo RawUsage=20 >"$FAKE_STATE/dev/$account"
	sb check
	sb deposit "$account" 11s
done
echo RawUsage=40 >"$FAKE_STATE/dev/waits"
printf '%s\n' RawUsage=40 GrpTRESMins=cpu=900 >"$FAKE_STATE/dev/paid"
echo wait >"$FAKE_STATE/sacctmgr.mode"
: >"$FAKE_STATE/log"
# This holds however long the others take.
sed 's/^slurm_seconds:.*/slurm_seconds: 600/' "$dir/settings" >"$dir/patient"
(
	"$subank" -c "$dir/patient" check >"$dir/waiting.out" 2>&1
	echo $? >"$dir/waiting.new"
	mv "$dir/waiting.new" "$dir/waiting"
) &
wait_for_call 'sacctmgr.*paid'
refused 1 'predecessor_33: a second check' check
has 'a second check says who runs' 'process [0-9]* (subank check, since [0-9:]*)' err
for verb in 'deposit chem 1s' 'balance' 'journal' 'verify' 'export' 'withdraw chem 1s' 'check --dry-run'; do
	# shellcheck disable=SC2086
	sb $verb
	is "$verb while a check waits: done" [ "$status" -eq 0 ]
done
sb deposit paid 100
is 'a deposit for an account that the check holds: done' [ "$status" -eq 0 ]
has 'the check brings Slurm in line' 'a check is running' err
is 'the check still runs' [ ! -e "$dir/waiting" ]
rm "$FAKE_STATE/sacctmgr.mode"
wait
is 'the check ends' [ "$(cat "$dir/waiting")" -eq 0 ]
is 'the check holds' grep -q '^GrpTRESMins=cpu=0' "$FAKE_STATE/dev/waits"
is 'the check releases whom the deposit was for' grep -qx GrpTRESMins=cpu=900 "$FAKE_STATE/dev/paid"
sb balance -nPo Account,State waits paid
is 'and the books agree' [ "$(cat "$dir/out")" = "paid|open${newline}waits|held" ]

# A check is killed while its sacctmgr runs: later decisions are not overwritten by that sacctmgr.
echo RawUsage=0 >"$FAKE_STATE/dev/orphan"
sb open orphan 10s
echo RawUsage=20 >"$FAKE_STATE/dev/orphan"
echo wait >"$FAKE_STATE/sacctmgr.mode"
: >"$FAKE_STATE/log"
"$subank" -c "$dir/settings" check >/dev/null 2>&1 &
victim=$!
wait_for_call 'sacctmgr.*orphan'
kill -KILL $victim
wait $victim 2>/dev/null
sb deposit orphan 1
is 'a deposit while the sacctmgr of a killed check is at work: done' [ "$status" -eq 0 ]
refused 1 'a check meanwhile' check
has 'a check meanwhile: says why' "process $victim .* was killed while a program" err
rm "$FAKE_STATE/sacctmgr.mode"
i=0
sb check
while [ "$status" -eq 1 ] && [ $i -lt 100 ]; do
	i=$((i + 1))
	sleep 0.1
	sb check
done
is 'the check after it' [ "$status" -eq 0 ]
is 'the hold that came late is lifted' [ "$(grep -c GrpTRESMins "$FAKE_STATE/dev/orphan")" -eq 0 ]
sb balance -nPo State,Lever orphan
is 'and the books agree with it' [ "$(cat "$dir/out")" = 'open|' ]

# doctor --test runs a real notify program, with the environment that a check gives it.
printf '#!/bin/sh\n{ env; cat; } >"%s"\n' "$dir/told" >"$dir/tell"
chmod 755 "$dir/tell"
mkdir -p "$dir/published"
chmod 755 "$dir/published"
{
	grep -v '^publish' "$dir/settings"
	printf 'notify: %s\npublish: all\npublish_file: %s\n' "$dir/tell" "$dir/published/balances.json"
} >"$dir/telling"
chmod 640 "$dir/telling"
export_to "$dir/before"
SITE_OF_ITS_OWN=yes SACCT_FORMAT=x "$subank" -c "$dir/telling" doctor -P --test >"$dir/out" 2>"$dir/err"
status=$?
is 'doctor --test: done' [ "$status" -eq 0 ]
has 'doctor --test: notify' '^test of notify|this machine|ok|' out
has 'doctor --test: publish' '^test of publish|this machine|ok|' out
has 'doctor --test: what the program is told' '^{"entry":0,"kind":"test","time":"2[^"]*Z","note":"' told
has 'doctor --test: its environment is that of subank' '^SITE_OF_ITS_OWN=yes$' told
is 'doctor --test: leaves no file' [ -z "$(ls -A "$dir/published")" ]
export_to "$dir/after"
is_same 'doctor --test: nothing is entered' "$dir/before" "$dir/after"

# A crash ends the program with its signal, neither "refused" nor "done". Sanitizers catch most.
crashes='BUS SEGV ABRT FPE ILL'
! grep -q __asan_init "$subank" || crashes=BUS
ulimit -c 0
sb hold orphan
for crash in $crashes; do
	export_to "$dir/before"
	for verb in 'check --dry-run' 'deposit orphan 1'; do
		echo wait >"$FAKE_STATE/sshare.mode"
		: >"$FAKE_STATE/log"
		: >"$FAKE_STATE/pids"
		# shellcheck disable=SC2086
		"$subank" -c "$dir/settings" $verb >"$dir/out" 2>"$dir/err" &
		victim=$!
		wait_for_call sshare
		kill -$crash $victim
		wait $victim 2>/dev/null
		status=$?
		# The sshare that it started keeps its locks.
		rm "$FAKE_STATE/sshare.mode"
		i=0
		until nothing_left || [ $i -gt 600 ]; do
			i=$((i + 1))
			sleep 0.1
		done
		is "$verb, SIG$crash: ended by it" [ "$(kill -l $status)" = "$crash" ]
		has "$verb, SIG$crash: a message" '^subank: .*damaged\|^subank: .*cut short' err
		case $verb in
		check*)
			has "$verb, SIG$crash: nothing was changed" '^subank: nothing was changed$' err
			export_to "$dir/after"
			is_same "$verb, SIG$crash: nothing was changed" "$dir/before" "$dir/after"
			;;
		*) has "$verb, SIG$crash: unknown" 'may have been recorded before that' err ;;
		esac
	done
done
sb release orphan
sb verify
is_done 'verify after crashes'

# Checks and deposits at the same time: all use is charged once, and every deposit counts.
echo RawUsage=0 >"$FAKE_STATE/dev/busy"
sb open busy 100s
i=0
while [ $i -lt 12 ]; do
	i=$((i + 1))
	echo "RawUsage=$((i * 10))" >"$dir/busy.new" && mv "$dir/busy.new" "$FAKE_STATE/dev/busy"
	"$subank" -c "$dir/settings" check >/dev/null 2>&1 &
	"$subank" -c "$dir/settings" deposit busy 3s >/dev/null 2>&1 &
	"$subank" -c "$dir/settings" check busy >/dev/null 2>&1 &
	sleep 0.02
done
wait
sb check
is 'a check after many: status' [ "$status" -eq 0 ]
sb check
is_done 'the next one'
is 'the next one has nothing to do' [ ! -s "$dir/out" ]
sb balance -nPo Used,Available,State --seconds busy
is 'many checks and deposits add up' [ "$(cat "$dir/out")" = '120|16|open' ]
sb verify
is_done 'verify after checks and deposits at once'

# If the books cannot be written, Slurm is not changed either.
sb deposit waits 1
sb check
echo RawUsage=9999 >"$FAKE_STATE/dev/waits"
export_to "$dir/before"
: >"$FAKE_STATE/log"
# The output goes through a pipe: a file would hit the same limit.
(
	trap '' XFSZ
	ulimit -f 0
	"$subank" -c "$dir/settings" check 2>&1
	echo "status $?"
) | cat >"$dir/out"
is 'predecessor_26: books that cannot be written: status' grep -qE '^status (1|4)$' "$dir/out"
has 'books that cannot be written: said' 'commit' out
is 'books that cannot be written: Slurm is not asked' [ "$(grep -c sacctmgr "$FAKE_STATE/log")" -eq 0 ]
export_to "$dir/after"
is_same 'books that cannot be written: nothing changed' "$dir/before" "$dir/after"
sb check
is 'the check after it' [ "$status" -eq 0 ]
is 'the check after it holds' grep -q '^GrpTRESMins=cpu=0' "$FAKE_STATE/dev/waits"

# Once a receipt is printed, the entry is durable.
i=0
while [ $i -lt 40 ]; do
	i=$((i + 1))
	"$subank" -c "$dir/settings" deposit chem 1s --ref "killed$i" >"$dir/killed.$i" 2>/dev/null &
	victim=$!
	# From before the verb begins until after it has ended.
	if [ $((i % 2)) -eq 0 ]; then
		sleep "0.00$((i % 10))$((i * 7 % 10))"
	else
		sleep 0.2
	fi
	kill -KILL $victim 2>/dev/null
	wait $victim 2>/dev/null
done
sb journal -nPo Entry,Ref
is_done 'journal after kills'
lost=0
seen=0
i=0
while [ $i -lt 40 ]; do
	i=$((i + 1))
	entry=$(sed -n 's/^entry \([0-9]*\): .*; head [0-9]*:[0-9a-f]*$/\1/p' "$dir/killed.$i")
	[ -n "$entry" ] || continue
	seen=$((seen + 1))
	grep -q "^$entry|killed$i\$" "$dir/out" || lost=$((lost + 1))
done
is 'no acknowledged entry is lost' [ $lost -eq 0 ]
is 'some were acknowledged' [ $seen -gt 0 ]
is 'some were killed before' [ $seen -lt 40 ]
sb verify
is_done 'verify after kills'
sb deposit chem 1s --ref killed1
is_done 'the same ref again'

# ---- files ----

sb export "$dir/ledger.yaml"
is_done export
"$subank" -c "$dir/settings" export | "$subank" -c "$dir/settings" -b "$dir/other" import - \
	>"$dir/out" 2>"$dir/err"
status=$?
is 'import from a pipe' [ "$status" -eq 0 ]
"$subank" -b "$dir/other" -c "$dir/settings" export >"$dir/again.yaml"
is_same 'export, import, export' "$dir/ledger.yaml" "$dir/again.yaml"
sb -b "$dir/other" verify
is_done 'verify the restored one'
lines=$(wc -l <"$dir/ledger.yaml")
sed "$((lines / 2))s/time: \"2/time: \"3/" "$dir/ledger.yaml" >"$dir/bad.1"
sed "$((lines / 2))d" "$dir/ledger.yaml" >"$dir/bad.2"
sed '$d' "$dir/ledger.yaml" >"$dir/bad.3"
head -c 2000 "$dir/ledger.yaml" >"$dir/bad.4"
: >"$dir/bad.5"
sed '8s/account: /account: !x /' "$dir/ledger.yaml" >"$dir/bad.6"
sed "9s/note: \"[^\"]*\"/note: \"\\\\e[2J\"/;9s/\"bio\"/\"\\\\e[2J\"/" "$dir/ledger.yaml" >"$dir/bad.7"
head -c 100000 /dev/urandom >"$dir/bad.8"
for bad in "$dir"/bad.*; do
	sb -b "$dir/none" import "$bad"
	is "import ${bad##*/}: status 1" [ "$status" -eq 1 ]
	has "import ${bad##*/}: names the file" "$bad" err
	is "import ${bad##*/}: nothing raw" no_escape
	sb -b "$dir/none" balance
	is "import ${bad##*/}: no bank" [ "$status" -eq 1 ]
done
refused 1 'import over a bank' import "$dir/ledger.yaml"

# A bank has the same modes under every umask.
for mask in 077 000 027; do
	(
		umask $mask
		mkdir "$dir/umask.$mask"
		"$subank" -c "$dir/settings" -b "$dir/umask.$mask/bank" init
		"$subank" -c "$dir/settings" -b "$dir/umask.$mask/bank" open chem 1
		"$subank" -c "$dir/settings" -b "$dir/umask.$mask/bank" check
		"$subank" -c "$dir/settings" -b "$dir/umask.$mask/bank" export "$dir/umask.$mask/bank/x"
	) >/dev/null 2>&1
	(cd "$dir/umask.$mask/bank" && find . -printf '%m %P\n' | sort) >"$dir/modes.$mask"
	is "predecessor_37: umask $mask: no rights for others" [ "$(grep -c '^[0-7]*[1-7] ' "$dir/modes.$mask")" -eq 0 ]
done
is 'umask: there are files' [ "$(wc -l <"$dir/modes.077")" -gt 5 ]
is_same 'umask 077 gives the same modes' "$dir/modes.077" "$dir/modes.027"
is_same 'umask 000 gives the same modes' "$dir/modes.000" "$dir/modes.027"

# ---- a stranger ----

if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	# The folders of the build and of the source may be closed to others.
	cp "$subank" "$dir/program" && chmod 755 "$dir/program"
	cp -R "$fake" "$dir/fake" && chmod -R a+rX "$dir/fake"
	chmod 644 "$dir/settings"
	export_to "$dir/before"
	for arguments in balance 'deposit bio 1' check verify export; do
		# shellcheck disable=SC2086
		setpriv --reuid 65534 --regid 65534 --clear-groups \
			"$dir/program" -c "$dir/settings" $arguments >"$dir/out" 2>"$dir/err"
		status=$?
		is "$arguments by a stranger: status 1" [ "$status" -eq 1 ]
		has "$arguments by a stranger: says why" 'are closed to all but root: nothing is pub' err
		has "$arguments by a stranger: says where" "$dir/bank" err
	done
	export_to "$dir/after"
	is_same 'a stranger changes nothing' "$dir/before" "$dir/after"

	# The stranger may read what the bank publishes.
	mkdir -m 755 "$dir/public"
	{
		cat "$dir/settings"
		echo 'publish: all'
	} >"$dir/users"
	chmod 644 "$dir/users"
	"$subank" -c "$dir/users" check >"$dir/out" 2>"$dir/err"
	chmod 777 "$FAKE_STATE"
	chmod 666 "$FAKE_STATE"/log "$FAKE_STATE"/pids
	ls -lR --time-style=full-iso "$dir/bank" "$dir/public" >"$dir/before"
	for arguments in 'balance bio' 'balance bio --json' balance; do
		# shellcheck disable=SC2086
		setpriv --reuid 65534 --regid 65534 --clear-groups env PATH="$dir/fake:$PATH" \
			"$dir/program" -c "$dir/users" $arguments >"$dir/out" 2>"$dir/err"
		status=$?
		is "$arguments, published: status 0" [ "$status" -eq 0 ]
		has "$arguments, published: how old" 'as the bank published it' err
	done
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$dir/program" -c "$dir/users" why bio >"$dir/out" 2>"$dir/err"
	has 'why by a user: what he can do' 'but root: `subank balance` shows what is published' err
	is 'whose are whose: Slurm is asked' grep -q 'where user=nobody format=' "$FAKE_STATE/log"
	ls -lR --time-style=full-iso "$dir/bank" "$dir/public" >"$dir/after"
	is_same 'a stranger touches nothing' "$dir/before" "$dir/after"

	# Each user reads his own accounts, and the kernel keeps him from others.
	as_user() {
		uid=$1
		shift
		setpriv --reuid "$uid" --regid 65534 --clear-groups "$@" >"$dir/out" 2>"$dir/err"
		status=$?
	}
	mkdir -m 755 "$dir/own"
	{
		grep -v '^publish' "$dir/settings"
		echo 'publish: own'
		echo "publish_file: $dir/own/balances.json"
	} >"$dir/users-own"
	chmod 644 "$dir/users-own"
	cp "$FAKE_STATE/dev/bio" "$dir/bio.users"
	echo Users=nobody >>"$FAKE_STATE/dev/bio"
	"$subank" -c "$dir/users-own" check >"$dir/out" 2>"$dir/err"
	is 'own: the user has a folder' [ -d "$dir/own/balances.json.d/users/65534" ]
	for arguments in balance 'balance --lots bio' 'balance --forecast' 'why bio' 'usage bio'; do
		# shellcheck disable=SC2086
		as_user 65534 "$dir/program" -c "$dir/users-own" $arguments
		is "$arguments, his own: status 0" [ "$status" -eq 0 ]
		has "$arguments, his own: how old" 'as the bank published it' err
	done
	as_user 1 "$dir/program" -c "$dir/users-own" why bio
	is 'own: of another: status 1' [ "$status" -eq 1 ]
	has 'own: of another: why' 'the bank publishes no account for user' err
	for path in users users/65534 accounts; do
		is "own: $path is there" [ -d "$dir/own/balances.json.d/$path" ]
		as_user 1 ls "$dir/own/balances.json.d/$path"
		is "own: another cannot list $path" [ "$status" -ne 0 ]
	done
	for path in users/65534/bio.json users/65534/bio.use accounts/bio.json accounts/state; do
		is "own: $path is there" [ -s "$dir/own/balances.json.d/$path" ]
		as_user 1 cat "$dir/own/balances.json.d/$path"
		is "own: another cannot read $path" [ "$status" -ne 0 ]
	done
	for path in users/65534/bio.json users/65534/bio.use; do
		as_user 65534 cat "$dir/own/balances.json.d/$path"
		is "own: he reads $path" [ "$status" -eq 0 ]
	done
	as_user 65534 cat "$dir/own/balances.json.d/accounts/bio.json"
	is 'own: he reads his own files through his folder alone' [ "$status" -ne 0 ]
	as_user 65534 touch "$dir/own/balances.json.d/users/65534/mine"
	is 'own: he cannot write there' [ "$status" -ne 0 ]
	cp "$dir/bio.users" "$FAKE_STATE/dev/bio"
	# An hour later, as the state has it.
	sed -i 's/"read":[0-9]*/"read":0/' "$dir/own/balances.json.d/accounts/state"
	"$subank" -c "$dir/users-own" check >"$dir/out" 2>"$dir/err"
	as_user 65534 "$dir/program" -c "$dir/users-own" balance
	is 'own: removed: status 1' [ "$status" -eq 1 ]
	is 'own: removed: no file is left to him' [ ! -e "$dir/own/balances.json.d/users/65534" ]

	# Managers' requests: each manager has a folder that the kernel closes to all others.
	mkdir -m 711 "$dir/requests"
	{
		sed "s|^bank: .*|bank: $dir/managed|" "$dir/settings"
		echo "requests: $dir/requests"
	} >"$dir/users-req"
	chmod 644 "$dir/users-req"
	printf 'RawUsage=0\n' >"$FAKE_STATE/dev/top"
	printf 'RawUsage=0\nParent=top\n' >"$FAKE_STATE/dev/sub"
	for arguments in init 'open top 100' 'open sub' 'terms top --manager nobody' check; do
		# shellcheck disable=SC2086
		"$subank" -c "$dir/users-req" $arguments >"$dir/out" 2>"$dir/err" ||
			fail "requests: $arguments: $(cat "$dir/err")"
	done
	is 'requests: the manager has a folder' [ -d "$dir/requests/65534" ]
	as_user 1 "$dir/program" -c "$dir/users-req" request transfer top sub 5
	is 'requests: another has none' [ "$status" -eq 1 ]
	has 'requests: another has none: says why' 'has no folder' err
	as_user 65534 "$dir/program" -c "$dir/users-req" request transfer top sub 5
	is 'requests: he sends one: status 0' [ "$status" -eq 0 ]
	as_user 65534 ls "$dir/requests"
	is 'requests: he cannot list the folders' [ "$status" -ne 0 ]
	as_user 65534 touch "$dir/requests/1"
	is 'requests: he cannot make folders' [ "$status" -ne 0 ]
	request=$(cd "$dir/requests/65534" && echo *)
	for arguments in "ls $dir/requests/65534" "cat $dir/requests/65534/$request" \
		"touch $dir/requests/65534/00000000000000000000000000000001" \
		"rm -f $dir/requests/65534/$request"; do
		# shellcheck disable=SC2086
		as_user 1 $arguments
		is "requests: another cannot: ${arguments%% *}" [ "$status" -ne 0 ]
	done
	# Files of another user, wherever they come from, are nobody's requests.
	cp "$dir/requests/65534/$request" "$dir/requests/65534/00000000000000000000000000000002"
	chown 1:1 "$dir/requests/65534/00000000000000000000000000000002"
	"$subank" -c "$dir/users-req" check >"$dir/out" 2>"$dir/err"
	is 'requests: the check: status 0' [ $? -eq 0 ]
	has 'requests: recorded' 'transfer top sub 5 of nobody (65534): entry' out
	has 'requests: that of another is refused' 'refused: the file belongs to user 1' out
	"$subank" -c "$dir/users-req" balance -nP -o Account,Available >"$dir/out"
	has 'requests: once' 'top|95.00' out
	as_user 65534 "$dir/program" -c "$dir/users-req" request -nPo State
	has 'requests: the answer' recorded out
	as_user 65534 rm -f "$dir/requests/65534/$request.answer"
	is 'requests: he cannot remove the answer' [ -e "$dir/requests/65534/$request.answer" ]
	rm "$FAKE_STATE/dev/top" "$FAKE_STATE/dev/sub"

	# As in the service of the timer, which may write only some folders.
	# shellcheck disable=SC2016
	if unshare -m true 2>/dev/null; then
		unshare -m sh -c 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"' \
			sh "$dir/public" "$subank" -c "$dir/users" check >"$dir/out" 2>"$dir/err"
		status=$?
		is 'no place to publish: status 3' [ "$status" -eq 3 ]
		has 'no place to publish: what to do' 'as ReadWritePaths= with' err
		# A ramfs has no access control lists.
		echo Users=nobody >>"$FAKE_STATE/dev/bio"
		unshare -m sh -c 'mount -t ramfs none "$1" && chmod 755 "$1" && shift && "$@" check; "$@" doctor -P' \
			sh "$dir/own" "$subank" -c "$dir/users-own" >"$dir/out" 2>"$dir/err"
		cp "$dir/bio.users" "$FAKE_STATE/dev/bio"
		has 'no lists: the check says so' 'has no POSIX access control lists' err
		has 'no lists: so does doctor' '^balances for users|this machine|bad|.* has no POSIX access control lists' out
	else
		echo 'skipped: no place to publish (needs unshare)'
	fi
else
	echo 'skipped: the stranger (needs root and setpriv)'
fi

# ---- a terminal ----

if command -v script >/dev/null; then
	sb deposit bio 1 --start 2097-01-01T12:34:56 --end 2098-01-01
	is_done 'a deposit with a window'
	script -qec "stty cols 80; '$subank' -c '$dir/settings' journal -l 1" /dev/null \
		</dev/null | tr -d '\r' >"$dir/out"
	is 'no line is wider than the terminal' [ "$(awk 'length > 80' "$dir/out" | wc -l)" -eq 0 ]
	tr -d ' \n' <"$dir/out" >"$dir/joined"
	has 'the last column wraps and is not cut' \
		'until2098-01-01,from2097-01-01T12:34:56AmountsareinSU.$' joined
else
	echo 'skipped: the terminal (needs script)'
fi

# With any of these flags, a power loss could undo or damage an acknowledged entry.
is "no flag of LMDB's saves a flush" [ -z "$(grep -rlE 'MDB_(NOSYNC|NOMETASYNC|WRITEMAP|MAPASYNC)' \
	"$srcdir/cmd" "$srcdir/ledger" "$srcdir/slurm" 2>&1)" ]

sb verify
is_done 'verify at the end'
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
