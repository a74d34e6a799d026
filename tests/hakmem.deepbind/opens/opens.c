/* SPDX-License-Identifier: MIT */
/* opens HOW LIBRARY: opens it with RTLD_DEEPBIND, has it allocate and free, and says whose malloc the C
 * library then has by name.
 *
 *   dlopen base new   by dlopen, dlmopen, dlmopen into a namespace of its own
 *   plain             without RTLD_DEEPBIND
 *   threads           from many threads at once, and again in a child
 *   refused           where the system refuses to make anything writable
 *   secure            in secure execution, as a set-group-id copy of itself (needs root)
 *   foreign           as dlopen, and nothing is freed: malloc is a third one's */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(what) ((what) ? (void)0 : (dprintf(2, "opens:%d: %s\n", __LINE__, #what), _exit(1)))

static const char *library;

static void say_whose(void)
{
    Dl_info info = {0};
    void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD), *symbol = libc ? dlsym(libc, "malloc") : NULL;
    CHECK(symbol && dladdr(symbol, &info));
    printf("libc's malloc: %s\n", strstr(info.dli_fname, "libhakmem") ? "ours"
                                  : strstr(info.dli_fname, "libc.so") ? "libc"
                                                                      : "another");
}

static void use(void *handle, int cross)
{
    if (!handle)
        dprintf(2, "opens: %s\n", dlerror());
    CHECK(handle);
    int (*works)(void) = (int (*)(void))dlsym(handle, "lib_works");
    char *(*gives)(void) = (char *(*)(void))dlsym(handle, "lib_gives");
    int (*takes)(char *) = (int (*)(char *))dlsym(handle, "lib_takes");
    CHECK(works && gives && takes && works());
    for (int i = 0; cross && i < 100; i++) {
        char *given = gives();
        CHECK(strcmp(given, "given") == 0);
        free(realloc(given, 5000));
        CHECK(takes(strdup("taken")));
    }
}

static void *in_thread(void *arg)
{
    pthread_barrier_wait(arg);
    use(dlopen(library, RTLD_NOW | RTLD_DEEPBIND), 1);
    return NULL;
}

static void threads(void)
{
    enum { THREADS = 16 };
    pthread_t thread[THREADS];
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, in_thread, &barrier) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    pid_t pid = fork();
    if (pid == 0) {
        use(dlopen(library, RTLD_NOW | RTLD_DEEPBIND), 1);
        _exit(0);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* mprotect may take rights away, as the loader does, and give none. False if the system knows no filters. */
static int refuse_writable(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROT_READ | PROT_WRITE, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOMEM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void refused(void)
{
    if (!refuse_writable())
        _exit(77);
    use(dlopen(library, RTLD_NOW | RTLD_DEEPBIND), 1);
    use(dlmopen(LM_ID_BASE, library, RTLD_NOW | RTLD_DEEPBIND), 1);
    for (int i = 0; i < 1000; i++)
        free(strdup("the program goes on"));
}

/* LD_PRELOAD with a slash is ignored there: the program is linked with the library. */
static void secure(char **argv)
{
    if (getauxval(AT_SECURE)) {
        CHECK(dlsym(RTLD_DEFAULT, "hak_version"));
        use(dlopen(library, RTLD_NOW | RTLD_DEEPBIND), 1);
        return;
    }
    char path[] = "./secure-copy.XXXXXX", buffer[65536];
    int in = open("/proc/self/exe", O_RDONLY), out = mkstemp(path);
    CHECK(in >= 0 && out >= 0);
    for (ssize_t n; (n = read(in, buffer, sizeof buffer)) > 0;)
        CHECK(write(out, buffer, (size_t)n) == n);
    int refusal = fchown(out, (uid_t)-1, getgid() + 1) != 0 || fchmod(out, 02755) != 0;
    close(out);
    pid_t pid = refusal ? -1 : fork();
    if (pid == 0) {
        execv(path, argv);
        _exit(77);
    }
    int status = 77 << 8;
    if (pid > 0)
        CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    unlink(path);
    _exit(WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    const char *how = argv[1];
    library = argv[2];
    if (strcmp(how, "dlopen") == 0)
        use(dlopen(library, RTLD_NOW | RTLD_DEEPBIND), 1);
    else if (strcmp(how, "base") == 0)
        use(dlmopen(LM_ID_BASE, library, RTLD_LAZY | RTLD_DEEPBIND), 1);
    else if (strcmp(how, "new") == 0)
        use(dlmopen(LM_ID_NEWLM, library, RTLD_NOW), 0);
    else if (strcmp(how, "plain") == 0)
        use(dlopen(library, RTLD_NOW), 1);
    else if (strcmp(how, "threads") == 0)
        threads();
    else if (strcmp(how, "refused") == 0)
        refused();
    else if (strcmp(how, "secure") == 0)
        secure(argv);
    else
        CHECK(dlopen(library, RTLD_NOW | RTLD_DEEPBIND));
    say_whose();
    return 0;
}
