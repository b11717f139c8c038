#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Permissions: banks made by root and used by others, files of other users and symbolic links in place of the
# bank's files, settings that others own, a hostile environment. Each command works, or is refused with the
# name of the file and what to do, and changes nothing. Started by run.bash; needs root and setpriv.
# shellcheck disable=SC2086,SC2016 # verbs are split into words; some dollars are not for the shell
method='permissions: files, owners, links, environment'
if [ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null; then
	printf 'skip\t%s\tneeds root and setpriv\n' "$method"
	exit 0
fi
unset SUBANK_BANK
umask 022
dir=$(mktemp -d "$TMPDIR/subank-permissions.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM
chmod 755 "$dir"
cp "$SUBANK" "$dir/subank" && chmod 755 "$dir/subank"
cp -r "$FAKE_SLURM" "$dir/fake"
export FAKE_STATE="$dir/slurm" SLURM_CONF="$dir/slurm" PATH="$dir/fake:$PATH" JOURNAL_STREAM=none LC_ALL=C TZ=UTC
mkdir -p "$FAKE_STATE/dev"
echo >"$FAKE_STATE/dev/root"
echo RawUsage=7 >"$FAKE_STATE/dev/bio"
chmod -R a+rwX "$FAKE_STATE"
printf 'clusters: [dev]\nlock_seconds: 1\n' >"$dir/settings"
bank=$dir/bank
owner=65534 stranger=1 # nobody and daemon

# as UID ARGUMENT...: runs subank as that user. Sets $status; its output is in $dir/out and $dir/err.
as() {
	uid=$1
	shift
	setpriv --reuid "$uid" --regid "$uid" --clear-groups "$dir/subank" -c "$dir/settings" -b "$bank" "$@" \
		>"$dir/out" 2>"$dir/err" </dev/null
	status=$?
}

cases=0 violations=0
is() {
	what=$1
	shift
	cases=$((cases + 1))
	if ! "$@"; then
		violations=$((violations + 1))
		echo "$what: $*; status $status"
		cat -v "$dir/out" "$dir/err" | head -5 | sed 's/^/  /'
	fi
}
works() {
	[ "$status" -eq 0 ] && [ ! -s "$dir/err" ]
}
# The same in a bank that was moved: it no longer commands Slurm, and one line on stderr says so.
works_elsewhere() {
	[ "$status" -eq 0 ] && [ "$(grep -c . "$dir/err")" -eq 1 ] && grep -q 'does not command Slurm' "$dir/err"
}
# refused PATH: the command was refused, with that path in the message and what to do.
refused() {
	[ "$status" -eq 1 ] && [ ! -s "$dir/out" ] && grep -qF -- "$1" "$dir/err" &&
		grep -qE "run (subank as|chmod|chown)|chown |remove it|move what|leave FILE out|ask the administrators" "$dir/err"
}
# fresh: root makes a bank with an account, in a folder that belongs to the owner.
fresh() {
	rm -rf "$bank" "$dir/else"
	install -d -o "$owner" -g "$owner" -m 750 "$bank"
	as 0 init
	as 0 open bio 10
	as "$owner" export
	cp "$dir/out" "$dir/before"
}
unchanged() {
	chown -R "$owner:$owner" "$bank"
	as "$owner" export
	cmp -s "$dir/out" "$dir/before"
}

# ---- made by root, used by the owner of the folder ----

fresh
as "$owner" open bio 1 --resource storage
for verb in 'deposit bio 1' check balance verify 'withdraw bio 1' export 'terms bio' 'charge bio 0.1' \
	'deposit bio 1 --resource storage'; do
	as "$owner" $verb
	is "'$verb' by the owner in a bank that root made" works
	as 0 $verb
	is "'$verb' by root in the owner's bank" works
done
is 'all files are the owner'\''s' [ -z "$(find "$bank" ! -user "$owner")" ]
is 'others have no access to any' [ -z "$(find "$bank" -perm /007)" ]
for lock in open.lock use.lock write.lock check.lock settle.lock books/lock.mdb; do
	rm -f "$bank/$lock"
	as 0 check
	as 0 deposit bio 1
	is "root makes $lock again, and the owner owns it" [ "$(stat -c %u:%a "$bank/$lock")" = "$owner:640" ]
	as "$owner" deposit bio 1
	is "the owner can use the new $lock" works
done

# ---- files of other users ----

for verb in balance 'deposit bio 1' 'charge bio 0.1' check verify export 'import --replace -i '"$dir/before"; do
	fresh
	as "$stranger" $verb
	is "'$verb' by a stranger" refused "$bank"
	chmod 755 "$bank"
	as "$stranger" $verb
	is "'$verb' by a stranger, in a folder that everybody may read" refused "$bank"
	chmod 755 "$bank/books"
	as "$stranger" $verb
	is "'$verb' by a stranger, if everybody may read all folders" refused "$bank"
	is 'nothing changed' unchanged
	fresh
	chmod 777 "$bank"
	as "$owner" $verb
	is "'$verb' in a folder in which everybody may write" refused "$bank"
done
for file in open.lock use.lock write.lock settle.lock check.lock books/data.mdb books/lock.mdb books; do
	for mode in 600 400 000; do
		fresh
		as "$owner" check
		chown "$stranger:$stranger" "$bank/$file"
		chmod $mode "$bank/$file"
		case $file in
		settle.lock | check.lock) as "$owner" check ;;
		*) as "$owner" deposit bio 1 ;;
		esac
		is "a stranger's $file, mode $mode" refused "$bank/$file"
		chown "$owner:$owner" "$bank/$file"
		chmod u+rwX "$bank/$file"
		is "nothing changed with a stranger's $file" unchanged
	done
