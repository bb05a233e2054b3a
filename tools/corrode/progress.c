/* The progress bar: see progress.h. */
#include "progress.h"

#include "report.h"
#include "text.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define WIDTH 40
#define FIRST_AFTER 0.5 /* seconds: quicker work needs no bar */
#define EVERY 0.1

static const char *label;
static uint64_t total;
static double began, shown;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void progress_begin(const char *what, uint64_t bytes)
{
    label = bytes && !report_quiet && isatty(STDERR_FILENO) ? what : NULL;
    total = bytes;
    began = now();
    shown = 0;
}

void progress_show(uint64_t done)
{
    if (!label)
        return;
    double time = now();
    if (time - began < FIRST_AFTER || time - shown < EVERY)
        return;
    shown = time;
    if (done > total)
        done = total;
    int filled = (int)(done * WIDTH / total);
    fprintf(stderr, "\r%-9s [%.*s%*s] %3u%%  %s/s ", label, filled, "########################################",
        WIDTH - filled, "", (unsigned)(done * 100 / total), text_size((uint64_t)((double)done / (time - began))));
}

void progress_end(void)
{
    if (label && shown > 0)
        fprintf(stderr, "\r%79s\r", "");
    label = NULL;
}
