// SPDX-License-Identifier: MIT
// A library in C++: what its operators do when memory ends, in 8 GiB of address space.
#include <cstdio>
#include <malloc.h>
#include <new>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <vector>

static const size_t huge = (size_t)1 << 46, large = (size_t)5 << 30, reserved = (size_t)6 << 30;
static const std::align_val_t align = std::align_val_t(64);
static int runs, faults;
static void *reserve;

#define CHECK(what) ((what) ? (void)0 : (void)(faults++, std::fprintf(stderr, "plugin:%d: %s\n", __LINE__, #what)))

static void three_times()
{
    if (++runs == 3)
        std::set_new_handler(nullptr);
}

static void gives_up()
{
    runs++;
    throw std::bad_alloc();
}

static void throws_another()
{
    runs++;
    throw std::runtime_error("another");
}

static void lets_go()
{
    runs++;
    munmap(reserve, reserved);
    std::set_new_handler(nullptr);
}

struct guard {
    int *count;
    ~guard() { ++*count; }
};

typedef void *form(size_t);
static form *const throwing[] = {
    [](size_t n) { return ::operator new(n); },
    [](size_t n) { return ::operator new[](n); },
    [](size_t n) { return ::operator new(n, align); },
    [](size_t n) { return ::operator new[](n, align); },
};
static form *const quiet[] = {
    [](size_t n) { return ::operator new(n, std::nothrow); },
    [](size_t n) { return ::operator new[](n, std::nothrow); },
    [](size_t n) { return ::operator new(n, align, std::nothrow); },
    [](size_t n) { return ::operator new[](n, align, std::nothrow); },
};

// 'b' for bad_alloc, 'r' for runtime_error, 'p' for a pointer; destructors on the way have run.
static char outcome(form *make, size_t size)
{
    int passed = 0;
    char end = '?';
    try {
        guard g = {&passed};
        void *volatile p = make(size);
        end = p ? 'p' : '0';
    } catch (const std::bad_alloc &) {
        end = 'b';
    } catch (const std::runtime_error &) {
        end = 'r';
    }
    return passed == 1 ? end : '!';
}

static void with_handler(std::new_handler handler, char thrown, int expected)
{
    for (form *make : throwing) {
        runs = 0;
        std::set_new_handler(handler);
        CHECK(outcome(make, huge) == thrown && runs == expected);
    }
    for (form *make : quiet) {
        runs = 0;
        std::set_new_handler(handler);
        CHECK(outcome(make, huge) == '0' && runs == expected);
    }
    std::set_new_handler(nullptr);
}

// A handler that makes room: the call succeeds after all.
static void room_is_made(form *make, bool aligned)
{
    reserve = mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(reserve != MAP_FAILED);
    runs = 0;
    std::set_new_handler(lets_go);
    void *p = nullptr;
    try {
        p = make(large);
    } catch (const std::bad_alloc &) {
    }
    CHECK(p && runs == 1);
    aligned ? ::operator delete(p, align) : ::operator delete(p);
    malloc_trim(0); // what is kept would stand in the way of the next
}

// Each library sets one of its own before any of them is tried: the handler of another run-time must not run.
static int strange_runs;
static void strange()
{
    strange_runs++;
    std::set_new_handler(nullptr);
}

extern "C" char plugin_outcome(form *make, size_t size)
{
    return outcome(make, size);
}

extern "C" void plugin_arm(void)
{
    std::set_new_handler(strange);
}

extern "C" int plugin_disarm(void)
{
    CHECK(std::get_new_handler() == strange && strange_runs == 0);
    std::set_new_handler(nullptr);
    return faults != 0;
}

extern "C" int plugin_try(void)
{
    CHECK(std::get_new_handler() == nullptr);
    with_handler(nullptr, 'b', 0);
    with_handler(three_times, 'b', 3);
    with_handler(gives_up, 'b', 1);
    for (int i = 0; i < 4; i++)
        room_is_made(i < 2 ? throwing[2 * i] : quiet[2 * i - 4], i % 2);
    runs = 0;
    std::set_new_handler(throws_another);
    CHECK(outcome(throwing[0], huge) == 'r' && outcome(throwing[3], huge) == 'r' && runs == 2);
    std::set_new_handler(nullptr);
    CHECK(!std::uncaught_exceptions());
    try {
        std::vector<std::string> words(1000, std::string(100, 'x'));
        words.reserve(huge / sizeof words[0]);
        CHECK(false);
    } catch (const std::bad_alloc &) {
    }
    return faults != 0;
}
