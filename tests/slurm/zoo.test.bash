#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A zoo: on a real Slurm a coordinator, who is an ordinary user, makes accounts with all kinds of names beside
# normal ones, and all have jobs. The user of one job sets its limit to 0, other rows of slurmdbd cannot be
# read for a while, and the RawUsage of a normal account is not a number. The books must equal sacct to the
# second, by either meter.
#
# Add to the zoo by a line in zoo_names, zoo_spoil or zoo_usages.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"

zoo_ids=() # of all jobs of the test
declare -A zoo_last=() # the last job of each account
zoo_spoiled=() # JOB COLUMN VALUE: what stood there
zoo_left=() # jobs whose rows cannot be read now,
zoo_fields=() # and what of them

# Values of RawUsage that are not a usage.
zoo_usages=(nan -5 18446744073709551614)

# zoo_names TAG: sets zoo_odd to names that no bank can have, and zoo_fine to those that one can.
zoo_names() {
	local long
	long=$1-$(printf 'x%.0s' {1..255})
	zoo_odd=("htc|$1" " $1" "  $1" "+ / $1" "ü$1" "new"$'\n'"$1" "$1"$'\n' "$1(1)x" "$1 a|b| ")
	# Newer versions cut off the blanks around a name (26.05).
	[[ $(sacctmgr -V) =~ \ 2[0-4]\. ]] ||
		zoo_odd=("htc|$1" "+ / $1" "ü$1" "new"$'\n'"$1" "$1(1)x" "$1 a|b|")
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
		cluster_as_user sacctmgr -i add account name="$name" parent="$1-lab" cluster="$CLUSTER_NAME" >/dev/null ||
			harness_failed "the account $name" made "not made"
		cluster_as_user sacctmgr -i add user "$CLUSTER_USER" account="$name" cluster="$CLUSTER_NAME" >/dev/null ||
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
	zoo_last[$1]=$job
}

# has_run JOB: it has run for a second, as Slurm counts.
has_run() {
	(($(date +%s) > $(date -d "$(cluster_ask squeue -h -j "$1" -o %S)" +%s)))
}

# zoo_run TAG: two jobs in each account of the zoo and beside it, all to their ends, and one whose user
# sets its limit to 0 while it runs.
zoo_run() {
	local name unlimited
	submits "$1-plain" 'sleep 6' -t 5
	unlimited=$job
	# At once, while it runs: slurmctld may take a while to accept jobs of the other accounts. But slurmctld ends
	# the job then, and one that ends within the second of its start costs nothing.
	expect_job "$unlimited" RUNNING
	cluster_until 5 has_run "$unlimited"
	run 0 cluster_as_user scontrol update jobid="$unlimited" TimeLimit=0
	for name in "$1" "$1-plain" "$1-lab" "${zoo_odd[@]}" "${zoo_fine[@]}"; do
		submits "$name" 'sleep 1'
		submits "$name" 'sleep 2' -n 2
	done
	cluster_until 180 no_jobs || harness_failed "jobs of the zoo" "over" "$(squeue -h | wc -l) left"
	cluster_until 60 ended_on_record "${zoo_ids[@]}" || harness_failed "jobs of the zoo" "ended on record" "not all"
	expect_equal "its limit on record" "" "$(by_number TimelimitRaw "$unlimited")"
}

# spoil JOB COLUMN VALUE: changes slurmdbd's record of a job until zoo_mend.
spoil() {
	local was
	was=$(cluster_sql "select $2 from slurm_acct_db.${CLUSTER_NAME}_job_table where id_job = $1" | tail -n 1)
	zoo_spoiled+=("$1 $2 $was")
	edit_record "$2" "$3" "$1"
}

