/* One progress bar on stderr: only when that is a terminal, and only once the work has taken long enough to matter. */
#ifndef CORRODE_PROGRESS_H
#define CORRODE_PROGRESS_H

#include <stdint.h>

/* Begins a bar for TOTAL bytes; LABEL says what is being done ("writing"). */
void progress_begin(const char *label, uint64_t total);
void progress_show(uint64_t done);
void progress_end(void);

#endif
