#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What users see of a bank that is closed to them. Which accounts are theirs Slurm says.

# shellcheck source=tests/slurm/harness.bash
source "$(dirname -- "${BASH_SOURCE[0]}")/harness.bash"

# as USER ARGUMENT...: the program, run by another user, with the settings of publishing.
as() {
	local user=$1
	shift
	setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups env -u SUBANK_BANK \
		"$harness_dir/program" --config "$harness_dir/users.yaml" "$@"
}

# A bank that publishes. Others may enter the folders of this test, and not the bank.
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

harness_main "$@"
