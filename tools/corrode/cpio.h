/* Writing a tree of files down as a cpio archive, the form of an initramfs. */
#ifndef CORRODE_CPIO_H
#define CORRODE_CPIO_H

#include "tree.h"

/* Makes PATH. The same tree gives the same bytes. Fatal on errors. */
void cpio_write(struct tree_node *root, const char *path);

#endif
