#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the output of a terminal of 80 columns: bytes on stdin, an SVG on stdout.

Handles text, line ends and the colours and weights that subank sets (SGR). Any other control
sequence is an error, so that nothing is lost silently.
"""
import re
import sys
from xml.sax.saxutils import escape

COLUMNS = 80
CELL, LINE, SIZE, MARGIN = 8.43, 19, 14, 16
FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
PAPER, INK = "#1d2021", "#ebdbb2"
COLOURS = {
    30: "#665c54", 31: "#fb4934", 32: "#b8bb26", 33: "#fabd2f",
    34: "#83a598", 35: "#d3869b", 36: "#8ec07c", 37: "#ebdbb2", 90: "#928374",
}


def runs(line):
    """Yields the parts of a line that have one style: (row, column, text, style). A long line wraps."""
    style, at = {}, 0
    # Drops text that was erased.
    line = re.sub(r".*\r(\x1b\[K)?", lambda wiped: "" if wiped[1] else wiped[0], line)
    for part in re.split(r"(\x1b\[[0-9;]*[A-Za-z])", line):
        if not part:
            continue
        if part[0] != "\x1b":
            if re.search(r"[\x00-\x1f]", part):
                raise SystemExit(f"picture: a control character in {part!r}")
            while part:
                row, column = divmod(at, COLUMNS)
                head, part = part[:COLUMNS - column], part[COLUMNS - column:]
                yield row, column, head, dict(style)
                at += len(head)
        elif part[-1] == "m":
            for code in (int(c or 0) for c in part[2:-1].split(";")):
                if code == 0:
                    style = {}
                elif code == 1:
                    style["font-weight"] = "bold"
                elif code == 2:
                    style["fill"] = COLOURS[90]
                elif code == 39:
                    style.pop("fill", None)
                elif code in COLOURS:
                    style["fill"] = COLOURS[code]
                else:
                    raise SystemExit(f"picture: unknown colour {code}")
        elif part not in ("\x1b[K", "\x1b[0K"):
            raise SystemExit(f"picture: unknown control sequence {part!r}")


def main():
    lines = sys.stdin.buffer.read().decode().replace("\r\n", "\n").strip("\n").split("\n")
    texts, first = [], 0
    for line in lines:
        rows = 1
        for row, column, text, style in runs(line):
            rows = max(rows, row + 1)
            y = MARGIN + (first + row) * LINE + SIZE
            attributes = "".join(f' {name}="{value}"' for name, value in sorted(style.items()))
            # Each word has its own position, whatever font is used.
            for word in re.finditer(r"\S+( \S+)*", text):
                x = MARGIN + (column + word.start()) * CELL
                texts.append(f'<text x="{x:.1f}" y="{y}" textLength="{len(word.group()) * CELL:.1f}"{attributes}>'
                             f'{escape(word.group())}</text>')
        first += rows
    width = COLUMNS * CELL + 2 * MARGIN
    height = first * LINE + 2 * MARGIN
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
          f'viewBox="0 0 {width:.0f} {height}">')
    print(f'<rect width="100%" height="100%" rx="6" fill="{PAPER}"/>')
    print(f'<g font-family="{escape(FONT)}" font-size="{SIZE}" fill="{INK}" xml:space="preserve">')
    print("\n".join(texts))
    print("</g>\n</svg>")


main()
