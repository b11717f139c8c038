/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The style of all pages, and the script of the index, as constants: pages hold them, since they
 * load nothing. The colours of texts have a contrast of 4.5 or more with what is behind them, those
 * of plots 3 or more, light and dark. */
#pragma once

extern const char report_style[];
extern const char index_script[];
