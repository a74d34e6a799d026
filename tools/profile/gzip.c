/* SPDX-License-Identifier: MIT */
/* profile/gzip.c - gzip, by zlib. */
#include "config.h"
#include "profile/input.h"

#include <stdlib.h>
#include <string.h>

#include "common/say.h"

#ifdef HAVE_ZLIB
#include <zlib.h>

enum { GZIP = 16 + MAX_WBITS, UNPACKED_MOST = 1 << 30 /* a bomb is not unpacked */ };

char *gzip_pack(const char *bytes, size_t size, size_t *packed)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)size};
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        error("out of memory");
        exit(EXIT_NO);
    }
    size_t most = deflateBound(&z, size);
    char *out = need_memory(NULL, most);
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)most;
    (void)deflate(&z, Z_FINISH);
    *packed = z.total_out;
    (void)deflateEnd(&z);
    return out;
}

char *gzip_unpack(const char *bytes, size_t size, size_t *unpacked)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)size};
    size_t room = 1 << 16;
    char *out = need_memory(NULL, room + 1);
    int code = inflateInit2(&z, GZIP);
    while (code == Z_OK && room < UNPACKED_MOST) {
        if (z.total_out == room)
            out = need_memory(out, (room *= 2) + 1);
        z.next_out = (Bytef *)out + z.total_out;
        z.avail_out = (uInt)(room - z.total_out);
        code = inflate(&z, Z_NO_FLUSH);
    }
    *unpacked = z.total_out;
    (void)inflateEnd(&z);
    out[*unpacked] = '\0';
    if (code == Z_STREAM_END)
        return out;
    free(out);
    return NULL;
}

#else

char *gzip_pack(const char *bytes, size_t size, size_t *packed)
{
    char *out = need_memory(NULL, size);
    memcpy(out, bytes, size);
    *packed = size;
    return out;
}

char *gzip_unpack(const char *bytes, size_t size, size_t *unpacked)
{
    (void)bytes, (void)size, (void)unpacked;
    return NULL;
}

#endif
