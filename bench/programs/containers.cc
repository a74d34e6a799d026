// SPDX-License-Identifier: MIT
// containers.cc - a C++ program made of standard containers: an order book, an index of words, a graph.
//
// containers [SCALE]...: the last number counts. Prints figures that are the same every time.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <queue>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace
{

class Random
{
  public:
    explicit Random(std::uint64_t seed) : state(seed)
    {
    }
    std::uint32_t operator()(std::uint32_t below)
    {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return static_cast<std::uint32_t>(state >> 33) % below;
    }

  private:
    std::uint64_t state;
};

struct Order {
    std::string owner;
    std::uint32_t price;
    std::uint32_t amount;
};

// Orders wait in lists by price; a map finds the best one, shared pointers find each by its number.
std::size_t order_book(int count)
{
    Random random(1);
    std::map<std::uint32_t, std::list<std::shared_ptr<Order>>> book;
    std::unordered_map<int, std::weak_ptr<Order>> by_number;
    std::size_t traded = 0;

    for (int number = 0; number < count; number++) {
        auto order = std::make_shared<Order>(
            Order{"customer number " + std::to_string(random(500)), random(2000), random(90) + 10});
        by_number[number] = order;
        book[order->price].push_back(std::move(order));
        if (number % 3 == 0)
            continue;
        auto best = number % 2 ? book.begin() : std::prev(book.end());
        traded += best->second.front()->amount + best->second.front()->owner.size();
        best->second.pop_front();
        if (best->second.empty())
            book.erase(best);
    }
    for (const auto &entry : by_number)
        traded += entry.second.expired() ? 0 : 1;
    return traded;
}

// Words of a text that is made up, with the lines where they stand.
std::size_t word_index(int lines)
{
    Random random(2);
    std::unordered_map<std::string, std::vector<int>> index;
    std::size_t sum = 0;

    for (int line = 0; line < lines; line++) {
        std::string text;
        for (auto left = random(12) + 3; left; left--) {
            for (auto length = random(8) + 2; length; length--)
                text += static_cast<char>('a' + random(random(26) + 1));
            text += ' ';
        }
        std::istringstream words(text);
        for (std::string word; words >> word;)
            index[word].push_back(line);
    }
    std::vector<std::pair<std::size_t, std::string>> order;
    for (const auto &entry : index)
        order.emplace_back(entry.second.size(), entry.first);
    std::sort(order.begin(), order.end(), std::greater<>());
    for (std::size_t i = 0; i < order.size(); i++)
        sum += order[i].first * (i % 7) + order[i].second.size();
    return sum;
}

// Shortest ways through a random graph whose edges are in vectors, and a tree made by unique pointers.
std::size_t graph(int nodes)
{
    Random random(3);
    std::vector<std::vector<std::pair<int, std::uint32_t>>> edges(nodes);
    std::vector<std::uint64_t> distance(nodes, UINT64_MAX);
    std::priority_queue<std::pair<std::uint64_t, int>, std::vector<std::pair<std::uint64_t, int>>,
                        std::greater<>>
        open;
    std::set<std::uint64_t> seen;

    for (int node = 0; node < nodes; node++)
        for (auto left = random(6) + 1; left; left--)
            edges[node].emplace_back(random(nodes), random(1000) + 1);
    distance[0] = 0;
    for (open.emplace(0, 0); !open.empty();) {
        auto [far, node] = open.top();
        open.pop();
        if (far != distance[node])
            continue;
        seen.insert(far);
        for (auto [next, weight] : edges[node])
            if (far + weight < distance[next])
                open.emplace(distance[next] = far + weight, next);
    }
    return std::accumulate(seen.begin(), seen.end(), seen.size());
}

struct Node {
    std::uint32_t key;
    std::unique_ptr<Node> left, right;
};

std::size_t tree(int count)
{
    Random random(4);
    std::unique_ptr<Node> root;
    std::deque<const Node *> line;
    std::size_t sum = 0;

    for (int i = 0; i < count; i++) {
        auto key = random(1u << 30);
        auto *place = &root;
        while (*place)
            place = key < (*place)->key ? &(*place)->left : &(*place)->right;
        *place = std::make_unique<Node>(Node{key, nullptr, nullptr});
    }
    for (line.push_back(root.get()); !line.empty(); line.pop_front()) {
        sum = sum * 31 + line.front()->key;
        if (line.front()->left)
            line.push_back(line.front()->left.get());
        if (line.front()->right)
            line.push_back(line.front()->right.get());
    }
    return sum;
}

} // namespace

int main(int argc, char **argv)
{
    int scale = argc > 1 ? std::atoi(argv[argc - 1]) : 100;
    std::size_t indexed = 0;

    if (scale < 1) {
        std::fprintf(stderr, "containers: expected a number above zero, not %s\n", argv[argc - 1]);
        return 2;
    }
    std::printf("%zu\n", order_book(scale * 1500));
    std::printf("%zu\n", graph(scale * 300));
    std::thread other([&indexed, scale] { indexed = word_index(scale * 70); });
    std::printf("%zu\n", tree(scale * 600));
    other.join();
    std::printf("%zu\n", indexed);
    return 0;
}
