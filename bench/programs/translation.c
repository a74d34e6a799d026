/* SPDX-License-Identifier: MIT */
/* translation.c - a large translation unit for the compiler: a hash map, a heap, a sort, a matrix, a parser.
 *
 * The file includes itself, once for each type: gcc -O1 -c translation.c; -DSMALL takes two types only.
 * Nothing of it is ever run, and no header is needed. */
#ifndef TYPE

typedef __SIZE_TYPE__ size_t;
void *malloc(size_t);
void *calloc(size_t, size_t);
void *realloc(void *, size_t);
void free(void *);
int snprintf(char *, size_t, const char *, ...);
void *memcpy(void *, const void *, size_t);

#define JOIN2(a, b) a##_##b
#define JOIN1(a, b) JOIN2(a, b)
#define NAME(word) JOIN1(word, TAG)

#define TYPE int
#define TAG int
#include "translation.c"
#define TYPE double
#define TAG double
#include "translation.c"
#ifndef SMALL
#define TYPE unsigned char
#define TAG byte
#include "translation.c"
#define TYPE short
#define TAG short
#include "translation.c"
#define TYPE unsigned
#define TAG unsigned
#include "translation.c"
#define TYPE long
#define TAG long
#include "translation.c"
#define TYPE float
#define TAG float
#include "translation.c"
#define TYPE long double
#define TAG longdouble
#include "translation.c"
#endif

#else

struct NAME(entry) {
    char *key;
    TYPE value;
    struct NAME(entry) * next;
};

struct NAME(map) {
    struct NAME(entry) * *slots;
    size_t room, count;
};

static size_t NAME(hash)(const char *key)
{
    size_t hash = 14695981039346656037u;

    while (*key)
        hash = (hash ^ (unsigned char)*key++) * 1099511628211u;
    return hash;
}

static int NAME(equal)(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

static int NAME(map_grow)(struct NAME(map) * map)
{
    size_t room = map->room ? 2 * map->room : 16;
    struct NAME(entry) **slots = calloc(room, sizeof *slots);

    if (!slots)
        return -1;
    for (size_t i = 0; i < map->room; i++)
        for (struct NAME(entry) *entry = map->slots[i], *next; entry; entry = next) {
            struct NAME(entry) **slot = &slots[NAME(hash)(entry->key) & (room - 1)];

            next = entry->next;
            entry->next = *slot;
            *slot = entry;
        }
    free(map->slots);
    map->slots = slots;
    map->room = room;
    return 0;
}

TYPE *NAME(map_find)(struct NAME(map) * map, const char *key, int create)
{
    struct NAME(entry) * entry;
    size_t length = 0;

    for (entry = map->room ? map->slots[NAME(hash)(key) & (map->room - 1)] : 0; entry; entry = entry->next)
        if (NAME(equal)(entry->key, key))
            return &entry->value;
    if (!create || (map->count >= map->room && NAME(map_grow)(map)))
        return 0;
    while (key[length])
        length++;
    entry = malloc(sizeof *entry + length + 1);
    if (!entry)
        return 0;
    entry->key = memcpy(entry + 1, key, length + 1);
    entry->value = 0;
    entry->next = map->slots[NAME(hash)(key) & (map->room - 1)];
    map->slots[NAME(hash)(key) & (map->room - 1)] = entry;
    map->count++;
    return &entry->value;
}

void NAME(sort)(TYPE *values, size_t count)
{
    while (count > 16) {
        TYPE a = values[0], b = values[count / 2], c = values[count - 1];
        TYPE pivot = a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
        size_t low = 0, high = count - 1;

        for (;;) {
            while (values[low] < pivot)
                low++;
            while (pivot < values[high])
                high--;
            if (low >= high)
                break;
            a = values[low];
            values[low++] = values[high];
            values[high--] = a;
        }
        NAME(sort)(values + low, count - low);
        count = low;
    }
    for (size_t i = 1; i < count; i++) {
        TYPE value = values[i];
        size_t j = i;

        for (; j && value < values[j - 1]; j--)
            values[j] = values[j - 1];
        values[j] = value;
    }
}

struct NAME(queue) {
    TYPE *values;
    size_t count, room;
};

int NAME(queue_push)(struct NAME(queue) * queue, TYPE value)
{
    size_t i = queue->count;

    if (queue->count == queue->room) {
        size_t room = queue->room ? queue->room + queue->room / 2 : 8;
        TYPE *values = realloc(queue->values, room * sizeof *values);

        if (!values)
            return -1;
        queue->values = values;
        queue->room = room;
    }
    for (queue->count++; i && value < queue->values[(i - 1) / 2]; i = (i - 1) / 2)
        queue->values[i] = queue->values[(i - 1) / 2];
    queue->values[i] = value;
    return 0;
}

TYPE NAME(queue_pop)(struct NAME(queue) * queue)
{
    TYPE first = queue->values[0], last = queue->values[--queue->count];
    size_t i = 0, child;

    while ((child = 2 * i + 1) < queue->count) {
        if (child + 1 < queue->count && queue->values[child + 1] < queue->values[child])
            child++;
        if (!(queue->values[child] < last))
            break;
        queue->values[i] = queue->values[child];
        i = child;
    }
    queue->values[i] = last;
    return first;
}

void NAME(multiply)(size_t n, TYPE (*out)[n], TYPE (*a)[n], TYPE (*b)[n])
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            TYPE sum = 0;

            for (size_t k = 0; k < n; k++)
                sum += a[i][k] * b[k][j];
            out[i][j] = sum;
        }
}

