/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exports the entries that move money as balanced transactions for accounting programs: ledger and
 * hledger, which read the same form, and beancount. Dates are UTC days. Amounts are whole
 * billing-seconds of the commodity BS. The balance of Assets:ACCOUNT is its deposits less its debt
 * (account_net()). The other side is
 *
 *     Equity:Deposits, Equity:Withdrawals, Equity:Reversals, Equity:Adjustments
 *     Expenses:Charges:CLUSTER, Expenses:Reconciled:CLUSTER, Expenses:Refunds,
 *     Expenses:Expired
 *
 * or, for a transfer, the other account. Each transaction names its entry. */
#pragma once

#include "ledger/files/export.h"

/* In descriptions, semicolons, bars, backslashes and blanks at the ends have a meaning to these
 * programs, and are written as \xNN. */
export_books transactions_ledger;

/* A part of beancount's account names begins with a capital letter or a digit and has letters,
 * digits and '-'. So the first letter of a name becomes a capital, and _ . @ % / become U D A C S;
 * XX precedes a name that begins with '_' or '.'. Different names stay different, since they have
 * no capitals. */
export_books transactions_beancount;
