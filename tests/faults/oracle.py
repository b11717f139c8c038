#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Concurrency oracle: many processes deposit, withdraw, transfer, refund, check and read balances at
once, and some are killed at random. What each process printed is recorded (the history) and compared
with the journal afterwards:

- each acknowledged request has one entry, with the number in its receipt and its amount; a refused
  request has none; one with an unknown outcome (its process was killed) at most one;
- a request that ended before another began comes before it in the journal;
- a hold finds the account not held, and a release finds it held; each limit that is set answers the
  newest hold or release of its account, and each outcome the newest limit without one;
- no withdrawal or transfer takes more than the balance at that entry, no refund more than was charged,
  and every second of use is charged once;
- every balance read, also in receipts and refusals, was true at some entry between the beginning and
  the end of the reading, and a later reading never shows an older balance.

The checker must also reject modified histories: it gets the real one with one thing changed.

Started by run.bash. CLIENTS in the environment: how many processes at once (32)."""

import copy
import fcntl
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

CLIENTS = int(os.environ.get("CLIENTS", "32"))
SECONDS = float(os.environ.get("FAULT_SECONDS", "20"))
ROUND = 30.0  # seconds for one history
SEED = int(os.environ.get("FAULT_SEED", "1"))
SUBANK = os.environ["SUBANK"]
FAKE_SLURM = os.environ["FAKE_SLURM"]
ACCOUNTS = ("amber", "beryl", "coral", "diamond", "emerald")
START = 1000  # billing-seconds in each account at first
OPENING = 3 * len(ACCOUNTS)  # entries at first: for each account open, baseline and deposit
OK, REFUSED, UNKNOWN = "ok", "refused", "unknown"
MONEY = ("deposit", "withdraw", "transfer", "refund")


# ---- the history ----


@dataclass
class Reading:
    """The balances that a process printed at one time. [rough]: as texts in SU, cut to two decimals,
    and 0 if negative."""

    begin: int
    end: int
    seen: dict
    rough: bool = False


@dataclass
class Request:
    """A request for an entry, with all attempts to make it; times in nanoseconds, monotonic."""

    name: str
    verb: str
    account: str
    to: str = ""
    amount: int = 0  # 0: all
    answers: int = 0  # the charge that a refund is for
    begin: int = 0
    end: int = 0
    outcome: str = UNKNOWN
    seq: int = 0  # from the receipt
    balance: int | None = None  # after the entry, from the first receipt


@dataclass
class History:
    requests: list = field(default_factory=list)
    readings: list = field(default_factory=list)
    wrong: list = field(default_factory=list)  # output that no process may print


# ---- the checker ----


class Journal:
    """The entries, and the balance of each account after every one of them."""

    def __init__(self, entries, complain):
        now = dict.fromkeys(ACCOUNTS, 0)
        reading = dict.fromkeys(ACCOUNTS, 0)
        held = dict.fromkeys(ACCOUNTS, False)
        decided = dict.fromkeys(ACCOUNTS, 0)  # the newest hold or release
        settled = set()  # (account, decision) whose limit is set
        levers = {}  # account -> its newest lever, while that has no outcome
        charges, refunded = {}, {}
        self.entries = entries
        self.balances = [dict(now)]
        for number, entry in enumerate(entries, 1):
            kind, account, amount = entry["kind"], entry.get("account"), entry.get("amount_seconds", 0)
            if entry["entry"] != number:
                complain(f"entry {entry['entry']} is in the place of entry {number}")
            if kind in ("withdraw", "transfer") and amount > now[account]:
                complain(f"entry {number} takes {amount}s of the {now[account]}s of {account}")
            if kind == "deposit":
                now[account] += amount
            elif kind == "withdraw":
                now[account] -= amount
            elif kind == "transfer":
                now[account] -= amount
                now[entry["to"]] += amount
            elif kind == "charge":
                if entry["before_seconds"] != reading[account] or amount != entry["now_seconds"] - reading[account]:
                    complain(f"entry {number} does not charge {account} from {reading[account]}s")
                reading[account] = entry["now_seconds"]
                now[account] -= amount
                charges[number] = (account, amount)
            elif kind == "refund":
                of, charged = charges.get(entry["answers"], ("nobody", 0))
                refunded[entry["answers"]] = refunded.get(entry["answers"], 0) + amount
                if of != account or refunded[entry["answers"]] > charged:
                    complain(f"entry {number} refunds more than entry {entry['answers']} charged to {account}")
                now[account] += amount
            elif kind in ("hold", "release"):
                if held[account] == (kind == "hold"):
                    complain(f"entry {number} is a {kind} of {account}, "
                             f"which is {'already' if held[account] else 'not'} held")
                held[account] = kind == "hold"
                decided[account] = number
            elif kind == "lever":
                action = "hold" if held[account] else "restore"
                if entry["answers"] != decided[account] or entry["action"] != action or (
                        (account, decided[account]) in settled):
                    complain(f"entry {number}, a limit of {account}, does not follow from entry {decided[account]}")
                levers[account] = number
            elif kind == "applied":
                if entry["answers"] != levers.pop(account, 0):
                    complain(f"entry {number} is the outcome of entry {entry['answers']}, which needs none")
                if entry["outcome"] == "done":
                    settled.add((account, decided[account]))
            elif kind not in ("open", "baseline"):
                complain(f"entry {number} is a {kind}, which nobody requested")
            self.balances.append(dict(now))
        for account, number in levers.items():
            complain(f"entry {number}, a limit of {account}, has no outcome")


def differs(entry, request):
    """Returns how an entry differs from its request, or None."""
    for key, value in (("kind", request.verb), ("account", request.account), ("to", request.to),
                       ("answers", request.answers), ("amount_seconds", request.amount)):
        if value and entry.get(key) != value:
            return f"{key} is {entry.get(key)} instead of {value}"
    return None


class Bounds:
    """The range of entries that can have been the newest in a period: requests that had ended before it
    are in the journal, requests that began after it are not."""

    def __init__(self, placed, count):
        self.ended = running([(request.end, seq) for request, seq in placed], max)
        self.begun = running([(-request.begin, seq) for request, seq in placed], min)
        self.count = count

    def between(self, begin, end):
        return last_below(self.ended, begin, 0), last_below(self.begun, -end, self.count + 1) - 1


def running(pairs, choose):
    """Returns the pairs sorted by the first, each with the largest or smallest second so far."""
    result = []
    for at, seq in sorted(pairs):
        result.append((at, choose(seq, result[-1][1]) if result else seq))
    return result


def last_below(pairs, limit, otherwise):
    """Returns the second of the last pair whose first is below the limit."""
    low, high = 0, len(pairs)
    while low < high:
        middle = (low + high) // 2
        if pairs[middle][0] < limit:
            low = middle + 1
        else:
            high = middle
    return pairs[low - 1][1] if low else otherwise


def rough(seconds):
    if seconds <= 0:
        return "0.00"
    return f"{seconds // 3600}.{seconds % 3600 // 36:02}" if seconds >= 36 else "<0.01"


def shows(balances, reading):
    return all((rough(balances[name]) if reading.rough else balances[name]) == value
               for name, value in reading.seen.items())


def check(history, entries):
    """Returns a list of contradictions between the history and the journal."""
    found = list(history.wrong)
    journal = Journal(entries, found.append)
    known = {request.name: request for request in history.requests}
    entries_of = {}
    for number, entry in enumerate(entries, 1):
        note = entry.get("note", "")
        if note in known:
            entries_of.setdefault(note, []).append(number)
        elif entry["kind"] in MONEY and number > OPENING:
            found.append(f"entry {number} ({note}) belongs to no request")
    placed = []
    for request in history.requests:
        mine = entries_of.get(request.name, [])
        what = f"{request.name} ({request.verb} {request.account}, {request.outcome}, receipt {request.seq})"
        if request.outcome == REFUSED and mine:
            found.append(f"{what} was recorded as entry {mine[0]}")
        elif request.outcome == OK and mine != [request.seq]:
            found.append(f"{what} was recorded as entries {mine}")
        elif len(mine) > 1:
            found.append(f"{what} was recorded {len(mine)} times")
        for number in mine[:1]:
            entry = entries[number - 1]
            if differs(entry, request):
                found.append(f"{what}: in entry {number} {differs(entry, request)}")
            elif request.verb in ("withdraw", "transfer") and not request.amount and (
                    entry["amount_seconds"] != journal.balances[number - 1][request.account]):
                found.append(f"{what} should take all and took {entry['amount_seconds']}s")
            if request.balance is not None and journal.balances[number][request.account] != request.balance:
                found.append(f"{what}: the balance is {request.balance}s in the receipt and "
                             f"{journal.balances[number][request.account]}s in the journal")
            placed.append((request, number))
    bounds = Bounds(placed, len(entries))
    for request, number in placed:
        after, before = bounds.between(request.begin, request.end)
        if not after < number <= before:
            found.append(f"{request.name} is entry {number} instead of one of {after + 1} to {before}")
    seen = []  # (end, the earliest entry that a reading can have been at)
    for reading in sorted(history.readings, key=lambda reading: reading.begin):
        first, last = bounds.between(reading.begin, reading.end)
        older = [number for end, number in seen if end < reading.begin]
        first = max([first, *older])
        at = next((number for number in range(first, last + 1) if shows(journal.balances[number], reading)), None)
        if at is None:
            found.append(f"the balances {reading.seen} were read, but true at none of the entries {first} to {last}")
        else:
            # [first] stands for all readings that ended before this one began.
            seen = [(end, number) for end, number in seen if end >= reading.begin]
            seen += [(reading.end, at), (reading.begin - 1, first)]
    return found


# ---- modified histories ----


class Missing(Exception):
    """The history is too short: it has nothing that this modification applies to."""


def some(found):
    for one in found:
        return one
    raise Missing


def modifications(history, entries):
    """Returns pairs of a name and a maker. The maker returns a function that changes one thing in a copy of
    history and entries."""
    count = len(entries)
    done = sorted((r for r in history.requests if r.outcome == OK), key=lambda request: request.seq)
    entered = {entry.get("note") for entry in entries}
    final = check_balances(entries)

    def first():
        return some(done)

    def last():
        return some(reversed(done))

    def refused():
        return some(r for r in history.requests if r.outcome == REFUSED and r.amount)

    def unknown():
        return some(r for r in history.requests if r.outcome == UNKNOWN and r.name not in entered and r.amount)

    def of_kind(kind):
        return some(entry for entry in reversed(entries) if entry["kind"] == kind)

    def entry_of(request):
        return entries[request.seq - 1]

    def entry_for(request, **fields):
        entry = {"kind": request.verb, "account": request.account, "amount_seconds": request.amount,
                 "note": request.name, **fields}
        for key, value in (("to", request.to), ("answers", request.answers)):
            if value:
                entry.setdefault(key, value)
        return entry

    def appended(*new):
        def modify(_, entries):
            for entry in new:
                entries.append({**entry, "entry": len(entries) + 1})
        return modify

    def cut(begin, end):
        return lambda _, entries: entries.__delitem__(slice(begin, end))

    def request_changed(name, **fields):
        def modify(history, _):
            for request in history.requests:
                if request.name == name:
                    for key, value in fields.items():
                        setattr(request, key, value)
        return modify

    def entry_changed(number, **fields):
        return lambda _, entries: entries[number - 1].update(fields)

    def reading_changed(change):
        def modify(history, _):
            change(some(reading for reading in reversed(history.readings)
                        if not reading.rough and len(reading.seen) > 1))
        return modify

    def off_by_one(reading):
        reading.seen[ACCOUNTS[0]] += 1

    def of_the_beginning(reading):
        reading.seen = dict.fromkeys(ACCOUNTS, START)

    def refusal_off(history, _):
        reading = some(reading for reading in history.readings if reading.rough)
        reading.seen = dict.fromkeys(reading.seen, "123456.78")

    def went_back(history, _):
        """Adds a reading at the last entry, and a later one at an older entry, both after all requests."""
        history.readings.append(Reading(1 << 62, (1 << 62) + 1, dict(final)))
        history.readings.append(Reading((1 << 62) + 2, (1 << 62) + 3,
                                        dict(balances_at(entries, max(0, count - 200)))))

    hold = {"kind": "hold", "account": ACCOUNTS[0]}
    taker = Request(name="taker", verb="withdraw", account=ACCOUNTS[0], amount=max(0, final[ACCOUNTS[0]]) + 1,
                    begin=0, end=1 << 62)

    def overdraft(history, entries):
        history.requests.append(taker)
        appended(entry_for(taker))(history, entries)

    def twice(request):
        return appended(entry_for(request), entry_for(request))

    def charged_from(charge, more):
        return entry_changed(charge["entry"], before_seconds=charge["before_seconds"] + more)

    def other_than(account):
        return some(name for name in ACCOUNTS if name != account)

    return (
        ("an entry was lost", lambda: cut(last().seq - 1, last().seq)),
        ("the newest entries were lost", lambda: cut(last().seq - 1, None)),
        ("recorded twice", lambda: appended(entry_for(last()))),
        ("refused and recorded", lambda: appended(entry_for(refused()))),
        ("unknown and recorded twice", lambda: twice(unknown())),
        ("another amount", lambda: entry_changed(last().seq, amount_seconds=entry_of(last())["amount_seconds"] + 1)),
        ("another account", lambda: entry_changed(last().seq, account=other_than(last().account))),
        ("another receipt", lambda: request_changed(last().name, seq=last().seq - 1)),
        ("another balance in a receipt", lambda: request_changed(first().name, balance=(first().balance or 0) + 1)),
        ("recorded before the request",
         lambda: request_changed(first().name, begin=last().end + 1, end=last().end + 2)),
        ("recorded after the request ended", lambda: request_changed(last().name, begin=0, end=1)),
        ("an entry that nobody requested", lambda: entry_changed(last().seq, note="nobody")),
        ("held twice", lambda: appended(hold, hold)),
        ("a limit for no hold or release", lambda: appended({**of_kind("lever"), "answers": 1})),
        ("a limit that was set is set again", lambda: appended(of_kind("lever"))),
        ("an outcome of no limit", lambda: appended(of_kind("applied"))),
        ("a number left out", lambda: entry_changed(count, entry=count + 1)),
        ("more than there is", lambda: overdraft),
        ("use charged twice", lambda: appended(of_kind("charge"))),
        ("use not charged", lambda: charged_from(of_kind("charge"), 1)),
        ("refunded twice", lambda: entry_changed(of_kind("refund")["entry"], amount_seconds=1 << 40)),
        ("a balance that never existed", lambda: reading_changed(off_by_one)),
        ("a balance of long ago", lambda: reading_changed(of_the_beginning)),
        ("a later reading of an older balance", lambda: went_back),
        ("a refusal for no reason", lambda: refusal_off),
        ("forbidden output", lambda: lambda history, _: history.wrong.append("crash")),
    )


def balances_at(entries, number):
    return Journal(entries[:number], lambda _: None).balances[-1]


def check_balances(entries):
    return balances_at(entries, len(entries))


def try_modifications(history, entries):
    """Returns how many modified histories there were, and the names of those that the checker accepted."""
    missed, cases = [], 0
    for name, make in modifications(history, entries):
        other, others = copy.deepcopy((history, entries))
        try:
            make()(other, others)
        except Missing:
            print(f"not tried, the history has nothing for it: {name}")
            continue
        cases += 1
        if not check(other, others):
            missed.append(name)
    return cases, missed


# ---- the clients ----


class Site:
    """The bank, its fake Slurm, and the history."""

    def __init__(self, folder):
        self.folder = folder
        self.state = f"{self.folder}/slurm"
        self.history = History()
        self.lock = threading.Lock()
        self.used = dict.fromkeys(ACCOUNTS, 0)
        os.makedirs(f"{self.state}/dev")
        os.mkdir(f"{self.folder}/bin")
        for name in ("root", *ACCOUNTS):
            self.write_usage(name, 0, "")
        # The fake sacctmgr replaces files by renaming, so of two changes of an account at once one would
        # be lost without a lock.
        self.write(f"{self.folder}/bin/sacctmgr",
                   f'#!/bin/sh\nexec flock "{self.state}/lock" "{FAKE_SLURM}/sacctmgr" "$@"\n')
        os.chmod(f"{self.folder}/bin/sacctmgr", 0o755)
        self.write(f"{self.folder}/settings",
                   f"bank: {self.folder}/bank\nclusters: [dev]\nlock_seconds: 60\nthresholds: []\ncharge_minutes: 0\n")
        self.environment = {**os.environ, "SLURM_CONF": self.state, "JOURNAL_STREAM": "none",
                            "PATH": f"{self.folder}/bin:{FAKE_SLURM}:{os.environ['PATH']}"}
        self.must("init")
        for account in ACCOUNTS:
            self.must("open", account, f"{START}s", "--from-zero")

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)

    def write_usage(self, account, used, rest):
        self.write(f"{self.state}/new", f"RawUsage={used}\n{rest}")
        os.rename(f"{self.state}/new", f"{self.state}/dev/{account}")

    def use(self, account, seconds):
        """Adds to the RawUsage of the account in Slurm."""
        with self.lock, open(f"{self.state}/lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with open(f"{self.state}/dev/{account}", encoding="ascii") as file:
                rest = "".join(line for line in file if not line.startswith("RawUsage="))
            self.used[account] += seconds
            self.write_usage(account, self.used[account], rest)

    def start(self, *words):
        return subprocess.Popen([SUBANK, "-c", f"{self.folder}/settings", "--seconds", *words], env=self.environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def must(self, *words):
        process = self.start(*words)
        out, err = process.communicate()
        if process.returncode:
            sys.exit(f"subank {' '.join(words)} ended with {process.returncode}: {err}")
        return out

    def journal(self):
        return [json.loads(line) for line in self.must("journal", "--json").splitlines()]


RECEIPT = re.compile(r"^entry (\d+): (.*); (\S+) has (-?\d+)s; head \d+:[0-9a-f]+$", re.MULTILINE)
TOO_MUCH = re.compile(r"account '(\S+)' has (\S+) SU to take, less than")
MAY_BE_REFUSED = ("to take", "in use by", "can still be refunded", "was taken back")


class Client:
    def __init__(self, site, number):
        self.site, self.number = site, number
        self.random = random.Random(f"{SEED} {number}")
        self.count = 0

    def call(self, *words, kill=0.12):
        """Runs subank, and perhaps kills it. Returns when it began and ended, its status (None: killed) and
        its output."""
        begin = time.monotonic_ns()
        process = self.site.start(*words)
        if self.random.random() < kill:
            time.sleep(self.random.random() ** 2 * 0.06)
            process.send_signal(signal.SIGKILL)
        out, err = process.communicate()
        end = time.monotonic_ns()
        status = process.returncode
        if status not in (0, 1, 3, -signal.SIGKILL):
            self.wrong(words, status, err)
        return begin, end, None if status < 0 else status, out, err

    def wrong(self, words, status, text):
        self.site.history.wrong.append(f"subank {' '.join(words)}: status {status}: {text.strip()}")

    def ask(self, verb, account, *rest, **fields):
        """Makes a request. With a ref it is repeated until its outcome is known."""
        self.count += 1
        named = self.random.random() < 0.7
        request = Request(name=f"client {self.number} request {self.count}", verb=verb, account=account, **fields)
        words = [verb, *rest, "--note", request.name]
        words += ["--ref", f"{self.number}-{self.count}"] if named else []
        words += ["--no-apply"] if self.random.random() < 0.7 else []
        killed_before = False
        for attempt in range(5):
            begin, end, status, out, err = self.call(*words, kill=0.12 if attempt < 4 else 0)
            request.begin = request.begin or begin
            request.end = end
            receipt = RECEIPT.search(out)
            if receipt:
                request.outcome, request.seq = OK, int(receipt[1])
                if "recorded before" not in receipt[2]:
                    request.balance = int(receipt[4])
                else:
                    self.site.history.readings.append(Reading(begin, end, {receipt[3]: int(receipt[4])}))
                if killed_before and not named:
                    self.wrong(words, status, "repeated without a ref")
            if status == 1 and not ("in use by" in err and killed_before):
                request.outcome = REFUSED
                if receipt or not any(text in err for text in MAY_BE_REFUSED):
                    self.wrong(words, status, out + err)
                too_much = TOO_MUCH.search(err)
                if too_much:
                    self.site.history.readings.append(Reading(begin, end, {too_much[1]: too_much[2]}, rough=True))
            if status in (0, 3) and not receipt:
                self.wrong(words, status, "no receipt")
            if request.outcome != UNKNOWN or not named or self.random.random() < 0.2:
                break
            killed_before = True
        self.site.history.requests.append(request)

    def read_balances(self):
        begin, end, status, out, err = self.call("balance", "-n", "-P", "-o", "Account,Available", kill=0.02)
        if status == 0:
            seen = dict(line.split("|") for line in out.splitlines())
            self.site.history.readings.append(
                Reading(begin, end, {name: int(value) for name, value in seen.items()}))
        elif status is not None:
            self.wrong(("balance",), status, err)

    def check(self):
        for _ in range(self.random.randrange(3)):
            self.site.use(self.random.choice(ACCOUNTS), self.random.randint(1, 120))
        _, _, status, _, err = self.call("check")
        if status == 1 and "in use by" not in err or status == 3:
            self.wrong(("check",), status, err)

    def refund(self):
        _, _, status, out, err = self.call("journal", "--json", "--kind", "charge", "--last", "5", kill=0)
        if status:
            self.wrong(("journal",), status, err)
        charges = [json.loads(line) for line in out.splitlines()]
        if charges:
            charge = self.random.choice(charges)
            amount = self.random.randint(1, charge["amount_seconds"])
            self.ask("refund", charge["account"], str(charge["entry"]), f"{amount}s", answers=charge["entry"],
                     amount=amount)

    def one(self):
        account, other = self.random.sample(ACCOUNTS, 2)
        amount = self.random.randint(1, 150)
        # Some take all.
        taken, text = (0, "all") if self.random.random() < 0.1 else (amount, f"{amount}s")
        chance = self.random.random()
        if chance < 0.30:
            self.ask("deposit", account, account, f"{amount}s", amount=amount)
        elif chance < 0.52:
            self.ask("withdraw", account, account, text, amount=taken)
        elif chance < 0.72:
            self.ask("transfer", account, account, other, text, to=other, amount=taken)
        elif chance < 0.80:
            self.refund()
        elif chance < 0.84:
            self.check()
        else:
            self.read_balances()

    def work(self, end):
        while time.monotonic() < end:
            self.one()


def limits_are_right(site, final):
    """Returns a list of wrong limits: Slurm must hold the accounts that have nothing left, and no others."""
    wrong = []
    for account in ACCOUNTS:
        with open(f"{site.state}/dev/{account}", encoding="ascii") as file:
            held = "GrpTRESMins=cpu=0" in file.read().split()
        if held != (final[account] <= 0):
            wrong.append(f"{account} has {final[account]}s and is {'' if held else 'not '}held in Slurm")
    return wrong


def one_round(number, seconds):
    """Lets clients use a new bank for that time. Returns the history, the journal and a list of violations."""
    folder = f"{os.getcwd()}/{number}"
    site = Site(folder)
    end = time.monotonic() + seconds
    with ThreadPoolExecutor(CLIENTS) as pool:
        for work in [pool.submit(Client(site, f"{number}-{client}").work, end) for client in range(CLIENTS)]:
            work.result()
    # A sacctmgr that a killed check started holds the lock until it ends.
    for _ in range(600):
        process = site.start("check")
        _, err = process.communicate()
        if "in use by" not in err:
            break
        time.sleep(0.1)
    site.must("check")
    site.must("verify")
    entries, history = site.journal(), site.history
    violations = check(history, entries)
    final = check_balances(entries)
    for account in ACCOUNTS:
        charged = sum(entry["amount_seconds"] for entry in entries
                      if entry["kind"] == "charge" and entry["account"] == account)
        if charged != site.used[account]:
            violations.append(f"{account} used {site.used[account]}s and was charged {charged}s")
    shown = dict(line.split("|") for line in site.must("balance", "-n", "-P", "-o", "Account,Available").splitlines())
    if {name: int(value) for name, value in shown.items()} != final:
        violations.append(f"at the end the balances are {shown}, and in the journal {final}")
    violations += limits_are_right(site, final)
    outcomes = [request.outcome for request in history.requests]
    print(f"round {number}: {len(entries)} entries; requests: " +
          ", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in (OK, REFUSED, UNKNOWN)) +
          f"; {len(history.readings)} balances read")
    for violation in violations[:40]:
        print(violation)
    shutil.rmtree(folder)
    return history, entries, violations


def main():
    cases = wrong = number = 0
    end = time.monotonic() + SECONDS
    while number == 0 or time.monotonic() < end - ROUND / 2:
        history, entries, violations = one_round(number, min(ROUND, SECONDS))
        cases += len(history.requests) + len(history.readings)
        wrong += len(violations)
        number += 1
    print(f"row\toracle: {CLIENTS} processes at once\t{cases}\t{wrong}")
    if wrong:
        return 1
    cases, missed = try_modifications(history, entries)
    for name in missed:
        print(f"the checker accepted a modified history: {name}")
    print(f"row\toracle: modified histories rejected\t{cases}\t{len(missed)}")
    return 1 if missed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
