/*
 * The CMOS clock: see rtc.h.
 *
 * The clock counts once a second, and its registers are not to be read while it does: bit UIP of register A is set from
 * 244 us before. Since whoever looks may lose the processor right after, the registers are read until they are the same
 * twice.
 */
#include "time/rtc.h"

#include "arch/x86_64/io.h"
#include "time/clock.h"

#define PORT_INDEX 0x70 /* bit 7 set: no NMI meanwhile */
#define PORT_DATA 0x71
#define NMI_OFF 0x80

#define REGISTER_A 0x0a
#define A_UPDATING 0x80
#define REGISTER_B 0x0b
#define REGISTER_D 0x0d
#define D_VALID 0x80

#define UPDATE_STEP 10000ull /* ns between two looks at UIP */
#define UPDATE_STEPS 300
#define READ_TRIES 5

#define FIRST_YEAR 1970
#define CENTURY_MIN 19
#define CENTURY_MAX 29

/* ------------------------------------------------------------------------------------------------------------------
 * What the registers mean
 */

static bool number(uint8_t value, bool binary, unsigned least, unsigned most, unsigned *result)
{
    if (!binary && ((value & 0x0f) > 9 || value >> 4 > 9))
        return false;
    *result = binary ? value : (value >> 4) * 10u + (value & 0x0f);
    return *result >= least && *result <= most;
}

/* 12-hour clocks go 12, 1, 2 ... 11, and say by bit 7 that it is afternoon. */
static bool hour_of(const struct rtc_registers *registers, bool binary, unsigned *hour)
{
    if (registers->status_b & RTC_24_HOURS)
        return number(registers->hour, binary, 0, 23, hour);
    if (!number(registers->hour & 0x7f, binary, 1, 12, hour))
        return false;
    *hour = *hour % 12 + (registers->hour & 0x80 ? 12 : 0);
    return true;
}

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_in(unsigned month, unsigned year)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

/* A century register that holds no century is none; then the years are 1970 to 2069. */
static unsigned year_of(const struct rtc_registers *registers, bool binary, unsigned year)
{
    unsigned century;
    if (registers->has_century && number(registers->century, binary, CENTURY_MIN, CENTURY_MAX, &century) &&
        century * 100 + year >= FIRST_YEAR)
        return century * 100 + year;
    return year + (year < FIRST_YEAR % 100 ? 2000 : 1900);
}

static uint64_t days_before(unsigned year)
{
    uint64_t days = 0;
    for (unsigned y = FIRST_YEAR; y < year; y++)
        days += 365 + is_leap(y);
    return days;
}

bool rtc_decode(const struct rtc_registers *registers, uint64_t *seconds)
{
    bool binary = registers->status_b & RTC_BINARY;
    unsigned second, minute, hour, day, month, year;
    if (!number(registers->second, binary, 0, 59, &second) || !number(registers->minute, binary, 0, 59, &minute) ||
        !hour_of(registers, binary, &hour) || !number(registers->day, binary, 1, 31, &day) ||
        !number(registers->month, binary, 1, 12, &month) || !number(registers->year, binary, 0, 99, &year))
        return false;
    year = year_of(registers, binary, year);
    if (day > days_in(month, year))
        return false;
    uint64_t days = days_before(year) + day - 1;
    for (unsigned m = 1; m < month; m++)
        days += days_in(m, year);
    *seconds = days * 86400 + hour * 3600 + minute * 60 + second;
    return true;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Reading them
 */

static uint8_t cmos_read(uint8_t index)
{
    outb(PORT_INDEX, index | NMI_OFF);
    uint8_t value = inb(PORT_DATA);
    outb(PORT_INDEX, REGISTER_D); /* NMIs on again, and the index where no harm is done */
    return value;
}

static bool wait_for_update(void)
{
    for (int i = 0; i < UPDATE_STEPS; i++) {
        if (!(cmos_read(REGISTER_A) & A_UPDATING))
            return true;
        clock_delay(UPDATE_STEP);
    }
    return false;
}

static struct rtc_registers read_registers(uint8_t century)
{
    return (struct rtc_registers){
        .second = cmos_read(0),
        .minute = cmos_read(2),
        .hour = cmos_read(4),
        .day = cmos_read(7),
        .month = cmos_read(8),
        .year = cmos_read(9),
        .century = century ? cmos_read(century & 0x7f) : 0,
        .status_b = cmos_read(REGISTER_B),
        .has_century = century != 0,
    };
}

static bool same(const struct rtc_registers *a, const struct rtc_registers *b)
{
    return a->second == b->second && a->minute == b->minute && a->hour == b->hour && a->day == b->day &&
           a->month == b->month && a->year == b->year && a->century == b->century && a->status_b == b->status_b;
}

bool rtc_read(uint8_t century, uint64_t *seconds)
{
    uint8_t d = cmos_read(REGISTER_D);
    if (!(d & D_VALID) || (d == 0xff && cmos_read(REGISTER_A) == 0xff)) /* nothing answers */
        return false;
    for (int i = 0; i < READ_TRIES; i++) {
        if (!wait_for_update())
            return false;
        struct rtc_registers once = read_registers(century), again = read_registers(century);
        if (same(&once, &again))
            return rtc_decode(&again, seconds);
    }
    return false;
}
