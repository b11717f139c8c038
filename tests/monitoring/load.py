#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads the metrics in the real programs: node_exporter reads the file, Prometheus scrapes it, evaluates the
example rules, and answers each query of the example dashboard.

load.py FOLDER METRICS RULES DASHBOARD ALERT...: ALERT, as NAME:ACCOUNT, must fire, and no other one may. FOLDER is
for files; node_exporter sees METRICS through a link in it. Both programs listen on free ports of the loopback."""
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

DEADLINE = time.monotonic() + 60
started = []


def start(folder, name, command):
    """Starts a program and returns its address, from its log."""
    path = os.path.join(folder, name + ".log")
    with open(path, "w") as log:
        program = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    started.append(program)

    def listening():
        with open(path) as log:
            text = log.read()
        if program.poll() is not None:
            sys.exit(f"{name} ended: {text}")
        found = re.search(r'msg="Listening on".*? address=([0-9.]+:[0-9]+)', text)
        return found and found[1]

    return wait(listening, f"{name} to listen")


def wait(condition, what):
    """Asks until the condition holds."""
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > DEADLINE:
            sys.exit(f"waited in vain for {what}")
        time.sleep(0.05)


def get(address, path, **query):
    url = f"http://{address}/{path}?{urllib.parse.urlencode(query)}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()
    except urllib.error.URLError:
        return ""


def ask(address, expression):
    """Returns the samples of an instant query."""
    text = get(address, "api/v1/query", query=expression)
    answer = json.loads(text) if text else {}
    if answer.get("status") != "success":
        sys.exit(f"Prometheus refuses {expression}: {text}")
    return answer["data"]["result"]


def expressions(dashboard):
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$account", ".*").replace("$resource", ".*")
    for variable in dashboard["templating"]["list"]:
        found = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable.get("definition", "label_values(up, job)"))
        yield variable["name"], f"group by ({found[2]}) ({found[1]})"


def main(folder, metrics, rules, dashboard, *alerts):
    seen = os.path.join(folder, "textfile")
    os.mkdir(seen)
    os.symlink(metrics, os.path.join(seen, "subank.prom"))
    exporter = start(folder, "node_exporter", [
        "prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
        f"--collector.textfile.directory={seen}", "--web.listen-address=127.0.0.1:0"])
    page = wait(lambda: get(exporter, "metrics"), "node_exporter")
    if "node_textfile_scrape_error 0" not in page:
        sys.exit(f"node_exporter cannot read the file:\n{page}")
    with open(metrics) as file:
        samples = [line.split("{")[0].split(" ")[0] for line in file if not line.startswith("#")]
    for name in samples:
        if f"\n{name}" not in page:
            sys.exit(f"node_exporter does not show {name}")

    config = os.path.join(folder, "prometheus.yml")
    with open(config, "w") as file:
        json.dump({"global": {"scrape_interval": "200ms", "scrape_timeout": "200ms", "evaluation_interval": "200ms"},
                   "rule_files": [rules],
                   "scrape_configs": [{"job_name": "node", "static_configs": [{"targets": [exporter]}]}]}, file)
    prometheus = start(folder, "prometheus", [
        "prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
        "--web.listen-address=127.0.0.1:0"])
    wait(lambda: get(prometheus, "-/ready").startswith("Prometheus Server is Ready"), "Prometheus")
    # Two scrapes: rates need them.
    wait(lambda: [s for s in ask(prometheus, "count_over_time(subank_journal_entries_total[1h])")
                  if int(s["value"][1]) >= 2], "two scrapes")
    if len(ask(prometheus, '{__name__=~"subank_.+"}')) != len(samples):
        sys.exit("Prometheus has other samples than the file")

    with open(dashboard) as file:
        for title, expression in expressions(json.load(file)):
            if not ask(prometheus, expression):
                sys.exit(f"the dashboard's '{title}' is empty: {expression}")

    def firing():
        found = ask(prometheus, 'ALERTS{alertstate="firing"}')
        return {s["metric"]["alertname"] + ":" + s["metric"].get("account", "") for s in found}

    wait(lambda: firing() == set(alerts), f"the alerts {alerts}")
    print(f"{len(samples)} samples, {len(alerts)} alerts")


signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
try:
    main(*sys.argv[1:])
finally:
    for one in started:
        one.terminate()
    for one in started:
        one.wait()
