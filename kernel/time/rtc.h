/*
 * The battery-backed clock that every PC has since the AT, MC146818 and its successors: the time of day at start-up,
 * to the second. Corrode takes it for UTC.
 *
 * Source: Motorola MC146818A data sheet; ACPI 6.5, 4.8.2.4 and 5.2.9 (century).
 */
#ifndef CORRODE_TIME_RTC_H
#define CORRODE_TIME_RTC_H

#include "lib/types.h"

/* Its registers as they are read. */
struct rtc_registers {
    uint8_t second, minute, hour, day, month, year;
    uint8_t century;  /* where has_century */
    uint8_t status_b; /* RTC_24_HOURS, RTC_BINARY */
    bool has_century;
};
#define RTC_24_HOURS 0x02
#define RTC_BINARY 0x04

/* Seconds since 1970-01-01 00:00. False when they are no time. */
bool rtc_decode(const struct rtc_registers *registers, uint64_t *seconds);

/*
 * Reads the clock. CENTURY is acpi_century_register(). False when there is none, it does not stand still to be read,
 * its battery was empty, or its time is none. Takes up to 3 ms when it is just changing. During start-up only: nothing
 * keeps two from using the ports.
 */
bool rtc_read(uint8_t century, uint64_t *seconds);

#endif
