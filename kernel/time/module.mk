# Clocks and timers.

TIME_SOURCES := $(addprefix kernel/time/,clock.c timebase.c calibrate.c sources.c acpi_pm.c pit.c tsc.c rtc.c)
