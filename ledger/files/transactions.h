/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exports the entries that move money as balanced transactions for accounting programs: ledger and
 * hledger, which read the same form, and beancount. Dates are UTC days. Amounts are whole
 * billing-seconds of the commodity BS. Each other resource is a commodity of its own, counted in
 * its seconds: GRES-GPU for gres/gpu. A name that would not be one, or is longer than 24 bytes, is
 * cut and ends in a hash. The balance of Assets:ACCOUNT, or of Assets:ACCOUNT:RESOURCE, is its
 * deposits less its debt (account_net()). The other side is
 *
 *     Equity:Deposits, Equity:Withdrawals, Equity:Reversals, Equity:Adjustments
 *     Expenses:Charges:CLUSTER, Expenses:Reconciled:CLUSTER, Expenses:Refunds,
 *     Expenses:Expired, Expenses:Fees
 *
 * or, for a transfer, the other account. Each transaction names its entry. */
#pragma once

#include "ledger/files/export.h"

/* In descriptions, semicolons, bars, backslashes and blanks at the ends have a meaning to these
 * programs, and are written as \xNN. */
export_books transactions_ledger;

/* A part of beancount's account names begins with a capital letter or a digit and has letters,
 * digits and '-'. So the first letter of a name becomes a capital, and _ . @ % / : + become U D A C
 * S T P, where the ':' between an account and its resource stays; XX precedes a name that begins
 * with '_' or '.'. Different names stay different, since they have no capitals. */
export_books transactions_beancount;
