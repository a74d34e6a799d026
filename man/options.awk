# SPDX-License-Identifier: MIT
# options.awk - manual pages of the environment variables, from the rows of lib/settings/options.def.
#
#   awk -f options.awk -v page=PAGE -v version=VERSION -v date=DATE [-v template=FILE] options.def
# PAGE is hakmem-env.7 (all variables), HAKMEM_NAME.7 (one), or another: FILE with @KEYS@, all keys with what they
# are for, or @RUNNING@, those that may be set while a process runs.

# The next argument of a row: a word, or adjacent strings joined. Removes it from the global "rest".
function argument(    value)
{
    sub(/^[ ,]+/, "", rest)
    if (rest !~ /^"/) {
        match(rest, /^[^,)]*/)
        value = substr(rest, 1, RLENGTH)
        rest = substr(rest, RLENGTH + 1)
        return value
    }
    value = ""
    while (match(rest, /^ *"([^"\\]|\\.)*"/)) {
        part = substr(rest, 1, RLENGTH)
        rest = substr(rest, RLENGTH + 1)
        sub(/^ *"/, "", part)
        sub(/"$/, "", part)
        value = value part
    }
    return value
}

# Plain text to roff, one sentence to a line, variables of ours in bold.
function prose(text)
{
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    gsub(/\. /, ".\n", text)
    gsub(/\n\./, "\n\\\\\\&.", text)
    return bold_names(text)
}

function bold_names(text,    out, name)
{
    out = ""
    while (match(text, /HAKMEM_[A-Z0-9_]+(=[0-9]+)?/)) {
        name = substr(text, RSTART, RLENGTH)
        out = out substr(text, 1, RSTART - 1) "\\fB\\%" name "\\fR"
        text = substr(text, RSTART + RLENGTH)
    }
    return out text
}

function size(n)
{
    if (n >= 1099511627776 && n % 1099511627776 == 0) return n / 1099511627776 " TiB"
    if (n >= 1073741824 && n % 1073741824 == 0) return n / 1073741824 " GiB"
    if (n >= 1048576 && n % 1048576 == 0) return n / 1048576 " MiB"
    if (n >= 1024 && n % 1024 == 0) return n / 1024 " KiB"
    return n
}

function values(i)
{
    if (type[i] == "BOOL")
        return "0 (off, no) or 1 (on, yes); the default is " def[i] "."
    if (type[i] == "INT")
        return "A whole number from " min[i] " to " max[i] "; the default is " def[i] "."
    if (type[i] == "SIZE")
        return "A number of bytes from " min[i] " to " both(max[i]) ", with an optional suffix\n" \
            "k, m or g (powers of 1024); the default is " both(def[i]) "."
    if (type[i] == "LIMIT")
        return "A number of bytes from " min[i] " to " both(max[i]) ", with an optional suffix\n" \
            "k, m or g (powers of 1024), or a share, 1% to 100%, of the least limit (memory.max,\nin the older kind of" \
            " groups memory.limit_in_bytes) of the process\\(aqs\n" \
            "control group and those above it, as it is when the process starts.\n" \
            "Where they have none, a share is no limit, and nothing is said:\n.B hakmem options\nand\n" \
            ".B hakmem stat\ntell what it came to.\n" \
            "The default is " both(def[i]) ", no limit."
    if (type[i] == "PATH")
        return "The name of a file, of at most " max[i] " bytes; unset by default."
    print "options.awk: " name[i] ": unknown type " type[i] > "/dev/stderr"
    exit bad = 1
}

# A number of bytes, and what it is in units where it has one.
function both(n,    plain)
{
    plain = sprintf("%.0f", n)
    return size(n) == plain ? plain : plain " (" size(n) ")"
}

# One line as a sentence.
function sentence(text) { return toupper(substr(text, 1, 1)) substr(text, 2) "." }

function set_until(i)
{
    return when[i] == "START" ? "It is fixed once the process has started." : \
        "While the process runs,\n.BR hak_ctl (3)\nmay change it: option." key(i) "."
}

function placeholder(i) { return type[i] == "PATH" ? "file" : type[i] == "SIZE" ? "bytes" : type[i] == "LIMIT" ? "bytes|share%" : type[i] == "BOOL" ? "0|1" : "number" }

function header(title)
{
    print ".\\\" SPDX-License-Identifier: MIT"
    print ".\\\" Generated from lib/settings/options.def by man/options.awk: do not edit."
    print ".TH " title " 7 " date " \"libhakmem " version "\" libhakmem"
}

function one_page(i)
{
    header(name[i])
    print ".SH NAME\n" name[i] " \\- " line[i]
    print ".SH SYNOPSIS\n.BI " name[i] "= " placeholder(i)
    print ".PP\nor in\n.BR hakmem.conf (5):\n.PP\n.BI \"" key(i) " = \" " (type[i] == "BOOL" ? "yes|no" : placeholder(i))
    print ".SH DESCRIPTION\n" sentence(line[i])
    print prose(text[i])
    print ".SH VALUES\n" values(i)
    print set_until(i)
    print ".SH USE\n" prose(use[i])
    print ".SH COST\n" prose(cost[i])
    print ".SH EXAMPLES\n.EX\n" literal("LD_PRELOAD=libhakmem.so.1 " name[i] "=" example[i]) "\n.EE"
    notes(name[i], type[i] == "PATH" ? " bytes), using \\fIpath\\fP" : (type[i] == "LIMIT" ? " or 1%..100%" : "") "), using \\fInumber\\fP")
    print ".SH HISTORY\nSince libhakmem " since[i] "."
    print ".SH SEE ALSO\n.BR hakmem.conf (5),\n.BR hakmem (7),\n.BR hakmem\\-env (7)"
}