done

# ---- symbolic links ----

for file in open.lock use.lock write.lock settle.lock check.lock books/data.mdb books/lock.mdb books; do
	fresh
	as "$owner" check
	mv "$bank/$file" "$dir/else"
	ln -s "$dir/else" "$bank/$file"
	find "$dir/else" -type f -exec md5sum {} + | sort >"$dir/sums"
	case $file in
	settle.lock | check.lock) as "$owner" check ;;
	*) as "$owner" deposit bio 1 ;;
	esac
	is "a link in place of $file" refused "$bank/$file"
	find "$dir/else" -type f -exec md5sum {} + | sort >"$dir/sums.after"
	is "the target of the link $file is untouched" cmp -s "$dir/sums" "$dir/sums.after"
done
fresh
mv "$bank" "$dir/else"
ln -s "$dir/else" "$bank"
as "$owner" deposit bio 1
is 'the folder of the bank may be a link' works_elsewhere
rm "$bank"
fresh
echo precious >"$dir/precious"
chown "$owner" "$dir/precious"
install -d -o "$owner" -m 755 "$dir/files" "$dir/backups"
ln -s "$dir/precious" "$dir/files/export.yaml"
as "$owner" export "$dir/files/export.yaml"
is 'a link in place of an export' refused "$dir/files/export.yaml"
is 'the target of the link is untouched' [ "$(cat "$dir/precious")" = precious ]
ln -s "$dir/backups" "$dir/files/backups"
as "$owner" backup "$dir/files/backups"
is 'the folder of backups may be a link' works
as "$stranger" backup "$dir/backups"
is 'a backup by a stranger' refused "$bank"
install -d -m 755 "$dir/closed"
as "$owner" backup "$dir/closed"
is 'a backup where the owner may not write' refused "$dir/closed"
as "$owner" export "$dir/closed/x.yaml"
is 'an export where the owner may not write' refused "$dir/closed/x.yaml"
install -d -m 1777 "$dir/tmp"
echo theirs >"$dir/tmp/x.yaml"
as "$owner" export "$dir/tmp/x.yaml"
is "an export over a stranger's file in a sticky folder" refused "$dir/tmp/x.yaml"
is 'that file is unchanged, and alone in its folder' [ "$(cat "$dir/tmp"/*)" = theirs ]

# ---- settings ----

