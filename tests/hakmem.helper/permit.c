/* SPDX-License-Identifier: MIT */
/* No helper where a program of one thread could come out differently for one: it imports what is refused to,
 * or changes only one of several threads, or as root may change who it is; a filter of seccomp(2) is there;
 * by request. FOUND: one is expected, as without all of that; CHANGES:
 * as root one that the C library knows. */
/* { dg-variant "-DFOUND" } */
/* { dg-variant "-DIMPORT=unshare(0)" } */
/* { dg-variant "-DIMPORT=setns(-1,0)" } */
/* { dg-variant "-DIMPORT=prctl(0)" } */
/* { dg-variant "-DIMPORT=chroot(\"/\")" } */
/* { dg-variant "-DIMPORT=unshare(0) -DFOUND HAKMEM_ACE_THREAD=1" } */
/* { dg-variant "-DIMPORT=setuid(getuid()) -DROOT" } */
/* { dg-variant "-DIMPORT=setuid(getuid()) -DFOUND -DCHANGES HAKMEM_ACE_THREAD=1" } */
/* { dg-variant "-DFILTER" } */
/* { dg-variant "-DNEVER HAKMEM_ACE_THREAD=0" } */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "helper.h"

static volatile int never;

#ifdef FILTER
#define REFUSE(number)                                                                                       \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

/* Without the names of functions that set filters: such a program is started with one. */
static int call(long number, long a, long b, const void *c)
{
    long result;
    register long r10 __asm__("r10") = 0, r8 __asm__("r8") = 0;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return (int)result;
}

static void set_filter(void)
{
    static struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        REFUSE(SYS_clone),
        REFUSE(SYS_clone3),
        REFUSE(SYS_membarrier),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    CHECK(call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, NULL) == 0);
    CHECK(call(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}
#endif

/* True if the process is privileged: it may become another user. */
static UNUSED bool is_root(void)
{
    unsigned long long permitted = 0;
    char line[256];
    FILE *f = fopen("/proc/self/status", "r");
    CHECK(f);
    while (fgets(line, sizeof line, f))
        if (strncmp(line, "CapPrm:", 7) == 0)
            permitted = strtoull(line + 7, NULL, 16);
    fclose(f);
    return permitted != 0;
}

int main(void)
{
    bool expected = false;
#ifdef IMPORT
    if (never)
        (void)!IMPORT;
#endif
#ifdef FILTER
    set_filter();
#endif
#ifdef FOUND
    expected = true;
#endif
#ifdef ROOT
    expected = !is_root();
#endif
    CHECK(burst_until_helper(expected ? 60000 : 1500) == expected);
#ifdef CHANGES
    CHECK(!__libc_single_threaded == is_root());
#endif
    return 0;
}
