/* A valid chain, as the storage tests make it, for the tests of this folder. */
/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "tests/consensus/ledger/fixture.c"

#include "tests/consensus/chain/smallchain.c"
/* NOLINTEND(bugprone-suspicious-include) */
