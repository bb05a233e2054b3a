# Clocks and timers.

TIME_SOURCES := $(addprefix kernel/time/,clock.c timebase.c share.c calibrate.c upkeep.c timer.c event.c)
TIME_SOURCES += $(addprefix kernel/time/,sources.c hpet.c acpi_pm.c pit.c tsc.c kvmclock.c sync.c rtc.c)
