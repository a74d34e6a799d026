// SPDX-License-Identifier: MIT
// The same in C++: operators and containers, beside what the C library allocates.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <map>
#include <string>
#include <vector>

extern "C" int lib_works(void)
{
    char *text;
    if (asprintf(&text, "%d", 4711) < 0)
        return 0;
    std::string s(text);
    free(text);
    std::map<std::string, std::vector<int>> m;
    for (int i = 0; i < 1000; i++)
        m[s + std::to_string(i)].assign(i, i);
    int *one = new int[1000];
    delete[] one;
    return m.size() == 1000 && m["4711999"].size() == 999;
}

extern "C" char *lib_gives(void)
{
    return strdup("given");
}

extern "C" int lib_takes(char *text)
{
    int good = text && malloc_usable_size(text) > std::string(text).size();
    free(text);
    return good;
}
