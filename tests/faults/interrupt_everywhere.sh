#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Ctrl-C (SIGINT to the process group) at every step of a verb: the signal ends it or it completes, nothing
# half done is left, and a retry completes it. Started by run.bash. With few FAULT_SECONDS, only some steps are
# tried, at random.
# shellcheck disable=SC2154 # set by killing.sh
parts=$*
KILL_AT=${KILL_AT:-$FAULTS_BUILD/../kill_at}
. "$srcdir/tests/killing.sh"
stride=$((1 + 200 / (FAULT_SECONDS + 1)))
INTERRUPTED=130

# interrupted ARGUMENT...: interrupts `subank ARGUMENT...` at call $n. Sets $status, $trouble, and $at_end if it
# ended before that call. What it started holds the pipe open until it has ended too.
interrupted() {
	(
		"$kill_at" -i "$dir/pid" "$n" "$subank" -c "$dir/settings" "$@" >"$dir/out" 2>"$dir/err" </dev/null
		echo $? >"$dir/status"
	) 9>&1 | cat >/dev/null
	read -r status <"$dir/status"
	at_end=
	[ -s "$dir/pid" ] || at_end=yes
	leftovers=$(cd "$dir" && find bank made files backups tmp 2>/dev/null | grep -E 'new$|\.subank-|\.yaml\.|subank-verify')
	trouble=
	if [ "$status" -ne $INTERRUPTED ] && [ "$status" -ne 0 ] && [ "$status" -ne 3 ]; then
		trouble="it ended with status $status"
	elif [ -n "$leftovers" ]; then
		trouble="it left $leftovers"
	fi
}

# interrupted_everywhere NAME ARGUMENT...: for verbs that change the books and Slurm.
interrupted_everywhere() {
	everywhere interrupted_one "$@"
}

interrupted_one() {
	interrupted "$@"
	[ "$1" = check ] || retry "$@" || trouble="the retry failed"
	settle || trouble="repeated checks still find work to do"
	echo "$trouble" >"$dir/trouble"
}

# interrupted_making NAME PROOF ARGUMENT...: for verbs that make a file or a bank. PROOF succeeds if the result is
# whole, absent, or what was there before.
interrupted_making() {
	wanted "$1" || return 0
	proof=$2
	shift 2
	n=0
	while :; do
		next_point
		rm -rf "$dir/made" "$dir/files" "$dir/backups" "$dir/tmp"
		mkdir "$dir/files" "$dir/backups" "$dir/tmp"
		echo old >"$dir/files/export.yaml"
		[ ! -d "$dir/old" ] || cp -a "$dir/old" "$dir/made"
		interrupted "$@"
		if [ -n "$trouble" ]; then
			fail "$trouble"
		elif ! $proof; then
			fail 'the result is not whole'
		else
			passed=$((passed + 1))
		fi
		[ -z "$at_end" ] || break
	done
	enough_points 10
}
whole_file_or_old() {
	cmp -s "$dir/files/export.yaml" "$dir/whole.yaml" || [ "$(cat "$dir/files/export.yaml")" = old ]
}
whole_bank_or_none() {
	[ ! -e "$dir/made/books" ] || { sb -b "$dir/made" export && cmp -s "$dir/out" "$dir/whole.yaml"; }
}
whole_bank_or_old() {
	sb -b "$dir/made" export && { cmp -s "$dir/out" "$dir/whole.yaml" || cmp -s "$dir/out" "$dir/old.yaml"; }
}
whole_backup_or_none() {
	for backup in "$dir/backups"/*; do
		[ ! -e "$backup" ] || { sb -b "$backup" export && cmp -s "$dir/out" "$dir/whole.yaml"; }
	done
}

make_busy_bank
interrupted_everywhere a_check check
settle || fail 'repeated checks still find work to do'
interrupted_everywhere a_deposit_that_releases deposit site 100 --ref d
printf -- '- {ref: l%s, %s}\n' 1 'deposit: over, su: 1' 2 'transfer: over, to: use, su: 0.5' >"$dir/list"
interrupted_everywhere a_list import --append "$dir/list"
settle || fail 'repeated checks still find work to do'
sb export "$dir/whole.yaml" || fail export
interrupted_making an_export whole_file_or_old export "$dir/files/export.yaml"
interrupted_making an_import whole_bank_or_none -b "$dir/made" import "$dir/whole.yaml"
interrupted_making a_backup whole_backup_or_none backup "$dir/backups"
{ sb -b "$dir/old" init && sb -b "$dir/old" export "$dir/old.yaml"; } || fail 'cannot make the old bank'
interrupted_making a_replacement whole_bank_or_old -b "$dir/made" import --replace --immediate "$dir/whole.yaml"
TMPDIR=$dir/tmp
export TMPDIR
interrupted_making a_proof true verify "$dir/whole.yaml"

printf 'row\tSIGINT at every call: 8 verbs\t%d\t%d\n' $((passed + failed)) $failed
[ $failed -eq 0 ]
