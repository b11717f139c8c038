# shellcheck shell=sh
# Tells users at login when one of their accounts is low, spent or held: copy this file to
# /etc/profile.d. Accounts with the name of one of the user's groups count as theirs; name others
# after --warn.
case $- in
*i*)
	if command -v subank >/dev/null; then
		subank balance --warn 2>/dev/null || true
	fi
	;;
esac
