# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives Chromium by the WebDriver protocol of chromedriver, with the standard library alone."""

import base64
import json
import os
import shutil
import subprocess
import urllib.request


class Browser:
    def __init__(self, scratch, dark=False, script=True):
        self.driver = None
        self.session = None
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                   "--no-first-run", "--disable-extensions", "--disable-background-networking",
                   "--force-device-scale-factor=1",
                   "--user-data-dir=" + os.path.join(scratch, "profile")]
        prefs = {} if script else {"profile.managed_default_content_settings.javascript": 2}
        env = dict(os.environ, HOME=scratch, TMPDIR=scratch, XDG_CONFIG_HOME=scratch, XDG_CACHE_HOME=scratch)
        self.log = open(os.path.join(scratch, "chromedriver.log"), "w+")
        # Port 0: the system chooses one, which chromedriver prints.
        self.driver = subprocess.Popen([shutil.which("chromedriver"), "--port=0"], stdout=subprocess.PIPE,
                                       stderr=self.log, env=env, text=True, start_new_session=True)
        for line in self.driver.stdout:
            if "started successfully on port" in line:
                self.address = "http://127.0.0.1:" + line.rstrip(".\n ").rsplit(" ", 1)[1]
                break
        answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": options, "prefs": prefs, "binary": shutil.which("chromium")}}}})
        self.session = answer["sessionId"]
        self.dark(dark)

    def call(self, method, path, body=None):
        request = urllib.request.Request(self.address + path, method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()) from error

    def do(self, path, body=None):
        return self.call("POST", "/session/" + self.session + path, body or {})

    def cdp(self, command, **params):
        return self.do("/goog/cdp/execute", {"cmd": command, "params": params})

    def open(self, path):
        self.do("/url", {"url": "file://" + path})

    def size(self, width, height=900):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def dark(self, on):
        self.cdp("Emulation.setEmulatedMedia",
                 features=[{"name": "prefers-color-scheme", "value": "dark" if on else "light"}])

    def run(self, script, *args):
        return self.do("/execute/sync", {"script": script, "args": list(args)})

    def find(self, selector):
        return next(iter(self.do("/element", {"using": "css selector", "value": selector}).values()))

    def click(self, selector):
        self.do("/element/%s/click" % self.find(selector))

    def type(self, selector, text):
        self.do("/element/%s/value" % self.find(selector), {"text": text})

    def messages(self):
        return [entry["message"] for entry in self.do("/se/log", {"type": "browser"})]

    def shot(self, to, whole=True):
        if whole:
            size = self.run("return [document.documentElement.clientWidth, document.documentElement.scrollHeight]")
            picture = self.cdp("Page.captureScreenshot", captureBeyondViewport=True,
                               clip={"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1})
        else:
            picture = self.cdp("Page.captureScreenshot")
        with open(to, "wb") as file:
            file.write(base64.b64decode(picture["data"]))

    def pdf(self, to):
        with open(to, "wb") as file:
            file.write(base64.b64decode(self.cdp("Page.printToPDF", printBackground=False, paperWidth=8.27,
                                                 paperHeight=11.69)["data"]))

    def close(self):
        try:
            if self.session:
                self.call("DELETE", "/session/" + self.session)
        finally:
            if self.driver:
                self.driver.terminate()
                self.driver.wait()
                self.driver.stdout.close()
            self.log.close()
