# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens the pages of a report in Chromium: test_report.py FOLDER SCRATCH. FOLDER has the report of
`fill FOLDER hostile`."""

import os
import sys

from browser import Browser

folder, scratch = sys.argv[1:3]
failures = 0

# Lists texts whose contrast with what is behind them is below 4.5, as WCAG 2 computes it.
CONTRAST = """
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const rgb = color => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return Array.from(canvas.getImageData(0, 0, 1, 1).data); };
const light = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255;
    return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c[3] === 255) return c; } return [255, 255, 255, 255]; };
const low = new Set();
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
let count = 0;
while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || ['SCRIPT', 'STYLE', 'title'].includes(e.tagName)) continue;
    const style = getComputedStyle(e);
    const a = light(rgb(e instanceof SVGElement ? style.fill : style.color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    count++;
    if (ratio < 4.5) low.add(e.tagName + ' ' + e.className + ' ' + ratio.toFixed(2));
}
return [count, Array.from(low)];
"""
NAMES = "return Array.from(document.querySelectorAll('.list tbody tr')).filter(r => !r.hidden)" \
        ".map(r => r.cells[0].textContent)"


def expect(what, found, wanted):
    global failures
    if found == wanted:
        print("ok    " + what)
    else:
        failures += 1
        print("FAIL  %s: %r, not %r" % (what, found, wanted))


def expect_true(what, value):
    expect(what, bool(value), True)


def layout(browser):
    for page in ("index", "physics"):
        for width in (360, 768, 1280):
            for dark in (False, True):
                where = "%s, %d pixels, %s" % (page, width, "dark" if dark else "light")
                browser.dark(dark)
                browser.size(width)
                browser.open("%s/%s.html" % (folder, page))
                expect(where + ": as wide as the window", browser.run(
                    "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"), True)
                count, low = browser.run(CONTRAST)
                expect_true(where + ": has texts", count > 50)
                expect(where + ": contrast", low, [])
    browser.dark(False)
    browser.size(1280)


def hostile(browser):
    for page in ("index", "astro", "physics", "engineering"):
        browser.open("%s/%s.html" % (folder, page))
        expect(page + ": no element comes from a text", browser.run(
            "return document.querySelectorAll('img, iframe, object, [onerror], [onload], [style]').length + "
            "document.querySelectorAll('script').length - %d" % (page == "index")), 0)
        expect(page + ": no script of a text runs", browser.run("return document.title.includes('broken')"), False)
        expect(page + ": the page is whole", browser.run("return document.body.lastElementChild.tagName"),
               "SCRIPT" if page == "index" else "FOOTER")
    text = browser.run("return document.body.innerText")
    expect_true("a note is shown as text", "<img src=x onerror=\"document.title='broken'\">" in text)
    browser.open(folder + "/physics.html")
    text = browser.run("return document.body.textContent")
    expect_true("a user's name is shown as text", "\"></table><script>document.title='broken'</script>" in text)


def links(browser):
    browser.open(folder + "/index.html")
    pages = browser.run("return Array.from(document.querySelectorAll('.list a')).map(a => [a.textContent, a.href])")
    expect("each account has a page", len(pages), 16)
    for name, address in pages:
        path = address.removeprefix("file://")
        expect("the page of %.20s is in the folder" % name, [os.path.dirname(path), os.path.isfile(path)],
               [folder, True])
    browser.open(folder + "/physics.html")
    browser.click("nav a")
    expect("a page leads back", browser.run("return document.title"), "Accounts")


def sorting(browser):
    browser.open(folder + "/index.html")
    expect("16 accounts, by name", browser.run(NAMES)[3:6], ["biology", "chemistry", "climate"])
    browser.click(".list thead th:nth-child(3) button")
    expect("the most used first", browser.run(NAMES)[:3], ["theory", "chemistry", "observatory"])
    expect("the column says so", browser.run(
        "return document.querySelector('.list th:nth-child(3)').getAttribute('aria-sort')"), "descending")
    browser.click(".list thead th:nth-child(3) button")
    expect("and the least used", browser.run(NAMES)[-1], "theory")
    browser.click(".list thead th:nth-child(4) button")
    expect("the least available first, unlimited last", [browser.run(NAMES)[i] for i in (0, -1)],
           ["theory", "observatory"])
    browser.type("#name", "OLO")
    expect("filtered by name", sorted(browser.run(NAMES)), ["biology", "geology"])
    expect("the number is said", browser.run("return document.getElementById('count').textContent"),
           "2 of 16 accounts")
    browser.run("document.getElementById('name').value=''")
    browser.click("#state option[value=held]")
    expect("filtered by state", sorted(browser.run(NAMES)), ["engineering", "theory"])


def without_script(browser):
    browser.open(folder + "/index.html")
    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(folder + "/index.html")
    text = browser.call("GET", "/session/%s/element/%s/text" % (browser.session, browser.find("main")))
    expect("without script the accounts are there", "physics" in text and "125,000.00" in text, True)
    expect("and no control that needs it", "any" in text.split(), False)
    browser.cdp("Emulation.setScriptExecutionDisabled", value=False)


def readers(browser):
    browser.open(folder + "/physics.html")
    tree = browser.cdp("Accessibility.getFullAXTree")["nodes"]
    names = {(n.get("role", {}).get("value"), n.get("name", {}).get("value", "")) for n in tree}
    expect_true("the plot has a text", any(role in ("image", "img", "SvgRoot", "graphics-document") and
                                           "What was available day by day" in name for role, name in names))
    expect("each plot has a table", browser.run("return Array.from(document.querySelectorAll('figure'))"
           ".map(f => f.querySelectorAll('details table tbody tr').length > 5)"), [True, True, True])


browser = Browser(scratch)
try:
    layout(browser)
    hostile(browser)
    links(browser)
    sorting(browser)
    without_script(browser)
    readers(browser)
    expect("the browser reports no violation of the policy, and no error", browser.messages(), [])
finally:
    browser.close()
sys.exit(failures > 0)
