/*
 * keyring.h - keys that somebody sat here with, ever.
 *
 * A key that was given up may have been taken: nobody sits down with it again,
 * in whatever seat, or two seats had one id and what was signed with it would
 * accuse both. A seat remembers its last keys but one; all others are in the
 * founding and in the proposals that were carried out, which the books keep.
 * Pure.
 */
#ifndef QML_CONSENSUS_LEDGER_KEYRING_H
#define QML_CONSENSUS_LEDGER_KEYRING_H

#include <stdbool.h>

#include "consensus/ledger/ledger.h"

/* Was one of these two keys a member's up to the head? */
bool keyring_used(const struct ledger *l, const struct member *m);

#endif
