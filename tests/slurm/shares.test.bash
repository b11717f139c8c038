#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Shares of users on a real Slurm: the ordinary user and daemon, a system account.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"
CLUSTER_CPUS=32

# use_settings LINE...: writes the settings of this test.
use_settings() {
	printf '%s\n' "clusters: [$CLUSTER_NAME]" 'charge_minutes: 0' "$@" >"$harness_dir/subank.yaml"
}

# as USER COMMAND...
as() {
	local CLUSTER_USER=$1
	shift
	"$@"
}

# add_daemon ACCOUNT [KEY=VALUE...]: lets daemon submit in it.
add_daemon() {
	cluster_ask sacctmgr -i add user daemon account="$1" cluster="$CLUSTER_NAME" "${@:2}" >/dev/null
	expect_true "slurmctld knows daemon in $1" cluster_until 20 knows_user daemon "$1"
}

knows_user() {
	cluster_ask sshare -n -P -a -A "$2" -u "$1" -o User | grep -cx "$1" >/dev/null
}

# limits_of USER ACCOUNT: prints the GrpTRESMins of each association, sorted within.
limits_of() {
	cluster_ask sacctmgr -n -P show assoc where account="$2" user="$1" cluster="$CLUSTER_NAME" \
		format=GrpTRESMins | while IFS= read -r line; do cluster_sorted <<<"$line"; done
}

# set_limits_of USER ACCOUNT LIST
set_limits_of() {
	cluster_ask sacctmgr -i modify user where user="$1" account="$2" cluster="$CLUSTER_NAME" \
		set GrpTRESMins="$3" >/dev/null
}

# used_by USER ACCOUNT SECONDS: whether slurmctld has counted so much.
used_by() {
	(($(cluster_ask sshare -n -P -a -A "$2" -u "$1" -o User,RawUsage |
		awk -F'|' -v user="$1" '$1 == user { sum += $2 } END { print sum + 0 }') >= $3))
}

# share_of USER ACCOUNT COLUMN
share_of() {
	subank balance -n -P --seconds -o "$3" "$2:billing~$1"
}

test_a_spent_share_holds_its_user_alone_and_earlier_values_come_back() {
	local held other sum
	use_settings
	new_bank
	new_account shared
	new_account elsewhere
	add_daemon shared
	set_limits_of "$CLUSTER_USER" shared cpu=5000,gres/gpu=7
	run 0 subank open shared 100
	run 0 subank check
	# Use from before the share is not in it.
	spend shared 4 2
	expect_true "use before" cluster_until 60 used_by "$CLUSTER_USER" shared 8
	run 0 subank share shared "$CLUSTER_USER" 20s
	run 0 subank share shared daemon 1000s
	submit shared 'sleep 5' -n 8
	expect_job "$job" RUNNING
	as daemon submit shared 'sleep 3' -n 2
	expect_job "$job" COMPLETED
	expect_true "use" cluster_until 60 used_by "$CLUSTER_USER" shared 48
	expect_true "use of daemon" cluster_until 60 used_by daemon shared 6
	run 0 subank check
	expect_match "what is said" "shared:billing~$CLUSTER_USER: held" "$out"
	expect_equal "the user" cpu=0,gres/gpu=7 "$(limits_of "$CLUSTER_USER" shared)"
	expect_equal "daemon" "" "$(limits_of daemon shared)"
	expect_equal "the account" "" "$(cluster_limits shared)"
	expect_equal "the user elsewhere" "" "$(limits_of "$CLUSTER_USER" elsewhere)"
	sum=$(($(share_of "$CLUSTER_USER" shared Used) + $(share_of daemon shared Used)))
	expect_equal "the account has both, and the use before" "$(cluster_raw_usage shared)" "$(used shared)"
	expect_true "the shares have less" test "$sum" -lt "$(used shared)"
	submit shared 'sleep 1'
	held=$job
	expect_job_held "$held"
	as daemon submit shared 'sleep 1'
	other=$job
	expect_job "$other" COMPLETED
	submit elsewhere 'sleep 1'
	expect_job "$job" COMPLETED
	expect_equal "still held" PENDING "$(cluster_job_state "$held")"
	run 0 subank why shared --user "$CLUSTER_USER"
	expect_match "why" "AssocGrpCPUMinutesLimit" "$out"
	# Changed by hand.
	set_limits_of "$CLUSTER_USER" shared cpu=9
	run 3 subank check
	expect_match "the drift" "GrpTRESMins=cpu of $CLUSTER_USER on .* from the bank.s 0 to 9" "$err"
	run 0 subank check --put-right
	expect_equal "set again" cpu=0,gres/gpu=7 "$(limits_of "$CLUSTER_USER" shared)"
	# The account is held as well, and released.
	run 0 subank hold shared
	expect_equal "both" "cpu=0 cpu=0,gres/gpu=7" "$(cluster_limits shared) $(limits_of "$CLUSTER_USER" shared)"
	run 0 subank release shared
	expect_equal "the user alone" " cpu=0,gres/gpu=7" "$(cluster_limits shared) $(limits_of "$CLUSTER_USER" shared)"
	# More: the job starts.
	run 0 subank share shared "$CLUSTER_USER" 5
	expect_equal "the site's limits" cpu=9,gres/gpu=7 "$(limits_of "$CLUSTER_USER" shared)"
	set_limits_of "$CLUSTER_USER" shared cpu=5000
	expect_job "$held" COMPLETED
	run 0 subank check
	run 0 subank verify
}

