# SPDX-License-Identifier: MIT
# machine.py - on what the figures were taken: processor, kernel, settings that matter to an allocator.
import os
import platform
import time

SETTINGS = ('GLIBC_TUNABLES', 'HAKMEM_', 'JEMALLOC_', 'MALLOC_', 'MIMALLOC_', 'TCMALLOC_')


def first_line(path):
    try:
        with open(path, encoding='utf-8', errors='replace') as file:
            return file.readline().strip()
    except OSError:
        return ''


def field(path, name, default=''):
    """The text after NAME and a colon in a file of /proc."""
    try:
        with open(path, encoding='utf-8', errors='replace') as lines:
            for line in lines:
                key, _, value = line.partition(':')
                if key.strip() == name:
                    return value.strip()
    except OSError:
        pass
    return default


def system():
    """The distribution, in its own words."""
    try:
        return platform.freedesktop_os_release().get('PRETTY_NAME', 'unknown')
    except OSError:
        return 'unknown'


def chosen(path):
    """Of a list such as "always [madvise] never" the word in brackets."""
    line = first_line(path)
    return line.partition('[')[2].partition(']')[0] or line or 'unknown'


def describe():
    memory = field('/proc/meminfo', 'MemTotal').split()
    return {
        'processor': field('/proc/cpuinfo', 'model name', platform.machine()),
        'processors': os.cpu_count(),
        'virtual': ' hypervisor' in ' ' + field('/proc/cpuinfo', 'flags'),
        'memory_kb': int(memory[0]) if memory else 0,
        'system': system(),
        'kernel': platform.release(),
        'huge_pages': chosen('/sys/kernel/mm/transparent_hugepage/enabled'),
        'load': first_line('/proc/loadavg').split(' ')[0],
        'date': time.strftime('%Y-%m-%d %H:%M %z'),
        'settings': {name: value for name, value in sorted(os.environ.items()) if name.startswith(SETTINGS)},
    }


def flags(programs):
    """How the programs, and with them the library, were compiled, as the Makefile beside them says."""
    makefile = os.path.join(programs, 'Makefile')
    found = {}
    try:
        with open(makefile, encoding='utf-8', errors='replace') as lines:
            for line in lines:
                name, sign, value = line.partition(' = ')
                if sign and name in ('CC', 'CFLAGS'):
                    found[name] = value.strip()
    except OSError:
        return 'unknown'
    return ' '.join(found.get(name, '') for name in ('CC', 'CFLAGS')).strip() or 'unknown'


def one_line(machine):
    virtual = ', virtual machine' if machine.get('virtual') else ''
    return (f'{machine["processor"]}, {machine["processors"]} processors{virtual},'
            f' {machine["memory_kb"] / 2 ** 20:.0f} GiB, {machine["system"]}, Linux {machine["kernel"]}')
