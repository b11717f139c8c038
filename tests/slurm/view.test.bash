#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Users of a bank that is closed to them see their own accounts in detail (`publish: own`), and nothing of others.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"

# as USER ARGUMENT...: runs the program as another user.
as() {
	local user=$1
	shift
	setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups env -u SUBANK_BANK \
		"$harness_dir/program" --config "$harness_dir/own.yaml" "$@"
}

# owner ARGUMENT...: runs it as the bank's owner, with the same settings.
owner() {
	"$harness_dir/program" --config "$harness_dir/own.yaml" "$@"
}

# move USER FROM TO: the user leaves one account for another.
move() {
	cluster_ask sacctmgr -i add user "$1" account="$3" >/dev/null
	cluster_ask sacctmgr -i modify user "$1" set defaultaccount="$3" >/dev/null
	cluster_ask sacctmgr -i delete user "$1" account="$2" >/dev/null
}

# an_hour_later: the next check asks for the users of accounts again.
an_hour_later() {
	sed -i 's/"read":[0-9]*/"read":0/' "$harness_dir/public-$BASHPID/balances.json.d/accounts/state"
}

new_own_bank() {
	install -m 755 "$SUBANK" "$harness_dir/program"
	new_bank
	mkdir -p -m 755 "$harness_dir/public-$BASHPID"
	{
		grep -v '^publish' "$harness_dir/subank.yaml"
		echo "bank: $SUBANK_BANK"
		echo "publish: own"
		echo "publish_file: $harness_dir/public-$BASHPID/balances.json"
	} >"$harness_dir/own.yaml"
	chmod 644 "$harness_dir/own.yaml"
}

# in_ondemand FILE: the rows for Open OnDemand.
in_ondemand() {
	python3 -c 'import json, sys
print(*("|".join(map(str, row.values())) for row in json.load(sys.stdin)["balances"]))' \
		<"$1"
}

# Each of two users in two accounts sees his own in all verbs; a user who moves to the other account sees that.
test_two_users_see_their_own_accounts() {
	local verb before ondemand=$harness_dir/public-$BASHPID/ondemand.json
	new_own_bank
	echo "ondemand_file: $ondemand" >>"$harness_dir/own.yaml"
	new_account lab
	new_account hers
	cluster_ask sacctmgr -i modify account lab set parent=hers >/dev/null
	new_account his
	cluster_ask sacctmgr -i delete user "$CLUSTER_USER" account=his,hers >/dev/null
	cluster_ask sacctmgr -i add user nobody account=his >/dev/null
	run 0 owner open hers 10
	run 0 owner open his 20
	run 0 owner check
	run 0 as "$CLUSTER_USER" balance -nPo Account,Available
	expect_equal "hers, by an account inside it that the bank does not have" "hers|10.00" "$out"
	run 0 as nobody balance -nPo Account,Available
	expect_equal "his" "his|20.00" "$out"
	expect_equal "for Open OnDemand" "$CLUSTER_USER|hers|10 nobody|his|20" "$(in_ondemand "$ondemand")"
	for verb in "balance --lots" "balance --forecast" "balance --users" why usage; do
		# shellcheck disable=SC2086
		run 0 as nobody $verb his
		# shellcheck disable=SC2086
		run 1 as nobody $verb hers
		expect_match "$verb of another's" "'hers' is not among those that the bank publishes for you" "$err"
	done
	run 1 as daemon balance
	expect_match "one without an account" 'publishes no account for user daemon' "$err"
	expect_true "no name of another's in his files" \
		setpriv --reuid=nobody --regid=65534 --clear-groups bash -c \
		"! grep -rq hers '$harness_dir/public-$BASHPID'/balances.json.d/users/65534 '$harness_dir/public-$BASHPID'/balances.json"

	# What the administrator sees.
	before=$(owner why his)
	run 0 as nobody why his
	expect_equal "why his" "$before" "$out"

	move nobody his lab
	run 0 owner check
	run 0 as nobody balance -nPo Account
	expect_equal "until Slurm is asked again" "his" "$out"
	an_hour_later
	run 0 owner check
	run 0 as nobody balance -nPo Account
	expect_equal "moved" "hers" "$out"
	expect_match "moved, for Open OnDemand" 'nobody\|hers\|10' "$(in_ondemand "$ondemand")"
	expect_true "no row for the account that he left" bash -c "! grep -q '\"his\"' '$ondemand'"
	run 1 as nobody why his
	expect_match "lost" "'his' is not among those" "$err"
	cluster_ask sacctmgr -i delete user nobody >/dev/null
	an_hour_later
	run 0 owner check
	run 1 as nobody balance
	expect_match "gone" 'publishes no account for user nobody' "$err"
}

# Jobs of a user, by partition and day, as the administrator sees them.
test_use_of_jobs_is_that_of_the_books() {
	local by expected
	new_own_bank
	echo 'meter: jobs' >>"$harness_dir/own.yaml"
	new_account work
	run 0 owner open work 10
	run 0 owner check
	spend work 1 3
	expect_true "the end on record" cluster_until 30 ended_on_record "$job"
	run 0 owner check
	for by in user account partition qos month; do
		expected=$(owner usage work --by "$by" --csv)
		run 0 as "$CLUSTER_USER" usage work --by "$by" --csv
		expect_equal "usage by $by" "$expected" "$out"
	done
	run 0 as "$CLUSTER_USER" usage work -nPo User,Jobs
	expect_equal "the user's job" "$CLUSTER_USER|1" "$out"
}

# slurmdbd has the users of all clusters. Those of an account of the same name elsewhere see nothing.
test_another_cluster_lets_nobody_in() {
	new_own_bank
	sed -i '/^clusters:/d' "$harness_dir/own.yaml"
	new_account twin
	cluster_ask sacctmgr -i add cluster elsewhere >/dev/null
	cluster_ask sacctmgr -i add account twin cluster=elsewhere >/dev/null
	cluster_ask sacctmgr -i add user nobody account=twin cluster=elsewhere >/dev/null
	run 0 owner open twin 10
	run 0 owner check
	run 0 as "$CLUSTER_USER" balance -nPo Account
	expect_equal "the account's own user" twin "$out"
	run 1 as nobody balance
	expect_match "one of another cluster" 'publishes no account for user nobody' "$err"
	cluster_ask sacctmgr -i delete user nobody cluster=elsewhere >/dev/null
	cluster_ask sacctmgr -i delete cluster elsewhere >/dev/null
}

# A name with a newline lets nobody in: users of accounts are read row by row.
test_a_name_cannot_let_anybody_in() {
	local forged id
	new_own_bank
	new_account secret
	new_account plain
	cluster_ask sacctmgr -i delete user "$CLUSTER_USER" account=secret >/dev/null
	# A number that no association has would never count.
	id=$(cluster_ask sacctmgr -nP show assoc where account=plain user= format=ID)
	expect_match "an association's number" '^[0-9]+$' "$id"
	forged=$'x\n'$id'|'$CLUSTER_NAME$'|secret|nobody\n'
	run 0 owner open secret 10
	run 0 owner open plain 10
	if ! cluster_ask sacctmgr -i add account "$forged" parent=plain >/dev/null; then
		echo "Slurm takes no such name"
		return 0
	fi
	cluster_ask sacctmgr -i add user "$CLUSTER_USER" account="$forged" >/dev/null
	owner check >/dev/null 2>&1
	run 1 as nobody balance
	run 0 as "$CLUSTER_USER" balance -nPo Account
	expect_match "the others" plain "$out"
	expect_true "and no other" test "${out/secret/}" = "$out"
}

harness_main "$@"
