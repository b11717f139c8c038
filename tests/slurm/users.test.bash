#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What users see of a bank that is closed to them. Slurm knows which accounts are theirs.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"

# as USER ARGUMENT...: runs the program as another user, with settings that publish.
as() {
	local user=$1
	shift
	setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups env -u SUBANK_BANK \
		"$harness_dir/program" --config "$harness_dir/users.yaml" "$@"
}

# A bank that publishes. Others have access to the folders of this test, but not to the bank.
new_publishing_bank() {
	install -m 755 "$SUBANK" "$harness_dir/program"
	new_bank
	mkdir -p -m 755 "$harness_dir/public"
	{
		cat "$harness_dir/subank.yaml"
		echo "bank: $SUBANK_BANK"
		echo "publish: all"
		echo "publish_file: $harness_dir/public/balances.json"
	} >"$harness_dir/users.yaml"
	chmod 644 "$harness_dir/users.yaml"
}

test_a_user_sees_the_accounts_that_slurm_has_him_in() {
	new_publishing_bank
	new_account hers
	new_account others
	cluster_ask sacctmgr -i delete user "$CLUSTER_USER" account=others >/dev/null
	run 0 subank open hers 10
	run 0 subank open others 20
	run 0 env SUBANK_BANK="$SUBANK_BANK" "$harness_dir/program" -c "$harness_dir/users.yaml" check
	run 1 as "$CLUSTER_USER" journal
	expect_match "the journal for a user" 'closed to all but root' "$err"
	run 0 as "$CLUSTER_USER" balance -nPo Account,Available
	expect_match "his balance" '(^|[^a-z])hers\|10\.00' "$out"
	expect_true "nobody else's" test "${out/others/}" = "$out"
	expect_match "how old it is" 'as the bank published it [0-9]+[sm] ago' "$err"
	run 0 as "$CLUSTER_USER" balance others -nPo Account,Available
	expect_equal "one that he names" "others|20.00" "$out"
	run 0 as nobody balance -n
	expect_equal "nobody's accounts" "" "$out"
	expect_match "nobody's accounts" 'user nobody has no account in Slurm' "$err"
}

test_a_user_without_slurmdbd_sees_all_and_is_told() {
	new_publishing_bank
	new_account mine
	run 0 subank open mine 10
	run 0 env SUBANK_BANK="$SUBANK_BANK" "$harness_dir/program" -c "$harness_dir/users.yaml" check
	cluster_daemon_stop slurmdbd
	run 0 as nobody balance -nPo Account,Available
	expect_match "all balances" 'mine\|10\.00' "$out"
	expect_match "why" 'Slurm did not report your accounts' "$err"
}

# bank_check: a check with the settings that users have.
bank_check() {
	env SUBANK_BANK="$SUBANK_BANK" "$harness_dir/program" -c "$harness_dir/users.yaml" check
}

test_a_manager_moves_money_and_the_held_child_is_released() {
	local found
	new_publishing_bank
	mkdir -m 711 "$harness_dir/requests"
	echo "requests: $harness_dir/requests" >>"$harness_dir/users.yaml"
	new_account manor
	new_account lodge parent=manor
	new_account castle
	run 0 subank open manor 10
	run 0 subank open lodge 10s
	run 0 subank open castle 10
	run 0 subank terms manor --manager "$CLUSTER_USER"
	spend lodge 16 1
	run 0 bank_check
	expect_equal "state of the child" held "$(state lodge)"
	submit lodge 'sleep 1'
	expect_job_held "$job"
	# A coordinator of the parent could lift that.
	cluster_ask sacctmgr -i add coordinator account=manor names="$CLUSTER_USER" >/dev/null
	found=$(subank doctor -nP -o Check,Found || true)
	expect_match "the coordinator" "coordinators\\|$CLUSTER_USER: can lift holds of lodge" "$found"
	run 0 cluster_as_user sacctmgr -i modify account lodge set GrpTRESMins=cpu=0
	cluster_ask sacctmgr -i delete coordinator account=manor names="$CLUSTER_USER" >/dev/null
	run 1 as nobody request transfer manor lodge 5
	run 0 as "$CLUSTER_USER" request transfer castle lodge 5
	run 0 as "$CLUSTER_USER" request transfer manor lodge 5 --note "for the lodge"
	run 0 bank_check
	expect_job "$job" COMPLETED 60
	run 0 as "$CLUSTER_USER" request -nPo Request,State
	expect_match "the refusal" 'transfer castle lodge 5\|refused' "$out"
	expect_match "the answer" 'transfer manor lodge 5\|recorded' "$out"
	run 0 subank journal --actor "$CLUSTER_USER" -nPo Kind,Account
	expect_equal "his entry" "transfer|manor" "$out"
	run 0 subank verify
}

harness_main "$@"
