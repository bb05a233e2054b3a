/*
 * corrode.conf (boot/loader/config.c): what good texts mean, and the sentence for each bad one.
 */
#include "tests/unit/unit.h"

#include "boot/loader/config.h"
#include "boot/loader/error.h"

#include <stdio.h>
#include <string.h>

static struct config config;
static char *block; /* the text, in a block with room for one byte more */

static int parse_bytes(const char *text, size_t length)
{
    free(block);
    block = malloc(length + 1);
    memcpy(block, text, length);
    block[length] = 'Z'; /* whatever was there */
    memset(&config, 0xcc, sizeof config);
    return config_parse(block, length, &config);
}

static void good(const char *text)
{
    if (parse_bytes(text, strlen(text)) < 0)
        fail_msg("\"%s\": %s", text, loader_error_text());
}

static void bad(const char *text, const char *sentence)
{
    if (parse_bytes(text, strlen(text)) == 0)
        fail_msg("\"%s\" was accepted", text);
    assert_string_equal(loader_error_text(), sentence);
}

static int free_block(void **state)
{
    free(block);
    block = NULL;
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Good texts
 */

static void test_defaults(void **state)
{
    good("kernel = /kernel.elf\n");
    assert_string_equal(config.kernel, "/kernel.elf");
    assert_string_equal(config.cmdline, "");
    assert_int_equal(config.module_count, 0);
    assert_false(config.video.set);
    assert_false(config.serial.set);
    assert_true(config.kaslr);
}

static void test_everything(void **state)
{
    good("# What to boot.\n"
         "\n"
         "kernel = /boot/kernel.elf\n"
         "cmdline = root=/dev/vda  trace=syscall # not a comment\n"
         "   \t \n"
         "module = /initramfs.cpio\n"
         "\tmodule\t=\t/second module.bin \n"
         "video = 1280x1024x24\n"
         "serial = com2,9600\n"
         "  # indented\n"
         "kaslr = off\n");
    assert_string_equal(config.kernel, "/boot/kernel.elf");
    assert_string_equal(config.cmdline, "root=/dev/vda  trace=syscall # not a comment");
    assert_int_equal(config.module_count, 2);
    assert_string_equal(config.modules[0], "/initramfs.cpio");
    assert_string_equal(config.modules[1], "/second module.bin");
    assert_true(config.video.set);
    assert_int_equal(config.video.video, BOOT_VIDEO_FRAMEBUFFER);
    assert_int_equal(config.video.width, 1280);
    assert_int_equal(config.video.height, 1024);
    assert_int_equal(config.video.bpp, 24);
    assert_true(config.serial.set);
    assert_int_equal(config.serial.port, 0x2f8);
    assert_int_equal(config.serial.baud, 9600);
    assert_false(config.kaslr);
}

/* One line a case, with the cmdline that comes of it. */
static void test_white_space(void **state)
{
    static const char *const cases[][2] = {
        {"kernel=k\ncmdline=a b", "a b"},
        {"kernel=k\r\ncmdline = a b \t\r\n", "a b"},
        {"kernel=k\r\n\r\ncmdline=\r\n", ""},
        {"kernel=k\ncmdline =", ""},
        {"kernel=k\ncmdline = = =x=\n", "= =x="},
        {"cmdline=quiet\n\n\n\nkernel=k", "quiet"},
        {"cmdline=\xc3\xa4\xff\x01\nkernel=k\n\n", "\xc3\xa4\xff\x01"},
        {" \t cmdline \t=\t\ta\tb\nkernel=k\n", "a\tb"},
        {"cmdline=x\n#\n# kernel=no\n#kernel=no\nkernel=k", "x"},
        {"cmdline=\"quoted\"\nkernel=k", "\"quoted\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        good(cases[i][0]);
        assert_string_equal(config.kernel, "k");
        assert_string_equal(config.cmdline, cases[i][1]);
    }
}

static void test_video(void **state)
{
    static const struct {
        const char *value;
        uint32_t video, width, height, bpp;
    } cases[] = {
        {"auto", BOOT_VIDEO_FRAMEBUFFER, 0, 0, 0},
        {"text", BOOT_VIDEO_TEXT, 0, 0, 0},
        {"1024x768", BOOT_VIDEO_FRAMEBUFFER, 1024, 768, 0},
        {"1x1", BOOT_VIDEO_FRAMEBUFFER, 1, 1, 0},
        {"999999x999999", BOOT_VIDEO_FRAMEBUFFER, 999999, 999999, 0},
        {"640x480x16", BOOT_VIDEO_FRAMEBUFFER, 640, 480, 16},
        {"640x480x24", BOOT_VIDEO_FRAMEBUFFER, 640, 480, 24},
        {"00640x480x032", BOOT_VIDEO_FRAMEBUFFER, 640, 480, 32},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "kernel=k\nvideo=%s", cases[i].value);
        good(text);
        assert_true(config.video.set);
        assert_int_equal(config.video.video, cases[i].video);
        assert_int_equal(config.video.width, cases[i].width);
        assert_int_equal(config.video.height, cases[i].height);
        assert_int_equal(config.video.bpp, cases[i].bpp);
    }
}

static void test_serial(void **state)
{
    static const struct {
        const char *value;
        uint16_t port;
        uint32_t baud;
    } cases[] = {
        {"off", 0, 115200},
        {"com1", 0x3f8, 115200},
        {"com2", 0x2f8, 115200},
        {"com3", 0x3e8, 115200},
        {"com4,1", 0x2e8, 1},
        {"com1,115200", 0x3f8, 115200},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "serial=%s\nkernel=k", cases[i].value);
        good(text);
        assert_true(config.serial.set);
        assert_int_equal(config.serial.port, cases[i].port);
        assert_int_equal(config.serial.baud, cases[i].baud);
    }
}

