# For bench/chart: lines "MODE RATIO NAME", with tabs, become an SVG picture.
#
# Places are in the picture's units: rows one below the other, each as high as its bars; x is log(ratio), and what is
# beyond the scale's end ends there, its number beside it.

$3 !~ /: [0-9]+$/ {
    if (!($3 in seen)) {
        seen[$3] = 1
        name[++names] = $3
    }
    if (!($1 in mode_seen)) {
        mode_seen[$1] = 1
        mode[++modes] = $1
    }
    ratio[$3, $1] = $2
}

function place(r) {
    r = r < least ? least : r > most ? most : r
    return left + (log(r) - log(least)) / (log(most) - log(least)) * width
}
function escaped(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    return text
}
function text(x, y, class, what) {
    printf "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">%s</text>\n", x, y, class, escaped(what)
}
function line(r, class) {
    printf "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" class=\"%s\"/>\n", place(r), top - 8, place(r), bottom, class
}
function bar(y, r, class, from, to) {
    from = place(r < 1 ? r : 1)
    to = place(r < 1 ? 1 : r)
    printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" class=\"%s\"/>\n", from, y, to - from < 1 ? 1 : to - from,
        thick, class
}

END {
    least = 0.5
    most = 16
    left = 370
    width = 470
    thick = 10
    gap = 7
    top = 92
    row = gap
    for (i = 1; i <= names; i++)
        for (j = 1; j <= modes; j++)
            bars += (name[i], mode[j]) in ratio
    bottom = top + bars * thick + names * gap
    # A row of one bar is as high as its text.
    for (i = 1; i <= names; i++) {
        count = 0
        for (j = 1; j <= modes; j++)
            count += (name[i], mode[j]) in ratio
        high[i] = count * thick + gap < 17 ? 17 : count * thick + gap
        bottom += high[i] - (count * thick + gap)
        bars_of[i] = count
    }
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 900 %d\" width=\"900\" height=\"%d\" role=\"img\">\n",
        bottom + 30, bottom + 30
    print "<title>Corrode beside Linux: how many times as fast</title>"
    print "<style>"
    print "text { font: 12px sans-serif; fill: #222 } .back { fill: #fff } .end { text-anchor: end }"
    print ".middle { text-anchor: middle } .head { font-size: 17px; font-weight: bold } .small { font-size: 9px }"
    print ".one { stroke: #222; stroke-width: 1.5 } .two { stroke: #222; stroke-dasharray: 5 3 } .scale { stroke: #ccc }"
    print ".m1 { fill: #3b6fb6 } .m2 { fill: #d9822b } .m3 { fill: #3a9d6e }"
    print "@media (prefers-color-scheme: dark) {"
    print "text { fill: #ddd } .back { fill: #16181c } .one, .two { stroke: #ddd } .scale { stroke: #444 }"
    print ".m1 { fill: #6f9fe0 } .m2 { fill: #e8a35c } .m3 { fill: #5cc293 } }"
    print "</style>"
    printf "<rect width=\"900\" height=\"%d\" class=\"back\"/>\n", bottom + 30
    text(16, 28, "head", "How many times as fast as Linux: the same programs, the same virtual machine")
    x = 16
    for (j = 1; j <= modes; j++) {
        printf "<rect x=\"%d\" y=\"41\" width=\"12\" height=\"12\" class=\"m%d\"/>\n", x, j
        label = mode[j] == "count" ? "count: instructions" : "by the clock, processors: " substr(mode[j], 7)
        text(x + 17, 51, "", label)
        x += 24 + 7 * length(label)
    }
    line(0.5, "scale")
    line(4, "scale")
    line(8, "scale")
    line(16, "scale")
    line(1, "one")
    line(2, "two")
    split("0.5 1 2 4 8 16", tick, " ")
    for (i = 1; i <= 6; i++)
        text(place(tick[i]), top - 14, "middle", tick[i])
    y = top
    for (i = 1; i <= names; i++) {
        text(left - 12, y + bars_of[i] * thick / 2 + 4, "end", name[i])
        at = y
        for (j = 1; j <= modes; j++) {
            if (!((name[i], mode[j]) in ratio))
                continue
            r = ratio[name[i], mode[j]]
            bar(at, r, "m" j)
            text((r < 1 ? place(1) : place(r)) + 4, at + thick - 1.5, "small", sprintf(r < 20 ? "%.2f" : "%.0f", r))
            at += thick
        }
        y += high[i]
    }
    print "</svg>"
}