struct NAME(parser) {
    const char *at, *error;
    struct NAME(map) * names;
    int depth;
};

static TYPE NAME(sum)(struct NAME(parser) * parser);

static TYPE NAME(number)(struct NAME(parser) * parser)
{
    TYPE value = 0, scale = 1;

    for (; *parser->at >= '0' && *parser->at <= '9'; parser->at++)
        value = value * 10 + (*parser->at - '0');
    if (*parser->at == '.')
        for (parser->at++; *parser->at >= '0' && *parser->at <= '9'; parser->at++) {
            scale *= 10;
            value += (*parser->at - '0') / scale;
        }
    return value;
}

static TYPE NAME(term)(struct NAME(parser) * parser)
{
    char name[32];
    size_t length = 0;
    TYPE value = 0, *variable;

    while (*parser->at == ' ' || *parser->at == '\t' || *parser->at == '\n')
        parser->at++;
    switch (*parser->at) {
    case '(':
        parser->at++;
        if (++parser->depth > 100)
            parser->error = "too deep";
        else
            value = NAME(sum)(parser);
        parser->depth--;
        if (*parser->at != ')')
            parser->error = "missing parenthesis";
        else
            parser->at++;
        break;
    case '-': parser->at++; return -NAME(term)(parser);
    case '0' ... '9':
    case '.': value = NAME(number)(parser); break;
    case 'a' ... 'z':
    case '_':
        while (length + 1 < sizeof name && ((*parser->at >= 'a' && *parser->at <= 'z') || *parser->at == '_'))
            name[length++] = *parser->at++;
        name[length] = 0;
        variable = NAME(map_find)(parser->names, name, 0);
        if (variable)
            value = *variable;
        else
            parser->error = "unknown name";
        break;
    default: parser->error = *parser->at ? "unexpected character" : "unexpected end";
    }
    while (*parser->at == ' ')
        parser->at++;
    return value;
}

static TYPE NAME(product)(struct NAME(parser) * parser)
{
    TYPE value = NAME(term)(parser), other;

    while (!parser->error && (*parser->at == '*' || *parser->at == '/')) {
        if (*parser->at++ == '*') {
            value *= NAME(term)(parser);
        } else if ((other = NAME(term)(parser)) == 0) {
            parser->error = "division by zero";
        } else {
            value /= other;
        }
    }
    return value;
}

static TYPE NAME(sum)(struct NAME(parser) * parser)
{
    TYPE value = NAME(product)(parser);

    while (!parser->error && (*parser->at == '+' || *parser->at == '-'))
        value = *parser->at++ == '+' ? value + NAME(product)(parser) : value - NAME(product)(parser);
    return value;
}

const char *NAME(evaluate)(const char *text, struct NAME(map) * names, TYPE *result)
{
    struct NAME(parser) parser = {text, 0, names, 0};

    *result = NAME(sum)(&parser);
    return parser.error ? parser.error : *parser.at ? "something follows" : 0;
}

struct NAME(tree) {
    struct NAME(tree) * child[2];
    TYPE key;
    int level;
};

static struct NAME(tree) * NAME(skew)(struct NAME(tree) * tree)
{
    struct NAME(tree) *left = tree->child[0];

    if (!left || left->level != tree->level)
        return tree;
    tree->child[0] = left->child[1];
    left->child[1] = tree;
    return left;
}

static struct NAME(tree) * NAME(split)(struct NAME(tree) * tree)
{
    struct NAME(tree) *right = tree->child[1];

    if (!right || !right->child[1] || right->child[1]->level != tree->level)
        return tree;
    tree->child[1] = right->child[0];
    right->child[0] = tree;
    right->level++;
    return right;
}

struct NAME(tree) * NAME(tree_insert)(struct NAME(tree) * tree, TYPE key)
{
    if (!tree) {
        tree = calloc(1, sizeof *tree);
        if (tree) {
            tree->key = key;
            tree->level = 1;
        }
        return tree;
    }
    if (key < tree->key)
        tree->child[0] = NAME(tree_insert)(tree->child[0], key);
    else if (tree->key < key)
        tree->child[1] = NAME(tree_insert)(tree->child[1], key);
    return NAME(split)(NAME(skew)(tree));
}

size_t NAME(describe)(const struct NAME(tree) * tree, char *text, size_t room)
{
    static const char *const shapes[] = {"leaf", "left", "right", "both"};
    size_t length;

    if (!tree)
        return 0;
    length = (size_t)snprintf(text, room, "%s at %d\n", shapes[!!tree->child[0] + 2 * !!tree->child[1]],
                              tree->level);
    for (int side = 0; side < 2 && length < room; side++)
        length += NAME(describe)(tree->child[side], text + length, room - length);
    return length;
}

#undef TYPE
#undef TAG
#endif
