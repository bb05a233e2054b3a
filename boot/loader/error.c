/*
 * The one place where the loader's error sentence is kept. See error.h.
 */
#include "boot/loader/error.h"

#include "lib/printf.h"

static char sentence[512];

int loader_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    return -1;
}

const char *loader_error_text(void)
{
    return sentence;
}
