/* The ledger's fixture, for the tests of this folder as well. */
/* NOLINTNEXTLINE(bugprone-suspicious-include) */
#include "tests/consensus/ledger/fixture.c"
