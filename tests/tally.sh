# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
# Counts the results of a test in shell. Source this, and call tally at the end.
passed=0
failed=0
# is WHAT COMMAND...: checks that the command succeeds.
is() {
	what=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'FAILED: %s\n' "$what"
	fi
}
not() {
	! "$@"
}
tally() {
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
}
