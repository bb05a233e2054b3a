/*
 * The tests of slabs once more, with the checks of debug builds: see slab_test.c.
 */
#include "tests/unit/slab_test.c"
