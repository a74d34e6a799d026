# SPDX-License-Identifier: MIT
# allocators.py - which libraries are compared, where they are and which versions they have.
import dataclasses
import os
import platform
import shutil
import subprocess

from . import targets

LIBRARIES = {
    'mimalloc': 'libmimalloc.so.2',
    'jemalloc': 'libjemalloc.so.2',
    'tcmalloc': 'libtcmalloc_minimal.so.4',
}
FLOOR = 'floor'
NOT_COMPARED = (FLOOR, 'empty', 'control')  # columns that are no allocators


class AllocatorError(Exception):
    """A library that was asked for is not there."""


@dataclasses.dataclass(frozen=True)
class Allocator:
    name: str
    file: str       # to be preloaded; '' for glibc
    version: str    # in words
    variables: tuple = ()  # NAME=VALUE, for the measured process alone


def output_of(command):
    """What COMMAND printed, '' where it failed or does not exist."""
    if not shutil.which(command[0]):
        return ''
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False)
    return done.stdout.decode(errors='replace').strip() if done.returncode == 0 else ''


def package_version(file):
    """Name and version of the package that owns FILE, as dpkg or rpm knows it."""
    paths = [file, file.removeprefix('/usr')]  # one is a link to the other, and dpkg knows only one
    owners = (output_of(['dpkg-query', '-S', path]).split(': ')[0].split(', ')[0] for path in paths)
    if owner := next(filter(None, owners), ''):
        return output_of(['dpkg-query', '-W', '-f', '${Package} ${Version}', owner])
    words = output_of(['rpm', '-qf', file])
    return '' if ' ' in words else words


def own_version(library, source):
    """The version in the pkg-config file of the build tree, and the commit of the sources."""
    words = []
    described = os.path.join(os.path.dirname(library), '..', '..', 'hakmem.pc')
    if os.path.exists(described):
        with open(described, encoding='utf-8') as lines:
            words += [line.split(':', 1)[1].strip() for line in lines if line.startswith('Version:')]
        git = ['git', '--no-optional-locks', '-C', source]  # to look must not lock what others work on
        commit = output_of(git + ['describe', '--always', '--dirty', '--exclude=*'])
        words += [f'commit {commit}'] if commit else []
    return ', '.join(words)


def library_folders():
    machine = platform.machine() + '-linux-gnu'
    return [os.path.join(top, machine) for top in ('/usr/lib', '/lib')] + ['/usr/lib64', '/usr/lib']


def installed(soname):
    """The path of an installed library, or None."""
    paths = (os.path.join(folder, soname) for folder in library_folders())
    return next((os.path.realpath(path) for path in paths if os.path.exists(path)), None)


def glibc():
    file = installed('libc.so.6')
    version = os.confstr('CS_GNU_LIBC_VERSION') if 'CS_GNU_LIBC_VERSION' in os.confstr_names else ''
    package = package_version(file) if file else ''
    return Allocator('glibc', '', f'{version} ({package})' if package else version or 'unknown')


def ours(file, programs, source):
    """libhakmem: FILE, or the one of the build tree around PROGRAMS; None if that was not built."""
    built = os.path.join(programs, '..', 'lib', '.libs', 'libhakmem.so')
    if file and not os.path.exists(file):
        raise AllocatorError(f'--hakmem: no file {file}')
    if not file and not os.path.exists(built):
        return None
    file = os.path.realpath(file or built)
    return Allocator(targets.OURS, file, own_version(file, source) or 'unknown')


def peers():
    """All others by name, and the names of absent ones."""
    found, absent = {'glibc': glibc()}, []
    for name, soname in LIBRARIES.items():
        file = installed(soname)
        if file:
            found[name] = Allocator(name, file, package_version(file) or 'unknown')
        else:
            absent.append(name)
    return found, absent


def find(programs, source, hakmem=None, extra=(), variants=None):
    """All allocators by name, ours first, those of EXTRA (NAME=FILE) last; and the names of absent ones.

    With VARIANTS (name -> variables) only ours, once with each of these settings, and EXTRA."""
    own = ours(hakmem, programs, source)
    if variants and not own:
        raise AllocatorError(f'{targets.OURS} is not built')
    if variants:
        found = {name: dataclasses.replace(own, name=name, variables=tuple(settings),
                                           version=', '.join((own.version, *settings)))
                 for name, settings in variants.items()}
        absent = []
    else:
        found, absent = peers()
        found = {targets.OURS: own, **found} if own else found
        absent = absent if own else [targets.OURS, *absent]
    for word in extra:
        name, _, file = word.partition('=')
        if not name or not file or name in found or name in NOT_COMPARED or not name.isprintable():
            raise AllocatorError(f'--with wants NAME=FILE with a name that is not taken, not {word}')
        if not os.path.isfile(file):
            raise AllocatorError(f'--with {name}: no file {file}')
        file = os.path.realpath(file)
        found[name] = Allocator(name, file, package_version(file) or 'no package')
    return found, absent
