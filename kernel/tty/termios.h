/*
 * The settings of a terminal, as programs pass them to the TC* and TIOC* requests of ioctl.
 *
 * Source: Linux's <asm-generic/termbits.h>, <asm-generic/ioctls.h> and <asm-generic/termios.h> for numbers and layouts;
 * termios(3), ioctl_tty(2).
 */
#ifndef CORRODE_TTY_TERMIOS_H
#define CORRODE_TTY_TERMIOS_H

#include "lib/types.h"

/* The kernel's struct termios: 36 bytes. */
#define NCCS 19
struct termios {
    uint32_t c_iflag, c_oflag, c_cflag, c_lflag;
    uint8_t c_line;
    uint8_t c_cc[NCCS];
};
_Static_assert(sizeof(struct termios) == 36, "struct termios");

/* TCGETS2 and TCSETS2. */
struct termios2 {
    struct termios termios;
    uint32_t c_ispeed, c_ospeed;
};
_Static_assert(sizeof(struct termios2) == 44, "struct termios2");

/* TCGETA and TCSETA: the lower halves. */
#define NCC 8
struct termio {
    uint16_t c_iflag, c_oflag, c_cflag, c_lflag;
    uint8_t c_line;
    uint8_t c_cc[NCC];
};
_Static_assert(sizeof(struct termio) == 18, "struct termio");

struct winsize {
    uint16_t rows, columns, x_pixels, y_pixels;
};

/* c_cc. */
#define VINTR 0
#define VQUIT 1
#define VERASE 2
#define VKILL 3
#define VEOF 4
#define VTIME 5
#define VMIN 6
#define VSWTC 7
#define VSTART 8
#define VSTOP 9
#define VSUSP 10
#define VEOL 11
#define VREPRINT 12
#define VDISCARD 13
#define VWERASE 14
#define VLNEXT 15
#define VEOL2 16
#define CC_DISABLED '\0' /* no byte is this one */

/* c_iflag. */
#define IGNBRK 01u
#define BRKINT 02u
#define IGNPAR 04u
#define PARMRK 010u
#define INPCK 020u
#define ISTRIP 040u
#define INLCR 0100u
#define IGNCR 0200u
#define ICRNL 0400u
#define IUCLC 01000u
#define IXON 02000u
#define IXANY 04000u
#define IXOFF 010000u
#define IMAXBEL 020000u
#define IUTF8 040000u

/* c_oflag. */
#define OPOST 01u
#define OLCUC 02u
#define ONLCR 04u
#define OCRNL 010u
#define ONOCR 020u
#define ONLRET 040u
#define TABDLY 014000u
#define XTABS 014000u

/* c_cflag. */
#define CBAUD 010017u
#define BOTHER 010000u
#define B38400 017u
#define B115200 010002u
#define CSIZE 060u
#define CS8 060u
#define CSTOPB 0100u
#define CREAD 0200u
#define PARENB 0400u
#define HUPCL 02000u
#define CLOCAL 04000u
#define IBSHIFT 16 /* CIBAUD is CBAUD, so far to the left */

/* c_lflag. */
#define ISIG 01u
#define ICANON 02u
#define ECHO 010u
#define ECHOE 020u
#define ECHOK 040u
#define ECHONL 0100u
#define NOFLSH 0200u
#define TOSTOP 0400u
#define ECHOCTL 01000u
#define ECHOPRT 02000u
#define ECHOKE 04000u
#define IEXTEN 0100000u

/* Requests. */
#define TCGETS 0x5401u
#define TCSETS 0x5402u
#define TCSETSW 0x5403u
#define TCSETSF 0x5404u
#define TCGETA 0x5405u
#define TCSETA 0x5406u
#define TCSETAW 0x5407u
#define TCSETAF 0x5408u
#define TCSBRK 0x5409u
#define TCXONC 0x540au
#define TCFLSH 0x540bu
#define TIOCEXCL 0x540cu
#define TIOCNXCL 0x540du
#define TIOCSCTTY 0x540eu
#define TIOCGPGRP 0x540fu
#define TIOCSPGRP 0x5410u
#define TIOCOUTQ 0x5411u
#define TIOCSTI 0x5412u
#define TIOCGWINSZ 0x5413u
#define TIOCSWINSZ 0x5414u
#define TIOCMGET 0x5415u
#define TIOCMBIS 0x5416u
#define TIOCMBIC 0x5417u
#define TIOCMSET 0x5418u
#define TIOCGSOFTCAR 0x5419u
#define TIOCSSOFTCAR 0x541au
#define FIONREAD 0x541bu /* TIOCINQ */
#define TIOCLINUX 0x541cu
#define TIOCCONS 0x541du
#define TIOCGSERIAL 0x541eu
#define TIOCSSERIAL 0x541fu
#define TIOCPKT 0x5420u
#define TIOCNOTTY 0x5422u
#define TIOCSETD 0x5423u
#define TIOCGETD 0x5424u
#define TCSBRKP 0x5425u
#define TIOCSBRK 0x5427u
#define TIOCCBRK 0x5428u
#define TIOCGSID 0x5429u
#define TCGETS2 0x802c542au
#define TCSETS2 0x402c542bu
#define TCSETSW2 0x402c542cu
#define TCSETSF2 0x402c542du
#define TIOCGPTN 0x80045430u
#define TIOCSPTLCK 0x40045431u
#define TIOCGDEV 0x80045432u
#define TIOCVHANGUP 0x5437u
#define TIOCGPKT 0x80045438u
#define TIOCGPTLCK 0x80045439u
#define TIOCGEXCL 0x80045440u
#define TIOCGPTPEER 0x5441u
#define TIOCGLCKTRMIOS 0x5456u
#define TIOCSLCKTRMIOS 0x5457u

/* Arguments of TCFLSH and TCXONC. */
#define TCIFLUSH 0
#define TCOFLUSH 1
#define TCIOFLUSH 2
#define TCOOFF 0
#define TCOON 1
#define TCIOFF 2
#define TCION 3

#endif
