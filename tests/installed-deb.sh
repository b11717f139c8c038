#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Tests PACKAGE.deb in a Debian without subank: installs it with apt, uses it as slurm, installs it again,
# removes and purges it. The books survive all of it. This changes the system that it runs in:
# tests/fresh-machine.bash deb runs it in a tree of its own.
package=${1:?which package?}
export DEBIAN_FRONTEND=noninteractive

# shellcheck source=tests/tally.sh
. "$(dirname -- "$0")/tally.sh"

apt() {
	apt-get -y -q --no-install-recommends "$@" >/tmp/apt.log 2>&1 || {
		tail -n 30 /tmp/apt.log
		return 1
	}
}
as_slurm() {
	setpriv --reuid=slurm --regid=slurm --clear-groups "$@"
}

apt update || exit 99
is 'apt installs it' apt install "$package"
files=$(dpkg -L subank)
is 'it runs' subank --version
dpkg-query -W -f '${Maintainer}\n' subank >/tmp/maintainer
is 'it names its maintainer' grep -qx '[^@]* <[^@ ]*@[^@ ]*>' /tmp/maintainer
is 'apt installs man' apt install man-db
is 'man finds the manual' [ "$(man -w subank)" = /usr/share/man/man1/subank.1.gz ]
is 'man finds the page of a verb' man -w subank-deposit
is 'man finds the page of the settings' man -w 5 subank.yaml
is 'only slurm can use the folder of the books' [ "$(stat -c %A:%U:%G /var/lib/subank)" = drwxr-x---:slurm:slurm ]
is 'only slurm can use the folder of backups' [ "$(stat -c %A:%U:%G /var/backups/subank)" = drwxr-x---:slurm:slurm ]
is 'no timer is enabled' [ -z "$(find /etc/systemd -name 'subank*')" ]
is 'users can enter /run/subank' [ "$(stat -c %A:%U:%G /run/subank)" = drwxr-xr-x:slurm:slurm ]
is 'init makes a bank without settings' as_slurm subank -Q init
is 'init writes settings' subank init --settings
is 'the settings are valid' as_slurm subank -Q balance
is 'the books are whole' as_slurm subank verify
as_slurm subank export >/tmp/before.yaml
is 'nobody else can read them' not setpriv --reuid=65534 --regid=65534 --clear-groups test -r /var/lib/subank/books

echo '# ours' >>/etc/subank/subank.yaml
is 'it can be installed again' apt install --reinstall "$package"
is 'changed settings stay' grep -qx '# ours' /etc/subank/subank.yaml

is 'it can be removed' apt remove subank
is 'the program is gone' [ ! -e /usr/bin/subank ]
is 'the settings are still there' grep -qx '# ours' /etc/subank/subank.yaml
is 'the books are still there' [ -s /var/lib/subank/books/data.mdb ]
is 'it can be purged' apt purge subank
is 'the settings survive the purge' grep -qx '# ours' /etc/subank/subank.yaml
is 'the books survive the purge' [ -s /var/lib/subank/books/data.mdb ]
for file in $files; do
	[ -d "$file" ] || is "$file is gone" [ ! -e "$file" ]
done
is 'no unit is left' [ -z "$(find /etc/systemd /var/lib/systemd -name 'subank*')" ]
is 'it can be installed after the purge' apt install "$package"
as_slurm subank export >/tmp/after.yaml
is 'the books are unchanged' cmp /tmp/before.yaml /tmp/after.yaml
tally
