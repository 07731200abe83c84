/* The ledger's fixture, for the tests of this folder as well. */
#include "tests/consensus/ledger/fixture.c"
