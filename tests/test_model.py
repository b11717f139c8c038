#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives the program (through tests/teller) and tests/model.py the same random commands, and compares
the exit status, every new entry, and every account's lots, debt, sums and holds after each command.
Prints each difference with its seed and the shortest list of commands that shows it.

    TELLER=build/tests/teller tests/test_model.py --runs 5000
    TELLER=build/tests/teller tests/test_model.py --seed 17 --runs 1
"""

import argparse
import datetime
import json
import os
import random
import re
import subprocess
import sys
import time
import traceback
from decimal import Decimal

from model import (
    DAY, DONE, GONE, METERED, NEVER, PART, REFUSED, SECOND, TRUST, USAGE,
    Bank, Line, Refused, moment, owner_of, resource_of,
)  # fmt: skip

BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"  # in full, so that no time zone files are needed
ACCOUNTS = ("bio", "chem", "phys")
NAMES = (*ACCOUNTS, "life", "matter")  # those that accounts may be renamed to
# Rules to break on purpose, and the verb and option that they need.
MUTATIONS = {
    "zero-is-enough": ("deposit", "--ref"),
    "use-without-money-holds-nobody": ("deposit", "--ref"),
    "latest-end-first": ("withdraw", "--ref"),
    "ended-lots-pay-nothing": ("deposit", "--end"),
    "a-lot-ends-a-microsecond-late": ("deposit", "--end"),
    "refunds-leave-debt": ("refund", "--note"),
    "statements-count-their-end": ("statement", "--until"),
    "credit-is-for-nothing": ("terms", "--credit"),
    "the-last-to-end-expires-first": ("deposit", "--end"),
    "thresholds-stay-crossed": ("deposit", "--end"),
    "notices-come-twice": ("deposit", "--end"),
    "reversals-forget-debt": ("reverse", "--note"),
    "set-is-one-off": ("set", "--note"),
    "factors-are-rounded": ("refund", "--job"),
    "free-states-are-charged": ("refund", "--job"),
    "run-times-are-not-rounded": ("refund", "--job"),
    "a-job-may-cost-less": ("refund", "--job"),
    "in-flight-is-free": ("refund", "--job"),
    "flights-cross-nothing": ("refund", "--job"),
    "limits-commit-nothing": ("refund", "--job"),
    "use-is-deferred-past-a-window": ("deposit", "--end"),
    "deferred-use-is-free": ("deposit", "--end"),
    "reconcile-is-one-off": ("reconcile", "--apply"),
    "edges-are-exact": ("reconcile", "--apply"),
    "switches-do-not-wait": ("reconcile", "--apply"),
    "late-jobs-are-free": ("reconcile", "--apply"),
    "late-jobs-wait-for-ever": ("reconcile", "--apply"),
    "every-check-looks-back": ("reconcile", "--apply"),
    "late-quotas-pay-no-debt": ("terms", "--quota"),
    "late-checks-bring-one-quota": ("terms", "--quota"),
    "jobs-come-before-their-quota": ("terms", "--quota"),
    "late-terms-lose-quotas": ("terms", "--quota"),
    "purses-follow-the-settings": ("deposit", "--resource"),
    "purses-share-their-use": ("deposit", "--resource"),
    "fees-are-of-now": ("charge", "--since"),
    "purses-hold-their-account": ("deposit", "--resource"),
    "scavengers-never-stop": ("terms", "--credit"),
    "merges-leave-debt": ("merge", "--later"),
    "renames-forget-thresholds": ("rename", "--later"),
    "late-use-stays-with-the-former-name": ("rename", "--later"),
    "expiry-never-looks-back": ("reconcile", "--apply"),
    "former-names-do-not-run": ("rename", "--later"),
    "late-use-is-of-today": ("rename", "--later"),
    "refunds-stay-with-the-former-name": ("rename", "--later"),
    "successors-are-judged-later": ("merge", "--later"),
    "merged-debt-is-forgiven": ("merge", "--later"),
    "late-debt-is-forgiven": ("merge", "--later"),
}
FLAGS = ("--from-zero", "--clock-ok", "--json", "--entries", "--limited", "--unlimited", "--immediate", "--all-runs",
         "--apply", "--later")  # fmt: skip
# UsageFactors, in millionths, and possible settings about jobs.
QOS = {"normal": 1000000, "dear": 1500000, "third": 333333}
TARIFFS = (
    "",
    "; free_states: [NODE_FAIL]; round_seconds: 60",
    "; free_states: [NODE_FAIL, FAILED]; factors: {qos: {dear: 0.333333}, partition: {gpu: 1.5}}",
    "; factors: {qos: {third: 0}, partition: {gpu: 2}}; hold_on: committed; min_charge: 0.1; round_seconds: 7",
    "; factors: {partition: {gpu: 0.000003}}; hold_on: committed",
)
# Entries about Slurm, which are not compared.
APPLYING = ("lever", "applied", "notified")
ENVELOPE = ("uid", "user", "login", "sudo", "actor", "host", "account", "resource", "hash", "request")


class Teller:
    """The program: one process for many banks."""

    def __init__(self):
        self.start()
        self.verbs = self.find_verbs()

    def start(self):
        self.process = subprocess.Popen(
            [os.environ["TELLER"]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a signal to us closes its input, so that it cleans up
        )

    def stop(self):
        self.process.communicate("quit\n")
        return self

    def send(self, line):
        self.process.stdin.write(line + "\n")

    def run(self, line):
        self.send(line)
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            self.process.communicate()
            self.start()
            return {}
        return json.loads(answer)

    def find_verbs(self):
        """Returns the program's verbs with their options."""
        listed = self.run("run help")["out"].split("Verbs:\n")[1].split("\n\n")[0]
        verbs = {}
        for verb in re.findall(r"^  (\w+)", listed, re.M):
            verbs[verb] = set(re.findall(r"--[\w-]+", self.run("run help " + verb)["out"]))
        return verbs


def micros(text):
    if text is None:
        return None
    seconds = datetime.datetime.fromisoformat(text[:19] + "+00:00")
    return int(seconds.timestamp()) * SECOND + int(text[20:26])


