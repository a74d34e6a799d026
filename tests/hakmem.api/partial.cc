// SPDX-License-Identifier: MIT
// A program that replaces some operators: every other form ends in the replaced one that the standard names.
// { dg-variant "-DREPLACED=0" }
// { dg-variant "-DREPLACED=ONE" }
// { dg-variant "-DREPLACED=ARRAY" }
// { dg-variant "-DREPLACED=ONE_ALIGNED" }
// { dg-variant "-DREPLACED=(ONE|ONE_ALIGNED)" }
// { dg-variant "-DREPLACED=(ARRAY|ARRAY_ALIGNED)" }
// { dg-variant "-DREPLACED=ONE -DONLY_NEW" }
#include <new>

#include "check.h"

#define ONE 1
#define ARRAY 2
#define ONE_ALIGNED 4
#define ARRAY_ALIGNED 8

static volatile long made[16], dropped[16];

// What an operator of the program's hands out begins behind a head, so that no other's free takes it.
#ifdef ONLY_NEW
enum { HEAD = 0 };
#else
enum { HEAD = 256 };
#endif
static UNUSED void *make(int kind, size_t size)
{
    char *p = size < 1000000 ? (char *)memalign(256, size + HEAD) : nullptr;
    if (!p)
        throw std::bad_alloc();
    made[kind] = made[kind] + 1;
    return p + HEAD;
}

static UNUSED void drop(int kind, void *p)
{
    if (!p)
        return;
    dropped[kind] = dropped[kind] + 1;
    free((char *)p - HEAD);
}

using std::align_val_t;
#pragma GCC diagnostic ignored "-Wsized-deallocation"
#if REPLACED & ONE
void *operator new(size_t n) { return make(ONE, n); }
#ifndef ONLY_NEW
void operator delete(void *p) noexcept { drop(ONE, p); }
#endif
#endif
#if REPLACED & ARRAY
void *operator new[](size_t n) { return make(ARRAY, n); }
void operator delete[](void *p) noexcept { drop(ARRAY, p); }
#endif
#if REPLACED & ONE_ALIGNED
void *operator new(size_t n, align_val_t) { return make(ONE_ALIGNED, n); }
void operator delete(void *p, align_val_t) noexcept { drop(ONE_ALIGNED, p); }
#endif
#if REPLACED & ARRAY_ALIGNED
void *operator new[](size_t n, align_val_t) { return make(ARRAY_ALIGNED, n); }
void operator delete[](void *p, align_val_t) noexcept { drop(ARRAY_ALIGNED, p); }
#endif

static const align_val_t align = align_val_t(128);
static const struct { int kind; bool quiet; void *(*call)(size_t); } news[] = {
    {ONE, false, [](size_t n) { return ::operator new(n); }},
    {ONE, true, [](size_t n) { return ::operator new(n, std::nothrow); }},
    {ARRAY, false, [](size_t n) { return ::operator new[](n); }},
    {ARRAY, true, [](size_t n) { return ::operator new[](n, std::nothrow); }},
    {ONE_ALIGNED, false, [](size_t n) { return ::operator new(n, align); }},
    {ONE_ALIGNED, true, [](size_t n) { return ::operator new(n, align, std::nothrow); }},
    {ARRAY_ALIGNED, false, [](size_t n) { return ::operator new[](n, align); }},
    {ARRAY_ALIGNED, true, [](size_t n) { return ::operator new[](n, align, std::nothrow); }},
};
static const struct { int kind; void (*call)(void *, size_t); } deletes[] = {
    {ONE, [](void *p, size_t) { ::operator delete(p); }},
    {ONE, [](void *p, size_t n) { ::operator delete(p, n); }},
    {ONE, [](void *p, size_t) { ::operator delete(p, std::nothrow); }},
    {ARRAY, [](void *p, size_t) { ::operator delete[](p); }},
    {ARRAY, [](void *p, size_t n) { ::operator delete[](p, n); }},
    {ARRAY, [](void *p, size_t) { ::operator delete[](p, std::nothrow); }},
    {ONE_ALIGNED, [](void *p, size_t) { ::operator delete(p, align); }},
    {ONE_ALIGNED, [](void *p, size_t n) { ::operator delete(p, n, align); }},
    {ONE_ALIGNED, [](void *p, size_t) { ::operator delete(p, align, std::nothrow); }},
    {ARRAY_ALIGNED, [](void *p, size_t) { ::operator delete[](p, align); }},
    {ARRAY_ALIGNED, [](void *p, size_t n) { ::operator delete[](p, n, align); }},
    {ARRAY_ALIGNED, [](void *p, size_t) { ::operator delete[](p, align, std::nothrow); }},
};

// Where a form of KIND ends: in the program's operator of a kind, or 0.
static int end_of(int kind)
{
    if (REPLACED & kind)
        return kind;
    int single = kind == ARRAY ? ONE : kind == ARRAY_ALIGNED ? ONE_ALIGNED : 0;
    return REPLACED & single;
}

static void pairs(size_t size)
{
    for (const auto &n : news)
        for (const auto &d : deletes) {
            if (n.kind != d.kind)
                continue;
            int end = end_of(n.kind);
            long before = made[end], after = dropped[end];
            (void)after;
            char *p = (char *)hide(n.call(size));
            CHECK(p);
            memset(p, 1, size);
            d.call(p, size);
            CHECK(made[end] == before + (end != 0));
#ifndef ONLY_NEW
            CHECK(dropped[end] == after + (end != 0));
#endif
            d.call(nullptr, size);
        }
}

// Forms that throw do, the others return NULL.
static void refused()
{
    size_t huge = (size_t)(uintptr_t)hide((void *)(SIZE_MAX / 2 + 100));
    for (const auto &n : news) {
        bool thrown = false;
        void *p = &thrown;
        try {
            p = n.call(huge);
        } catch (const std::bad_alloc &) {
            thrown = true;
        }
        CHECK(thrown == !n.quiet && (thrown || p == nullptr));
    }
}

int main()
{
    const size_t sizes[] = {1, 40, 1000, 1100, 5000, 100000, 900000};
    for (int round = 0; round < 20; round++)
        for (size_t size : sizes)
            pairs(size);
    refused();
    long all = 0, gone = 0;
    for (int kind = 0; kind < 16; kind++) {
        all += made[kind];
        gone += dropped[kind];
    }
#ifndef ONLY_NEW
    CHECK(all == gone && (all > 0) == (REPLACED != 0));
#endif
    return 0;
}
