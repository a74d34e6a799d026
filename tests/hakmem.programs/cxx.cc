// SPDX-License-Identifier: MIT
// cxx.cc - exceptions, threads, containers and every form of new and delete; prints sums (test).
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace
{

[[noreturn]] void die(const char *what)
{
    std::fprintf(stderr, "cxx: %s\n", what);
    std::exit(1);
}

// Must work before main, and after it.
const std::string early(1000, 'e');
struct AtExit {
    std::map<int, std::string> m{{1, std::string(500, 'x')}};
    ~AtExit()
    {
        m[2] = m[1] + m[1];
    }
} at_exit;

struct Error : std::runtime_error {
    std::vector<int> load;
    explicit Error(int n) : std::runtime_error("error " + std::to_string(n)), load(n % 1000, n)
    {
    }
};

int depth(int n)
{
    std::string local(n % 300, 'l');
    auto owned = std::make_unique<std::vector<int>>(n % 50, n);
    if (n == 0)
        throw Error(777);
    return depth(n - 1) + static_cast<int>(local.size() + owned->size());
}

std::size_t exceptions()
{
    std::size_t sum = 0;
    for (int i = 0; i < 3000; i++) {
        try {
            depth(i % 40);
        } catch (const Error &e) {
            sum += e.load.size() + std::string(e.what()).size();
        }
        std::exception_ptr kept;
        try {
            throw std::string(i % 2000, 'k');
        } catch (...) {
            kept = std::current_exception();
        }
        try {
            std::rethrow_exception(kept);
        } catch (const std::string &s) {
            sum += s.size();
        }
    }
    return sum;
}

std::size_t containers(int seed)
{
    std::map<std::string, std::vector<int>> tree;
    std::unordered_map<int, std::list<std::string>> table;
    std::deque<std::shared_ptr<std::string>> line;
    std::uint32_t x = seed;
    for (int i = 0; i < 20000; i++) {
        x = x * 69069 + 1;
        tree["key " + std::to_string(x % 3000)].push_back(i);
        table[x % 1000].emplace_back(x % 90, 'a' + x % 26);
        line.push_back(std::make_shared<std::string>(x % 200, 'd'));
        if (x % 3 == 0)
            tree.erase("key " + std::to_string(x / 7 % 3000));
        if (line.size() > 500)
            line.pop_front();
    }
    std::size_t sum = line.size();
    for (const auto &[k, v] : tree)
        sum += k.size() * v.size();
    for (const auto &[k, v] : table)
        for (const auto &s : v)
            sum += s.size() + k;
    std::ostringstream out;
    std::regex word("([a-z]+) ([0-9]+)");
    for (int i = 0; i < 200; i++)
        out << std::regex_replace("key " + std::to_string(i), word, "$2 $1") << ';';
    return sum + out.str().size();
}

std::size_t threads()
{
    std::vector<std::future<std::size_t>> results;
    for (int i = 0; i < 8; i++)
        results.push_back(std::async(std::launch::async, containers, i));
    std::size_t sum = 0;
    for (auto &r : results)
        sum += r.get();
    // Exceptions that cross threads, thread_local objects that are destroyed late.
    for (int i = 0; i < 200; i++) {
        auto thrown = std::async(std::launch::async, [i]() -> int {
            thread_local std::vector<std::string> late;
            late.assign(20, std::string(i, 't'));
            throw Error(i);
        });
        try {
            thrown.get();
        } catch (const Error &e) {
            sum += e.load.size();
        }
    }
    return sum;
}

struct alignas(256) Wide {
    char bytes[256];
    explicit Wide(char c)
    {
        bytes[0] = bytes[255] = c;
    }
};

std::size_t aligned()
{
    std::vector<std::unique_ptr<Wide>> v;
    for (int i = 0; i < 500; i++)
        v.push_back(std::make_unique<Wide>(static_cast<char>(i)));
    for (const auto &p : v)
        if (reinterpret_cast<std::uintptr_t>(p.get()) % 256)
            die("an object with alignas(256) is not aligned");
    for (std::size_t a = 1; a <= 65536; a *= 2) {
        void *p = ::operator new(a + 1, std::align_val_t(a));
        void *q = ::operator new[](7, std::align_val_t(a), std::nothrow);
        if (reinterpret_cast<std::uintptr_t>(p) % a || reinterpret_cast<std::uintptr_t>(q) % a)
            die("aligned new is not aligned");
        ::operator delete(p, a + 1, std::align_val_t(a));
        ::operator delete[](q, std::align_val_t(a));
    }
    return v.size();
}

int handled;

void handler()
{
    if (++handled == 3)
        std::set_new_handler(nullptr);
}

struct Thrower {
    char room[100];
    Thrower()
    {
        throw 5;
    }
};

int operators()
{
    volatile std::size_t huge = SIZE_MAX / 2 - 4096;
    int count = 0;
    std::set_new_handler(handler);
    try {
        delete[] new char[huge];
        die("new of half the address space succeeded");
    } catch (const std::bad_alloc &) {
        count += handled;
    }
    if (::operator new(huge, std::nothrow) || new (std::nothrow) char[huge])
        die("nothrow new of half the address space succeeded");
    std::set_new_handler([] { throw std::bad_alloc(); });
    if (::operator new(huge, std::nothrow) != nullptr)
        die("nothrow new let an exception out or succeeded");
    std::set_new_handler(nullptr);
    for (std::size_t n = 0; n < 3000; n += 7) {
        ::operator delete(::operator new(n), n);
        ::operator delete[](::operator new[](n), n);
        ::operator delete(::operator new(n, std::nothrow), std::nothrow);
        count++;
    }
    ::operator delete(nullptr);
    ::operator delete[](nullptr, std::nothrow);
    for (int i = 0; i < 1000; i++) {
        try {
            delete new Thrower;
        } catch (int n) {
            count += n;
        }
    }
    return count;
}

} // namespace

int main()
{
    std::printf("early %zu\n", early.size());
    std::printf("exceptions %zu\n", exceptions());
    std::printf("containers %zu\n", containers(42));
    std::printf("threads %zu\n", threads());
    std::printf("aligned %zu\n", aligned());
    std::printf("operators %d\n", operators());
}
