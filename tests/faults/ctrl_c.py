#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ctrl-C on a terminal, when people press it: while Slurm does not answer, while another subank holds a
lock, at a question. SIGINT ends the process, nothing has changed, and the terminal has its old modes and
no incomplete line. Started by run.bash."""

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time

SUBANK, FAKE_SLURM = os.environ["SUBANK"], os.environ["FAKE_SLURM"]
PATIENCE = 60
folder = os.getcwd()
state = f"{folder}/slurm"
environment = {**os.environ, "SLURM_CONF": state, "PATH": f"{FAKE_SLURM}:{os.environ['PATH']}"}


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def subank(*words):
    return subprocess.run([SUBANK, "-c", f"{folder}/settings", *words], env={**environment, "JOURNAL_STREAM": "x"},
                          check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout


def interrupted(until, *words):
    """Runs subank on a terminal and presses Ctrl-C once `until` was written. Returns a list of problems."""
    before = subank("export")
    master, slave = pty.openpty()
    modes = termios.tcgetattr(slave)

    def on_terminal():
        # A shell makes background processes ignore SIGINT, and newer versions of timeout do not undo that.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    with subprocess.Popen([SUBANK, "-c", f"{folder}/settings", *words], env=environment, stdin=slave, stdout=slave,
                          stderr=slave, preexec_fn=on_terminal) as process:
        seen, pressed, end = b"", False, time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if select.select([master], [], [], 0.05)[0]:
                seen += os.read(master, 4096)
            elif process.poll() is not None:
                break
            if not pressed and until in seen:
                os.write(master, b"\x03")
                pressed = True
        process.kill()
        status = process.wait()
    wrong = []
    if not pressed:
        wrong.append(f"it never wrote {until}")
    if status != -signal.SIGINT:
        wrong.append(f"it ended with {status}")
    if termios.tcgetattr(slave) != modes:
        wrong.append("the modes of the terminal changed")
    # The last line, without the echo of Ctrl-C. Only a question may be left on it.
    last = seen.split(b"\n")[-1].split(b"\r\033[K")[-1].replace(b"^C", b"")
    if last.strip() and b"[y/N]" not in last:
        wrong.append(f"the last line is {last}")
    if subank("export") != before:
        wrong.append("the books changed")
    os.close(master)
    os.close(slave)
    return [f"subank {' '.join(words)}: {text}: {seen}" for text in wrong]


def main():
    os.makedirs(f"{state}/dev")
    write(f"{state}/dev/root", "")
    write(f"{state}/dev/bio", "RawUsage=70\n")
    write(f"{folder}/settings", f"bank: {folder}/bank\nclusters: [dev]\nlock_seconds: 60\nslurm_seconds: 60\ncharge_minutes: 0\n")
    subank("init")
    subank("open", "bio", "1", "--from-zero")
    wrong = []
    for program, words in (("sshare", ("check",)), ("scontrol", ("check",)), ("sshare", ("reset", "bio", "-i"))):
        write(f"{state}/{program}.mode", "wait")
        wrong += interrupted(b" ...", *words)
        os.remove(f"{state}/{program}.mode")
    with open(f"{folder}/bank/write.lock", "r+", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wrong += interrupted(b"...", "check")
    wrong += interrupted(b"[y/N]", "reset", "bio")
    for text in wrong:
        print(text)
    print(f"row\tCtrl-C on a terminal\t5\t{len(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
