/*
 * The CMOS clock (kernel/time/rtc.c): what its registers mean, against the C library's calendar, and reading it from
 * ports where it is changing, broken or not there.
 */
#include "tests/unit/unit.h"

#include "arch/x86_64/io.h"
#include "time/clock.h"
#include "time/rtc.h"

#include <string.h>
#include <time.h>

/* ------------------------------------------------------------------------------------------------------------------
 * The clock's own logic: it counts on while it is read.
 */

static struct {
    bool present;
    uint8_t registers[128];
    unsigned updating;     /* so many looks at register A see UIP */
    unsigned change_after; /* so many accesses, and the second changes; 0: never */
    unsigned changes;      /* how often it may */
    uint8_t index;
    bool nmi_off;
    uint64_t delayed;
} cmos;

void fake_outb(uint16_t port, uint8_t value)
{
    if (port != 0x70)
        return;
    cmos.index = value & 0x7f;
    cmos.nmi_off = value & 0x80;
}

uint8_t fake_inb(uint16_t port)
{
    if (port != 0x71 || !cmos.present)
        return 0xff;
    static unsigned accesses;
    if (cmos.change_after && cmos.changes && ++accesses % cmos.change_after == 0) {
        cmos.registers[0] = (uint8_t)((cmos.registers[0] & 0xf0) | (cmos.registers[0] + 1) % 8);
        cmos.changes--;
    }
    if (cmos.index == 0x0a && cmos.updating) {
        cmos.updating--;
        return 0xa6;
    }
    return cmos.registers[cmos.index];
}

void clock_delay(uint64_t ns)
{
    cmos.delayed += ns;
}

static void plug_in(void)
{
    memset(&cmos, 0, sizeof cmos);
    cmos.present = true;
    static const uint8_t registers[] = {0x56, 0, 0x34, 0, 0x12, 0, 0, 0x15, 0x06, 0x24, 0x26, 0x02, 0, 0x80};
    memcpy(cmos.registers, registers, sizeof registers); /* 2024-06-15 12:34:56 */
    cmos.registers[0x32] = 0x20;
}

/* ------------------------------------------------------------------------------------------------------------------ */

static uint8_t coded(int value, bool binary)
{
    return (uint8_t)(binary ? value : value / 10 << 4 | value % 10);
}

/* The registers for a time, as each of the four kinds of clocks has them. */
static struct rtc_registers registers_of(time_t time, bool binary, bool hours24, bool century)
{
    struct tm tm;
    gmtime_r(&time, &tm);
    int hour12 = tm.tm_hour % 12 ? tm.tm_hour % 12 : 12;
    return (struct rtc_registers){
        .second = coded(tm.tm_sec, binary),
        .minute = coded(tm.tm_min, binary),
        .hour = hours24 ? coded(tm.tm_hour, binary) : (uint8_t)(coded(hour12, binary) | (tm.tm_hour >= 12 ? 0x80 : 0)),
        .day = coded(tm.tm_mday, binary),
        .month = coded(tm.tm_mon + 1, binary),
        .year = coded(tm.tm_year % 100, binary),
        .century = coded(19 + tm.tm_year / 100, binary),
        .has_century = century,
        .status_b = (uint8_t)((binary ? RTC_BINARY : 0) | (hours24 ? RTC_24_HOURS : 0)),
    };
}

/* Every day around noon and midnight for two centuries and more. */
static void test_calendar(void **state)
{
    for (unsigned kind = 0; kind < 8; kind++) {
        bool century = kind & 4;
        time_t end = century ? 32503680000 : 3155760000; /* the year 3000; 2070 */
        for (time_t time = 0; time < end; time += 43200 + random() % 7200 - 3600) {
            struct rtc_registers registers = registers_of(time, kind & 1, kind & 2, century);
            uint64_t seconds = 0;
            if (!rtc_decode(&registers, &seconds) || seconds != (uint64_t)time)
                fail_msg("kind %u: %ld became %lu", kind, time, seconds);
            if (century)
                time += 86400 * 3;
        }
    }
}

