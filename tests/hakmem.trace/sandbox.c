/* SPDX-License-Identifier: MIT */
/* A failure is recorded in a sandbox that kills for every other system call than those hakmem(7) names. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "check.h"

#define ALLOW(number)                                                                                        \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

int main(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(SYS_mmap),
        ALLOW(SYS_munmap),
        ALLOW(SYS_mremap),
        ALLOW(SYS_mprotect),
        ALLOW(SYS_futex),
        ALLOW(SYS_write),
        ALLOW(SYS_exit_group),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    struct rlimit limit = {256 << 20, 256 << 20};
    struct hak_stats stats;
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    CHECK(heap_stats(&stats) == 0 && stats.failures == 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        return 77;
    int failed = 0;
    for (int i = 0; i < 2000000 && failed < 10; i++)
        failed += malloc(500) == NULL;
    failed += malloc((size_t)(uintptr_t)hide((void *)SIZE_MAX)) == NULL;
    failed += malloc((size_t)1 << 60) == NULL;
    syscall(SYS_exit_group, failed == 12 ? 0 : 1);
    return 1;
}
