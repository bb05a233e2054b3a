# Archives of first files, and what they are compressed with. zlib and LZ4 are others' (third_party/manifest).

ZLIB := $(THIRD_PARTY)/zlib
ZLIB_SOURCES := $(addprefix $(ZLIB)/,infback.c inftrees.c inffast.c)
$(ZLIB_SOURCES): $(ZLIB)/.fetched ;
LZ4 := $(THIRD_PARTY)/lz4
LZ4_SOURCES := $(LZ4)/lib/lz4.c
$(LZ4_SOURCES): $(LZ4)/.fetched ;

ARCHIVE_SOURCES := $(addprefix kernel/fs/archive/,archive.c cpio.c gzip.c lz4.c) kernel/lib/xxh32.c $(ZLIB_SOURCES) $(LZ4_SOURCES)

# Without a C library beside them.
ARCHIVE_CFLAGS := -isystem $(ZLIB) -isystem $(LZ4)/lib -DZ_SOLO -DZLIB_CONST -DHAVE_MEMCPY -DLZ4_FREESTANDING=1
ARCHIVE_CFLAGS += -DLZ4_memcpy=__builtin_memcpy -DLZ4_memmove=__builtin_memmove -DLZ4_memset=__builtin_memset
archive-users = $(call objects,$(1),kernel/fs/archive/gzip.c kernel/fs/archive/lz4.c $(ZLIB_SOURCES) $(LZ4_SOURCES))
$(foreach t,kernel kernel-debug,$(call archive-users,$t)): | $(ZLIB)/.fetched $(LZ4)/.fetched
$(call archive-users,kernel): private KERNEL_CFLAGS += $(ARCHIVE_CFLAGS)
$(call archive-users,kernel-debug): private KERNEL_DEBUG_CFLAGS += $(ARCHIVE_CFLAGS)
# zlib wants memcpy declared.
$(call objects,kernel,$(ZLIB_SOURCES) $(LZ4_SOURCES)): private KERNEL_CFLAGS += -w -include lib/string.h
$(call objects,kernel-debug,$(ZLIB_SOURCES) $(LZ4_SOURCES)): private KERNEL_DEBUG_CFLAGS += -w -UDEBUG -include lib/string.h