class Game:
    """One bank, in the program and in the model."""

    def __init__(self, teller, mutation=None):
        self.dated = "--start" in teller.verbs["deposit"]
        self.teller, self.bank, self.now = teller, Bank(mutation), 1795366800 * SECOND
        # The same history without deferred charges, while prompt_matches.
        self.prompt = Bank(mutation)
        for name in ("usage", "silent", "jobs"):
            setattr(self.prompt, name, getattr(self.bank, name))
        self.prompt_matches = False
        self.over = {}  # statements of past periods
        self.made = {}  # line number -> its entries
        if not self.dated:
            for bank in (self.bank, self.prompt):
                bank.thresholds, bank.notice_days = [], 0
        teller.send("fresh")
        teller.send(f"clock {self.now}")
        teller.send("silent west 0")
        teller.send("qos " + ";".join(f"{name}|||||{x // 10**6}.{x % 10**6:06}" for name, x in QOS.items()))
        self.counted = {}  # (cluster, account) -> what Slurm shows of each TRES, if not the RawUsage
        self.play(0, "settings " + self.settings())

    def settings(self, clusters=1, enforcement="hold", thresholds=(), notice_days=0, days=None):
        """Returns a line of settings; those about dates only if the program has them."""
        text = f"clusters: [{', '.join(('dev', 'west')[:clusters])}]; enforcement: {enforcement}"
        if self.dated:
            text += f"; thresholds: {list(thresholds)}; notice_days: {notice_days}"
            text += f"; project_days: {days}" if days else ""
        return text

    def play(self, number, line):
        """Plays one line on both. Returns the difference, or None."""
        line = re.sub(r"@(\d+)\.(\d+)", lambda m: self.number_of(int(m[1]), int(m[2])), line)
        words = line.split(" ")
        if words[0] == "vanish" and tuple(words[1:]) not in self.bank.usage:
            return None  # a line before it was left out by shrink()
        if words[0] == "clock" and self.leaps(int(words[1])):
            return None
        if words[0] != "run":
            self.teller.send(line)
            self.obey(words)
            for bank in (self.bank, self.prompt):
                self.set(bank, words)
            return None
        answer = self.teller.run(line)
        if not answer:
            return "the program ended: see above"
        before = len(self.bank.entries)
        args, options = self.read(words[2:])
        if "resource" in options:
            resource = options.pop("resource")
            names = 2 if words[1] == "transfer" else 1
            args[:names] = [name if resource == "billing" else f"{name}:{resource}" for name in args[:names]]
        if words[1] == "balance":
            return self.compare_balance(answer, options)
        if words[1] == "statement":
            return self.compare_statement(answer, args[0], options)
        problem = self.compare_record(answer, args, options) if words[1] == "reconcile" else None
        if problem:
            return problem
        status = self.bank.run(self.now, words[1], *args, **options)
        prompt = self.run_prompt(words[1], args, options)
        problem = self.compare(answer, status, number, before)
        if words[1] == "rename" and status in (DONE, PART):
            self.over = {}  # the statement of the new name goes on from that of the former one
        if not problem and words[1] == "check" and not args and status == DONE:
            problem = self.compare_limits(answer)
        if problem or prompt is None:
            return problem
        return self.compare_prompt(status, prompt, number)

    def run_prompt(self, verb, args, options):
        """Returns the status and the index of the first new entry, or None if the banks cannot be compared."""
        prompt = self.prompt
        # Books without an entry cannot show that a clock went back. Use in the very microsecond of a
        # reading is charged by the next check, or by the one after it.
        self.prompt_matches = self.prompt_matches and self.now >= max(prompt.newest, self.bank.newest)
        for place, (reading, when, _) in self.bank.read.items():
            if when >= self.now and self.bank.usage.get(place) != reading:
                self.prompt_matches = False
        if self.prompt_matches and verb in ("refund", "reverse") and args:
            self.prompt_matches = self.pair(args[0])
        if not self.prompt_matches:
            return None
        before = len(prompt.entries)
        return prompt.run(self.now, verb, *args, **options), before

    def pair(self, number):
        """Returns False if the entry is a charge that combines the use of several checks."""
        for charge in self.bank.entries:
            if str(charge.seq) == number and charge.kind == "charge":
                for same in self.prompt.entries:
                    if same.kind == "charge" and all(
                        getattr(same, name) == getattr(charge, name)
                        for name in ("account", "cluster", "before", "now")
                    ):
                        same.seq = charge.seq
                        return True
                return False
        return True

    def compare_prompt(self, status, prompt, number):
        """Deferring charges must change nothing but the charges themselves."""
        mine = [entry for entry in self.made[number] if entry.kind != "charge"]
        other = [entry for entry in self.prompt.entries[prompt[1] :] if entry.kind != "charge"]
        for entry, same in zip(mine, other):
            same.seq = entry.seq
        sides = []
        for side_status, entries, bank in (
            (status, mine, self.bank),
            (prompt[0], other, self.prompt),
        ):
            decisions = [
                (entry.account, entry.kind, {k: v for k, v in entry.fields.items() if k != "parts"})
                for entry in entries
            ]
            views = {name: self.model_account(account) for name, account in self.accounts(bank)}
            for view in views.values():
                view["meters"] = {cluster: meter[0] for cluster, meter in view["meters"].items()}
            sides.append((side_status, decisions, views))
        if sides[0] != sides[1]:
            return f"with charge_minutes 0:\n  deferred {sides[0]}\n  prompt   {sides[1]}"
        return None

    def leaps(self, now):
        """True if decades of jobs would have to be read; only lines that shrink() left ask for that."""
        return now > self.now + 1000 * DAY and any(x.by_jobs for x in self.bank.accounts.values())

    def number_of(self, line, index):
        """Returns the number of an entry, which is named by the line that made it."""
        entries = self.made.get(line, ())
        return str(entries[index].seq if index < len(entries) else 999999)

    def obey(self, words):
        bank = self.bank
        if words[0] == "clock":
            self.now = int(words[1])
        elif words[0] == "job":
            names = ("state", "qos", "partition", "billing", "submit", "start", "ran", "suspended", "limit", "runs")
            job = dict(zip(names, words[4:]))
            job.update((name, int(job[name])) for name in names[3:])
            key = words[1], int(words[2]), job["submit"]
            bank.jobs.pop(key, None)  # a repeated job comes last
            job["elapsed"] = job["ran"] - job["suspended"]
            bank.jobs[key] = {**job, "account": words[3], "usage_factor": QOS[job["qos"]]}
        elif words[0] == "usage":
            bank.usage[words[1], words[2]] = int(words[3])
            self.show_uses(words[1], words[2])
        elif words[0] == "tres":
            self.counted[words[1], words[2]] = dict(item.split("=") for item in words[3].split(","))
            bank.usage.setdefault((words[1], words[2]), 0)
            self.show_uses(words[1], words[2])
        elif words[0] == "vanish":
            self.counted.pop((words[1], words[2]), None)
            for name in [words[2], *(f"{words[2]}:{tres}" for tres in METERED)]:
                bank.usage.pop((words[1], name))
        elif words[0] == "silent":
            (bank.silent.add if words[2] == "1" else bank.silent.discard)(words[1])

    def show_uses(self, cluster, name):
        """Sets the use of each TRES, which Slurm shows in whole minutes. The fake shows the RawUsage as that of
        cpu until a line sets others."""
        usage = self.bank.usage
        shown = self.counted.get((cluster, name), {"cpu": usage[cluster, name] // 60})
        for tres in METERED:
            of = "cpu" if self.bank.mutation == "purses-share-their-use" else tres
            usage[cluster, f"{name}:{tres}"] = int(shown.get(of, 0)) * 60

    def set(self, bank, words):
        if words[0] == "zone":
            bank.zone = "UTC" if words[1] == "UTC" else "Berlin"
        elif words[0] == "settings":
            text = " ".join(words[1:])
            bank.account_lost |= bool(bank.levers)  # on a cluster that is not asked any more
            bank.clusters = re.search(r"clusters: \[(.*?)\]", text)[1].split(", ")
            bank.enforcement = re.search(r"enforcement: (\w+)", text)[1]
            if self.dated:
                bank.thresholds = eval(re.search(r"thresholds: (\[.*?\])", text)[1])
                bank.notice_days = int(re.search(r"notice_days: (\d+)", text)[1])
                days = re.search(r"project_days: (\d+)", text)
                bank.project_days = int(days[1]) if days else None
            bank.scavenger = "scavenger_qos: " in text
            stop = re.search(r"stop_at: (\d+)", text)
            bank.stop_at = int(stop[1]) if stop else 0
            minutes = re.search(r"charge_minutes: (\d+)", text)
            if minutes and bank is not self.prompt:
                bank.charge_every = int(minutes[1]) * 60 * SECOND
                if not self.prompt_matches and not bank.entries:
                    self.prompt_matches, self.prompt.checked = True, bank.checked
            bank.meter = "jobs" if "meter: jobs" in text else "rawusage"
            bank.without_money = "warn" if "without_money: warn" in text else "hold"
            bank.hold_on = "committed" if "hold_on: committed" in text else "in_flight"
            rounded = re.search(r"round_seconds: (\d+)", text)
            bank.round_seconds = int(rounded[1]) if rounded else 1
            least = re.search(r"min_charge: ([\d.]+)(s?)", text)
            bank.min_charge = int(Decimal(least[1]) * (1 if least[2] else 3600)) if least else 0
            free = re.search(r"free_states: \[(.*?)\]", text)
            bank.free_states = free[1].split(", ") if free else ()
            for kind in ("qos", "partition"):
                factors = re.search(kind + r": \{(.*?)\}", text)
                pairs = re.findall(r"(\w+): ([\d.]+)", factors[1]) if factors else ()
                bank.factors[kind] = {name: int(Decimal(value) * 10**6) for name, value in pairs}
        elif words[0] == "vanish":
            bank.account_lost = True

    @staticmethod
    def read(words):
        args, options = [], {}
        words = iter(words)
        for word in words:
            if word in FLAGS:
                if word != "--immediate":
                    options[word[2:].replace("-", "_")] = True
            elif word.startswith("--"):
                options[word[2:]] = next(words)
            else:
                args.append(word)
        return args, options

    def accounts(self, bank=None):
        """Returns the model's accounts as they are now, by name."""
        bank = bank or self.bank
        now = max(self.now, bank.newest)
        return [(name, bank.account_at(name, now)) for name in sorted(bank.books)]

    def compare(self, answer, status, number, before):
        if answer["status"] == PART and status == DONE and self.bank.slurm_may_fail():
            status = PART
        if answer["status"] != status:
            return f"status {answer['status']}, the model has {status}: {answer['err']}"
        theirs = [entry for entry in answer["entries"] if entry["kind"] not in APPLYING]
        for bank in (self.bank, self.prompt) if self.prompt_matches else (self.bank,):
            bank.levers = {account["name"] for account in answer["accounts"] if account["levers"]}
            for entry in answer["entries"]:
                if entry["kind"] in APPLYING:
                    bank.touch(entry["account"])
        entries = self.made[number] = self.bank.entries[before:]
        names = {entry["account"] for entry in theirs} | {entry.account for entry in entries}
        sides = []
        for name in sorted(names):
            here = [entry for entry in entries if entry.account == name]
            there = [entry for entry in theirs if entry["account"] == name]
            for mine, other in zip(here, there):
                mine.seq = other["entry"]
            sides.append((name, here, there))
        for name, here, there in sides:
            mine = [self.model_entry(entry) for entry in here]
            other = [self.program_entry(entry, model) for entry, model in zip(there, here)]
            if mine != other or len(here) != len(there):
                there = [{k: v for k, v in e.items() if k not in ENVELOPE} for e in there]
                return f"entries of {name}:{answer['err']}\n  program {there}\n  model   {mine}"
        mine = {name: self.model_account(account) for name, account in self.accounts()}
        other = {account["name"]: self.program_account(account) for account in answer["accounts"]}
        if mine != other:
            return f"accounts: {answer['err']}\n" + "\n".join(
                f"  {name}:\n    program {other.get(name)}\n    model   {mine.get(name)}"
                for name in sorted(mine.keys() | other.keys())
                if mine.get(name) != other.get(name)
            )
        return None

    def compare_limits(self, answer):
        """After a whole check each hold must have its limit in Slurm, and nothing else may have one."""
        bank = self.bank
        if answer["status"] != DONE or bank.slurm_may_fail():
            return None
        for account in answer["accounts"]:
            name = account["name"]
            if owner_of(name) != name:
                continue
            mine = sorted(tres + "=0" for tres in bank.limits(name))
            for cluster in bank.clusters:
                other = sorted(filter(None, account["limits"].get(cluster, "").split(",")))
                stopped = account["jobs"].get(cluster, -1) == 0
                if stopped != bank.stopped(name):
                    return f"{name} on {cluster}: program {'stopped' if stopped else 'not stopped'}"
                if mine != other:
                    return f"limits of {name} on {cluster}: program {other}, model {mine}"
        return None

    @staticmethod
    def model_entry(entry):
        """Converts an entry of the model to the form of program_entry()."""
        fields = {"kind": entry.kind, "time": entry.time}
        for name, value in entry.fields.items():
            if name == "parts":
                value = [(lot.entry.seq, lot.index, amount) for lot, amount in value]
            fields[name] = value or None
        return fields

    @staticmethod
    def program_entry(entry, model):
        """Converts an entry of the program: the fields that the model's entry has."""
        fields = {"kind": entry["kind"], "time": micros(entry["time"])}
        for name in model.fields:
            value = entry.get(name, entry.get(name + "_seconds"))
            if name in ("start", "end", "since", "until", "submit", "period"):
                value = NEVER if name == "end" and value is None else micros(value)
            elif name == "parts":
                value = [
                    (part["lot"], part.get("index", 0), part["amount_seconds"])
                    for part in value or []
                ]
            elif name == "before" and value is None and entry["kind"] == "baseline":
                value = -1
            fields[name] = value or None
        return fields

    @staticmethod
    def model_account(account):
        return {
            "open": account.open,
            "unlimited": account.unlimited,
            "credit": account.credit,
            "debt": account.debt,
            "held": account.held(),
            "hand_until": account.hand_until,
            "grace_until": account.grace_until,
            "causes": sorted(account.causes),
            "crossed": sorted(account.crossed),
            "lots": [
                [lot.entry.seq, lot.index, lot.start, lot.end, lot.amount, lot.rest]
                for lot in account.lots
            ],
            "meters": account.meters,
            **account.sums,
        }

    @staticmethod
    def program_account(account):
        return {
            name: sorted(value) if name in ("causes", "crossed") else value
            for name, value in account.items()
            if name not in ("name", "levers", "limits", "jobs")
        }

    def shown_state(self, name, account, named):
        """Returns the state that a balance shows: a purse also follows its account."""
        state = "scavenge" if account.open and self.bank.scavenging(account) else account.state()
        owner, _, resource = name.partition(":")
        owner = named.get(owner)
        if not resource or not owner:
            return state
        if account.held() and owner.grace_until:
            return "grace"
        if owner.held() and resource != "storage" and (not account.held() or state == "scavenge"):
            return "scavenge" if self.bank.scavenging(owner) else "blocked"
        return state

    def compare_balance(self, answer, options):
        accounts = self.accounts()
        if "as-of" in options:
            now = max(self.now, self.bank.newest)
            try:
                time = moment(options["as-of"], now, self.bank.zone)
            except Refused:
                time = NEVER
            if time > now:
                return None if answer["status"] == USAGE else f"status {answer['status']}, not 2"
            accounts = sorted(self.bank.as_of(time).items())
        flight = (lambda account: 0) if "as-of" in options else self.bank.flight
        named = {} if "as-of" in options else dict(accounts)
        mine = [
            {
                "account": name,
                "state": self.shown_state(name, account, named),
                "allocated_seconds": account.allocated(),
                "used_seconds": account.used() + flight(account),
                "available_seconds": None if account.unlimited else account.available() - flight(account),
                "percent": account.percent(flight(account)),
                "charged_seconds": account.sums["charged"],
                "debt_seconds": account.debt,
                "settled_seconds": None if account.unlimited else account.available(),
                "unlimited": account.unlimited,
                "unentered_seconds": None
                if "as-of" in options
                else sum(charge.amount for charge in account.deferred),
            }
            for name, account in accounts
        ]
        for row, (_, account) in zip(mine, accounts if "as-of" not in options else ()):
            flights = self.bank.flights(account)
            row["inflight_seconds"] = sum(used for used, _, _ in flights)
            row["committed_seconds"] = sum(committed for _, committed, _ in flights)
        columns = mine[0] if mine else {}
        rows = json.loads(answer["out"])
        for row in rows:
            if row.get("resource", "billing") != "billing" and ":" not in row["account"]:
                row["account"] += ":" + row["resource"]
        other = [{name: row.get(name) for name in columns} for row in rows]
        if mine != other:
            return f"balance:\n  program {other}\n  model   {mine}"
        return None

    def compare_record(self, answer, names, options):
        """Compares what `reconcile` shows, before anything is recorded."""
        try:
            lines, _ = self.bank.lines(self.now, names, options.get("since"), options.get("until"))
        except Refused:
            return None  # the status is compared later
        if not answer["out"]:
            return None
        rows = json.JSONDecoder().raw_decode(answer["out"])[0]
        mine, other = [line.row() for line in lines], []
        for row in rows:
            row.update(since=micros(row["since"]), until=micros(row["until"]))
            other.append({name: row.get(name) for name in (mine or [row])[0]})
        key = lambda row: (row["cluster"], row["account"])
        if sorted(mine, key=key) != sorted(other, key=key):
            return f"reconcile: {answer['err']}\n  program {other}\n  model   {mine}"
        return None

    def compare_statement(self, answer, name, options):
        bank = self.bank
        now = max(self.now, bank.newest)
        try:
            since, until = (moment(options[word], self.now, bank.zone) for word in ("since", "until"))
            status = DONE if since < until else USAGE
        except Refused:
            status = USAGE
        if status == DONE and (name not in bank.accounts or since > now):
            status = REFUSED
        if answer["status"] != status:
            return f"status {answer['status']}, the model has {status}: {answer['err']}"
        if status:
            return None
        rows = json.loads(answer["out"])
        ends = {row["item"]: row["balance_seconds"] for row in rows if not row.get("entry")}
        entries = [(row["entry"], row["amount_seconds"]) for row in rows if row.get("entry")]
        other = ends.get("opening balance"), entries, ends.get("closing balance")
        mine = bank.statement(name, since, until)
        if mine != other:
            return f"statement: {answer['err']}\n  program {other}\n  model   {mine}"
        if until <= bank.newest and self.over.setdefault((name, since, until), rows) != rows:
            return "statement: differs from an earlier one of the same past period"
        return None


# ---- random commands, mostly near edges ----

COLUMNS = "Account,State,Allocated,Used,Available,Percent,Charged,Debt,Settled,Unlimited,Unentered,InFlight,Committed"

RECORD_COLUMNS = (
    "Account,Cluster,Books,Slurm,Suspended,Weights,Edge,Difference,Since,Until,Jobs,Restarts"
)

# Dates around leap days and the changes of the clock in Berlin, in local time and UTC.
DATES = (
    "2027-02-28", "2027-03-01", "2027-03-28", "2027-03-28T02:30", "2027-03-28T01:59:59", "2027-03-28T03:00",
    "2027-10-31", "2027-10-31T01:59:59", "2027-10-31T03:00:00", "2027-10-31T00:59:59Z",
    "2028-02-28", "2028-02-29", "2028-02-29T23:59:59", "2028-03-01", "2100-02-28", "2100-03-01",
    "2026-12-31T23:59:59", "2027-01-01", "2027-01-01T00:00:00+01:00", "2400-02-29",
)  # fmt: skip


class Chooser:
    def __init__(self, seed, game):
        self.random, self.game, self.verbs = random.Random(seed), game, game.teller.verbs
        self.serial = 0
        pick = self.random.random()
        # Whether there are jobs beside RawUsage, whether they are charged, and whether that changes.
        self.has_jobs = pick < 0.6
        self.by_jobs = pick < 0.4
        self.switches = pick < 0.15
        # Whether accounts have purses; only with RawUsage.
        self.has_purses = not self.has_jobs and self.random.random() < 0.7
        self.job_id = 0
        self.defers = self.random.random() < 0.5  # charges may be deferred
        self.takes_over = self.random.random() < 0.3  # accounts are renamed and merged
        self.next_lines = []  # to be played next
        self.repeatable = []  # lines that may be repeated: with a --ref, and statements

    def near(self, value, step=1):
        return value + self.random.choice((-step, 0, 0, step))

    def start(self):
        berlin = self.random.random() < 0.5
        yield "zone " + (BERLIN if berlin else "UTC")
        first = moment(self.random.choice(DATES[:-1]), 0, "UTC") - 3600 * berlin * SECOND
        first -= self.random.choice((0, 1, DAY, 30 * DAY)) * self.random.randint(0, 3)
        yield f"clock {first}"
        yield self.settings(self.random.choice((1, 1, 2)))
        for name in self.random.sample(ACCOUNTS, 2):
            if self.random.random() < 0.8:
                yield f"usage dev {name} {0 if self.by_jobs and not self.switches else self.random.choice((0, 1, 1000))}"
            yield f"run open {name}" + self.random.choice(("", " 1", " 10s", " 0.5"))
            if self.has_purses:
                resource = self.random.choice(("cpu", "gres/gpu", "storage"))
                yield f"run open {name} --resource {resource}" + self.random.choice(("", " 1", " 60s", " 0.5"))

    def settings(self, clusters):
        choice = self.random.choice
        scavenger = choice(("", "", "; scavenger_qos: low", f"; scavenger_qos: low; stop_at: {choice((101, 125))}"))
        text = "settings " + self.game.settings(
            clusters,
            choice(("hold", "hold", "hold", "hold", "warn", "off") + ("scavenge",) * (6 if scavenger else 0)),
            choice(((60, 90), (60, 90), (), (1, 50, 100))),
            choice((90, 90, 0, 1, 7)),
            choice((None, None, None, 1, 30, 365)),
        )
        text += choice(("", "", "", "; without_money: warn")) + scavenger
        text += "; charge_minutes: " + choice(("0", "1", "60", "1440")) if self.defers else ""
        return text + ("; meter: jobs" + choice(TARIFFS) if self.by_jobs and (not self.switches or choice((0, 1))) else "")

    def account(self):
        name = self.random.choice(ACCOUNTS[: 3 if self.random.random() < 0.2 else 2])
        accounts = self.game.bank.accounts
        while name in accounts and accounts[name].successor and self.random.random() < 0.7:
            name = accounts[name].successor
        return name

    def purse(self):
        """Returns an account, for half of the lines with --resource, and the purse's name."""
        name = self.account()
        if not self.has_purses or self.random.random() < 0.45:
            return name, name
        resource = self.random.choice(("cpu", "gres/gpu", "gres/gpu", "storage"))
        return f"{name} --resource {resource}", f"{name}:{resource}"

    def known(self):
        return self.game.bank.accounts.get(self.account()) or next(
            iter(self.game.bank.accounts.values()), None
        )

    def edges(self):
        """Returns the times at which something happens by itself."""
        bank = self.game.bank
        times = [bank.newest, bank.newest - GONE, bank.checked + TRUST]
        for account in bank.accounts.values():
            times += [account.hand_until, account.grace_until, account.granted]
            for lot in account.lots:
                times += [lot.start, lot.end]
        return times

    def clock(self):
        now = self.game.now
        pick = self.random.random()
        if pick < 0.35:
            times = [at for at in self.edges() if now - 2 * GONE < at < now + 400 * DAY]
            now = self.near(self.random.choice(times or [now]))
        elif pick < 0.42:
            now -= self.random.choice((1, SECOND, GONE - 1, GONE, GONE + 1, DAY))
        elif pick < 0.9:
            now += self.random.choice((1, SECOND, 60 * SECOND, 3600 * SECOND, DAY, 6 * DAY))
        else:
            now += self.random.choice((TRUST, 30 * DAY, 200 * DAY))
        return f"clock {max(now, 1)}"

    def amount(self, values):
        value = self.near(self.random.choice(values))
        if value > 0 and value % 36 == 0 and self.random.random() < 0.5:
            return f"{value // 3600}.{value % 3600 // 36:02}"
        return f"{value if value > 0 else self.random.choice((0, 1, 7, 3600))}s"

    def put_in(self, name=None):
        account = self.game.bank.accounts.get(name) or self.known()
        values = [1, 10, 3600, 100000, self.random.randint(1, 10**6)]
        if account:
            values += [account.debt, -account.available()] * 3
        return self.amount(values)

    def take_out(self, name):
        if self.random.random() < 0.15:
            return "all"
        account = self.game.bank.accounts.get(name)
        values = [1, 3600]
        if account:
            values += [account.rest()] * 4 + [lot.rest for lot in account.lots]
        return self.amount(values)

    def time(self, ahead=True):
        pick = self.random.random()
        if pick < 0.3:
            text = self.random.choice(DATES)
        elif pick < 0.5:
            # Edges, to the second.
            at = self.random.choice(self.edges()) // SECOND + self.random.choice((-1, 0, 0, 1))
            at = min(max(at, 0), 253402300799)
            text = datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime(
                "%Y-%m-%dT%H:%M:%SZ"
            )
        else:
            length = self.random.choice((0, 1, 2, 3, 7, 30, 365))
            unit = self.random.choice(("second", "minute", "hour", "day", "day", "week"))
            text = f"now+{length}{unit}s"
            if not ahead and self.random.random() < 0.2:
                text = text.replace("+", "-")
        return text

    def options(self, verb, **likely):
        """Returns some of these options, by their odds, if the verb has them."""
        text = ""
        for name, (odds, value) in likely.items():
            if "--" + name in self.verbs[verb] and self.random.random() < odds:
                text += f" --{name.replace('_', '-')} {value()}".rstrip()
        return text

    def ref(self):
        self.serial += self.random.random() < 0.6
        return f"r{self.serial}"

    def job(self):
        """Returns a line with a new job, or with one that ran and continues, ends, or is requeued."""
        bank, choice = self.game.bank, self.random.choice
        known = sorted(bank.jobs.items())
        running = [(key, job) for key, job in known if job["runs"]]
        cluster, name = choice(bank.clusters), self.account()
        now = self.game.now // SECOND
        if running and self.random.random() < 0.5:
            (cluster, number, submit), job = choice(running)
            name, start, limit = job["account"], job["start"], job["limit"]
            rest = job["qos"], job["partition"], job["billing"]
        else:
            self.job_id += 1
            number, limit = self.job_id, choice((0, 60, 3600, 86400, 7 * 86400))
            if known and self.random.random() < 0.2:  # another run, or an id that recurs
                (cluster, number, _), job = choice(known)
                name = job["account"]
            account = bank.accounts.get(name)
            since = account.by_jobs.get(cluster, 0) if account else 0
            start = max(-(-since // SECOND), now - choice((0, 1, 10, 3600, 86400, 3 * 86400)))
            submit = start - choice((0, 1, 60))
            rest = choice(list(QOS)), choice(("main", "gpu")), choice((0, 1, 1, 3, 10))
        ran = max(0, now - start)
        runs = int(self.random.random() < 0.3)
        if not runs:
            ran = self.random.randint(0, ran) if self.random.random() < 0.5 else ran
        state = "RUNNING" if runs else choice(("COMPLETED", "COMPLETED", "FAILED", "NODE_FAIL", "CANCELLED"))
        rest = " ".join(map(str, rest))
        suspended = self.random.randint(0, min(ran, 86399)) if self.random.random() < 0.1 else 0
        return (
            f"job {cluster} {number} {name} {state} {rest} {submit} {start} {ran} {suspended} {limit} {runs}"
        )

    def uses(self):
        """Returns a line with the use of each TRES, mostly near what the purses have."""
        bank = self.game.bank
        cluster, name = self.random.choice(bank.clusters + ["dev"]), self.account()
        uses = []
        for tres in METERED:
            purse = f"{name}:{tres}"
            before = bank.usage.get((cluster, purse), 0) // 60
            account = bank.accounts.get(purse)
            pick = self.random.random()
            if pick < 0.07:
                after = before - self.random.choice((1, before))
            elif account and pick < 0.6:
                first = [lot.rest for lot in account.lots[:1]]
                after = before + self.near(self.random.choice([*first, account.available()]) // 60)
            else:
                after = before + self.random.choice((0, 0, 1, 60, 700))
            uses.append(f"{tres}={max(after, 0)}")
        return f"tres {cluster} {name} {','.join(uses)}"

    def usage(self):
        if self.has_purses and self.random.random() < 0.5:
            return self.uses()
        if self.by_jobs and not self.switches or self.has_jobs and self.random.random() < 0.6:
            return self.job()
        bank = self.game.bank
        cluster, name = self.random.choice(bank.clusters + ["dev"]), self.account()
        before = bank.usage.get((cluster, name), 0)
        account = bank.accounts.get(name)
        pick = self.random.random()
        if self.has_jobs and self.random.random() < 0.3:
            after = self.recorded(cluster, name)
        elif pick < 0.07:
            after = before - self.random.choice((1, 10, before))
        elif account and pick < 0.6:
            first = [lot.rest for lot in account.lots[:2]]
            after = before + self.near(self.random.choice(first + [account.available()] * 2))
        else:
            after = before + self.random.choice((0, 1, 10, 1000, 3600, 40000))
        return f"usage {cluster} {name} {max(after, 0)}"

    def recorded(self, cluster, name):
        """Returns a reading that agrees with the jobs."""
        bank = self.game.bank
        account = bank.accounts.get(name)
        if not account or cluster not in account.meters:
            return 0
        line = Line(bank, account, cluster, 0, self.game.now // SECOND * SECOND, True)
        return account.meters[cluster][0] + line.difference

    def next_switch(self):
        """Returns lines that defer a charge and then change the meter. In half of the cases slurmdbd shows a job
        that ended before only after that."""
        if not self.switches:
            return self.next()
        name = self.account()
        later = f"clock {self.game.now + 60 * SECOND}"
        self.next_lines = ["run check", later, self.settings(len(self.game.bank.clusters)), "run check"]
        if self.has_jobs and self.random.random() < 0.5:
            self.job_id += 1
            start = self.game.now // SECOND - self.random.choice((20, 3600))
            late = f"job dev {self.job_id} {name} COMPLETED normal main 1 {start} {start} 10 0 3600 0"
            self.next_lines += [late, "run check"]
        return f"usage dev {name} {max(0, self.recorded('dev', name))}"

    def next(self):
        if self.next_lines:
            return self.next_lines.pop(0)
        weights = {
            verb: weight
            for verb, weight in self.WEIGHTS.items()
            if verb not in ("refund", "reverse", "set", "statement", "terms", "charge") or verb in self.verbs
        }
        if self.has_purses:
            # Of purses there is no record of jobs to compare with.
            weights.update(open=5, charge=7, terms=7, usage=20, reconcile=0)
        if not self.takes_over or "rename" not in self.verbs:
            weights.update(rename=0, merge=0)
        pick = self.random.choices(list(weights), list(weights.values()))[0]
        line = getattr(self, "next_" + pick)()
        if "--ref" in line or line.startswith("run statement"):
            self.repeatable.append(line)
        return line

    WEIGHTS = {
        "clock": 18, "usage": 16, "check": 20, "deposit": 13, "withdraw": 6, "transfer": 8,
        "hold": 3, "release": 4, "open": 2, "close": 2, "slurm": 3, "settings": 1, "balance": 4,
        "repeat": 2, "refund": 5, "reverse": 5, "set": 3, "statement": 3, "terms": 6, "reconcile": 4,
        "switch": 2, "charge": 2, "rename": 6, "merge": 5,
    }  # fmt: skip

    def next_repeat(self):
        """Returns an earlier line, as a retry."""
        return self.random.choice(self.repeatable) if self.repeatable else self.next()

    def next_clock(self):
        return self.clock()

    def next_usage(self):
        return self.usage()

    def next_check(self):
        names = f" {self.account()}" if self.random.random() < 0.1 else ""
        flag = " --clock-ok" if self.random.random() < 0.3 else ""
        return f"run check{names}{flag}"

    def every(self):
        return self.random.choice(("day", "day", "week", "week", "month", "quarter", "year"))

    def next_slices(self):
        """Returns a deposit in slices; mostly one that is not refused."""
        number, few = self.random.choice((2, 3, 4, 12, 53)), self.random.choice((0, 0, 1, 3))
        options = self.options("deposit", start=(0.4, lambda: self.time(True)), ref=(0.3, self.ref))
        options += self.options("deposit", carry=(0.4, lambda: few), borrow=(0.3, lambda: few))
        if self.random.random() < 0.1:
            number, options = self.random.choice((1, 401)), options + self.options("deposit", end=(0.5, self.time))
        su = self.random.choice(("1", "12", "0.5", "100s", "3s"))
        return f"run deposit {self.purse()[0]} {su} --slices {number} --every {self.every()}{options}"

    def next_deposit(self):
        if "--slices" in self.verbs["deposit"] and self.random.random() < 0.15:
            return self.next_slices()
        options = self.window("deposit", 0.3, 0.6) + self.options("deposit", ref=(0.15, self.ref))
        words, name = self.purse()
        return f"run deposit {words} {self.put_in(name)}{options}"

    def next_charge(self):
        words, name = self.purse()
        period = self.options(
            "charge",
            since=(0.4, lambda: self.time(False)),
            until=(0.3, lambda: self.time(self.random.random() < 0.2)),
            ref=(0.15, self.ref),
        )
        return f"run charge {words} {self.put_in(name)}{period}"

    def window(self, verb, start, end):
        """Returns a --start, an --end, both or none."""
        end = self.options(verb, end=(end, self.time))
        if end or self.game.bank.zone == "UTC":  # the end comes from --start
            return self.options(verb, start=(start, lambda: self.time(False))) + end
        return end

    def next_withdraw(self):
        words, name = self.purse()
        options = self.options("withdraw", ref=(0.15, self.ref))
        return f"run withdraw {words} {self.take_out(name)}{options}"

    def next_transfer(self):
        words, name = self.purse()
        options = self.options("transfer", ref=(0.15, self.ref))
        return f"run transfer {words} {self.account()} {self.take_out(name)}{options}"

    def past(self, *kinds):
        """Returns the name of an earlier entry, most likely of these kinds."""
        made = [(n, i, entry.kind) for n, entries in self.game.made.items() for i, entry in enumerate(entries)]
        liked = [x for x in made if x[2] in kinds] if self.random.random() < 0.95 else made
        return "@{}.{}".format(*self.random.choice(liked)[:2]) if liked else "1"

    def next_refund_of_jobs(self):
        known = sorted(self.game.bank.jobs)
        window = self.window("refund", 0.1, 0.4)
        if known and self.random.random() < 0.5:
            cluster, number, _ = self.random.choice(known)
            runs = self.random.choice(("", " --all-runs"))
            return f"run refund --job {cluster}/{number}{runs} --note x --immediate{window}"
        state = self.random.choice(("NODE_FAIL", "NODE_FAIL", "FAILED", "TIMEOUT"))
        since = " --since " + self.time(False)
        until = self.random.choice(("", " --until " + self.time()))
        return f"run refund --state {state}{since}{until} --note x --immediate{window}"

    def next_refund(self):
        if self.by_jobs and self.random.random() < 0.4:
            return self.next_refund_of_jobs()
        entry = self.past("charge", "job", "fee")
        amount = self.random.choice(("", "", " all", " 50%", " 33%", " 100%", " 101%", " 1s", " 1"))
        options = self.window("refund", 0.1, 0.4) + self.options("refund", ref=(0.1, self.ref))
        return f"run refund {entry}{amount} --note x{options}"

    def next_reverse(self):
        kinds = ("deposit", "withdraw", "transfer", "charge", "job", "fee", "refund", "expire", "adjust")
        entry = self.past(self.random.choice(kinds))
        options = self.window("reverse", 0.1, 0.4) + self.options("reverse", ref=(0.1, self.ref))
        return f"run reverse {entry} --note x{options}"

    def next_set(self):
        account = self.known()
        values = [0, 3600, 10000]
        if account:
            values += [account.allocated(), account.used(), account.allocated() - account.rest()]
        options = self.window("set", 0.1, 0.3) + self.options("set", ref=(0.1, self.ref))
        return f"run set {self.purse()[0]} {self.amount(values)}{options}"

    def next_reconcile(self):
        names = f" {self.account()}" if self.random.random() < 0.5 else ""
        period = self.options(
            "reconcile",
            since=(0.2, lambda: self.time(False)),
            until=(0.2, lambda: self.time(self.random.random() < 0.5)),
        )
        if self.random.random() < 0.5:
            period += " --apply --note x" + self.window("reconcile", 0.1, 0.4)
        return f"run reconcile{names} --json --format {RECORD_COLUMNS}{period}"

    def next_hold(self):
        return f"run hold {self.account()}" + self.options(
            "hold", until=(0.5, self.time), ref=(0.1, self.ref)
        )

    def next_release(self):
        return f"run release {self.account()}" + self.options(
            "release", until=(0.6, self.time), ref=(0.1, self.ref)
        )

    def next_open(self):
        money = self.random.choice(("", " 1", " 5s"))
        zero = " --from-zero" if self.random.random() < 0.2 else ""
        window = self.window("open", 0.2, 0.3) if money else ""
        return f"run open {self.purse()[0]}{money}{zero}{window}"

    def next_close(self):
        return f"run close {self.purse()[0]}" + self.options("close", ref=(0.2, self.ref))

    def next_rename(self):
        return self.take_over("rename", NAMES)

    def next_merge(self):
        return self.take_over("merge", ACCOUNTS)

    def take_over(self, verb, names):
        """Returns a rename or merge, in most cases with what may go before and after it: an account in
        Slurm, and late use of the former name."""
        bank, name = self.game.bank, self.account()
        fit = [
            to
            for to in names
            if to != name and (verb == "merge") == (to in bank.accounts and not bank.accounts[to].successor)
        ]
        to = self.random.choice(fit if fit and self.random.random() < 0.9 else NAMES)
        line = f"run {verb} {name} {to}" + self.options(verb, ref=(0.15, self.ref))
        line += self.random.choice(("", "", "", " --later"))
        if verb == "rename" and self.random.random() < 0.2:
            line += " --from-zero"
        lines, now = [line], self.game.now
        quota = verb == "merge" and "--quota" in self.verbs["terms"] and self.random.random() < 0.4
        if quota:  # it forgives debt that the receiver has, and not what it takes over afterwards
            now += DAY
            lines = [
                f"run terms {to} --quota 1 --every day --forgive-below 2",
                f"run charge {name} {self.random.choice((1, 5))}",
                f"clock {now}",
                line,
            ]
        if ("dev", to) not in bank.usage and self.random.random() < 0.9:
            lines.insert(0, f"usage dev {to} {self.random.choice((0, 0, 1000))}")
        if self.random.random() < 0.6:
            lines.append(self.usage())
            if not self.has_jobs and self.random.random() < 0.7:
                used = bank.usage.get(("dev", name), 0)
                lines[-1] = f"usage dev {name} {used + self.random.choice((1, 1000, 3600))}"
            lines += [f"clock {now + (DAY if quota else SECOND)}", "run check"]
        self.next_lines = lines[1:]
        return lines[0]

    def next_slurm(self):
        bank = self.game.bank
        shown = sorted(place for place in bank.usage if owner_of(place[1]) == place[1])
        if shown and self.random.random() < 0.3:
            return "vanish {} {}".format(*self.random.choice(shown))
        return f"silent {self.random.choice(bank.clusters)} {self.random.choice((0, 0, 1))}"

    def next_settings(self):
        return self.settings(self.random.choice((1, 2)))

    def next_balance(self):
        past = self.options("balance", **{"as-of": (0.6, lambda: self.time(False))})
        return f"run balance --json --format {COLUMNS}{past}"

    def next_statement(self):
        since, until = self.time(False), self.time(self.random.random() < 0.7)
        return f"run statement {self.account()} --json --entries --since {since} --until {until}"

    def next_quota(self):
        """Returns terms with a quota or a part of one."""
        if self.random.random() < 0.1:
            return f"run terms {self.purse()[0]} --quota none"
        account = self.known()
        debts = (account.debt, account.debt + 1) if account else ()
        terms = self.options(
            "terms",
            quota=(0.85, lambda: self.random.choice(("1", "10", "0.5", "100s", "7s"))),
            every=(0.75, self.every),
            start=(0.3, lambda: self.time(False)),
            carry=(0.3, lambda: self.random.choice((0, 0, 1, 1, 2, 1001))),
        )
        if self.random.random() < 0.5:
            terms += f" --forgive-below {self.random.choice((0, 100, 5000, *debts))}s"
        return f"run terms {self.purse()[0]}{terms or ' --limited'}" + self.options("terms", ref=(0.1, self.ref))

    def next_terms(self):
        pick = self.random.random()
        if self.has_purses and self.random.random() < 0.5:
            pick = self.random.uniform(0.4, 0.75)  # a rule that purses share
        if "--quota" in self.verbs["terms"] and self.random.random() < 0.5:
            return self.next_quota()
        if pick < 0.4:
            account = self.known()
            values = [0, 10, 3600] + ([account.debt, -account.available()] * 2 if account else [])
            value = self.near(self.random.choice(values))
            terms = f"--credit {value}s" if value > 0 else "--credit 0"
        elif pick < 0.6:
            soft = ("scavenge",) if self.game.bank.scavenger else ("off",)
            terms = f"--enforce {self.random.choice(('site', 'hold', 'warn') + soft)}"
        elif pick < 0.75 and "--thresholds" in self.verbs["terms"]:
            terms = f"--thresholds {self.random.choice(('site', 'none', '60,90', '1,100', '50'))}"
        else:
            terms = self.random.choice(("--limited", "--unlimited"))
        return f"run terms {self.purse()[0]} {terms}" + self.options("terms", ref=(0.1, self.ref))


# ---- runs ----


def replay(teller, mutation, lines):
    """Plays pairs (number, line). Returns how many were played until a difference, and the difference; or None."""
    game = Game(teller, mutation)
    for count, (number, line) in enumerate(lines, 1):
        problem = game.play(number, line)
        if problem:
            return count, problem
    return None


def shrink(teller, mutation, lines, problem):
    """Leaves out lines that the difference does not need: halves first, then fewer and fewer lines at once."""
    step = len(lines) // 2
    while step:
        at = 0
        while at < len(lines):
            found = replay(teller, mutation, lines[:at] + lines[at + step :])
            if found:
                lines = (lines[:at] + lines[at + step :])[: found[0]]
                problem = found[1]
            else:
                at += step
        step //= 2
    return lines, problem


def one_run(teller, seed, mutation, length):
    """Returns None, or the lines after which both differ, and the difference."""
    game = Game(teller, mutation)
    chooser = Chooser(seed, game)
    lines = []

    def step(line):
        lines.append((len(lines), line))
        return game.play(*lines[-1])

    for line in chooser.start():
        problem = step(line)
        if problem:
            return lines, problem
    for _ in range(chooser.random.randint(length // 2, length * 3 // 2)):
        problem = step(chooser.next())
        if problem:
            return lines, problem
    return None


def some_runs(seeds, mutation, length, wanted):
    """Returns the number of runs, and the differences; stops once there are [wanted] differences."""
    teller = Teller()
    found, count = [], 0
    for seed in seeds:
        differing = one_run(teller, seed, mutation, length)
        count += 1
        if differing:
            if replay(teller, mutation, differing[0]):
                differing = shrink(teller, mutation, *differing)
            else:
                differing = differing[0], differing[1] + "\n(not when the run was repeated)"
            found.append((seed, *differing))
            if len(found) >= wanted:
                break
    teller.stop()
    return count, found


def side_by_side(work, jobs):
    """Returns the results of work(0) to work(jobs - 1), each of which runs in a process of its own."""
    ends = []
    for job in range(jobs):
        end, start = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                with os.fdopen(start, "w") as out:
                    json.dump(work(job), out)
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
        os.close(start)
        ends.append((pid, end))
    results = []
    for pid, end in ends:
        with os.fdopen(end) as answer:
            text = answer.read()
        if os.waitpid(pid, 0)[1]:
            sys.exit("a process failed: see above")
        results.append(json.loads(text))
    return results


def runs(seed, count, mutation, length, wanted, jobs):
    """Runs some_runs() in several processes."""
    results = side_by_side(
        lambda job: some_runs(range(seed + job, seed + count, jobs), mutation, length, wanted), jobs
    )
    return sum(done for done, _ in results), sorted(difference for _, found in results for difference in found)


def undetected(mutations, length):
    """Returns the mutations that make no difference in 1000 runs. Nobody reads the differences, so they are
    not shrunk; the seeds are fixed, so that the result does not depend on chance."""
    teller = Teller()
    missed = [m for m in mutations if not any(one_run(teller, seed, m, length) for seed in range(1, 1001))]
    teller.stop()
    return missed


def report(done, found):
    for seed, lines, problem in found:
        print(f"--- seed {seed}: program and model differ after")
        for number, line in lines:
            print(f"    {line}" + (f"    # line {number}" if line.startswith("run") else ""))
        print(problem)
    print(f"{done} runs, {len(found)} differences")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("--seed", type=int, help="of the first run; each run adds 1")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--length", type=int, default=45, help="approximate number of commands in a run")
    parser.add_argument("--show", type=int, default=1, help="how many differences each process may find")
    parser.add_argument("--jobs", type=int, default=2, help="number of processes")
    parser.add_argument("--mutate", choices=MUTATIONS, help="break this rule of the model")
    parser.add_argument("--selftest", action="store_true", help="afterwards, break every rule in turn")
    args = parser.parse_args()
    seed = int(time.time()) if args.seed is None else args.seed
    print(f"--seed {seed} --runs {args.runs} --length {args.length}", flush=True)
    done, found = runs(seed, args.runs, args.mutate, args.length, args.show, args.jobs)
    report(done, found)
    failed = [] if not found else ["agreement"]
    if args.selftest:
        # A comparison that cannot fail proves nothing.
        verbs = Teller().stop().verbs
        usable = [m for m, (verb, option) in MUTATIONS.items() if option in verbs.get(verb, ())]
        missed = side_by_side(lambda job: undetected(usable[job :: args.jobs], args.length), args.jobs)
        for mutation in sum(missed, []):
            print(f"breaking the rule '{mutation}' was not detected")
            failed.append(mutation)
        print(f"{1 + len(usable) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
