# SPDX-License-Identifier: MIT
# header.awk - fill a page of section 3 with what include/hakmem.h declares.
#
#   awk -f header.awk -v version=VERSION -v date=DATE hakmem.h statistics.def PAGE.3.in
#
# In the page, @PROTOTYPES@ stands for those of the functions in its NAME line, and
# @FIELDS struct NAME@ or @FIELDS enum NAME@ for the members that have a comment;
# @COUNTERS@ for the statistics that are counters.

# The comment of a line, as a sentence without its marks; "" if it has none.
function comment(text)
{
    if (!match(text, /\/\* .* \*\//)) return ""
    text = substr(text, RSTART + 3, RLENGTH - 6)
    gsub(/-/, "\\-", text)
    return text
}

function field(list, name, text)
{
    lists[list] = lists[list] (lists[list] == "" ? "" : "\n") ".TP\n.I " name "\n" \
        toupper(substr(text, 1, 1)) substr(text, 2) "."
}

# One prototype in bold, its argument names in italics, broken where it would leave the screen.
function prototype(text,    start, name, arguments, out, i, n, part, column)
{
    sub(/^HAK_EXPORT (HAK_[A-Z]+(\([0-9, ]*\))? )*/, "", text)
    start = index(text, "(")
    out = ".BI \"" substr(text, 1, start)
    match(text, /hak_[a-z_]+\(/)
    name = substr(text, RSTART, RLENGTH - 1)
    arguments = substr(text, start + 1, length(text) - start - 2)
    n = split(arguments, part, ", ")
    column = start
    for (i = 1; i <= n; i++) {
        if (column + length(part[i]) > 70) {
            out = out "\"\n.BI \"" sprintf("%8s", "")
            column = 8
        }
        column += length(part[i]) + 2
        if (match(part[i], /[a-z_]+$/) && part[i] != "void")
            out = out substr(part[i], 1, RSTART - 1) "\" " substr(part[i], RSTART) " \"" (i < n ? ", " : "")
        else
            out = out part[i] (i < n ? ", " : "")
    }
    prototypes[name] = out ");\""
}

FNR == 1 { file++ }

file == 1 && /^HAK_EXPORT / { prototype($0) }
file == 1 && /^(struct|enum) hak_[a-z]+ \{/ { kind = $1; list = $1 " " $2 }
file == 1 && /^\};/ { list = "" }
file == 1 && list != "" && /^    [A-Za-z]/ {
    declaration = $0
    sub(/ *\/\*.*/, "", declaration)
    sub(/( = [0-9]+)?[;,]?$/, "", declaration)
    text = comment($0)
    match(declaration, /[A-Za-z_]+$/)
    if (text != "") field(list, substr(declaration, RSTART), text)
}

file == 2 && /^HAK_STATISTIC\([a-z_]*, COUNTER,/ {
    counters = counters (counters == "" ? "" : ",\n") substr($1, 15, length($1) - 15)
}

file == 3 {
    gsub(/@VERSION@/, version)
    gsub(/@DATE@/, date)
    if (names_next) {
        line = $0
        sub(/ \\-.*/, "", line)
        count = split(line, names, ", ")
        names_next = 0
    }
    if ($0 == ".SH NAME") names_next = 1
    if ($0 == "@PROTOTYPES@") {
        for (i = 1; i <= count; i++) {
            if (names[i] !~ /^hak_/) continue
            if (!(names[i] in prototypes)) {
                print FILENAME ": hakmem.h declares no " names[i] > "/dev/stderr"
                exit 1
            }
            print prototypes[names[i]]
        }
        next
    }
    if ($0 == "@COUNTERS@") $0 = counters "."
    if (/^@FIELDS .*@$/) {
        $0 = substr($0, 9, length($0) - 9)
        if (!($0 in lists)) {
            print FILENAME ": hakmem.h has no " $0 > "/dev/stderr"
            exit 1
        }
        $0 = lists[$0]
    }
    print
}
