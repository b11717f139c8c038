#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes the picture in README.md: runs subank on a private Slurm, in a terminal of 80 columns, and draws
# the output. Run it by hand, as root, with a built program:
#
#     sudo env SUBANK=build/subank tests/picture.bash >tests/picture.svg

set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
program=$(realpath -- "${SUBANK:-build/subank}")
# shellcheck source=tests/slurm/cluster.bash
source "$here/slurm/cluster.bash"
scratch=$(mktemp -d /tmp/subank-picture.XXXXXX)
chmod 755 "$scratch"
finish() {
	cluster_stop || true
	rm -rf -- "$scratch"
}
process_at_exit finish
cluster_start "$scratch/slurm"
# Makes a job of a few seconds cost as much as a real one.
cluster_ask scontrol update PartitionName=main TRESBillingWeights=CPU=1000
for account in biology chemistry physics; do
	cluster_add_account "$account"
done

export SUBANK_BANK=$scratch/bank JOURNAL_STREAM=picture
mkdir "$scratch/bin"
printf 'clusters: [%s]\nthresholds: []\n' "$CLUSTER_NAME" >"$scratch/subank.yaml"
printf '#!/bin/sh\nexec "%s" -c "%s" "$@"\n' "$program" "$scratch/subank.yaml" >"$scratch/bin/subank"
chmod 755 "$scratch/bin/subank"
PATH=$scratch/bin:$PATH
{
	subank init
	subank open biology 120000
	subank open chemistry 15
	subank open physics 12
	cluster_submit chemistry 'sleep 5' -n 4
	cluster_wait_job 1 COMPLETED
	cluster_submit physics 'sleep 4' -n 12
	cluster_wait_job 2 COMPLETED
	subank check
	cluster_submit physics 'sleep 60' -n 4
	cluster_wait_reason 3 AssocGrpCPUMinutesLimit
} >&2

cat >"$scratch/show" <<'END'
shown() {
	printf '\033[1m$ %s\033[0m\n' "$1"
	eval "$1"
	echo
}
stty cols 80
shown 'subank balance'
shown 'subank why physics'
shown 'subank deposit physics 500 --note "extension, ticket 4711"'
shown 'subank balance physics'
END
export TERM=xterm-256color
script -qec "bash '$scratch/show'" /dev/null </dev/null >"$scratch/typescript"
python3 "$here/picture.py" <"$scratch/typescript"