static void test_nonsense(void **state)
{
    static const struct rtc_registers good = {0x56, 0x34, 0x12, 0x15, 0x06, 0x24, 0x20, RTC_24_HOURS, true};
    uint64_t seconds;
    assert_true(rtc_decode(&good, &seconds));
    assert_int_equal(seconds, 1718454896);
    struct rtc_registers bad[] = {good, good, good, good, good, good, good, good, good, good, good};
    bad[0].second = 0x60;
    bad[1].minute = 0x0a;
    bad[2].hour = 0x24;
    bad[3].day = 0;
    bad[4].day = 0x31;
    bad[5].month = 0;
    bad[6].month = 0x13;
    bad[7].year = 0xa0;
    bad[8].status_b = 0, bad[8].hour = 0x80;
    bad[9].status_b = 0, bad[9].hour = 0x13;
    bad[10].month = 2, bad[10].day = 0x29, bad[10].year = 0x23;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(rtc_decode(&bad[i], &seconds));
    /* A century register that holds something else is not believed. */
    static const uint8_t centuries[] = {0x00, 0xff, 0x18, 0x30, 0x1a};
    for (size_t i = 0; i < sizeof centuries; i++) {
        struct rtc_registers odd = good;
        odd.century = centuries[i];
        assert_true(rtc_decode(&odd, &seconds));
        assert_int_equal(seconds, 1718454896);
    }
    struct rtc_registers early = good; /* 1924 is before time began */
    early.century = 0x19;
    assert_true(rtc_decode(&early, &seconds));
    assert_int_equal(seconds, 1718454896);
    struct rtc_registers ones;
    memset(&ones, 0xff, sizeof ones);
    assert_false(rtc_decode(&ones, &seconds));
    memset(&ones, 0, sizeof ones);
    assert_false(rtc_decode(&ones, &seconds));
}

/* Whatever is in the registers: a time after 1970, or none. */
static void test_anything(void **state)
{
    for (int i = 0; i < 1000000; i++) {
        uint8_t bytes[8];
        for (size_t j = 0; j < sizeof bytes; j++)
            bytes[j] = (uint8_t)(random() & (random() & 1 ? 0x1f : 0xff));
        struct rtc_registers registers = {
            bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7], random() & 1};
        uint64_t seconds;
        if (rtc_decode(&registers, &seconds))
            assert_in_range(seconds, 0, 32503680000);
    }
}

static void test_reading(void **state)
{
    uint64_t seconds = 0;
    plug_in();
    assert_true(rtc_read(0, &seconds));
    assert_int_equal(seconds, 1718454896);
    assert_false(cmos.nmi_off);
    assert_int_equal(cmos.delayed, 0);
    plug_in();
    assert_true(rtc_read(0x32, &seconds));
    assert_int_equal(seconds, 1718454896);

    plug_in(); /* it is just changing */
    cmos.updating = 20;
    assert_true(rtc_read(0, &seconds));
    plug_in(); /* it changes between two readings */
    cmos.change_after = 12;
    cmos.changes = 3;
    assert_true(rtc_read(0, &seconds));
    assert_in_range(seconds, 1718454890, 1718454899);
}

static void test_broken(void **state)
{
    uint64_t seconds;
    plug_in();
    cmos.present = false;
    assert_false(rtc_read(0, &seconds));
    assert_int_equal(cmos.delayed, 0);
    plug_in(); /* changes for ever */
    cmos.updating = 1000000;
    assert_false(rtc_read(0, &seconds));
    assert_in_range(cmos.delayed, 2000000, 4000000);
    plug_in(); /* never stands still */
    cmos.change_after = 5;
    cmos.changes = 1000000;
    assert_false(rtc_read(0, &seconds));
    plug_in(); /* the battery is dead */
    cmos.registers[0x0d] = 0;
    assert_false(rtc_read(0, &seconds));
    assert_false(cmos.nmi_off);
}

UNIT_MAIN(cmocka_unit_test(test_calendar), cmocka_unit_test(test_nonsense), cmocka_unit_test(test_anything),
    cmocka_unit_test(test_reading), cmocka_unit_test(test_broken))