test_a_share_spans_all_partitions_of_its_user() {
	local held
	use_settings
	new_bank
	new_account parts
	add_daemon parts
	cluster_ask sacctmgr -i add user daemon account=parts cluster="$CLUSTER_NAME" partition=main >/dev/null
	set_limits_of daemon parts cpu=777
	run 0 subank open parts 100
	run 0 subank share parts daemon 10s
	as daemon submit parts 'sleep 3' -n 6 -p main
	expect_job "$job" COMPLETED
	expect_true "use" cluster_until 60 used_by daemon parts 18
	run 0 subank check
	expect_equal "both associations" "cpu=0 cpu=0" "$(limits_of daemon parts | paste -sd ' ')"
	expect_equal "used" "$(cluster_raw_usage parts)" "$(share_of daemon parts Used)"
	as daemon submit parts 'sleep 1' -p main
	held=$job
	expect_job_held "$held"
	# As a new association, one has no limit: it gets the hold, and the limit from before is not lost.
	cluster_ask sacctmgr -i modify user where user=daemon account=parts cluster="$CLUSTER_NAME" partition=main \
		set GrpTRESMins=cpu=-1 >/dev/null
	expect_equal "one lacks it" "1" "$(limits_of daemon parts | grep -c cpu=0)"
	run 0 subank check
	expect_equal "both again" "cpu=0 cpu=0" "$(limits_of daemon parts | paste -sd ' ')"
	run 0 subank share parts daemon none
	expect_equal "the earlier ones" "cpu=777 cpu=777" "$(limits_of daemon parts | paste -sd ' ')"
	expect_job "$held" COMPLETED
	run 0 subank verify
}

test_under_jobs_a_share_has_the_jobs_of_its_user() {
	local held
	use_settings 'meter: jobs'
	new_bank
	new_account byjob
	add_daemon byjob
	run 0 subank open byjob 100
	run 0 subank share byjob daemon 5s
	run 0 subank check
	as daemon submit byjob 'sleep 3' -n 4
	expect_job "$job" COMPLETED
	submit byjob 'sleep 2' -n 4
	expect_job "$job" COMPLETED
	expect_true "charged" cluster_until 60 is_held daemon byjob
	expect_equal "daemon" cpu=0 "$(limits_of daemon byjob)"
	expect_equal "the user" "" "$(limits_of "$CLUSTER_USER" byjob)"
	as daemon submit byjob 'sleep 1'
	held=$job
	expect_job_held "$held"
	submit byjob 'sleep 1'
	expect_job "$job" COMPLETED
	run 0 subank share byjob daemon 100s
	expect_job "$held" COMPLETED
	run 0 subank verify
}

test_each_new_user_gets_the_default_share_once() {
	local held
	use_settings
	new_bank
	new_account given
	run 0 subank open given 100
	run 0 subank check
	spend given 4 2
	expect_true "use before" cluster_until 60 used_by "$CLUSTER_USER" given 8
	run 0 subank terms given --default-share 20s
	expect_match "the user" "given: user $CLUSTER_USER gets a share of <0.01 SU" "$out"
	expect_equal "use from before is not in it" 20 "$(share_of "$CLUSTER_USER" given Available)"
	# A user who comes later, without any use.
	add_daemon given
	run 0 subank check --dry-run
	expect_match "foreseen" "given: user daemon gets a share" "$out"
	run 0 subank check
	expect_match "daemon" "given: user daemon gets a share" "$out"
	submit given 'sleep 5' -n 8
	expect_job "$job" COMPLETED
	expect_true "use" cluster_until 60 used_by "$CLUSTER_USER" given 48
	run 0 subank check
	expect_equal "the user" cpu=0 "$(limits_of "$CLUSTER_USER" given)"
	expect_equal "daemon" "" "$(limits_of daemon given)"
	submit given 'sleep 1'
	held=$job
	expect_job_held "$held"
	as daemon submit given 'sleep 1'
	expect_job "$job" COMPLETED
	# Ended, it is not given again.
	run 0 subank share given "$CLUSTER_USER" none
	expect_job "$held" COMPLETED
	run 0 subank check
	expect_equal "no more" "" "$(grep -F 'gets a share' <<<"$out")"
	expect_equal "the user" "" "$(limits_of "$CLUSTER_USER" given)"
	run 0 subank verify
}

is_held() {
	run 0 subank check
	[[ $(share_of "$1" "$2" State) = held ]]
}

harness_main "$@"
