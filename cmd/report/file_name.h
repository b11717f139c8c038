/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names of an account's page and folder. */
#pragma once

enum { PAGE_NAME_SIZE = 224 };

/* Writes the account's name as a file's name of a-z, 0-9, '_', '-', '.' (not the first byte), and
 * XNN for any other byte, in hexadecimal. Accounts have small letters alone, so different accounts
 * get different names, and none is "ALL" or "index". A name that would be too long is cut, and ends
 * with "X-" and its hash. Returns [to]. */
const char *page_name(char to[PAGE_NAME_SIZE], const char *account);
