#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The file for Prometheus, read by Prometheus's own programs, with the examples of init/monitoring. Slurm is the
# fake one of tests/fake.
subank=${SUBANK:-./subank}
srcdir=${srcdir:-.}
fake=$(cd "$srcdir/tests/fake" && pwd) || exit 99
examples=$(cd "$srcdir/init/monitoring" && pwd) || exit 99
# shellcheck source=tests/tally.sh
. "$srcdir/tests/tally.sh"
tests=$(cd "$srcdir/tests/monitoring" && pwd) || exit 99
for program in promtool prometheus prometheus-node-exporter python3; do
	command -v "$program" >/dev/null || {
		echo "$program is not installed: bootstrap installs the packages prometheus and prometheus-node-exporter"
		exit 99
	}
done
dir=$(mktemp -d "${TMPDIR:-/tmp}/subank-metrics.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM
chmod 755 "$dir"

unset SUBANK_BANK
JOURNAL_STREAM=none LC_ALL=C TZ=UTC PATH=$fake:$PATH FAKE_STATE=$dir/state SLURM_CONF=$dir/state
export JOURNAL_STREAM LC_ALL TZ PATH FAKE_STATE SLURM_CONF
mkdir -p "$FAKE_STATE/dev" "$dir/public"
: >"$FAKE_STATE/dev/root"
for account in bio chem geo math; do
	echo RawUsage=0 >"$FAKE_STATE/dev/$account"
done
metrics=$dir/public/subank.prom
printf 'bank: %s\nclusters: [dev]\nmetrics_file: %s\n' "$dir/bank" "$metrics" >"$dir/settings"

# shows COMMAND...: prints what the command prints only if it fails.
shows() {
	"$@" >"$dir/out" 2>&1 && return
	sed 's/^/  /' "$dir/out" | head -20
	return 1
}
sb() {
	"$subank" -c "$dir/settings" --quiet "$@"
}

# bio is spent; chem has less than 10 % left; the window of math ends soon; geo is unlimited.
sb init || exit 99
sb open bio 1 && sb open chem 10 && sb open geo 1 && sb terms geo --unlimited || exit 99
sb open math 5 --end now+3days && sb open math 2 --resource gres/gpu --end 2100-01-01 || exit 99
is "before the first check" shows promtool check metrics <"$metrics"
echo RawUsage=4000 >"$FAKE_STATE/dev/bio"
echo RawUsage=35000 >"$FAKE_STATE/dev/chem"
is "a check" shows sb check
is "the form of the metrics" shows promtool check metrics <"$metrics"
is "bio is held" grep -q '^subank_account_held{account="bio",resource="billing"} 1$' "$metrics"

is "the form of the rules" shows promtool check rules "$examples/subank.rules.yml"
cp "$examples/subank.rules.yml" "$tests/rules.test.yml" "$dir"
is "what the rules find" shows promtool test rules "$dir/rules.test.yml"
is "the programs load it all" shows python3 "$tests/load.py" "$dir" "$metrics" "$examples/subank.rules.yml" \
	"$examples/subank.dashboard.json" SubankAccountHeld:bio SubankAccountLow:chem SubankWindowEnds:math

tally
