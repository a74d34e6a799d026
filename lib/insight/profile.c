/* SPDX-License-Identifier: MIT */
/* insight/profile.c - the sampled allocations as a file that pprof and "hakmem profile" read.
 *
 * It is the text form of gperftools' heap profiles, without compression, for which the library would need
 * another. A line for each site: objects and bytes in use, those ever allocated, and the stack; numbers are
 * estimates of all allocations, not those of the samples. Comments, which pprof passes over, have the rest.
 */
#include "insight/profile.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/os.h"
#include "base/text.h"
#include "settings/options.h"
#include "events/samples.h"
#include "events/weigh.h"

/* --- The file --------------------------------------------------------------------------------------*/

static void put_hex(struct text *t, uint64_t n)
{
    struct line m;
    line_init(&m);
    line_hex(&m, n);
    m.text[m.len] = '\0';
    text_str(t, m.text);
}

struct numbers {
    uint64_t live, live_bytes, all, all_bytes;
};

static void put_numbers(struct text *t, const struct numbers *n)
{
    text_dec(t, n->live);
    text_str(t, ": ");
    text_dec(t, n->live_bytes);
    text_str(t, " [");
    text_dec(t, n->all);
    text_str(t, ": ");
    text_dec(t, n->all_bytes);
    text_str(t, "] @");
}

static struct numbers numbers_of(const struct sample_site *site, uint64_t mean)
{
    uint64_t w = weigh_factor(site->weighed, mean);
    return (struct numbers){weigh(site->allocs - site->frees, w), weigh(site->bytes - site->freed_bytes, w),
                            weigh(site->allocs, w), weigh(site->bytes, w)};
}

static void put_field(struct text *t, const char *name, uint64_t n)
{
    text_str(t, name);
    text_dec(t, n);
}

static void put_site(struct text *t, const struct sample_copy *copy, uint64_t mean)
{
    const struct sample_site *site = &copy->site;
    struct numbers n = numbers_of(site, mean);
    put_numbers(t, &n);
    for (unsigned i = 0; i < copy->depth; i++) {
        text_str(t, " ");
        put_hex(t, copy->frame[i] & ((UINT64_C(1) << SAMPLE_PC_BITS) - 1));
    }
    put_field(t, "\n# samples=", site->allocs);
    put_field(t, " weighed=", site->weighed);
    put_field(t, " frees=", site->frees);
    put_field(t, " foreign=", site->foreign);
    put_field(t, " lived_ms=", site->lived_ms);
    text_str(t, " lifetimes=");
    for (unsigned i = 0; i < SAMPLE_LIFETIMES; i++)
        put_field(t, i ? "," : "", site->lifetimes[i]);
    put_field(t, " complete=", copy->complete);
    text_str(t, "\n");
}

static void put_totals(struct text *t, uint64_t mean)
{
    struct sample_copy copy;
    struct numbers sum = {0}, n;
    for (uint32_t i = 1; samples_nth(i, &copy); i++) {
        n = numbers_of(&copy.site, mean);
        sum.live += n.live;
        sum.live_bytes += n.live_bytes;
        sum.all += n.all;
        sum.all_bytes += n.all_bytes;
    }
    text_str(t, "heap profile: ");
    put_numbers(t, &sum);
    text_str(t, " heapprofile\n");
}

/* The objects that frames lie in, with their builds: some may be unloaded by now. */
static void put_modules(struct text *t)
{
    struct sample_module m;
    for (uint32_t i = 1; samples_module(i, &m); i++) {
        text_str(t, "# module ");
        put_hex(t, m.start);
        text_str(t, " ");
        put_hex(t, m.end);
        text_str(t, " ");
        for (uint32_t b = 0; b < m.build_id_size; b++) {
            static const char digits[] = "0123456789abcdef";
            char two[3] = {digits[m.build_id[b] >> 4], digits[m.build_id[b] & 15], '\0'};
            text_str(t, two);
        }
        text_str(t, m.build_id_size ? " " : "- ");
        text_str(t, m.name[0] ? m.name : "-");
        text_str(t, "\n");
    }
}

static void put_maps(struct text *t)
{
    char piece[1024];
    long n;
    int fd = os_open_read("/proc/self/maps");
    text_str(t, "\nMAPPED_LIBRARIES:\n");
    while (fd >= 0 && (n = os_read(fd, piece, sizeof piece - 1)) > 0) {
        piece[n] = '\0';
        text_str(t, piece);
    }
    if (fd >= 0)
        os_close(fd);
}

static int put_all(const int *fd)
{
    struct text t;
    struct sample_copy copy;
    const struct samples_totals s = samples_totals(clock_now_ms());
    text_init_fd(&t, fd);
    put_totals(&t, s.mean);
    put_field(&t, "# libhakmem mean=", s.mean);
    put_field(&t, " ms=", s.ms);
    put_field(&t, " samples=", s.taken);
    put_field(&t, " dropped=", s.dropped);
    put_field(&t, " cut=", s.cut);
    put_field(&t, " pid=", (uint64_t)os_pid());
    text_str(&t, "\n");
    put_modules(&t);
    for (uint32_t i = 1; samples_nth(i, &copy); i++)
        put_site(&t, &copy, s.mean);
    put_maps(&t);
    return text_end(&t);
}

int profile_write(const char *path)
{
    char name[4096];
    if (!samples_totals(0).mean)
        return ENODATA;
    if (!text_path(name, sizeof name, path, (uint64_t)os_pid()))
        return ENAMETOOLONG;
    int fd = os_open_new(name);
    if (fd < 0)
        return -fd;
    int code = put_all(&fd);
    os_close(fd);
    return code;
}

void profile_at_exit(void)
{
    const char *path = option_path(OPT_PROFILE);
    int code = path ? profile_write(path) : 0;
    if (!code || code == ENODATA)
        return;
    struct line m;
    line_init(&m);
    line_str(&m, "hakmem: HAKMEM_PROFILE: cannot write '");
    line_word(&m, path, 256);
    line_str(&m, "'");
    line_field(&m, "errno", (uint64_t)code);
    line_str(&m, "\n");
    line_send(&m, 2);
}
