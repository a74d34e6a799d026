# SPDX-License-Identifier: MIT
# completion.awk - completion of the hakmem command for bash, from the rows of lib/settings/options.def.
#
#   awk -f completion.awk options.def, followed by completion.sh

# HAK_OPTION(ID, TYPE, DEFAULT, MIN, MAX, ...
/^HAK_OPTION\(/ {
    split(substr($0, length("HAK_OPTION(") + 1), part, /, */)
    key = tolower(part[1])
    keys = keys " " key "="
    if (part[2] == "PATH")
        paths = paths (paths == "" ? "" : " | ") key
    else if (part[4] == 0 && part[5] < 10)
        few[part[5]] = few[part[5]] (few[part[5]] == "" ? "" : " | ") key
}

END {
    print "# SPDX-License-Identifier: MIT"
    print "# Completion of hakmem(1) for bash. Made from lib/settings/options.def by tools/completion.awk: do not edit."
    print "_hakmem_keys='" substr(keys, 2) "'\n"
    print "# What may follow KEY=."
    print "_hakmem_value() # _hakmem_value KEY WORD"
    print "{\n    case $1 in"
    for (most = 1; most < 10; most++)
        if (most in few) {
            words = "0"
            for (i = 1; i <= most; i++) words = words " " i
            print "        " few[most] ")\n            COMPREPLY=($(compgen -W '" words "' -- \"$2\")) ;;"
        }
    print "        " paths ") _hakmem_files \"$2\" ;;"
    print "    esac\n}\n"
}
