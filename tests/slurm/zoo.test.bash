#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A zoo: accounts with all kinds of names on a real Slurm, made by a coordinator who is an ordinary
# user, beside normal ones, with jobs in all of them. The books must equal sacct to the second, by
# either meter.
#
# What joins the zoo is a line of zoo_names, or a function that changes jobs before they are awaited.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"

zoo_ids=() # of all jobs of the test

# as_user COMMAND...: as the ordinary user, who is a coordinator.
as_user() {
	setpriv --reuid="$CLUSTER_USER" --regid="$CLUSTER_USER" --clear-groups env -i PATH="$PATH" \
		SLURM_CONF="$SLURM_CONF" "$@"
}

# zoo_names TAG: sets zoo_odd to names that no bank can have, and zoo_fine to those that one can.
zoo_names() {
	local long
	long=$1-$(printf 'x%.0s' {1..255})
	zoo_odd=("htc|$1" " $1" "  $1" "+ / $1" "ü$1" "new"$'\n'"$1" "$1"$'\n' "$1(1)x" "$1 a|b| ")
	zoo_fine=("htc@$1" "a/$1" "b%$1" "${long:0:255}")
}

# zoo_open TAG: TAG with TAG-plain and TAG-lab below; the user is coordinator of TAG-lab, and makes
# the zoo below that.
zoo_open() {
	local name
	zoo_names "$1"
	new_account "$1"
	new_account "$1-plain" parent="$1"
	new_account "$1-lab" parent="$1"
	cluster_ask sacctmgr -i add coordinator account="$1-lab" names="$CLUSTER_USER" >/dev/null
	for name in "${zoo_odd[@]}" "${zoo_fine[@]}"; do
		as_user sacctmgr -i add account name="$name" parent="$1-lab" cluster="$CLUSTER_NAME" >/dev/null ||
			harness_failed "the account $name" made "not made"
		as_user sacctmgr -i add user "$CLUSTER_USER" account="$name" cluster="$CLUSTER_NAME" >/dev/null ||
			harness_failed "its user" made "not made"
	done
}

# submits ACCOUNT COMMAND [OPTION...]: as submit, but slurmctld may not know the account yet.
submits() {
	local deadline=$((SECONDS + 20))
	until job=$(cluster_submit "$@" 2>/dev/null); do
		((SECONDS < deadline)) || harness_failed "a job of $1" submitted refused
		sleep 0.2
	done
	zoo_ids+=("$job")
}

# zoo_run TAG: two jobs in each account of the zoo and beside it, all to their ends.
zoo_run() {
	local name
	for name in "$1" "$1-plain" "$1-lab" "${zoo_odd[@]}" "${zoo_fine[@]}"; do
		submits "$name" 'sleep 1'
		submits "$name" 'sleep 2' -n 2
	done
	cluster_until 180 no_jobs || harness_failed "jobs of the zoo" "over" "$(squeue -h | wc -l) left"
	cluster_until 60 zoo_recorded || harness_failed "jobs of the zoo" "recorded" "not all"
}

# Numbers alone, which no name can spoil.
zoo_rows() {
	cluster_ask sacct -D -X -a -n -P -j "$(IFS=,; echo "${zoo_ids[*]}")" -o "$1"
}

zoo_recorded() {
	[[ $(zoo_rows End | grep -c T) = "${#zoo_ids[@]}" ]]
}