# One line of EXAMPLE as it is typed.
function literal(text)
{
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    gsub(/'/, "\\(aq", text)
    return text
}

function key(i) { return tolower(substr(name[i], 8)) }

# The template, with the lists of keys.
function template_page(    row, i)
{
    while ((getline row <template) > 0) {
        gsub(/@VERSION@/, version, row)
        gsub(/@DATE@/, date, row)
        if (row == "@KEYS@")
            for (i = 1; i <= rows; i++) {
                print ".TP\n.BI \"" key(i) " = \" " (type[i] == "BOOL" ? "yes|no" : placeholder(i))
                print sentence(line[i])
                print values(i)
                print "See\n.BR " name[i] " (7)."
            }
        else if (row == "@RUNNING@")
            print running_keys()
        else
            print row
    }
}

function running_keys(    i, left, out)
{
    for (i = 1; i <= rows; i++) left += when[i] == "RUNNING"
    for (i = 1; i <= rows; i++)
        if (when[i] == "RUNNING")
            out = out key(i) (--left > 1 ? ",\n" : left ? "\nand " : ".")
    return out
}

function all_pages(    g, i)
{
    header("HAKMEM\\-ENV")
    print ".SH NAME\nhakmem\\-env \\- environment variables of libhakmem"
    print ".SH DESCRIPTION\nlibhakmem reads these variables once, when a process starts, after\n.BR hakmem.conf (5)."
    print "None is needed: the defaults are meant for every program."
    print "Each has a page of its own under its name."
    for (g = 1; g <= groups; g++) {
        print ".SH " group_name[g] "\n" sentence(group_line[g])
        for (i = 1; i <= rows; i++) {
            if (group[i] != group_name[g]) continue
            print ".TP\n.BI " name[i] "= " placeholder(i)
            print sentence(line[i])
            print prose(text[i])
            print ".IP\n" values(i)
            if (when[i] == "RUNNING") print set_until(i)
            print "Since libhakmem " since[i] "."
        }
    }
    notes("HAKMEM_X", "), using \\fInumber\\fP")
    print ".PP\nWhere a share may be given, the range is \\(aq(\\fImin\\fP..\\fImax\\fP or 1%..100%)\\(aq."
    print ".PP\nThe first three variables that begin with HAKMEM_ and are not described here are reported, too,"
    print "with the name that may have been meant:"
    print ".PP\n.in +4n\n.EX\nhakmem: HAKMEM_X: unknown variable\n.EE\n.in"
    print ".SH SEE ALSO"
    sort_names()
    print ".BR hakmem (3),\n.BR malloc (3),\n.BR hakmem.conf (5),"
    for (i = 1; i <= rows; i++)
        print ".BR " sorted[i] " (7),"
    print ".BR hakmem (7)"
}

function sort_names(    i, j, n)
{
    for (i = 1; i <= rows; i++) {
        n = name[i]
        for (j = i - 1; j >= 1 && sorted[j] > n; j--)
            sorted[j + 1] = sorted[j]
        sorted[j + 1] = n
    }
}

function notes(which, ending)
{
    print ".SH NOTES\nThe variable is read once, when the process starts, and ignored in secure execution"
    print "(set\\-user\\-ID programs and their like)."
    print "Where it is not set, its key in\n.BR hakmem.conf (5)\ndecides."
    print "A value that cannot be read or is out of range is reported once on standard error;"
    print "what is used instead stands at its end, what the file says or the default" (ending ~ /path/ ? "" : ":")
    if (ending ~ /path/) print "(none where there is none):"
    print ".PP\n.in +4n\n.EX\nhakmem: " which ": bad value \\(aq\\fIvalue\\fP\\(aq (\\fImin\\fP..\\fImax\\fP" ending
    print ".EE\n.in"
}

/^HAK_GROUP\(/ {
    rest = substr($0, length("HAK_GROUP(") + 1)
    group_name[++groups] = argument()
    group_line[groups] = argument()
    known[group_name[groups]] = 1
}
/^HAK_OPTION\(/ { row = ""; inside = 1 }
inside {
    sub(/^ +/, "")
    row = row (row == "" ? "" : " ") $0
    if ($0 ~ /\)$/) {
        inside = 0
        rest = substr(row, length("HAK_OPTION(") + 1)
        i = ++rows
        name[i] = "HAKMEM_" argument()
        type[i] = argument()
        def[i] = argument()
        min[i] = argument()
        max[i] = argument()
        group[i] = argument()
        when[i] = argument()
        since[i] = argument()
        line[i] = argument()
        text[i] = argument()
        use[i] = argument()
        cost[i] = argument()
        example[i] = argument()
        gsub(/-/, "\\-", line[i])
        if (example[i] == "" || rest !~ /^ *\)$/ || !(group[i] in known) || when[i] !~ /^(START|RUNNING)$/) {
            print "options.awk: cannot read the row of " name[i] > "/dev/stderr"
            exit bad = 1
        }
    }
}

END {
    if (bad) exit 1
    if (page == "hakmem-env.7") {
        all_pages()
        exit 0
    }
    if (template) {
        template_page()
        exit 0
    }
    for (i = 1; i <= rows; i++)
        if (page == name[i] ".7") {
            one_page(i)
            exit 0
        }
    print "options.awk: no row for " page > "/dev/stderr"
    exit 1
}
