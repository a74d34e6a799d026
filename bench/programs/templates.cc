// SPDX-License-Identifier: MIT
// templates.cc - a file that is hard work for a C++ compiler: expression templates, variants, generic
// lambdas.
//
// g++ -std=c++17 -O1 -c templates.cc; with -DSMALL much less is instantiated. It is never run.
#include <array>
#include <cstddef>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>
#ifndef SMALL
#include <algorithm>
#include <map>
#include <string>
#endif

namespace
{

#ifdef SMALL
constexpr std::size_t kinds = 2;
#else
constexpr std::size_t kinds = 5;
#endif

// --- Vectors of a fixed length, added and multiplied without temporaries ---

template <class E> struct Expression {
    const E &self() const
    {
        return static_cast<const E &>(*this);
    }
};

template <class T, std::size_t N> struct Vector : Expression<Vector<T, N>> {
    static constexpr std::size_t size = N;
    std::array<T, N> values{};

    Vector() = default;
    template <class E> Vector(const Expression<E> &other)
    {
        fill(other.self(), std::make_index_sequence<N>());
    }
    template <class E, std::size_t... I> void fill(const E &other, std::index_sequence<I...>)
    {
        ((values[I] = static_cast<T>(other[I])), ...);
    }
    T operator[](std::size_t i) const
    {
        return values[i];
    }
};

template <class L, class R, class F> struct Both : Expression<Both<L, R, F>> {
    static constexpr std::size_t size = L::size;
    const L &left;
    const R &right;

    Both(const L &l, const R &r) : left(l), right(r)
    {
    }
    auto operator[](std::size_t i) const
    {
        return F()(left[i], right[i]);
    }
};

struct Plus {
    template <class A, class B> auto operator()(A a, B b) const
    {
        return a + b;
    }
};

struct Times {
    template <class A, class B> auto operator()(A a, B b) const
    {
        return a * b;
    }
};

template <class L, class R> Both<L, R, Plus> operator+(const Expression<L> &l, const Expression<R> &r)
{
    return {l.self(), r.self()};
}

template <class L, class R> Both<L, R, Times> operator*(const Expression<L> &l, const Expression<R> &r)
{
    return {l.self(), r.self()};
}

// --- A list of types, reversed, filtered and sorted by size while compiling ---

template <class... T> struct List {
};

template <class A, class B> struct Join;
template <class... A, class... B> struct Join<List<A...>, List<B...>> {
    using type = List<A..., B...>;
};

template <std::size_t Limit, bool Below, class L> struct Part;
template <std::size_t Limit, bool Below> struct Part<Limit, Below, List<>> {
    using type = List<>;
};
template <std::size_t Limit, bool Below, class H, class... T> struct Part<Limit, Below, List<H, T...>> {
    using rest = typename Part<Limit, Below, List<T...>>::type;
    using type = std::conditional_t<(sizeof(H) < Limit) == Below, typename Join<List<H>, rest>::type, rest>;
};

template <class L> struct Sorted {
    using type = L;
};
template <class H, class M, class... T> struct Sorted<List<H, M, T...>> {
    using rest = List<M, T...>;
    using low = typename Sorted<typename Part<sizeof(H), true, rest>::type>::type;
    using high = typename Sorted<typename Part<sizeof(H), false, rest>::type>::type;
    using type = typename Join<typename Join<low, List<H>>::type, high>::type;
};

template <std::size_t N> struct Kind {
    std::array<char, N * 7 % 31 + 1> bytes;
    Vector<double, N % 5 + 2> place;
};

template <class> struct Counted;
template <std::size_t... I> struct Counted<std::index_sequence<I...>> {
    using list = List<Kind<I>...>;
    using variant = std::variant<Kind<I>...>;
};

template <class> struct Packed;
template <class... T> struct Packed<List<T...>> {
    using tuple = std::tuple<T...>;
    using owners = std::tuple<std::unique_ptr<T>...>;
};

using Kinds = Counted<std::make_index_sequence<kinds>>;
using Shape = Kinds::variant;
using Order = Packed<typename Sorted<Kinds::list>::type>;

// --- Functions that make all of it be instantiated ---

double total(const Shape &shape)
{
    return std::visit(
        [](const auto &kind) {
            auto scaled = Vector<double, std::decay_t<decltype(kind.place)>::size>(
                kind.place * kind.place + kind.place + kind.place * (kind.place + kind.place));
            double sum = static_cast<double>(kind.bytes.size());
            for (double value : scaled.values)
                sum += value;
            return sum;
        },
        shape);
}

template <std::size_t... I> std::vector<Shape> all(std::index_sequence<I...>)
{
    std::vector<Shape> shapes;
    (shapes.emplace_back(std::in_place_index<I>), ...);
    return shapes;
}

template <class Tuple, class F> void each(Tuple &tuple, F function)
{
    std::apply([&function](auto &...element) { (function(element), ...); }, tuple);
}

} // namespace

std::size_t instantiate(std::size_t rounds)
{
    std::vector<Shape> shapes = all(std::make_index_sequence<kinds>());
    Order::owners owners;
    Order::tuple ordered{};
    double sum = 0;

    for (const Shape &shape : shapes)
        sum += total(shape);
    each(owners, [rounds](auto &owner) {
        if (rounds)
            owner = std::make_unique<typename std::decay_t<decltype(owner)>::element_type>();
    });
    each(ordered, [&sum](auto &kind) { sum += kind.place[0] + kind.bytes[0]; });
#ifndef SMALL
    std::map<std::string, std::vector<Shape>> named;
    for (std::size_t i = 0; i < rounds; i++)
        named["shape " + std::to_string(i % 7)].push_back(shapes[i % shapes.size()]);
    for (auto &[name, list] : named) {
        std::stable_sort(list.begin(), list.end(), [](auto &a, auto &b) { return total(a) < total(b); });
        sum += static_cast<double>(name.size());
    }
#endif
    return static_cast<std::size_t>(sum) + sizeof ordered;
}
