# Memory: page frames, slabs, virtual areas.

MM_SOURCES := $(addprefix kernel/mm/,page.c page_boot.c page_check.c page_report.c slab.c kmalloc.c slab_debug.c slab_check.c vmap.c)
