# The table of one mode, for bench/machine.sh: reads bench/figures.list, then what was kept before ("VALUE NAME"), then what
# Linux as shipped, Linux without mitigations, and Corrode said ("NAME VALUE", more than once for more boots: the
# median counts, and the spread of Corrode's is shown). Linux's figure is the better of its two.

part == 1 && !/^#/ {
    word[++words] = $1
    sub(/^[^ ]* /, "")
    name[words] = $0
}
part == 2 {
    was_value = $1
    sub(/^[^ ]* /, "")
    was[$0] = was_value
}
part > 2 {
    if ($1 == "free_memory") {
        $1 = "used"
        $2 = memory * 1024 - $2 / 1024
    }
    said[part, $1, ++count[part, $1]] = $2
}

function sort(part, key, i, j, t) {
    for (i = 2; i <= count[part, key]; i++)
        for (j = i; j > 1 && said[part, key, j] + 0 < said[part, key, j - 1] + 0; j--) {
            t = said[part, key, j]
            said[part, key, j] = said[part, key, j - 1]
            said[part, key, j - 1] = t
        }
}
function middle(part, key) {
    if (!((part, key) in count))
        return ""
    sort(part, key)
    return said[part, key, int((count[part, key] + 1) / 2)]
}
# The figure of WORD, which may be made of others; "": there is none.
function figure(part, word, a, first, second) {
    if (word !~ /^=/)
        return middle(part, word)
    split(substr(word, 2), a, /[\/-]/)
    first = middle(part, a[1])
    second = middle(part, a[3])
    return first == "" || second == "" ? "" : first / a[2] - second
}
function spread(word, key, most) {
    key = word
    if (key ~ /^=/ || (most = count[5, key]) < 2 || middle(5, key) == 0)
        return ""
    return sprintf("%.0f%%", 100 * (said[5, key, most] - said[5, key, 1]) / middle(5, key))
}
function thousands(x, text, head) {
    if (x == "")
        return ""
    if (x < 1000 && x != int(x))
        return sprintf("%.1f", x)
    text = sprintf("%.0f", x)
    head = ""
    while (length(text) > 3) {
        head = "," substr(text, length(text) - 2) head
        text = substr(text, 1, length(text) - 3)
    }
    return text head
}
function least(a, b) {
    return a == "" || (b != "" && b + 0 < a + 0) ? b : a
}

END {
    printf "\n%-56s %14s %14s %12s %7s %12s\n", title, "Linux", "mitigations=off", "Corrode", "ratio",
        (mode == "count" ? "was" : mode ~ /^clock/ ? "spread" : "")
    for (i = 1; i <= words; i++) {
        shipped = figure(3, word[i])
        off = figure(4, word[i])
        ours = figure(5, word[i])
        theirs = least(shipped, off)
        if (ours == "" || theirs == "" || ours <= 0)
            continue
        printf "%-56s %14s %14s %12s %7.2f %12s\n", name[i], thousands(shipped), thousands(off), thousands(ours),
            theirs / ours, mode == "count" ? thousands(was[name[i]]) : spread(word[i])
        printf "{\"name\": \"%s\", \"mode\": \"%s\", \"linux\": %.1f, \"corrode\": %.1f, \"ratio\": %.2f}\n",
            name[i], mode, theirs, ours, theirs / ours >json
    }
}
