# SPDX-License-Identifier: MIT
# header.awk - fill hakmem.3.in with what include/hakmem.h declares.
#
#   awk -f header.awk -v version=VERSION -v date=DATE hakmem.h hakmem.3.in

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

# One prototype in bold, its argument names in italics.
function prototype(text,    start, arguments, out, i, n, part)
{
    sub(/^HAK_EXPORT /, "", text)
    start = index(text, "(")
    out = ".BI \"" substr(text, 1, start)
    match(text, /hak_[a-z_]+\(/)
    names = names (names == "" ? "" : ", ") substr(text, RSTART, RLENGTH - 1)
    arguments = substr(text, start + 1, length(text) - start - 2)
    n = split(arguments, part, ", ")
    for (i = 1; i <= n; i++)
        if (match(part[i], /[a-z_]+$/) && part[i] != "void")
            out = out substr(part[i], 1, RSTART - 1) "\" " substr(part[i], RSTART) " \"" (i < n ? ", " : "")
        else
            out = out part[i]
    prototypes = prototypes (prototypes == "" ? "" : "\n") out ");\""
}

FNR == 1 { file++ }

file == 1 && /^HAK_EXPORT / { prototype($0) }
file == 1 && /^(struct|enum) hak_[a-z]+ \{/ { kind = $1; list = $2 }
file == 1 && /^\};/ { list = "" }
file == 1 && list != "" && /^    [A-Za-z]/ {
    declaration = $0
    sub(/ *\/\*.*/, "", declaration)
    sub(/( = [0-9]+)?[;,]?$/, "", declaration)
    match(declaration, /[A-Za-z_]+$/)
    text = comment($0)
    if (text == "" && kind == "struct") text = "one of the values below"
    if (text != "") field(list, substr(declaration, RSTART), text)
}

file == 2 {
    gsub(/@VERSION@/, version)
    gsub(/@DATE@/, date)
    if (/^@NAMES@/) sub(/^@NAMES@/, names)
    if ($0 == "@PROTOTYPES@") $0 = prototypes
    if ($0 == "@STATS@") $0 = lists["hak_stats"]
    if ($0 == "@FAILURE@") $0 = lists["hak_error"]
    if ($0 == "@REASONS@") $0 = lists["hak_reason"]
    print
}