cp "$dir/settings" "$dir/settings.good"
chown "$stranger" "$dir/settings"
as "$owner" balance
is 'settings of a stranger' refused "$dir/settings"
as 0 balance
is 'settings of a stranger, for root' refused "$dir/settings"
as "$stranger" balance
is "a stranger's own settings, which are valid, and the bank of another" refused "$bank"
chown "$owner" "$dir/settings"
as "$owner" balance
is "the owner's own settings" works
chown 0 "$dir/settings"
chmod 646 "$dir/settings"
as "$owner" balance
is 'settings that everybody may write' refused "$dir/settings"
chmod 600 "$dir/settings"
as "$owner" balance
is 'settings that the owner may not read' refused "$dir/settings"
chmod 644 "$dir/settings"
mv "$dir/settings" "$dir/settings.else"
ln -s "$dir/settings.else" "$dir/settings"
as "$owner" balance
is 'settings behind a link' works
chown "$stranger" "$dir/settings.else"
as "$owner" balance
is 'settings of a stranger behind a link' refused "$dir/settings"
rm "$dir/settings"
mkdir "$dir/settings"
as "$owner" balance
is 'a folder in place of the settings' grep -qF "$dir/settings" "$dir/err"
rmdir "$dir/settings"
cp "$dir/settings.good" "$dir/settings"

# ---- the environment ----

fresh
as "$owner" balance --seconds -P
cp "$dir/out" "$dir/balance"
n=0
for hostile in LD_PRELOAD=/nonexistent/x.so LD_LIBRARY_PATH=/tmp:. LD_BIND_NOW=1 MALLOC_PERTURB_=165 MALLOC_CHECK_=3 \
	MALLOC_TRACE="$dir/trace" GLIBC_TUNABLES=glibc.malloc.check=3 TZ=:/etc/shadow TZ=../../../etc/passwd TZ=Asia/Kathmandu \
	TZ=XXX-25:99:99 LC_ALL=xx_XX.NONSENSE LC_ALL=tr_TR.UTF-8 LC_NUMERIC=de_DE LANG=ar_EG LANGUAGE=x:y CHARSET=UTF-7 \
	SUBANK_BANK=/nonexistent HOME=/nonexistent TMPDIR=/nonexistent IFS=/abcdefghijklmnopqrstuvwxyz ENV=/etc/passwd \
	BASH_ENV=/etc/passwd CDPATH=/ POSIXLY_CORRECT=1 COLUMNS=-1 COLUMNS=99999999 TERM=../../etc/passwd LINES=0 \
	LIBSMARTCOLS_DEBUG=all LIBSMARTCOLS_DEBUG_PADDING=on SQUEUE_USERS=evil SLURM_CLUSTERS=evil SLURM_TIME_FORMAT=%s \
	SQUEUE_FORMAT=x SSHARE_FORMAT=x JOURNAL_STREAM=1:2 SUDO_USER=evil LOGNAME=evil USER=evil "X=$(head -c 100000 /dev/zero | tr '\0' x)" \
	EVIL="$(printf '\033[2J\n|;$(touch %s/evil)' "$dir")"; do
	n=$((n + 1))
	setpriv --reuid "$owner" --regid "$owner" --clear-groups env "$hostile" \
		"$dir/subank" -c "$dir/settings" -b "$bank" deposit --ref "e$n" bio 1s >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	is "a deposit with $(printf %.40s "$hostile")" [ $status -eq 0 ]
	setpriv --reuid "$owner" --regid "$owner" --clear-groups env "$hostile" \
		"$dir/subank" -c "$dir/settings" -b "$bank" check >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	is "a check with $(printf %.40s "$hostile")" [ $status -eq 0 ]
	setpriv --reuid "$owner" --regid "$owner" --clear-groups env "$hostile" \
		"$dir/subank" -c "$dir/settings" -b "$bank" export >"$dir/out" 2>/dev/null </dev/null
	cp "$dir/out" "$dir/export.hostile"
	as "$owner" export
	is "the export with $(printf %.40s "$hostile")" cmp -s "$dir/out" "$dir/export.hostile"
done
is 'no command in the environment was run' [ ! -e "$dir/evil" ]
as "$owner" balance --seconds -P -n -o Available
is 'all deposits were recorded' [ "$(cat "$dir/out")" -eq $((36000 + n)) ]
is 'the entries name the real users' [ "$(sed -n 's/.* user: "\([^"]*\)".*/\1/p' "$dir/export.hostile" | sort -u | tr '\n' ' ')" = 'nobody root ' ]
as "$owner" verify
is 'verify at the end' works

printf 'row\t%s\t%d\t%d\n' "$method" $cases $violations
[ $violations -eq 0 ]
