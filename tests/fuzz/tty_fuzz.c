/*
 * Fuzzes the line discipline (kernel/tty/tty*.c): any settings, input, reads, writes, requests and hang-ups in any
 * order, on a driver that takes as little as it likes. Nothing may crash or hang; the rings stay what they are; as many
 * bytes can be read as FIONREAD says; in raw mode all that was typed comes out.
 *
 * An input is a list of steps, each a byte for what and its operands.
 */
#include "tests/unit/tty_machine.h"

#include "tty/tty_internal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct script {
    const uint8_t *at, *end;
};

static uint8_t next(struct script *script)
{
    return script->at < script->end ? *script->at++ : 0;
}

static const uint8_t *next_bytes(struct script *script, size_t *size)
{
    const uint8_t *bytes = script->at;
    *size = min_u64(*size, (size_t)(script->end - script->at));
    script->at += *size;
    return bytes;
}

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void check(struct tty_machine *machine)
{
    const struct tty *tty = machine->tty;
    must(tty->head - tty->tail <= TTY_INPUT_SIZE);
    must(tty->output_head - tty->output_tail <= TTY_OUTPUT_SIZE);
    if (tty->termios.c_lflag & ICANON)
        must(tty->lines_end - tty->tail <= tty->head - tty->tail);
    machine->sent_size = 0;
}

static void set(struct tty_machine *machine, struct script *script)
{
    static const unsigned commands[] = {TCSETS, TCSETSW, TCSETSF, TCSETA, TIOCSLCKTRMIOS};
    struct termios termios;
    tty_machine_ioctl(machine, TCGETS, &termios);
    unsigned command = commands[next(script) % ARRAY_LENGTH(commands)];
    termios.c_iflag = (uint32_t)(next(script) | next(script) << 8);
    termios.c_oflag = (uint32_t)(next(script) | next(script) << 8);
    termios.c_lflag = (uint32_t)(next(script) | next(script) << 8);
    termios.c_cc[next(script) % NCCS] = next(script);
    if (tty_unsent(machine->tty) > 0 && command != TIOCSLCKTRMIOS)
        command = TCSETS; /* the others would wait */
    if (command == TIOCSLCKTRMIOS)
        termios.c_iflag &= next(script);
    tty_machine_ioctl(machine, command, &termios);
}

/* As much as there is can be read, and no more. */
static void read_all(struct tty_machine *machine)
{
    static uint8_t bytes[2 * TTY_INPUT_SIZE];
    int32_t count, done = 0;
    machine->typed_size = 0;
    if (tty_is_dead(&machine->file))
        return;
    tty_machine_ioctl(machine, FIONREAD, &count);
    for (;;) {
        long got = tty_machine_read(machine, bytes, sizeof bytes);
        if (got < 0 || (got == 0 && !tty_has_input(machine->tty, 1)))
            break;
        done += (int32_t)got;
    }
    must(done == count || machine->tty->session == tty_machine_self.session);
}

static void request(struct tty_machine *machine, struct script *script)
{
    static const unsigned commands[] = {TIOCSCTTY, TIOCNOTTY, TIOCGPGRP, TIOCSPGRP, TIOCGSID, TIOCSWINSZ, TIOCSTI,
        TCXONC, TCFLSH, TIOCEXCL, TIOCNXCL, TIOCSETD, TIOCVHANGUP, TIOCSSOFTCAR, TCGETA, TCGETS2};
    uint8_t buffer[64] = {0};
    unsigned command = commands[next(script) % ARRAY_LENGTH(commands)];
    buffer[0] = next(script);
    bool by_value = command == TIOCSCTTY || command == TCXONC || command == TCFLSH;
    if (command == TIOCSETD && tty_unsent(machine->tty) > 0)
        return; /* it would wait */
    tty_machine_ioctl(machine, command, by_value ? (void *)(uintptr_t)(buffer[0] % 5) : buffer);
}

static void become(struct script *script)
{
    tty_machine_self.session = next(script) % 3 * 100;
    tty_machine_self.group = tty_machine_self.session + next(script) % 2;
    tty_machine_self.leads = next(script) & 1;
    tty_machine_self.privileged = next(script) & 1;
    tty_machine_self.background = next(script) & 1 ? -5 : 0;
}

static void step(struct tty_machine *machine, struct script *script)
{
    static uint8_t buffer[8192];
    uint8_t what = next(script);
    size_t size = what >> 3;
    switch (what & 7) {
    case 0: set(machine, script); break;
    case 1:
    case 2: {
        const uint8_t *bytes = next_bytes(script, &size);
        if (machine->typed_size + size <= MACHINE_TYPED_MAX)
            tty_machine_type(machine, bytes, size);
        break;
    }
    case 3: {
        const uint8_t *bytes = next_bytes(script, &size);
        long written = tty_machine_write(machine, bytes, size);
        must(written <= (long)size);
        break;
    }
    case 4: must(tty_machine_read(machine, buffer, size) <= (long)size); break;
    case 5:
        if (size & 1)
            tty_machine_make_room(machine, next(script) * 16u);
        else
            read_all(machine);
        break;
    case 6:
        size = size * 256;
        memset(buffer, next(script), size);
        if (buffer[0] == machine->tty->termios.c_cc[VREPRINT])
            break; /* megabytes of echo */
        if (machine->typed_size + size <= MACHINE_TYPED_MAX)
            tty_machine_type(machine, buffer, size);
        break;
    case 7:
        switch (size % 5) {
        case 0: request(machine, script); break;
        case 1: become(script); break;
        case 2: tty_receive_bad(machine->tty, next(script)); break;
        case 3: tty_receive_break(machine->tty); break;
        case 4: tty_look_ahead(machine->tty, script->at, (size_t)(script->end - script->at) % 16); break;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tty_machine machine;
    struct script script = {data, data + size};
    memset(&tty_machine_self, 0, sizeof tty_machine_self);
    tty_machine_open(&machine);
    while (script.at < script.end) {
        step(&machine, &script);
        check(&machine);
    }
    if (tty_machine_self.terminal)
        tty_put(tty_machine_self.terminal);
    tty_machine_close(&machine);
    return 0;
}