static void test_most_modules(void **state)
{
    char text[4096] = "kernel=k\n";
    for (int i = 1; i <= CONFIG_MAX_MODULES; i++)
        snprintf(text + strlen(text), 32, "module = /module-%d\n", i);
    good(text);
    assert_int_equal(config.module_count, CONFIG_MAX_MODULES);
    assert_string_equal(config.modules[CONFIG_MAX_MODULES - 1], "/module-32");
    snprintf(text + strlen(text), 32, "module = /one-more");
    bad(text, "corrode.conf line 34: more than 32 modules; pack several into one file.");
}

/* As long as the file may be. */
static void test_long_lines(void **state)
{
    char *text = malloc(CONFIG_MAX_SIZE + 1);
    memset(text, 'x', CONFIG_MAX_SIZE);
    memcpy(text, "kernel=k\ncmdline=", 17);
    text[CONFIG_MAX_SIZE] = '\0';
    good(text);
    assert_int_equal(strlen(config.cmdline), CONFIG_MAX_SIZE - 17);

    /* A sentence has an end, even about a line that has none. */
    memcpy(text, "kernel=k\n", 9);
    memset(text + 9, 'y', CONFIG_MAX_SIZE - 9);
    assert_int_equal(parse_bytes(text, CONFIG_MAX_SIZE), -1);
    assert_memory_equal(loader_error_text(), "corrode.conf line 2: \"yyyyyyyy", 30);
    assert_in_range(strlen(loader_error_text()), 100, 511);
    memset(text, '\n', CONFIG_MAX_SIZE - 1);
    text[CONFIG_MAX_SIZE - 1] = '!';
    assert_int_equal(parse_bytes(text, CONFIG_MAX_SIZE), -1);
    assert_string_equal(loader_error_text(), "corrode.conf line 16384: \"!\" is not of the form key = value.");
    free(text);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Bad texts
 */

#define KEYS "The keys are kernel, cmdline, module, video, serial, kaslr."
#define NO_KERNEL "corrode.conf: there is no line \"kernel = FILE\", so there is nothing to boot."
#define VIDEO_HINT ": write auto, text, or a mode such as 1024x768 or 1024x768x32."
#define SERIAL_HINT ": write off, or com1 to com4, perhaps with a speed: com1,115200."

static void test_bad_lines(void **state)
{
    static const char *const cases[][2] = {
        {"", NO_KERNEL},
        {"\n\n", NO_KERNEL},
        {"# kernel = k\n", NO_KERNEL},
        {"cmdline = kernel\n", NO_KERNEL},
        {"kernel = k\nbogus = 1\n", "corrode.conf line 2: unknown key \"bogus\". " KEYS},
        {"\n\n  Kernel = k", "corrode.conf line 3: unknown key \"Kernel\". " KEYS},
        {"kernels=k", "corrode.conf line 1: unknown key \"kernels\". " KEYS},
        {"kerne=k", "corrode.conf line 1: unknown key \"kerne\". " KEYS},
        {"ker nel=k", "corrode.conf line 1: unknown key \"ker nel\". " KEYS},
        {"=k", "corrode.conf line 1: unknown key \"\". " KEYS},
        {"=", "corrode.conf line 1: unknown key \"\". " KEYS},
        {"\r\n\r\nnonsense\r\n", "corrode.conf line 3: \"nonsense\" is not of the form key = value."},
        {"kernel k", "corrode.conf line 1: \"kernel k\" is not of the form key = value."},
        {"kernel", "corrode.conf line 1: \"kernel\" is not of the form key = value."},
        {"kernel =", "corrode.conf line 1: \"kernel\" has no value."},
        {"kernel = \t\r\n", "corrode.conf line 1: \"kernel\" has no value."},
        {"kernel=k\nmodule=", "corrode.conf line 2: \"module\" has no value."},
        {"kernel=k\nvideo=\n", "corrode.conf line 2: \"video\" has no value."},
        {"kernel=a\n\nkernel=a\n", "corrode.conf line 3: \"kernel\" is given a second time; leave one of them out."},
        {"cmdline=\ncmdline=\n", "corrode.conf line 2: \"cmdline\" is given a second time; leave one of them out."},
        {"kaslr=on\nkaslr=on\n", "corrode.conf line 2: \"kaslr\" is given a second time; leave one of them out."},
        {"kaslr=yes\n", "corrode.conf line 1: kaslr = yes: write on or off."},
        {"kaslr=ON\n", "corrode.conf line 1: kaslr = ON: write on or off."},
        {"\n\nkaslr=off off\n", "corrode.conf line 3: kaslr = off off: write on or off."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        bad(cases[i][0], cases[i][1]);
}

static void test_bad_values(void **state)
{
    static const struct {
        const char *key, *hint, *values[24];
    } cases[] = {
        {"video", VIDEO_HINT,
            {"Auto", "texts", "1024", "1024x", "x768", "1024x768x", "1024x768x8", "1024x768x15", "1024x768x32x",
                "1024*768", "1024X768", "0x768", "1024x0", "-1x768", "1024 x 768", "1000000x1", "1x1000000",
                "4294968320x768", "1024x768x4294967328", "99999999999999999999x1", "1024x768 32", "text,auto", "0"}},
        {"serial", SERIAL_HINT,
            {"com", "com0", "com5", "com11", "COM1", "on", "com1,", "com1,0", "com1,115201", "com1,9600x", "com1,,9600",
                "com1,-1", "com1 ,9600", "com1, 9600", "com1,4294976896", ",9600", "0x3f8", "off,x", "com1,com2", ",",
                "offs"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (const char *const *value = cases[i].values; *value; value++) {
            char text[128], sentence[256];
            snprintf(text, sizeof text, "# bad\n%s = %s\r\nkernel = k\n", cases[i].key, *value);
            snprintf(sentence, sizeof sentence, "corrode.conf line 2: %s = %s%s", cases[i].key, *value, cases[i].hint);
            bad(text, sentence);
        }
    }
}

/* A NUL anywhere, be it in a comment. */
static void test_nul(void **state)
{
    static const char text[] = "# one\n\nkernel = k\n # three";
    for (size_t at = 0; at < sizeof text - 1; at++) {
        char copy[sizeof text], sentence[128];
        unsigned line = 1;
        for (size_t i = 0; i < at; i++)
            line += text[i] == '\n';
        memcpy(copy, text, sizeof text);
        copy[at] = '\0';
        assert_int_equal(parse_bytes(copy, sizeof text - 1), -1);
        snprintf(sentence, sizeof sentence, "corrode.conf line %u: holds a NUL byte; it must be plain text.", line);
        assert_string_equal(loader_error_text(), sentence);
    }
}

/* UTF-16, as some editors save it. */
static void test_wide_text(void **state)
{
    assert_int_equal(parse_bytes("\xff\xfek\0=\0k\0\n\0", 10), -1);
    assert_string_equal(loader_error_text(), "corrode.conf line 1: holds a NUL byte; it must be plain text.");
}

UNIT_MAIN(cmocka_unit_test_teardown(test_defaults, free_block), cmocka_unit_test_teardown(test_everything, free_block),
    cmocka_unit_test_teardown(test_white_space, free_block), cmocka_unit_test_teardown(test_video, free_block),
    cmocka_unit_test_teardown(test_serial, free_block), cmocka_unit_test_teardown(test_most_modules, free_block),
    cmocka_unit_test_teardown(test_long_lines, free_block), cmocka_unit_test_teardown(test_bad_lines, free_block),
    cmocka_unit_test_teardown(test_bad_values, free_block), cmocka_unit_test_teardown(test_nul, free_block),
    cmocka_unit_test_teardown(test_wide_text, free_block))