# zoo_spoil TAG: rows that are strange and are charged, and rows that cannot be read (zoo_left).
zoo_spoil() {
	local none=18446744073709551614
	spoil "${zoo_last["$1-plain"]}" state 77
	# Past 2^63; slurmdbd numbers the jobs of later on from there.
	zoo_index=$(printf '1351263791969%07d' "$((${zoo_last["b%$1"]} * 100))")
	spoil "${zoo_last["b%$1"]}" job_db_inx "$zoo_index"
	# slurmdbd takes a time that it cannot have for the end, and shows that the job ran for 0 seconds.
	spoil "${zoo_last["+ / $1"]}" time_end 1000000000
	zoo_left=("${zoo_last["a/$1"]}" "${zoo_last["htc@$1"]}" "${zoo_last["ü$1"]}" "${zoo_last["$1"]}")
	spoil "${zoo_left[0]}" tres_alloc 1=1,2=100,4=1,5=18446744073709551615
	spoil "${zoo_left[1]}" time_start "$none"
	spoil "${zoo_left[2]}" time_end 300000000000 # a year of five digits
	spoil "${zoo_left[3]}" time_submit "$none"
	zoo_fields=("AllocTRES of job ${zoo_left[0]}" "Start of job ${zoo_left[1]}"
		"End of job ${zoo_left[2]}" "Submit of job ${zoo_left[3]}")
}

zoo_mend() {
	local job column was
	while read -r job column was; do
		edit_record "$column" "$was" "$job"
	done < <(printf '%s\n' "${zoo_spoiled[@]}")
	zoo_spoiled=() zoo_left=()
}

