/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The entries that move money, as balanced transactions for programs of others that add up books:
 * ledger and hledger, which read one form, and beancount. Dates are UTC days, amounts are whole
 * billing-seconds of the commodity BS, and the balance of Assets:ACCOUNT is what its deposits hold
 * less its debt (account_net()). Against it stand
 *
 *     Equity:Deposits, Equity:Withdrawals, Equity:Reversals, Equity:Adjustments
 *     Expenses:Charges:CLUSTER, Expenses:Refunds, Expenses:Expired
 *
 * and, of a transfer, the other account. Each transaction names its entry. */
#ifndef SUBANK_LEDGER_FILES_TRANSACTIONS_H
#define SUBANK_LEDGER_FILES_TRANSACTIONS_H

#include "ledger/files/export.h"

/* In a description, what these programs would read otherwise is written as \xNN: semicolon, bar,
 * backslash, and blanks at its ends. */
export_books transactions_ledger;

/* A part of beancount's account names begins with a capital letter or a digit and has letters,
 * digits and '-': the first letter of a name becomes a capital, '_' U and '.' D; XX stands before
 * one of those at the beginning. No two names become one, since names have no capitals. */
export_books transactions_beancount;

#endif
