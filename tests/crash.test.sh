#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Kills (-9) verbs that change the books, Slurm or a file at every step. Whatever the point, running the verb
# again and a check bring books and Slurm to where they would be without the kill. tests/killing.sh lists the
# variables. Arguments: parts of names; only tests whose name contains one of them are run.
parts=$*
srcdir=${srcdir:-.}
. "$srcdir/tests/killing.sh"

# ---- a bank in which a check has everything to do ----

make_busy_bank
killed_everywhere a_check_killed_at_any_point_is_completed_by_the_next check
if [ -e "$dir/base" ]; then
	# The check must have done all its work, or there was nothing to kill.
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
settle || fail 'repeated checks still find work to do'

killed_everywhere a_deposit_killed_at_any_point_is_recorded_once_and_releases deposit site 100 --ref d
if wanted a_list_killed_at_any_point_is_recorded_once_and_releases; then
	printf -- '- {ref: l%s, %s}\n' 1 'deposit: over, su: 1' 2 'transfer: over, to: use, su: 0.5' \
		3 'open: listed, su: 3' >"$dir/list"
	slurm listed RawUsage=7
	killed_everywhere "$name" import --append "$dir/list"
fi
killed_everywhere a_hold_killed_at_any_point_is_recorded_once hold use --ref h
killed_everywhere a_release_killed_at_any_point_is_recorded_once release hand --ref r
killed_everywhere a_transfer_killed_at_any_point_is_recorded_once transfer down over 0.5 --ref t
# An account with a budget goes to another name at once or not at all.
if wanted a_rename_killed_at_any_point_is_recorded_once; then
	slurm lab RawUsage=170 GrpTRESRaw=cpu=0,gres/gpu=5
	{ sb open lab 2 && sb open lab 2 --resource gres/gpu && settle; } || fail 'cannot give an account a budget'
	slurm newname RawUsage=77
	killed_everywhere "$name" rename lab newname --ref n
	grep -q 'kind: rename.*account: "lab:gres/gpu", to: "newname:gres/gpu"' "$dir/entries.want" || fail 'no budget'
	grep -q '^./dev/lab:GrpTRESMins=cpu=0' "$dir/limits.want" || fail 'no limit of the former name'
fi
killed_everywhere a_merge_killed_at_any_point_is_recorded_once merge over paid --ref m
slurm fresh RawUsage=77
killed_everywhere an_account_whose_opening_was_killed_is_opened_once open fresh 5 --ref o

# ---- files ----

# The file must be the old or the new one, never half of it or none.
killed_export() {
	wanted predecessor_28_a_killed_export_leaves_the_old_file_or_the_new || return 0
	sb export "$dir/new.yaml" || fail 'export'
	n=0 status=137
	while [ $status -eq 137 ]; do
		next_point
		echo old >"$dir/file.yaml"
		"$kill_at" "$n" "$subank" -c "$dir/settings" export "$dir/file.yaml" >"$dir/out" 2>"$dir/err"
		status=$?
		if cmp -s "$dir/file.yaml" "$dir/new.yaml" || [ "$(cat "$dir/file.yaml")" = old ]; then
			passed=$((passed + 1))
		else
			fail 'the file is neither the old nor the new one'
		fi
	done
	cmp -s "$dir/file.yaml" "$dir/new.yaml" || fail 'the complete export is not the new file'
	enough_points 10
}
killed_export

# killed_making NAME ARGUMENT...: kills what makes a bank where there is none. It must leave a whole bank or none.
killed_making() {
	wanted "$1" || return 0
	shift
	n=0 status=137
	while [ $status -eq 137 ]; do
		next_point
		rm -rf "$dir/made"
		"$kill_at" "$n" "$subank" -c "$dir/settings" -b "$dir/made" "$@" >"$dir/out" 2>"$dir/err"
		status=$?
		if ! sb -b "$dir/made" balance && ! sb -b "$dir/made" "$@"; then
			fail 'there is no bank, and the retry failed'
		elif ! sb -b "$dir/made" verify; then
			fail 'verify failed'
		elif ! { [ "$1" = init ] || { sb -b "$dir/made" export && cmp -s "$dir/out" "$dir/new.yaml"; }; }; then
			fail 'the bank is not that of the file'
		else
			passed=$((passed + 1))
		fi
	done
	enough_points 20
}
killed_making a_killed_init_leaves_a_whole_bank_or_none init
sb export "$dir/new.yaml" || fail 'export'
killed_making predecessor_27_a_killed_import_leaves_a_whole_bank_or_none import "$dir/new.yaml"

# The bank must be the old or the new one; if it is the new one, there must be a copy of the old one.
killed_replacing() {
	wanted predecessor_27_a_killed_restore_leaves_the_old_books_or_the_new || return 0
	rm -rf "$dir/old"
	{ sb -b "$dir/old" init && sb -b "$dir/old" export "$dir/old.yaml"; } || fail "cannot make the old bank"
	n=0 status=137
	while [ $status -eq 137 ]; do
		next_point
		rm -rf "$dir/made"
		cp -a "$dir/old" "$dir/made"
		"$kill_at" "$n" "$subank" -c "$dir/settings" -b "$dir/made" import --replace -i "$dir/new.yaml" \
			>"$dir/out" 2>"$dir/err"
		status=$?
		if ! sb -b "$dir/made" verify; then
			fail 'verify failed'
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
	enough_points 20
}
killed_replacing

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
