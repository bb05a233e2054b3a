/* Finding embedded files: see embedded.h. */
#include "embedded.h"

#include "report.h"

#include <string.h>

const struct embedded_file *embedded_find(const char *name)
{
    for (const struct embedded_file *file = embedded_files; file->name; file++) {
        if (strcmp(file->name, name) == 0)
            return file;
    }
    fatal(NULL, "this corrode was built without %s; build it again", name);
}
