# Clocks and timers.

TIME_SOURCES :=
