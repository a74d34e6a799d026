/* SPDX-License-Identifier: MIT */
/* preload-canary.c - hakmem/preload-canary: an ordinary dynamic program that the trial run of hakmem-preload starts.
 *
 *   loaded    is libhakmem.so.1 in this process?
 *   threads   eight threads that allocate, and a child of fork that does
 *   sandbox   allocate behind a seccomp filter as strict as that of sshd before login
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <link.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int is_library(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    const char *slash = strrchr(info->dlpi_name, '/');
    if (slash && strcmp(slash, "/libhakmem.so.1") == 0)
        *(int *)data = 1;
    return 0;
}

static int loaded(void)
{
    int found = 0;
    dl_iterate_phdr(is_library, &found);
    return !found;
}

/* Blocks of many sizes, some kept, some grown; each holds what was written. */
static int churn(unsigned rounds)
{
    enum { KEPT = 256 };
    unsigned char *kept[KEPT] = {0};
    size_t sizes[KEPT] = {0};
    int bad = 0;
    for (unsigned i = 0; i < rounds && !bad; i++) {
        unsigned k = i * 7 % KEPT;
        size_t size = 1 + (size_t)i * 2654435761U % (i % 97 == 0 ? 200000 : 2000);
        if (kept[k] && (kept[k][0] != (unsigned char)k || kept[k][sizes[k] - 1] != (unsigned char)k))
            bad = 1;
        unsigned char *p = i % 3 ? NULL : kept[k];
        if (!p)
            free(kept[k]);
        kept[k] = realloc(p, size);
        if (!kept[k])
            return 1;
        sizes[k] = size;
        memset(kept[k], (int)k, size);
    }
    for (unsigned k = 0; k < KEPT; k++)
        free(kept[k]);
    return bad;
}

static void *thread(void *argument)
{
    (void)argument;
    return churn(5000) ? (void *)1 : NULL;
}

static int threads(void)
{
    enum { THREADS = 8, SMALL_STACK = 256 << 10 };
    pthread_t list[THREADS];
    pthread_attr_t small;
    int bad = 0, status;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, SMALL_STACK);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&list[i], &small, thread, NULL) != 0)
            return 1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(churn(2000));
    for (int i = 0; i < THREADS; i++) {
        void *result;
        bad = pthread_join(list[i], &result) != 0 || result ? 1 : bad;
    }
    return pid < 0 || waitpid(pid, &status, 0) != pid || status != 0 || bad;
}

#define ALLOW(call)                                                                                          \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##call, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static int sandbox(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(mmap),
        ALLOW(mprotect),
        ALLOW(munmap),
        ALLOW(mremap),
        ALLOW(madvise),
        ALLOW(brk),
        ALLOW(futex),
        ALLOW(getrandom),
        ALLOW(clock_gettime),
        ALLOW(getpid),
        ALLOW(gettid),
        ALLOW(read),
        ALLOW(write),
        ALLOW(close),
        ALLOW(rt_sigprocmask),
        ALLOW(exit),
        ALLOW(exit_group),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_openat, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    free(malloc(100));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        return 0; /* a kernel without */
    return churn(20000);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "loaded") == 0)
        return loaded();
    if (argc == 2 && strcmp(argv[1], "threads") == 0)
        return threads();
    if (argc == 2 && strcmp(argv[1], "sandbox") == 0)
        return sandbox();
    return 2;
}
