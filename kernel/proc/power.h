/* Starting the machine anew: by a program (reboot(2)), or by the keys Ctrl, Alt and Del. */
#ifndef CORRODE_PROC_POWER_H
#define CORRODE_PROC_POWER_H

#include <stdbool.h>

/* What the keys do: start the machine anew at once, as at first, or send SIGINT to process 1. */
void power_set_keys(bool at_once);

/* They have been pressed. Any context. */
void power_keys_pressed(void);

#endif