# zoo_sum [ID...]: prints the use of these jobs, or of all, by sacct in billing-seconds, without those that
# cannot be read.
zoo_sum() {
	local ids
	(($# > 0)) || set -- "${zoo_ids[@]}"
	ids=$(comm -23 <(printf '%s\n' "$@" | sort) <(printf '%s\n' "${zoo_left[@]}" | sort))
	# shellcheck disable=SC2086 # ids
	by_number ElapsedRaw,AllocTRES $ids |
		sed -n 's/^\([0-9]*\)|.*billing=\([0-9]*\).*/\1 \2/p' | awk '{ sum += $1 * $2 } END { print sum + 0 }'
}

# zoo_counted TAG: RawUsage moves every PriorityCalcPeriod.
zoo_counted() {
	[[ $(cluster_raw_usage "$1") = "$(zoo_sum)" ]]
}

# zoo_jobs_of NAME: prints the ids of its jobs, by a query that no name can break.
zoo_jobs_of() {
	cluster_ask sacct -D -X -a -n -P -A "$1" -S now-1hour -o JobIDRaw
}

# zoo_used TAG [ACCOUNT SECONDS]: the books equal sacct, except for one account, if given.
zoo_used() {
	local name
	expect_equal "used by $1" "$(zoo_sum)" "$(used "$1")"
	for name in "$1-plain" "${zoo_fine[@]}"; do
		if [[ $name = "${2-}" ]]; then
			expect_equal "used by $name" "$3" "$(used "$name")"
			continue
		fi
		# shellcheck disable=SC2046 # ids
		expect_equal "used by $name" "$(zoo_sum $(zoo_jobs_of "$name"))" "$(used "$name")"
	done
}

# zoo_agrees TAG: all accounts equal sacct, and reconcile reports that.
zoo_agrees() {
	zoo_used "$1"
	run 0 subank reconcile -nPo Difference
	expect_equal "differences" "" "$(grep -vx '0\.00\|' <<<"$out" || true)"
	run 0 subank verify
}

# make_odd_sshare: an sshare for the program that is the real one; while there is a file "usage", with an
# account and a value, it has that RawUsage.
make_odd_sshare() {
	cat >"$harness_dir/bin/sshare" <<-END
		#!/bin/bash
		set -o pipefail
		if [[ -e "$harness_dir/usage" ]]; then
		    read -r name value <"$harness_dir/usage"
		    "$(command -v sshare)" "\$@" | awk -F'|' -v OFS='|' -v name="\$name" -v value="\$value" '
		        /^[A-Za-z|]*RawUsage/ { for (i = 1; i <= NF; i++) at[\$i] = i }
		        "User" in at && \$at["Account"] ~ ("^ *" name "\$") && \$at["User"] == "" {
		            \$at["RawUsage"] = value
		        }
		        { print }'
		else
		    exec "$(command -v sshare)" "\$@"
		fi
	END
	chmod 755 "$harness_dir/bin/sshare"
}

# zoo_spoils_usage ACCOUNT VALUE
zoo_spoils_usage() {
	echo "$1 $2" >"$harness_dir/usage"
}

# zoo_usage_is_named ACCOUNT VALUE: the last command reported it.
zoo_usage_is_named() {
	expect_match "what is said of its usage" "sshare, line [0-9]+: RawUsage of $1 is \"$2\"" "$err"
}

# zoo_rows_are_named: the last command reported the rows that cannot be read; three at most by name.
zoo_rows_are_named() {
	local named
	expect_match "how many rows" "${#zoo_left[@]} rows cannot be read and are left out" "$err"
	named=$(grep -o '[A-Za-z]* of job [0-9]*' <<<"$err")
	expect_equal "how many by name" 3 "$(sort -u <<<"$named" | wc -l)"
	expect_equal "others by name" "" "$(grep -vxF "$(printf '%s\n' "${zoo_fields[@]}")" <<<"$named" || true)"
}

# zoo_bank METER TAG: a bank that publishes and is metered so, with accounts for the normal ones.
zoo_bank() {
	local name
	new_bank
	make_odd_sshare
	install -m 755 "$SUBANK" "$harness_dir/program"
	install -d -m 755 "$harness_dir/public"
	sed -i '/^meter:\|^publish/d' "$harness_dir/subank.yaml"
	printf '%s\n' "meter: $1" "publish: all" "publish_file: $harness_dir/public/balances.json" \
		>>"$harness_dir/subank.yaml"
	sed "\$a bank: $SUBANK_BANK" "$harness_dir/subank.yaml" >"$harness_dir/users.yaml"
	chmod 644 "$harness_dir/users.yaml"
	for name in "$2" "$2-plain" "${zoo_fine[@]}"; do
		run 0 subank open "$name" 100
	done
}

# zoo_check: runs a check that must not complain.
zoo_check() {
	run 0 subank check
	expect_equal "complaints" "" "$err"
}

# zoo_is_published TAG: users of zoo accounts see the account above.
zoo_is_published() {
	run 0 cluster_as_user "$harness_dir/program" -c "$harness_dir/users.yaml" balance -nPo Account
	expect_match "the balances of the user" "(^|"$'\n'")$1("$'\n'"|$)" "$out"
}

zoo_names_said() {
	grep -c 'has a name that no bank can have' <<<"$out" || true
}

test_by_rawusage_the_books_equal_sacct_and_a_switch_to_jobs_loses_nothing() {
	local name value
	zoo_open raw
	zoo_bank rawusage raw
	zoo_check
	expect_equal "names said" "${#zoo_odd[@]}" "$(zoo_names_said)"
	zoo_run raw
	expect_true "RawUsage has it" cluster_until 90 zoo_counted raw
	for value in "${zoo_usages[@]}"; do
		zoo_spoils_usage raw-plain "$value"
		run 3 subank check
		zoo_usage_is_named raw-plain "$value"
		expect_equal "names said again" 0 "$(zoo_names_said)"
		zoo_used raw raw-plain 0
	done
	run 3 subank doctor -nP
	expect_match "doctor" "rows left out\|$CLUSTER_NAME\|bad\|1 of sshare" "$out"
	rm "$harness_dir/usage"
	zoo_check
	zoo_agrees raw
	expect_equal "charges" 1 "$(charged raw-plain | wc -l)"
	zoo_is_published raw
	zoo_spoil raw
	run 3 subank reconcile --apply
	zoo_rows_are_named
	expect_equal "what reconcile enters" 0 "$(entries_of reconcile)"
	run 3 subank doctor -nP
	expect_match "doctor" "jobs left out\|$CLUSTER_NAME\|bad\|4 in a day" "$out"
	# Use that RawUsage counted needs no row.
	zoo_check
	for name in raw raw-plain "${zoo_fine[@]}"; do
		run 0 subank terms "$name" --meter jobs --no-apply
	done
	run 3 subank check
	expect_match "what waits" "raw: the meter on $CLUSTER_NAME is not switched: 4 of its jobs cannot be read" "$err"
	expect_match "what does not" 'raw-plain: is metered by jobs' "$out"
	zoo_mend
	zoo_agrees raw
	zoo_check
	expect_match "the switch of the others" $'(^|\n)raw: is metered by jobs' "$out"
	zoo_run raw
	zoo_spoil raw
	zoo_spoils_usage raw-plain nan
	run 3 subank check
	zoo_rows_are_named
	zoo_usage_is_named raw-plain nan
	rm "$harness_dir/usage"
	zoo_mend
	zoo_check
	zoo_agrees raw
	# A hold works beside them.
	run 0 subank withdraw "htc@raw" all
	run 0 subank check
	expect_equal "the limit" cpu=0 "$(cluster_limits "htc@raw")"
	run 0 subank deposit "htc@raw" 10
	expect_equal "the limit" "" "$(cluster_limits "htc@raw")"
}

test_by_jobs_the_books_equal_sacct_also_when_the_accounts_are_gone() {
	local name value before
	zoo_open job
	zoo_bank jobs job
	zoo_check
	expect_match "the switch" 'job: is metered by jobs' "$out"
	zoo_run job
	zoo_spoil job
	for value in "${zoo_usages[@]}"; do
		zoo_spoils_usage job-plain "$value"
		run 3 subank check
		zoo_rows_are_named
		zoo_usage_is_named job-plain "$value"
		zoo_used job
	done
	expect_match "the index" "\"db_index\":\"$zoo_index\"" "$(subank journal --json -k job job)"
	run 3 subank doctor -nP
	expect_match "doctor" "jobs left out\|$CLUSTER_NAME\|bad\|4 not charged yet: " "$out"
	expect_match "doctor" "rows left out\|$CLUSTER_NAME\|bad\|1 of sshare" "$out"
	run 3 subank reconcile --apply
	expect_equal "what reconcile enters" 0 "$(entries_of reconcile)"
	rm "$harness_dir/usage"
	zoo_mend
	zoo_check
	zoo_agrees job
	expect_equal "jobs of the journal" "${#zoo_ids[@]}" "$(subank journal -nPo Kind -k job job | grep -c job)"
	before=$(entries)
	zoo_check
	expect_equal "entries after a check again" "$before" "$(entries)"
	zoo_is_published job
	zoo_run job
	zoo_spoil job
	for name in "${zoo_odd[@]}"; do
		cluster_as_user sacctmgr -i delete account name="$name" cluster="$CLUSTER_NAME" >/dev/null ||
			cluster_ask sacctmgr -i delete account name="$name" cluster="$CLUSTER_NAME" >/dev/null
	done
	run 3 subank check
	zoo_rows_are_named
	zoo_used job
	zoo_mend
	zoo_check
	zoo_agrees job
	expect_equal "jobs of the journal" "${#zoo_ids[@]}" "$(subank journal -nPo Kind -k job job | grep -c job)"
	# Counting by RawUsage can begin only where there is one.
	run 0 subank terms job --meter rawusage --no-apply
	zoo_spoils_usage job nan
	run 3 subank check
	zoo_usage_is_named job nan
	rm "$harness_dir/usage"
	expect_true "the switch" cluster_until 60 zoo_switches job
	zoo_agrees job
}

# zoo_switches ACCOUNT: at a check; a job that ended seconds ago counts as one that may run.
zoo_switches() {
	subank check 2>&1 | grep "^$1: is metered by rawusage"
}

# A name with a newline that imitates a row of a normal account.
test_a_forged_row_charges_nobody() {
	local used
	new_account forged
	new_account forged-plain parent=forged
	new_account forged-lab parent=forged
	cluster_ask sacctmgr -i add coordinator account=forged-lab names="$CLUSTER_USER" >/dev/null
	zoo_fine=()
	zoo_bank rawusage forged
	cluster_as_user sacctmgr -i add account name=$'x\n'"$CLUSTER_NAME|4000000|99999|||||  forged-plain" \
		parent=forged-lab cluster="$CLUSTER_NAME" >/dev/null
	submits forged-plain 'sleep 2'
	cluster_until 60 no_jobs
	cluster_until 60 ended_on_record "${zoo_ids[@]}"
	used=$(zoo_sum)
	expect_true "RawUsage has it" cluster_until 90 zoo_counted forged
	run 3 subank check
	expect_match "what is said" "sshare, line [0-9]+: ID of forged-plain is .* it is left out" "$err"
	expect_equal "used" "$used" "$(used forged-plain)"
	run 3 subank doctor -P
	expect_match "what doctor says" "rows left out\|$CLUSTER_NAME\|bad\|1 of sshare" "$out"
}

harness_main "$@"
