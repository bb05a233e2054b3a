#!/bin/bash
# gcc and make: a program of several files, a library, an archive, debugging information, errors,
# and what comes out runs.
mkdir p && cd p || exit

# The program, a library for it, and how both are built.
cat >main.c <<'E'
#include "list.h"
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
static void *run(void *x) { *(int *)x = 42; return x; }
int main(int argc, char **argv)
{
    struct list *l = NULL;
    for (int i = 1; i < argc; i++)
        l = push(l, argv[i]);
    for (; l; l = l->next)
        printf("%s\n", l->text);
    int value = 0;
    pthread_t t;
    pthread_create(&t, NULL, run, &value);
    pthread_join(t, NULL);
    printf("%d %.3f %s\n", value, sqrt(argc), strerror(ENOENT));
    return argc;
}
E
cat >list.h <<'E'
struct list { struct list *next; const char *text; };
struct list *push(struct list *, const char *);
E
cat >list.c <<'E'
#include "list.h"
#include <stdlib.h>
struct list *push(struct list *l, const char *text)
{
    struct list *n = malloc(sizeof(*n));
    n->next = l;
    n->text = text;
    return n;
}
E
cat >Makefile <<'E'
CFLAGS = -O2 -Wall -g
all: prog shared
prog: main.o liblist.a
	$(CC) -o $@ main.o -L. -llist -lm
liblist.a: list.o
	ar rcs $@ $^
shared: main.o list.c
	$(CC) -shared -fPIC -o liblist2.so list.c
	$(CC) -o $@ main.o -L. -llist2 -lm -Wl,-rpath,'$$ORIGIN'
%.o: %.c list.h
	$(CC) $(CFLAGS) -c -o $@ $<
clean:
	rm -f *.o *.a *.so prog shared
.PHONY: all clean
E

# Built by two jobs, looked at again, and run.
make -j2 2>&1 | sort
make
touch list.h
sleep 0.01
make -n | wc -l
./prog one two
echo $?
./shared three
echo $?

# Errors.
echo 'int main(void) { return x; }' >bad.c
gcc -c bad.c
echo $?
make bad.o 2>&1 | tail -n 1
make nothing 2>&1
echo $?

# What other programs say of the files, and make of them.
size prog | tail -n 1 | wc -w
nm prog | grep -c ' T push'
objdump -d list.o | grep -c ret
readelf -h prog | grep Type
strip prog
./prog x | head -n 1
strings -n 8 prog | grep -c pthread
ldd shared | grep -c 'liblist2'
ar t liblist.a
ranlib liblist.a
objcopy -O binary list.o list.bin
addr2line -e shared 0 | wc -l
c++filt _Z3foov

# gcc: to assembly, from a pipe, only the preprocessor, between its passes, with files of its own.
echo 'int f(int x) { return x * 3; }' | gcc -x c -O2 -S -o - - | grep -c lea
echo 'A B(1)' | cpp -P -DA=one '-DB(x)=x' -
gcc -pipe -save-temps -o s list.c main.c -lm && ls s-*
echo '#include <stdio.h>
int main(void) { puts("typed in"); return 0; }' | gcc -x c - -o in && ./in
gcc -E list.c | grep -c malloc
gcc -print-file-name=crt1.o | wc -l
gcc -o cov --coverage list.c main.c -lm 2>/dev/null
ls *.gcno | wc -l

# A program in assembly, which ends at once.
cat >as.s <<'E'
.globl _start
_start: mov $60, %eax
        mov $9, %edi
        syscall
E
as -o as.o as.s && ld -o as as.o && ./as
echo $?
gcc -O2 -flto -c list.c 2>&1 | head -n 1
gcc -fsyntax-only -Wall main.c
gdb --version 2>/dev/null | wc -l >/dev/null

# make: a makefile from a pipe, jobs at once, recipes that fail.
make -f - <<'E'
all: a b
a b: ; @echo $@ $(MAKELEVEL) $(shell echo shelled)
	@$(MAKE) -f /dev/null -v | head -n1
E
printf 'all: x1 x2 x3 x4\nx%%:\n\t@sleep 0.1; echo $@\n' >m
make -f m -j4 | sort
make -f m -j2 --output-sync | sort
printf 'all:\n\t@exit 3\n' >m
make -f m
echo $?
printf 'all:\n\t-@false\n\t@kill -9 $$$$\n' >m
make -f m
echo $?
make clean
ls
