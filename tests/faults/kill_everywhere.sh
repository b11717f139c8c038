#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Kills (-9) the verbs that tests/crash.test.sh leaves out at every step. Started by run.bash. With few
# FAULT_SECONDS, only some steps are tried, at random.
# shellcheck disable=SC2154 # set by killing.sh
parts=$*
KILL_AT=${KILL_AT:-$FAULTS_BUILD/../kill_at}
. "$srcdir/tests/killing.sh"
stride=$((1 + 200 / (FAULT_SECONDS + 1)))

make_busy_bank
settle || fail 'repeated checks still find work to do'
# number_of KIND ACCOUNT: prints the number of the account's last entry of that kind.
number_of() {
	sb journal --json --kind "$1" "$2" --last 1
	sed -n 's/^{"entry":\([0-9]*\),.*/\1/p' "$dir/out"
}

# expect_entries PATTERN...: the verb without a fault must have recorded these: else there was nothing to kill.
expect_entries() {
	for line; do
		! wanted "$name" || grep -q "$line" "$dir/entries.want" || fail "no entry like $line"
	done
}

killed_everywhere a_withdrawal_that_holds withdraw paid all --ref w
expect_entries 'kind: withdraw.*account: "paid"' 'kind: hold.*account: "paid".*cause: funds' \
	'kind: lever.*account: "paid".*set: 0'
killed_everywhere a_refund_that_releases refund "$(number_of charge over)" --ref f --note mistake
expect_entries 'kind: refund.*account: "over"' 'kind: release.*account: "over"'
killed_everywhere a_reversal_that_holds reverse "$(number_of deposit down)" --ref v --note mistake
expect_entries 'kind: reverse.*account: "down"' 'kind: hold.*account: "down"'
killed_everywhere setting_an_allocation set over 3 --ref s
expect_entries 'kind: deposit.*ref: "s".*account: "over"'
killed_everywhere terms_that_change_the_lever terms over --enforce limit --credit 1 --ref t
expect_entries 'kind: terms.*account: "over"' 'kind: lever.*account: "over".*tres: "billing"'
killed_everywhere closing_an_account close use --ref c
expect_entries 'kind: close.*account: "use"' 'kind: lever.*account: "use".*set: 0'

sb open over 1 --resource gres/gpu --no-apply || fail open
killed_everywhere a_deposit_in_a_budget deposit over 1 --resource gres/gpu --ref g
expect_entries 'kind: deposit.*account: "over:gres/gpu"'
killed_everywhere a_fee_that_holds charge over 50 --ref e --note storage
expect_entries 'kind: fee.*account: "over"' 'kind: hold.*account: "over".*cause: funds'
slurm down RawUsage=90 GrpTRESMins=cpu=0
observe=balances
killed_everywhere resetting_an_account reset down --immediate
observe=entries

# The notify command gets each event, twice rather than never.
printf '#!/bin/sh\ncat >>"%s"\n' "$FAKE_STATE/notified" >"$dir/notify"
chmod 755 "$dir/notify"
cp "$dir/settings" "$dir/settings.before"
echo "notify: $dir/notify" >>"$dir/settings"
notified() {
	entries
	sed -n 's/^{"entry":\([0-9]*\),"kind":"\([a-z]*\)".*/notified of \2/p' "$FAKE_STATE/notified" | sort -u
}
slurm fresh RawUsage=0
sb open fresh 1 || fail open
settle || fail 'repeated checks still find work to do'
slurm fresh RawUsage=3400
sb deposit site 100 --no-apply || fail deposit
observe=notified
killed_everywhere running_the_notify_command check
expect_entries 'notified of threshold' 'notified of release' 'kind: notified'
observe=entries
mv "$dir/settings.before" "$dir/settings"
rm -f "$FAKE_STATE/notified"

# Kills after the call: also between the write that makes a commit valid and LMDB's update of the lock file, from
# which others learn of the commit. A reader has the books open all the time.
mkfifo "$dir/fifo"
# count_entries: prints how many entries the books have.
count_entries() {
	"$subank" -c "$dir/settings" journal --json 2>/dev/null | wc -l
}
killed_beside_a_reader() {
	wanted beside_a_reader || return 0
	"$subank" -c "$dir/settings" journal --follow >"$dir/followed" 2>&1 &
	follower=$!
	until [ -s "$dir/followed" ]; do
		sleep 0.02
	done
	n=0
	while :; do
		n=$((n + 1))
		before=$(count_entries)
		"$kill_at" -s "$dir/fifo" "$n" "$subank" -c "$dir/settings" deposit paid 1s --ref "k$n" --no-apply >"$dir/out" 2>"$dir/err" &
		pid=
		read -r pid <"$dir/fifo"
		[ -z "$pid" ] || kill -KILL "$pid"
		wait $!
		after=$(count_entries)
		if [ "$after" -ne "$before" ] && [ "$after" -ne $((before + 1)) ]; then
			fail "entries $before became $after"
		elif ! { sb balance && sb verify && sb deposit paid 1s --ref "k$n" --no-apply && sb verify; }; then
			fail 'the books are not usable'
		elif [ "$(count_entries)" -ne $((before + 1)) ]; then
			fail "after a retry with the same ref, entries $before became $(count_entries)"
		else
			passed=$((passed + 1))
		fi
		[ -n "$pid" ] || break
	done
	kill "$follower"
	enough_points 20
}
killed_beside_a_reader

