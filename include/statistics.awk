# SPDX-License-Identifier: MIT
# statistics.awk - hakmem.h with a field of struct hak_stats for each row of lib/insight/statistics.def.
#
#   awk -f statistics.awk statistics.def hakmem.h

function field(name, words) { printf "    uint64_t %-" width "s /* %s */\n", name ";", words }

FNR == 1 { file++ }

# A row may take several lines: its words are the last string, behind which it ends.
file == 1 && /^HAK_STATISTIC\(/ { row = ""; inside = 1 }
file == 1 && inside { row = row $0 }
file == 1 && inside && /"\)$/ {
    inside = 0
    sub(/^HAK_STATISTIC\(/, "", row)
    name[++n] = substr(row, 1, index(row, ",") - 1)
    sub(/"\)$/, "", row)
    sub(/.*"/, "", row)
    words[n] = row
    if (length(name[n]) >= width) width = length(name[n]) + 1
}

file == 2 && /^struct hak_stats \{/ { ours = 1 }
file == 2 && ours && /^};/ {
    for (i = 1; i <= n; i++) field(name[i], words[i])
    ours = 0
}
file == 2 && ours && /^    uint64_t / {
    if ($2 != "size;" && $2 != "version;") next
    text = $0
    gsub(/.*\/\* | \*\/$/, "", text)
    field(substr($2, 1, length($2) - 1), text)
    next
}
file == 2 { print }
