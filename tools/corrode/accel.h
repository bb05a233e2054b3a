/* KVM or TCG? */
#ifndef CORRODE_ACCEL_H
#define CORRODE_ACCEL_H

#include <stdbool.h>

#define ACCELS "kvm|tcg"
enum accel { ACCEL_KVM, ACCEL_TCG };

/* FORCED is an enum accel, or -1 for "KVM where it works". Fatal when KVM is forced and does not work. */
enum accel accel_choose(int forced);

#endif