# zoo_sum [ID...]: what sacct has of these jobs, or of all, in billing-seconds.
zoo_sum() {
	local zoo_ids=("${zoo_ids[@]}")
	(($# == 0)) || zoo_ids=("$@")
	zoo_rows ElapsedRaw,AllocTRES | sed -n 's/^\([0-9]*\)|.*billing=\([0-9]*\).*/\1*\2/p' | paste -sd+ | bc
}

# zoo_counted TAG: RawUsage moves every PriorityCalcPeriod.
zoo_counted() {
	[[ $(cluster_raw_usage "$1") = "$(zoo_sum)" ]]
}

# zoo_jobs_of NAME: the ids of its jobs, by a question that no name can spoil.
zoo_jobs_of() {
	cluster_ask sacct -D -X -a -n -P -A "$1" -S now-1hour -o JobIDRaw
}

# zoo_agrees TAG: the books have what sacct has.
zoo_agrees() {
	local name
	expect_equal "used by $1" "$(zoo_sum)" "$(used "$1")"
	for name in "$1-plain" "${zoo_fine[@]}"; do
		# shellcheck disable=SC2046 # ids
		expect_equal "used by $name" "$(zoo_sum $(zoo_jobs_of "$name"))" "$(used "$name")"
	done
	run 0 subank reconcile -nPo Difference
	expect_equal "differences" "" "$(grep -vx '0\.00\|' <<<"$out" || true)"
	run 0 subank verify
}

# zoo_bank METER TAG: a bank that publishes and is metered so, with accounts for the normal ones.
zoo_bank() {
	local name
	new_bank
	install -m 755 "$SUBANK" "$harness_dir/program"
	mkdir -p -m 755 "$harness_dir/public"
	sed -i '/^meter:\|^publish/d' "$harness_dir/subank.yaml"
	printf '%s\n' "meter: $1" "publish: all" "publish_file: $harness_dir/public/balances.json" \
		>>"$harness_dir/subank.yaml"
	sed "\$a bank: $SUBANK_BANK" "$harness_dir/subank.yaml" >"$harness_dir/users.yaml"
	chmod 644 "$harness_dir/users.yaml"
	for name in "$2" "$2-plain" "${zoo_fine[@]}"; do
		run 0 subank open "$name" 100
	done
}

# zoo_check TAG: a check that has no complaint, and says each odd name once.
zoo_check() {
	run 0 subank check
	expect_equal "complaints" "" "$err"
}

# zoo_is_published TAG: users whose accounts are of the zoo see the one above.
zoo_is_published() {
	run 0 as_user "$harness_dir/program" -c "$harness_dir/users.yaml" balance -nPo Account
	expect_match "the balances of the user" "(^|"$'\n'")$1("$'\n'"|$)" "$out"
}

zoo_names_said() {
	grep -c 'has a name that no bank can have' <<<"$out" || true
}

test_by_rawusage_the_books_equal_sacct_and_a_switch_to_jobs_loses_nothing() {
	zoo_open raw
	zoo_bank rawusage raw
	zoo_check raw
	expect_equal "names said" "${#zoo_odd[@]}" "$(zoo_names_said)"
	zoo_run raw
	expect_true "RawUsage has it" cluster_until 90 zoo_counted raw
	zoo_check raw
	expect_equal "names said again" 0 "$(zoo_names_said)"
	zoo_agrees raw
	zoo_is_published raw
	for name in raw raw-plain "${zoo_fine[@]}"; do
		run 0 subank terms "$name" --meter jobs --no-apply
	done
	zoo_check raw
	expect_match "the switch" 'raw: is metered by jobs' "$out"
	zoo_run raw
	zoo_check raw
	zoo_agrees raw
	# A hold goes on beside them.
	run 0 subank withdraw "htc@raw" all
	run 0 subank check
	expect_equal "the limit" cpu=0 "$(cluster_limits "htc@raw")"
	run 0 subank deposit "htc@raw" 10
	expect_equal "the limit" "" "$(cluster_limits "htc@raw")"
}

test_by_jobs_the_books_equal_sacct_also_when_the_accounts_are_gone() {
	local name
	zoo_open job
	zoo_bank jobs job
	zoo_check job
	expect_match "the switch" 'job: is metered by jobs' "$out"
	zoo_run job
	zoo_check job
	zoo_agrees job
	expect_equal "jobs of the journal" "${#zoo_ids[@]}" "$(subank journal -nPo Kind -k job job | grep -c job)"
	zoo_is_published job
	zoo_run job
	for name in "${zoo_odd[@]}"; do
		as_user sacctmgr -i delete account name="$name" cluster="$CLUSTER_NAME" >/dev/null ||
			cluster_ask sacctmgr -i delete account name="$name" cluster="$CLUSTER_NAME" >/dev/null
	done
	zoo_check job
	zoo_agrees job
	run 0 subank terms job --meter rawusage --no-apply
	run 0 subank check
	expect_equal "complaints" "" "$err"
	zoo_agrees job
}

# A name with a newline that looks like a row of a normal account.
test_a_forged_row_charges_nobody() {
	local used
	new_account forged
	new_account forged-plain parent=forged
	new_account forged-lab parent=forged
	cluster_ask sacctmgr -i add coordinator account=forged-lab names="$CLUSTER_USER" >/dev/null
	zoo_fine=()
	zoo_bank rawusage forged
	as_user sacctmgr -i add account name=$'x\n'"$CLUSTER_NAME|4000000|99999|||||  forged-plain" \
		parent=forged-lab cluster="$CLUSTER_NAME" >/dev/null
	submits forged-plain 'sleep 2'
	cluster_until 60 no_jobs
	cluster_until 60 zoo_recorded
	used=$(zoo_sum)
	expect_true "RawUsage has it" cluster_until 90 zoo_counted forged
	run 3 subank check
	expect_match "what is said" "sshare, line [0-9]+: ID of forged-plain is .* it is left out" "$err"
	expect_equal "used" "$used" "$(used forged-plain)"
	run 3 subank doctor -P
	expect_match "what doctor says" "rows left out\|$CLUSTER_NAME\|bad\|1 of sshare" "$out"
}

harness_main "$@"
