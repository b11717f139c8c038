/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which file systems are on the network: locks and maps are not coherent there, as LMDB's
 * documentation warns, and a file may be waited for as long as its server is down. */
#pragma once

/* Returns the name of the file system with this f_type of statfs(), or NULL if it is on a disk of
 * this machine or unknown. */
const char *network_file_system(long type);
