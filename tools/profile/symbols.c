/* SPDX-License-Identifier: MIT */
/* profile/symbols.c - names for addresses.
 *
 * Each object is opened for itself: those of a profile may have lain at the same place one after the other.
 * The file must be the one that was loaded, by its build ID, where both are known. */
#include "config.h"
#include "profile/symbols.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/proc.h"
#include "common/say.h"
#include "target/elf.h"

#ifdef HAVE_LIBDW
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#endif

/* An address of object MODULE (number + 1; 0: of none) without a name. */
static bool any_nameless(const struct profile *p, uint32_t module)
{
    for (uint32_t i = 0; i < p->addresses.count; i++)
        if (p->location[i].module == module && !p->location[i].lines)
            return true;
    return false;
}

#ifdef HAVE_LIBDW

static const Dwfl_Callbacks callbacks = {.find_elf = dwfl_build_id_find_elf,
                                         .find_debuginfo = dwfl_standard_find_debuginfo};

static uint32_t name_of(struct profile *p, const char *mangled)
{
    char *name = demangled(mangled);
    uint32_t number = profile_text(p, name);
    free(name);
    return number;
}

/* The name of the function that DIE is, or an instance of. */
static const char *die_name(Dwarf_Die *die)
{
    Dwarf_Attribute a;
    Dwarf_Attribute *linkage = dwarf_attr_integrate(die, DW_AT_linkage_name, &a);
    if (!linkage)
        linkage = dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &a);
    const char *name = linkage ? dwarf_formstring(linkage) : NULL;
    return name ? name : dwarf_diename(die);
}

static int64_t number_of(Dwarf_Die *die, unsigned attribute)
{
    Dwarf_Attribute a;
    Dwarf_Word value = 0;
    return dwarf_attr(die, attribute, &a) && dwarf_formudata(&a, &value) == 0 ? (int64_t)value : 0;
}

/* Where the inlined function DIE was called. */
static void call_site(struct profile *p, Dwarf_Die *unit, Dwarf_Die *die, uint32_t *file, int64_t *line)
{
    Dwarf_Files *files;
    size_t count;
    int64_t number = number_of(die, DW_AT_call_file);
    *line = number_of(die, DW_AT_call_line);
    if (dwarf_getsrcfiles(unit, &files, &count) == 0 && number >= 0 && (size_t)number < count) {
        const char *name = dwarf_filesrc(files, (size_t)number, NULL, NULL);
        *file = name ? profile_text(p, name) : *file;
    }
}

/* The functions that the address lies in by its debug information: inlined ones, and the one that was
 * called. LINE and FILE are of the address itself. False where it has none. */
static bool by_debug_information(struct profile *p, uint32_t location, Dwfl_Module *module,
                                 Dwarf_Addr address, uint32_t file, int64_t line)
{
    Dwarf_Addr bias;
    Dwarf_Die *unit = dwfl_module_addrdie(module, address, &bias), *inner = NULL, *scopes = NULL;
    bool named = false;
    /* Behind an inlined function come the scopes of its source; those around the call come by the DIE. */
    int count =
        unit && dwarf_getscopes(unit, address - bias, &inner) > 0 ? dwarf_getscopes_die(inner, &scopes) : 0;
    for (int i = 0; i < count; i++) {
        int tag = dwarf_tag(&scopes[i]);
        const char *name =
            tag == DW_TAG_inlined_subroutine || tag == DW_TAG_subprogram ? die_name(&scopes[i]) : NULL;
        if (!name)
            continue;
        profile_line(p, location, name_of(p, name), file, line);
        named = true;
        if (tag == DW_TAG_subprogram)
            break;
        call_site(p, unit, &scopes[i], &file, &line);
    }
    free(inner);
    free(scopes);
    return named;
}

static bool look_up(struct profile *p, uint32_t location, Dwfl_Module *module)
{
    uint64_t address = p->location[location].address;
    int number = 0;
    Dwfl_Line *at = dwfl_module_getsrc(module, address);
    const char *source = at ? dwfl_lineinfo(at, NULL, &number, NULL, NULL, NULL) : NULL;
    uint32_t file = source ? profile_text(p, source) : 0;
    if (by_debug_information(p, location, module, address, file, number))
        return true;
    GElf_Off offset;
    GElf_Sym symbol;
    const char *name = dwfl_module_addrinfo(module, address, &offset, &symbol, NULL, NULL, NULL);
    /* The nearest one before it may end long before, in a library without its own names. */
    if (!name || !*name || (symbol.st_size && offset >= symbol.st_size))
        return false;
    profile_line(p, location, name_of(p, name), file, number);
    return true;
}

/* M as libdw's module, in a session of its own; NULL where its file is another by now. */
static Dwfl_Module *open_module(Dwfl *dwfl, const struct module *m, const char *file)
{
    uint8_t id[sizeof m->build_id];
    uint64_t first;
    uint32_t size = elf_build_id(file, id, sizeof id, &first);
    if (first == UINT64_MAX ||
        (m->build_id_size && (size != m->build_id_size || memcmp(id, m->build_id, size) != 0)))
        return NULL;
    dwfl_report_begin(dwfl);
    Dwfl_Module *module = dwfl_report_elf(dwfl, m->name, file, -1, m->start - m->offset - first, true);
    dwfl_report_end(dwfl, NULL, NULL);
    return module;
}

static void find_in_module(struct profile *p, uint32_t number)
{
    struct module *m = &p->module[number];
    if (!m->file || !any_nameless(p, number + 1))
        return;
    Dwfl *dwfl = dwfl_begin(&callbacks);
    Dwfl_Module *module = dwfl ? open_module(dwfl, m, m->file) : NULL;
    for (uint32_t i = 0; module && i < p->addresses.count; i++)
        if (p->location[i].module == number + 1 && !p->location[i].lines)
            m->named |= look_up(p, i, module);
    if (dwfl)
        dwfl_end(dwfl);
}

#else

static void find_in_module(struct profile *p, uint32_t number)
{
    (void)p, (void)number;
}

#endif

/* --- Code made at run time -----------------------------------------------------------------------*/

/* Lines "START SIZE NAME", hexadecimal. */
static void find_in_map(struct profile *p, const char *text)
{
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        char *end;
        uint64_t start = strtoull(line, &end, 16), size = strtoull(end, &end, 16);
        size_t n = strcspn(end, "\n");
        for (uint32_t i = 0; *end == ' ' && n > 1 && i < p->addresses.count; i++) {
            struct location *l = &p->location[i];
            if (l->lines || l->address < start || l->address - start >= size)
                continue;
            char *name = need_format("%.*s", (int)n - 1, end + 1);
            profile_line(p, i, profile_text(p, name), 0, 0);
            free(name);
        }
    }
}

static void find_in_map_of(struct profile *p, int pid)
{
    char path[64], proc[64];
    struct stat map, process;
    snprintf(path, sizeof path, "/proc/%d/root/tmp/perf-%d.map", pid, pid);
    snprintf(proc, sizeof proc, "/proc/%d", pid);
    if (!any_nameless(p, 0) || lstat(path, &map) != 0 || stat(proc, &process) != 0 || !S_ISREG(map.st_mode) ||
        map.st_uid != process.st_uid)
        return;
    char *text = proc_text(path, NULL);
    if (text)
        find_in_map(p, text);
    free(text);
}

void symbols_find(struct profile *p, int pid)
{
    for (uint32_t i = 0; i < p->module_count; i++)
        find_in_module(p, i);
    if (pid)
        find_in_map_of(p, pid);
}
