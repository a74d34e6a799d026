/* SPDX-License-Identifier: MIT */
/* exit() from a signal handler, at each instruction of the shortest ways through malloc and free, and at one
 * in eleven of the long ones: no alarm, no hang. The processor traps after each instruction; the handler has
 * a copy of the process call exit there. ALLOCATES: functions of atexit allocate and free then, where the
 * thread was in no slow path. */
/* { dg-link preload } */
/* { dg-variant "" } */
/* { dg-variant "-DTHREADS" } */
/* { dg-variant "-DTHREADS HAKMEM_STATS_FILE=/dev/null HAKMEM_SIZE_HIST=1 HAKMEM_TRACE_FILE=/dev/null" } */
/* { dg-variant "HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
/* { dg-variant "-DALLOCATES" } */
/* { dg-timeout 250 } */
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>

#include "check.h"

enum { STATUS = 7, SECONDS = 20, SHORT = 48, STRIDE = 11 };
static uintptr_t text_from, text_to; /* of the library */
static volatile int bad;
static volatile long windows, steps; /* steps: since the library was entered */

static int find_text(struct dl_phdr_info *info, size_t size, void *inside)
{
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uintptr_t from = info->dlpi_addr + p->p_vaddr;
        if (p->p_type == PT_LOAD && (p->p_flags & PF_X) && (uintptr_t)inside - from < p->p_memsz) {
            text_from = from;
            text_to = from + p->p_memsz;
        }
    }
    return 0;
}

#if defined(__x86_64__)
static void at_instruction(int number, siginfo_t *info, void *context)
{
    ucontext_t *at = context;
    uintptr_t here = (uintptr_t)at->uc_mcontext.gregs[REG_RIP];
    int status = 0, saved = errno;
    (void)number;
    (void)info;
    if (here < text_from || here >= text_to) {
        steps = 0;
    } else if (++steps <= SHORT || (steps + windows) % STRIDE == 0) {
        windows++;
        pid_t pid = (pid_t)syscall(SYS_fork); /* without handlers: a copy of this very state */
        if (pid == 0) {
            alarm(SECONDS);
            exit(STATUS);
        }
        if (syscall(SYS_wait4, pid, &status, 0, NULL) != pid || status != STATUS << 8) {
            dprintf(2, "%#lx + %#lx: status %#x\n", (unsigned long)text_from,
                    (unsigned long)(here - text_from), status);
            bad++;
        }
    }
    errno = saved;
}

static void step(int on)
{
    if (on)
        __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
    else
        __asm__ volatile("pushfq; andq $~0x100, (%%rsp); popfq" ::: "memory", "cc");
}
#else
static void at_instruction(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
}
static void step(int on)
{
    (void)on;
    _exit(77);
}
#endif

static void *wait_for_ever(void *unused)
{
    for (;;)
        pause();
    return unused;
}

/* Blocks of another thread: those of sizes that this one does not allocate wait to go home. */
enum { FOREIGN = 60 };
static void *foreign[FOREIGN];

static void *make_foreign(void *unused)
{
    for (int i = 0; i < FOREIGN; i++)
        CHECK((foreign[i] = malloc(i % 2 ? 600 : 9000)));
    return unused;
}

static void free_foreign(void)
{
    for (int i = 0; i < FOREIGN; i++)
        free(foreign[i]);
}

/* Each way through malloc and free at least once: hits, misses, full and spare magazines. */
static void use_heap(size_t size, int blocks)
{
    static void *block[64];
    for (int i = 0; i < blocks; i++)
        block[i] = malloc(size);
    for (int i = 0; i < blocks; i++)
        free(block[i]);
}

#ifdef ALLOCATES
enum { BLOCKS = 24, WARM = 200, STEPPED = 3 };

static void allocate_at_exit(void)
{
    use_heap(40, BLOCKS);
}

/* Lists and spare magazines change places: nothing goes below the cache any more. */
static void use_all(void)
{
    CHECK(atexit(allocate_at_exit) == 0);
    for (int i = 0; i < 3000 + WARM; i++)
        use_heap(40, i < 3000 ? 60 : BLOCKS);
    step(1);
    for (int i = 0; i < STEPPED; i++)
        use_heap(40, BLOCKS);
    step(0);
}
#else
static void use_all(void)
{
    step(1);
    use_heap(40, 2); /* the first blocks of the process */
    step(0);
    for (int i = 0; i < 3000; i++) /* and the last of those */
        use_heap(40, 60);
    step(1);
    use_heap(40, 24);
    use_heap(5000, 6);
    use_heap(70000, 2);
    use_heap(3000000, 2);
    free(realloc(malloc(100), 3000));
    free(calloc(10, 10));
    free_foreign();
    step(0);
}
#endif

int main(void)
{
    struct sigaction action = {.sa_sigaction = at_instruction, .sa_flags = SA_SIGINFO};
    pthread_t thread;
    dl_iterate_phdr(find_text, (void *)(uintptr_t)dlsym(RTLD_DEFAULT, "hak_version"));
    CHECK(text_from && sigaction(SIGTRAP, &action, NULL) == 0);
#ifdef THREADS
    CHECK(pthread_create(&thread, NULL, make_foreign, NULL) == 0 && pthread_join(thread, NULL) == 0);
    CHECK(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
#else
    (void)thread, (void)wait_for_ever, (void)make_foreign, (void)free_foreign;
#endif
    free(malloc(10)); /* the start of the library is another matter */
    use_all();
    dprintf(1, "%ld windows\n", windows);
    CHECK(windows > 500);
    return bad != 0;
}
