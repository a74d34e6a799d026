// SPDX-License-Identifier: MIT
// The C++ operators: every form, alignment, bad_alloc, nothrow and the new-handler.
#include <new>
#include <string>
#include <vector>

#include "check.h"

struct alignas(256) wide { char bytes[256]; };
static int handler_calls;
static void handler()
{
    if (++handler_calls == 3)
        std::set_new_handler(nullptr);
}

static int throws(size_t n)
{
    try {
        ::operator delete(::operator new(n));
    } catch (const std::bad_alloc &) {
        return 1;
    }
    return 0;
}

int main()
{
    size_t huge = (size_t)(uintptr_t)hide((void *)(SIZE_MAX / 2 + 100));
    delete new int(3);
    delete[] new char[100000];
    wide *w = new wide, *v = new wide[3];
    CHECK((uintptr_t)w % 256 == 0 && (uintptr_t)v % 256 == 0);
    delete w;
    delete[] v;
    void *zero = ::operator new(0);
    CHECK(zero);
    ::operator delete(zero, (size_t)0);
    ::operator delete(::operator new(64, std::align_val_t(64)), 64, std::align_val_t(64));
    ::operator delete[](::operator new[](100, std::nothrow), std::nothrow);
    ::operator delete(::operator new(100, std::align_val_t(4096), std::nothrow), std::align_val_t(4096), std::nothrow);
    CHECK(::operator new(huge, std::nothrow) == nullptr);
    CHECK(::operator new[](huge, std::nothrow) == nullptr);
    CHECK(::operator new(huge, std::align_val_t(64), std::nothrow) == nullptr);
    CHECK(throws(huge) && throws(SIZE_MAX) && !throws(100));
    std::set_new_handler(handler);
    CHECK(throws(huge));
    CHECK(handler_calls == 3);
    handler_calls = 0;
    std::set_new_handler(handler);
    CHECK(::operator new(huge, std::nothrow) == nullptr);
    CHECK(handler_calls == 3);
    std::vector<std::string> words;
    for (int i = 0; i < 100000; i++)
        words.push_back("a string that is too long for the small buffer");
    CHECK(words[99999].size() == 46);
    return 0;
}