# ---- a bank in another place, with limits that the books do not have ----

settle || fail 'repeated checks still find work to do'
sb export "$dir/whole.yaml" || fail export
slurm fresh RawUsage=3400 GrpTRESMins=cpu=0
rm -rf "$dir/bank"
sb import "$dir/whole.yaml" || fail import
# The bank does not command Slurm yet, so no check runs.
killed_everywhere adopting adopt --immediate --bank-holds
expect_entries 'kind: lever.*account: "fresh"'

make_dump
killed_everywhere importing_a_predecessor import --predecessor --immediate "$dir/dump.json"
expect_entries 'kind: deposit.*account: "old1"' 'kind: terms.*account: "old2"'

# ---- jobs, and published balances ----

make_bank_of_yesterday
killed_everywhere reconciling reconcile lost --apply --note why
expect_entries 'kind: reconcile.*account: "lost"'
killed_everywhere charging_jobs check
expect_entries 'kind: job.*account: "jobs"'
publish
observe=published
killed_everywhere publishing check
expect_entries '"account": "jobs"'
sed -i '/^publish/d' "$dir/settings"
publish_own
slurm jobs Users=root,daemon
observe=published_own
# The first run makes all folders, the second has use to publish, in the third a user has left.
killed_everywhere publishing_for_each check
expect_entries 'users/0/jobs.json 3 644' 'users/1/jobs.use 3 644' 'drwxr-x---+ .* users/1$'
! wanted publishing_without_one || sed -i 's/"read":[0-9]*/"read":0/' "$FAKE_STATE/balances.json.d/accounts/state"
slurm jobs Users=root
killed_everywhere publishing_without_one check
expect_entries 'users/0/jobs.json 2 644'
observe=entries

# ---- requests of managers ----

# requested: also prints the states of the answers, and what is left of the requests.
requested() {
	entries
	(
		cd "$dir/bank/requests/$(id -u)" || exit
		grep -h -e '"state"' -e '"entry"' -- *.answer
		ls -A
	)
}

sed -i '/^publish/d' "$dir/settings"
echo "requests: $dir/bank/requests" >>"$dir/settings"
mkdir -m 711 "$dir/bank/requests"
slurm tree RawUsage=1
slurm leaf RawUsage=0 Parent=tree
{ sb open tree 100s && sb open leaf && sb terms tree --manager "$(id -un)" && settle; } || fail "$(cat "$dir/err")"
for request in '1 leaf' '2 jobs'; do
	printf '{"subank": 1, "request": ["transfer", "tree", "%s", "5s"]}' "${request#* }" \
		>"$dir/bank/requests/$(id -u)/0000000000000000000000000000000${request% *}"
done
observe=requested
killed_everywhere taking_requests check
expect_entries 'kind: transfer.*account: "tree"' '"state": "recorded"' '"state": "refused"'
observe=entries
sed -i '/^requests/d' "$dir/settings"

# ---- backups ----

# whole_backups: succeeds if every backup under its final name is whole.
whole_backups() {
	for backup in "$dir/backups"/*; do
		case $backup in
		*.new | *'*') continue ;;
		esac
		sb -b "$backup" verify && "$subank" -c "$dir/settings" -b "$backup" export 2>/dev/null |
			cmp -s - "$dir/whole.yaml" || return 1
	done
}
killed_backup() {
	wanted a_backup || return 0
	sb export "$dir/whole.yaml" || fail export
	n=0 status=137
	while [ $status -eq 137 ]; do
		next_point
		rm -rf "$dir/backups"
		mkdir "$dir/backups"
		"$kill_at" "$n" "$subank" -c "$dir/settings" backup "$dir/backups" >"$dir/out" 2>"$dir/err"
		status=$?
		if ! whole_backups; then
			fail 'a backup is not whole'
		elif ! { sb backup "$dir/backups" || { sleep 1 && sb backup "$dir/backups"; }; }; then
			fail 'cannot make another backup'
		elif ! whole_backups || ! sb verify; then
			fail 'a backup or the bank is not whole'
		else
			passed=$((passed + 1))
		fi
	done
	enough_points 20
}
killed_backup

printf 'row\tkill -9 at every call: 16 more verbs\t%d\t%d\n' $((passed + failed)) $failed
[ $failed -eq 0 ]
