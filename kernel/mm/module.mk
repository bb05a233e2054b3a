# Memory: page frames, slabs, virtual areas.

MM_SOURCES :=
