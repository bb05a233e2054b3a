/*
 * Errors of the loader are sentences: what is wrong, and what the person in front of the screen can do. The place that
 * notices writes the sentence and returns -1; whoever called hands the -1 on; the top prints the sentence.
 */
#ifndef CORRODE_BOOT_ERROR_H
#define CORRODE_BOOT_ERROR_H

/* Sets the sentence; always -1. The last one counts. */
int loader_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The sentence, without a newline. */
const char *loader_error_text(void);

#endif
