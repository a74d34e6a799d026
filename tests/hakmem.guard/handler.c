/* SPDX-License-Identifier: MIT */
/* The program's own handler of SIGSEGV is called, whether it came before ours or later, and nothing is told.
 * A fault elsewhere, and a signal that somebody sends, end the process as ever. */
/* { dg-env HAKMEM_GUARD_BYTES=1 HAKMEM_GUARD_REPORT=1 } */
/* { dg-variant "-DBEFORE" } */
/* { dg-variant "-DLATER" } */
/* { dg-variant "-DNONE" } */
#include <setjmp.h>
#include <sys/mman.h>

#include "guarded.h"

static sigjmp_buf back;
static volatile uintptr_t met;

static UNUSED void on_segv(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    met = (uintptr_t)info->si_addr;
    siglongjmp(back, 1);
}

static UNUSED void install(void)
{
    struct sigaction action = {.sa_sigaction = on_segv, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
}

#ifdef BEFORE
__attribute__((constructor(101))) static void early(void)
{
    install();
}
#endif

static UNUSED void elsewhere(void *p)
{
    *(volatile char *)p = 1;
}

static UNUSED void sends(void *unused)
{
    (void)unused;
    kill(getpid(), SIGSEGV);
    pause();
}

static UNUSED void sent(void *unused)
{
    pid_t pid = getpid();
    if (fork() == 0) {
        kill(pid, SIGSEGV);
        _exit(0);
    }
    for (;;)
        pause();
    (void)unused;
}

int main(void)
{
    static char text[8192];
    char *p = guarded(96, 1);
#ifdef NONE
    struct sigaction now;
    CHECK(sigaction(SIGSEGV, NULL, &now) == 0 && now.sa_handler != SIG_DFL);
    char *other = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(child(elsewhere, other, text) == SIGSEGV && !text[0]);
    CHECK(child(elsewhere, (void *)8, text) == SIGSEGV && !text[0]);
    CHECK(child(sends, NULL, text) == SIGSEGV && !text[0]);
    CHECK(child(sent, NULL, text) == SIGSEGV && !text[0]);
    CHECK(child(elsewhere, p + 96, text) == SIGSEGV && text[0]);
#else
#ifdef LATER
    install();
#endif
    if (!sigsetjmp(back, 1)) {
        *(volatile char *)(p + 96) = 1;
        CHECK(!"reached");
    }
    CHECK(met == (uintptr_t)p + 96);
    (void)text;
    free(p);
    CHECK(heap_check() == 0);
#endif
    return 0;
}
